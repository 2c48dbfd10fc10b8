"""
``xray-bridge features``: exports feature files from Xray, and imports them.
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
        "export", help="fetch feature files", allow_abbrev=False
    )
    parser.add_argument(
        "--keys",
        metavar="KEY;KEY",
        help="Tests, Test Sets, Test Plans, Test Executions or requirements, "
        "with ; between them",
    )
    parser.add_argument("--filter", metavar="ID", help="id of a saved filter")
    parser.add_argument("--out", metavar="DIR", help="folder; default: features")
    parser.add_argument("--zip", type=Path, metavar="FILE", help="keep the archive")
    options.add(parser, options.OF_A_CONNECTION)
    parser.set_defaults(run=run_export)
    _register_import(actions)


def _register_import(actions: Any) -> None:
    parser: argparse.ArgumentParser = actions.add_parser(
        "import",
        help="send feature files",
        description="Sends feature files and archives of them. Xray creates and "
        "updates Tests; summaries and labels that people have set stay.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("paths", nargs="+", metavar="PATH", help="a file, a directory or a glob")
    add(
        "--relative-to",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="folder that file names in Xray are relative to; default: here",
    )
    add(
        "--modified-within",
        metavar="TIME",
        help="only files that were modified in the last 3h, 90m or 2d",
    )
    add(
        "--changed-since",
        metavar="REF",
        help="only files that differ from the commit where the branch left REF",
    )
    add(
        "--precondition-fields",
        default="",
        metavar="JSON|PATH",
        help="Jira fields of Preconditions that the import creates",
    )
    add(
        "--overwrite",
        action="store_true",
        help="replace summaries and labels that people have set",
    )
    add(
        "--dry-run",
        action="store_true",
        help="show what would change, and send nothing",
    )
    options.add(parser, OF_AN_IMPORT)
    parser.set_defaults(run=run_import)


def run_import(arguments: argparse.Namespace) -> int:
    """Import; the modules for it are not loaded by an export before each session."""
    from xray_bridge.cli import features_import

    return features_import.run(arguments)


def run_export(arguments: argparse.Namespace) -> int:
    """Fetch and unpack; nothing changes where anything fails."""
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
