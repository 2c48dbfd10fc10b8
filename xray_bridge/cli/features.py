"""
``xray-bridge features``: feature files out of Xray, and into it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import console, options
from xray_bridge.client.connection import connect
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.request import Request
from xray_bridge.client.xray import client
from xray_bridge.errors import FeaturesError, RefusedError, UsageError, XrayBridgeError
from xray_bridge.features import install


if TYPE_CHECKING:
    from xray_bridge.config.settings import Settings


OF_AN_IMPORT = options.OF_A_CONNECTION | {"project", "test_fields", "tag_prefixes"}


def register(commands: Any, told: str) -> None:
    """Add the subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "features", help=told, allow_abbrev=False
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    export = actions.add_parser(
        "export", help="fetch feature files", allow_abbrev=False
    )
    export.add_argument(
        "--keys",
        metavar="KEY;KEY",
        help="Tests, Test Sets, Test Plans, Test Executions or requirements, "
        "with ; between them",
    )
    export.add_argument("--filter", metavar="ID", help="id of a saved filter")
    export.add_argument("--out", metavar="DIR", help="where to; default: features")
    export.add_argument("--zip", type=Path, metavar="FILE", help="keep the archive")
    options.add(export, options.OF_A_CONNECTION)
    export.set_defaults(run=run_export)
    _register_import(actions)


def _register_import(actions: Any) -> None:
    parser: argparse.ArgumentParser = actions.add_parser(
        "import",
        help="send feature files",
        description="Sends feature files and archives of them. Tests are made and "
        "updated; summaries and labels that people have set stay.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("paths", nargs="+", metavar="PATH", help="a file, a directory or a glob")
    add(
        "--relative-to",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="where the names of files begin for Xray; default: here",
    )
    add(
        "--modified-within",
        metavar="TIME",
        help="only files that were modified in the last 3h, 90m or 2d",
    )
    add(
        "--changed-since",
        metavar="REF",
        help="only files that differ from where the branch left this commit",
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
        help="summaries and labels become those of the feature files",
    )
    add("--dry-run", action="store_true", help="say what would change, send nothing")
    options.add(parser, OF_AN_IMPORT)
    parser.set_defaults(run=run_import)


def run_import(arguments: argparse.Namespace) -> int:
    """Import; the modules for it are not loaded by an export before each session."""
    from xray_bridge.cli import features_import

    return features_import.run(arguments)


def _asked(error: XrayBridgeError) -> str:
    if not isinstance(error, RefusedError):
        return ""
    return "are --keys and --filter right, and may the account see them?"


def run_export(arguments: argparse.Namespace) -> int:
    """Fetch and unpack; nothing changes where anything fails."""
    also = {
        "export_keys": arguments.keys,
        "export_filter": arguments.filter,
        "features_dir": arguments.out,
    }
    with options.settings_of(arguments, also=also) as settings:
        if not settings.wants_export:
            msg = "nothing to export"
            raise UsageError(msg, hint="give --keys or --filter")
        connection = connect(settings)
        try:
            installed = _export(settings, arguments.zip)
        except UsageError:
            raise
        except OSError as error:
            msg = f"feature files could not be exported: {error.strerror}"
            raise FeaturesError(msg, hint=str(error.filename or "")) from None
        except XrayBridgeError as error:
            clean = connection.redactor.clean
            msg = f"feature files could not be exported: {clean(error.message)}"
            raise FeaturesError(msg, hint=clean(error.hint) or _asked(error)) from None
        notices = connection.notices
    lines = [*(f"left out: {each}" for each in installed.skipped), *notices]
    files = [str(path) for path in installed.files]
    removed = [str(path) for path in installed.removed]
    if arguments.json:
        found = {"files": files, "removed": removed, "notices": lines}
        console.document(found)
    else:
        console.text(*files, *(f"removed {path}" for path in removed), *lines)
    return 0


def _export(settings: Settings, keep: Path | None) -> install.Installed:
    connection = connect(settings)
    http = Http(connection, Deadline(settings.deadline))
    query = {
        "keys": ";".join(settings.export_keys),
        "filter": settings.export_filter,
    }
    given = {name: value for name, value in query.items() if value}
    request = Request(
        method="GET",
        path=connection.dialect.export_path,
        query=tuple({**given, **connection.dialect.export_query}.items()),
        repeatable=True,
    )
    with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
        # A bare feature file takes its name from the download.
        download = Path(folder) / (settings.export_keys or ("export",))[0]
        with download.open("wb") as file:
            client(connection, http).send(request, file)
        if keep is not None:
            keep.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(download, keep)
        return install.install(download, Path(settings.features_dir))
