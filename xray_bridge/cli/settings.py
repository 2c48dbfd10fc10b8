"""
``xray-bridge settings``: each value and where it comes from, secrets masked.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from xray_bridge.cli import options
from xray_bridge.config.secret import MASK, Secret
from xray_bridge.config.settings import TABLE


def register(commands: Any, told: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "settings",
        help=told,
        description="Shows each setting, its value and where it comes from. Secrets "
        "are not shown, and no server is asked.",
        allow_abbrev=False,
    )
    options.add(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Print all settings, as this command sees them.

    A framework's own file (pytest.ini, behave.ini) is read by that framework
    only.
    """
    with options.settings_of(arguments, also={"sandbox": None}) as settings:
        rows = {
            name: {
                "value": _shown(getattr(settings, name)),
                "source": settings.sources.get(name, "default"),
            }
            for name in TABLE
        }
    if arguments.json:
        print(json.dumps(rows))
    else:
        for name, row in rows.items():
            print(f"{name:18}{row['value']:40}  {row['source']}")
    return 0


def _shown(value: object) -> str:
    if isinstance(value, Secret):
        return MASK if value else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)
