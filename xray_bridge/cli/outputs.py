"""
``xray-bridge outputs``: what an upload came to, for scripts and CI systems that
have no way of their own.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.ci.outputs import text
from xray_bridge.ci.outputs.from_receipts import TOLD, outputs_of
from xray_bridge.cli import options
from xray_bridge.config.resolve import redactor_of
from xray_bridge.errors import UsageError
from xray_bridge.model.receipt import Receipt
from xray_bridge.runs import run_directory


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.ci.outputs import Outputs


def _sh(outputs: Outputs) -> str:
    return "\n".join(text.shell(*each) for each in outputs.variables.items())


def _env(outputs: Outputs) -> str:
    return "\n".join(f"{name}={value}" for name, value in outputs.variables.items())


def _json(outputs: Outputs) -> str:
    return json.dumps(outputs.variables, indent=1)


def _properties(outputs: Outputs) -> str:
    return text.properties(outputs.variables).rstrip("\n")


def _markdown(outputs: Outputs) -> str:
    return outputs.markdown.rstrip("\n")


FORMATS: Mapping[str, Callable[[Outputs], str]] = {
    "sh": _sh,
    "env": _env,
    "json": _json,
    "properties": _properties,
    "markdown": _markdown,
}


def register(commands: Any, told: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "outputs",
        help=told,
        description="Prints the variables of an upload, or its summary. In a shell: "
        'eval "$(xray-bridge outputs --format sh)"',
        allow_abbrev=False,
    )
    parser.add_argument(
        "path",
        nargs="?",
        metavar="RUN",
        help="a run directory or its name; default: the last that was uploaded",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="env",
        help="sh: export lines; env: NAME=value; json; properties: Java's; "
        "markdown: the summary; default: env",
    )
    options.add(parser, {"report_dir"})
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Print it.

    Raises UsageError where nothing was uploaded, and RunDirectoryError where the
    receipt cannot be read.
    """
    with options.settings_of(arguments, also={"sandbox": ""}) as settings:
        report_dir = Path(settings.report_dir)
    clean = redactor_of(os.environ).clean
    path = _chosen(arguments.path, report_dir)
    receipt = Receipt.from_json(run_directory.read_json(path)).cleaned(clean)
    # It may have been uploaded from another folder.
    found = outputs_of([replace(receipt, run=str(path.parent))])
    if found is None:
        msg = f"{path.parent} was not uploaded: {receipt.status}"
        raise UsageError(msg, hint="`xray-bridge resend` uploads it")
    name = "json" if arguments.json else arguments.format
    print(FORMATS[name](found.cleaned(clean)))
    return 0


def _chosen(name: str | None, report_dir: Path) -> Path:
    """The receipt that is meant."""
    if name is not None:
        runs = (Path(name), report_dir / run_directory.RUNS / name)
        found = [run / "receipt.json" for run in runs]
        chosen = next((path for path in found if path.is_file()), None)
    else:
        written = filter(
            _is_told, (report_dir / run_directory.RUNS).glob("*/receipt.json")
        )
        chosen = max(written, key=lambda path: path.stat().st_mtime_ns, default=None)
    if chosen is None:
        msg = f"{name} has no receipt" if name else f"{report_dir} has no receipt yet"
        hint = "upload first; `xray-bridge runs` lists what is there"
        raise UsageError(msg, hint=hint)
    return chosen


def _is_told(path: Path) -> bool:
    return run_directory.read_json(path).get("status") in TOLD
