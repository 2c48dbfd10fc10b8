"""
``xray-bridge features``: export feature files from Xray, and import them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from xray_bridge.cli import console, options
from xray_bridge.client.connection import connect
from xray_bridge.config.settings import Settings
from xray_bridge.errors import UsageError
from xray_bridge.features.export import export_features


OF_AN_IMPORT = (
    *options.OF_A_CONNECTION,
    Settings.project,
    Settings.test_fields,
    Settings.tag_prefixes,
)


def register(commands: Any, help_text: str) -> None:
    """Add the subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "features", help=help_text, allow_abbrev=False
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    parser = actions.add_parser(
        "export", help="export feature files from Xray", allow_abbrev=False
    )
    parser.add_argument(
        "--keys",
        metavar="KEY;KEY",
        help="keys of Tests, Test Sets, Test Plans, Test Executions or requirements, "
        "separated by ;",
    )
    parser.add_argument("--filter", metavar="ID", help="id of a saved Jira filter")
    parser.add_argument(
        "--out", metavar="DIR", help="folder for the feature files; default: features"
    )
    parser.add_argument(
        "--zip",
        type=Path,
        metavar="FILE",
        help="also keep the exported archive, as this file",
    )
    options.add_flags(parser, options.OF_A_CONNECTION)
    parser.set_defaults(run=run_export)
    _register_import(actions)


def _register_import(actions: Any) -> None:
    parser: argparse.ArgumentParser = actions.add_parser(
        "import",
        help="import feature files into Xray",
        description="Imports feature files and archives of them. Xray creates and "
        "updates Tests; summaries and labels that people have set are kept.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "paths", nargs="+", metavar="PATH", help="a file, a directory or a glob pattern"
    )
    add(
        "--relative-to",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="folder to which file names in Xray are relative; default: this folder",
    )
    add(
        "--modified-within",
        metavar="TIME",
        help="import only files modified within this time, as in 3h, 90m or 2d",
    )
    add(
        "--changed-since",
        metavar="REF",
        help="import only files that the branch has changed since it left REF",
    )
    add(
        "--precondition-fields",
        default="",
        metavar="JSON|PATH",
        help="Jira fields for the Preconditions that the import creates",
    )
    add(
        "--overwrite",
        action="store_true",
        help="replace summaries and labels that people have set",
    )
    add(
        "--write-tags",
        action="store_true",
        help="tag scenarios in the files with the keys of the Tests that the import "
        "creates",
    )
    add(
        "--dry-run",
        action="store_true",
        help="show what would change, but send nothing",
    )
    options.add_flags(parser, OF_AN_IMPORT)
    parser.set_defaults(run=run_import)


def run_import(arguments: argparse.Namespace) -> int:
    """Import feature files; an export does not load the modules for this."""
    from xray_bridge.cli import features_import

    return features_import.run(arguments)


def run_export(arguments: argparse.Namespace) -> int:
    """Export and unpack feature files; after an error nothing has changed."""
    also = {
        "export_keys": arguments.keys,
        "export_filter": arguments.filter,
        "features_dir": arguments.out,
    }
    with options.settings_with_server(arguments, also) as settings:
        if not settings.wants_export:
            msg = "nothing to export"
            raise UsageError(msg, hint="give --keys or --filter")
        connection = connect(settings)
        console.hide(arguments, lambda: [connection.redactor])
        installed = export_features(settings, connection, archive=arguments.zip)
        notices = connection.notices
    lines = [*(f"left out: {each}" for each in installed.skipped), *notices]
    files = [str(path) for path in installed.files]
    removed = [str(path) for path in installed.removed]
    document = {"files": files, "removed": removed, "notices": lines}
    lines = [*files, *(f"removed {path}" for path in removed), *lines]
    console.emit(arguments, document, lines)
    return 0
