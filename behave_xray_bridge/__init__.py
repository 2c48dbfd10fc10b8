"""
xray-bridge for behave: a formatter that reports, a runner that exports first.

Both are imported when they are asked for: behave 1.2.6 has no runners to choose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from behave_xray_bridge.formatter import XrayFormatter
    from behave_xray_bridge.runner import XrayRunner

__all__ = ["XrayFormatter", "XrayRunner"]


def __getattr__(name: str) -> Any:
    if name == "XrayFormatter":
        from behave_xray_bridge.formatter import XrayFormatter

        return XrayFormatter
    if name == "XrayRunner":
        from behave_xray_bridge.runner import XrayRunner

        return XrayRunner
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
