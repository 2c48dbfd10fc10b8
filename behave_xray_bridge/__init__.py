"""
xray-bridge for behave: a formatter that reports, a runner that exports first, and
``xray(context)`` for hooks and steps.

Each is imported when it is asked for: behave 1.2.6 has no runners to choose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from behave_xray_bridge.annotating import xray
    from behave_xray_bridge.formatter import XrayFormatter
    from behave_xray_bridge.runner import XrayRunner

__all__ = ["XrayFormatter", "XrayRunner", "xray"]


def __getattr__(name: str) -> Any:
    if name == "XrayFormatter":
        from behave_xray_bridge.formatter import XrayFormatter

        return XrayFormatter
    if name == "XrayRunner":
        from behave_xray_bridge.runner import XrayRunner

        return XrayRunner
    if name == "xray":
        from behave_xray_bridge.annotating import xray

        return xray
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
