"""
What became of uploads, told: to the CI system, and on standard output.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.ci import outputs
from xray_bridge.ci.escape import tame
from xray_bridge.ci.outputs import Written
from xray_bridge.ci.outputs.from_receipts import outputs_of
from xray_bridge.config.resolve import redactor_of
from xray_bridge.config.settings import Settings
from xray_bridge.errors import XrayBridgeError
from xray_bridge.runs.run_directory import RunDirectory


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.ci.outputs import Outputs
    from xray_bridge.model.receipt import Receipt


def told(receipts: Sequence[Receipt]) -> list[Receipt]:
    """
    Tell the CI system that this process runs in, if it does; never raises.

    The receipts, the last of them with the lines that are to be printed, each at
    the start of one, and with what could not be told.
    """
    if not receipts:
        return []
    try:
        written = _written(receipts)
    except Exception as error:  # noqa: BLE001 - what was delivered stays delivered
        said = f"the CI system was not told of the results ({type(error).__name__})"
        written = Written(notices=(said,))
    last = receipts[-1]
    notices = (*last.notices, *written.notices)
    told = replace(last, notices=notices, commands=written.commands)
    return [*receipts[:-1], told]


def _written(receipts: Sequence[Receipt]) -> Written:
    clean = redactor_of(os.environ).clean
    cleaned = [each.cleaned(clean) for each in receipts]
    found = outputs_of(cleaned, is_fatal=any(map(_is_fatal, receipts)))
    if found is None:
        return Written()
    # ``.xray/runs/RUN``
    return tell(found, Path(receipts[-1].run).parent.parent)


def tell(found: Outputs, folder: Path) -> Written:
    """Write for the CI system of this process; the commands are to be printed."""
    return outputs.write(found, os.environ, folder, redactor_of(os.environ).clean)


def text(receipts: Sequence[Receipt], said: Sequence[str] = ()) -> str:
    """For people, with what else is to be said, and then for the CI system."""
    blocks = ["\n".join(receipt.lines()) for receipt in receipts]
    commands = (line for receipt in receipts for line in receipt.commands)
    return "\n".join([tame("\n\n".join([*blocks, *said])), *commands])


def _is_fatal(receipt: Receipt) -> bool:
    """Whether an upload that failed is to fail the job."""
    try:
        settings = RunDirectory(Path(receipt.run)).info.settings
    except XrayBridgeError:
        return True
    return settings.get(Settings.on_upload_error.name) != "warn"
