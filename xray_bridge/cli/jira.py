"""
``xray-bridge jira``: what is done in Jira beside the import of results.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    import argparse

# Modules of this package that add actions.
MODULES = ("jira_builds", "jira_fields")


def register(commands: Any, help_text: str) -> None:
    """Add the subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "jira", help=help_text, allow_abbrev=False
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name in MODULES:
        import_module(f"xray_bridge.cli.{name}").register(actions)
