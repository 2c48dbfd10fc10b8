"""
``xray-bridge settings``: show each value and its source, without secrets.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from xray_bridge.cli import console, options
from xray_bridge.config.secret import MASK, Secret
from xray_bridge.config.settings import TABLE


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "settings",
        help=help_text,
        description="Shows each setting, its value and where it comes from. Secrets "
        "are not shown, and no server is contacted.",
        allow_abbrev=False,
    )
    options.add_flags(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Print all settings, as this command resolves them.

    Only the framework itself reads its own file (pytest.ini, behave.ini).
    """
    settings = options.resolve_settings(arguments, looks_only=True).settings
    rows = {
        name: {
            "value": _as_text(getattr(settings, name)),
            "source": settings.sources.get(name, "default"),
        }
        for name in TABLE
    }
    lines = (
        f"{name:18}{row['value']:40}  {row['source']}" for name, row in rows.items()
    )
    console.emit(arguments, rows, lines)
    return 0


def _as_text(value: object) -> str:
    if isinstance(value, Secret):
        return MASK if value else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)
