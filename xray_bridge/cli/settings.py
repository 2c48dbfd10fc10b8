"""
``xray-bridge settings``: show what is set, and where, without secrets.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from xray_bridge.cli import console, options
from xray_bridge.config.secret import MASK, Secret
from xray_bridge.config.settings import TABLE
from xray_bridge.text import format_table


DEFAULT = "default"
NOTHING = "Nothing is set here. `xray-bridge settings --all` shows all settings."


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "settings",
        help=help_text,
        description="Shows the settings that are set, their values and where they "
        "come from. Secrets are not shown, and no server is contacted.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--all", action="store_true", help="show all settings, also those with defaults"
    )
    options.add_flags(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Print the settings as a session would resolve them, in the words of an ini file.

    The files of pytest and behave are read as the frameworks read them. The JSON
    document has all settings.
    """
    found = options.resolve_settings(arguments, reads_frameworks=True, looks_only=True)
    settings = found.settings
    rows = {
        name: {
            "value": _as_text(getattr(settings, name)),
            "source": settings.sources.get(name, DEFAULT),
        }
        for name in TABLE
    }
    shown = {
        TABLE[name].ini: row
        for name, row in rows.items()
        if arguments.all or row["source"] != DEFAULT
    }
    lines = format_table(
        [(f"{k} = {v['value']}", v["source"]) for k, v in shown.items()]
    )
    console.emit(arguments, rows, lines or [NOTHING])
    return 0


def _as_text(value: object) -> str:
    if isinstance(value, Secret):
        return MASK if value else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)
