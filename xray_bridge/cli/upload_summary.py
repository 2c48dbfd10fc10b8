"""
Report the results of uploads to the CI system and on standard output.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.ci import outputs
from xray_bridge.ci.outputs import Written
from xray_bridge.ci.outputs.from_receipts import outputs_of
from xray_bridge.cli import console
from xray_bridge.config.resolve import redactor_of


if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from xray_bridge.ci.outputs import Outputs
    from xray_bridge.config.settings import Settings
    from xray_bridge.model.receipt import Receipt


def report_to_ci(receipts: Sequence[Receipt], settings: Settings) -> list[Receipt]:
    """
    Report to the CI system of this process, if there is one; never raises.

    ``settings`` of this machine say whether a failed upload fails the job. Returns the
    receipts; the last one has the commands to print, and notices of errors.
    """
    if not receipts:
        return []
    try:
        written = _write_receipts(receipts, is_fatal=settings.on_upload_error != "warn")
    except Exception as error:  # noqa: BLE001 - the delivery does not depend on it
        notice = f"the CI system did not get the results ({type(error).__name__})"
        written = Written(notices=(notice,))
    last = receipts[-1]
    notices = (*last.notices, *written.notices)
    return [*receipts[:-1], replace(last, notices=notices, commands=written.commands)]


def _write_receipts(receipts: Sequence[Receipt], *, is_fatal: bool) -> Written:
    clean = redactor_of(os.environ).clean
    cleaned = [each.cleaned(clean) for each in receipts]
    found = outputs_of(cleaned, is_fatal=is_fatal)
    if found is None:
        return Written()
    # ``.xray/runs/RUN``
    return write_outputs(found, Path(receipts[-1].run).parent.parent)


def write_outputs(found: Outputs, folder: Path) -> Written:
    """Write the outputs for the CI system; the caller prints the commands."""
    return outputs.write(found, os.environ, folder, redactor_of(os.environ).clean)


def make_document(receipts: Sequence[Receipt], *, is_list: bool) -> object:
    """
    Make the document for ``--json``: the receipt, or a list of several receipts.

    ``is_list``: a list also of one.
    """
    found = [receipt.to_json() for receipt in receipts]
    return found if is_list or len(found) > 1 else found[0]


def emit(
    arguments: argparse.Namespace,
    document: object,
    receipts: Sequence[Receipt],
    others: Sequence[str] = (),
) -> None:
    """Print receipts and other lines for people, then commands for the CI system."""
    blocks = [receipt.lines() for receipt in receipts] + [[line] for line in others]
    separated = [line for block in blocks for line in ("", *block)][1:]
    # A notice may have several lines.
    lines = [line for text in separated for line in text.split("\n")]
    commands = [line for receipt in receipts for line in receipt.commands]
    console.emit(arguments, document, lines, commands)
