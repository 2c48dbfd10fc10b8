"""
What the state of a run permits, and what its upload notes there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.errors import RunDirectoryError
from xray_bridge.model import receipt
from xray_bridge.runs import run_directory
from xray_bridge.upload import xray_env


if TYPE_CHECKING:
    from xray_bridge.config.settings import Settings
    from xray_bridge.model.receipt import Receipt
    from xray_bridge.runs.run_directory import RunDirectory

# The state that a failed upload leaves in ``state.json``.
ENDED_AS = {
    receipt.FAILED: run_directory.FAILED,
    receipt.AMBIGUOUS: run_directory.AMBIGUOUS,
}
NOT_SENT = frozenset({receipt.KEPT, receipt.EMPTY, receipt.DRY_RUN})
NOT_BEGUN = frozenset({run_directory.RECORDED, run_directory.SEALED})


def refuse_sent(directory: RunDirectory, settings: Settings) -> None:
    """
    Raise RunDirectoryError for a run that was delivered, or that others will send.

    The session that has put its run into a bucket may still write a report.
    """
    state = directory.state
    if state.state == run_directory.DELIVERED:
        msg = f"{directory.path} was already delivered, as {state.test_execution}"
        raise RunDirectoryError(msg, hint="there is nothing left to send")
    if state.message.startswith(run_directory.MERGED):
        msg = f"{directory.path} was {state.message}"
        raise RunDirectoryError(msg, hint="resend that run")
    if state.message.startswith(run_directory.PUT) and not settings.collect:
        msg = f"{directory.path} was {state.message}"
        raise RunDirectoryError(msg, hint="upload it from there")


def note_ending(directory: RunDirectory, settings: Settings, found: Receipt) -> None:
    """
    Note the end of an upload; a delivery has been noted already.

    If nothing was sent, a run that was being sent or is collected keeps its state.
    """
    state = directory.state
    if found.status in ENDED_AS:
        xray_env.write_failed(directory.path)
        ended, message = ENDED_AS[found.status], found.error["message"]
        directory.state = replace(state, state=ended, message=message)
    elif found.status in NOT_SENT and state.state in NOT_BEGUN and not settings.collect:
        directory.state = replace(state, state=run_directory.KEPT)
