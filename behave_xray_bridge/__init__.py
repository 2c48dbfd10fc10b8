"""
xray-bridge for behave: a formatter that reports, a runner that exports features, and
``xray(context)`` for hooks and steps.

Each one is imported when it is used: behave 1.2.6 cannot choose a runner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from behave_xray_bridge.annotations import xray
    from behave_xray_bridge.formatter import XrayFormatter
    from behave_xray_bridge.hookspecs import hookimpl
    from behave_xray_bridge.runner import XrayRunner

__all__ = ["XrayFormatter", "XrayRunner", "hookimpl", "xray"]
_MODULES = {
    "XrayFormatter": "formatter",
    "XrayRunner": "runner",
    "hookimpl": "hookspecs",
    "xray": "annotations",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
