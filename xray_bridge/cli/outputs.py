"""
``xray-bridge outputs``: print the results of an upload for scripts.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xray_bridge.ci.escape import escape_ci_commands_in_json
from xray_bridge.ci.outputs import text
from xray_bridge.ci.outputs.from_receipts import REPORTED, outputs_of
from xray_bridge.cli import console, options, outputs_comment
from xray_bridge.config.resolve import redactor_of
from xray_bridge.config.settings import Settings
from xray_bridge.errors import UsageError
from xray_bridge.runs import json_files, run_directory
from xray_bridge.runs.find import find_run
from xray_bridge.runs.receipts import read_receipt


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from xray_bridge.ci.outputs import Outputs


def _as_shell(outputs: Outputs) -> list[str]:
    return [text.shell_line(*each) for each in outputs.variables.items()]


def _as_env(outputs: Outputs) -> list[str]:
    return [f"{name}={value}" for name, value in outputs.variables.items()]


def _as_json(outputs: Outputs) -> list[str]:
    return escape_ci_commands_in_json(
        json.dumps(outputs.variables, indent=1)
    ).splitlines()


def _as_properties(outputs: Outputs) -> list[str]:
    return text.properties_file(outputs.variables).splitlines()


def _as_markdown(outputs: Outputs) -> list[str]:
    return outputs.markdown.rstrip("\n").split("\n")


FORMATS: Mapping[str, Callable[[Outputs], list[str]]] = {
    "sh": _as_shell,
    "env": _as_env,
    "json": _as_json,
    "properties": _as_properties,
    "markdown": _as_markdown,
}


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "outputs",
        help=help_text,
        description="Prints the output variables of an upload, or its summary. In a "
        "shell: "
        'eval "$(xray-bridge outputs --format sh)"',
        allow_abbrev=False,
    )
    parser.add_argument(
        "path",
        nargs="?",
        metavar="RUN",
        help="a run directory or its name; default: the run that was uploaded last",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="env",
        help="sh: export lines; env: NAME=value; json; properties: Java's; "
        "markdown: the summary; default: env",
    )
    outputs_comment.add_flags(parser)
    options.add_flags(parser, [Settings.report_dir, *outputs_comment.SETTINGS])
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Print the outputs of an upload.

    Raises UsageError if nothing was uploaded, RunDirectoryError if the receipt cannot
    be read, and CommentError.
    """
    report_dir = options.report_dir(arguments)
    clean = redactor_of(os.environ).clean
    path = _receipt_path(arguments.path, report_dir)
    receipt = read_receipt(path).cleaned(clean)
    # The run may have been uploaded from another folder.
    receipt = replace(receipt, run=str(path.parent))
    found = outputs_of([receipt])
    if found is None:
        msg = f"{path.parent} was not uploaded: {receipt.status}"
        raise UsageError(msg, hint="`xray-bridge resend` uploads it")
    if arguments.comment:
        return outputs_comment.run(arguments, receipt, path.parent)
    found = found.cleaned(clean)
    console.emit(arguments, found.variables, FORMATS[arguments.format](found))
    return 0


def _receipt_path(name: str | None, report_dir: Path) -> Path:
    """Find the receipt of the named run; by default the last that was uploaded."""
    if name is not None:
        path = find_run(name, report_dir).path / "receipt.json"
        found = path if path.is_file() else None
    else:
        written = (report_dir / run_directory.RUNS).glob("*/receipt.json")
        # A damaged one stops this only if nothing was uploaded after it.
        newest_first = sorted(written, key=lambda path: -path.stat().st_mtime_ns)
        found = next(filter(_is_of_upload, newest_first), None)
    if found is None:
        msg = f"{name} has no receipt" if name else f"{report_dir} has no receipt yet"
        hint = "upload it first; `xray-bridge runs` lists the run directories"
        raise UsageError(msg, hint=hint)
    return found


def _is_of_upload(path: Path) -> bool:
    # Of a damaged one, it may have any type.
    return str(json_files.read_json(path).get("status")) in REPORTED
