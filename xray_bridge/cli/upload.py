"""
``xray-bridge upload``: send run directories, several as one.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import options
from xray_bridge.errors import UsageError
from xray_bridge.journal import RunDirectory
from xray_bridge.merge import join
from xray_bridge.publish import publish
from xray_bridge.settings import Settings


if TYPE_CHECKING:
    from xray_bridge.receipt import Receipt


def register(commands: Any, told: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "upload",
        help=told,
        allow_abbrev=False,
    )
    parser.add_argument(
        "paths", type=Path, nargs="+", metavar="RUN", help="a run directory"
    )
    options.add(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Send one run, or several as one; the receipt says what became of it."""
    parts = [existing(path) for path in arguments.paths]
    also: dict[str, object] = {}
    if len(parts) > 1:
        report_dir = arguments.set_report_dir or Settings.report_dir.default
        parts = [join(parts, Path(report_dir))]
        also = {"upload": "yes", "dry_run": arguments.set_dry_run or ""}
    receipt = send(arguments, parts[0], also)
    print(
        json.dumps(receipt.to_json()) if arguments.json else "\n".join(receipt.lines())
    )
    return receipt.exit_code


def existing(path: Path) -> RunDirectory:
    """
    The run directory at a path.

    Raises UsageError where there is none.
    """
    if not (path / "run.json").is_file():
        msg = f"{path} is not a run directory"
        raise UsageError(msg, hint="they live in .xray/runs")
    return RunDirectory(path)


def send(
    arguments: argparse.Namespace, directory: RunDirectory, also: dict[str, object]
) -> Receipt:
    """Publish one run with its own settings, and what the command line adds."""
    session = directory.session
    with options.settings_of(arguments, session=session, also=also) as settings:
        return publish(directory, settings, shown=_shown(directory.path))


def _shown(path: Path) -> str:
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
