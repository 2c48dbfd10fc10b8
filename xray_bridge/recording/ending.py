"""
The end of a session: its lines, its exit code and its receipt.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xray_bridge.config.run_settings import repeat_flags
from xray_bridge.config.setting import COMMAND_LINE
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import AmbiguousError, PartlyRefusedError, RunDirectoryError
from xray_bridge.model.receipt import (
    AMBIGUOUS,
    DELIVERED,
    FAILED,
    Receipt,
    ignored_lines,
)
from xray_bridge.recording.second_process import SecondProcessError
from xray_bridge.runs import run_directory
from xray_bridge.text import count, quote_command


if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from pathlib import Path

    from xray_bridge.config.settings import Settings
    from xray_bridge.runs.run_directory import RunDirectory

# How many selected Tests without code are shown.
SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """
    The lines that a session prints at its end, and the exit code in place of 0.

    If ``xray_on_upload_error`` is ``warn``, ``exit_code`` is 0 or that of the gate.
    """

    lines: tuple[str, ...]
    exit_code: int
    receipt: Receipt | None = None


def flags_again(settings: Settings) -> str:
    """Return the flags of the connection that only this command line has."""
    given, sources = settings.given.items(), settings.sources
    return repeat_flags({k: v for k, v in given if sources.get(k) == COMMAND_LINE})


def receipt_in(answer: Mapping[str, Any]) -> Receipt:
    """
    Read the receipt that the second process has printed.

    Raises SecondProcessError if the process printed an error, TypeError and KeyError
    if it has another version.
    """
    error = answer.get("error")
    if "status" not in answer and isinstance(error, dict):
        raise SecondProcessError(str(error.get("message")))
    return Receipt.from_json(answer)


def receipt_without_answer(
    directory: RunDirectory, shown: str, error: Exception
) -> Receipt:
    """Make a receipt from the run's state when the second process did not answer."""
    try:
        state = directory.state
    except RunDirectoryError as unreadable:
        # Such as too many open files: it may have been sending.
        state = run_directory.State(state=run_directory.SENDING)
        error = SecondProcessError(f"{error}; {unreadable}")
    if state.state in {run_directory.DELIVERED, run_directory.REFUSED}:
        # It was killed after the results, during the steps in Jira.
        again = "`xray-bridge resend` does the rest"
        return Receipt(
            status=DELIVERED,
            run=shown,
            test_execution={"key": state.test_execution},
            notices=(f"the results were delivered, but {error}; {again}",),
            exit_code=PartlyRefusedError.exit_code,
        )
    sending = state.state == run_directory.SENDING
    kind = AmbiguousError if sending else SecondProcessError
    return Receipt(
        status=AMBIGUOUS if sending else FAILED,
        run=shown,
        error={"message": str(error), "slug": kind.slug},
        exit_code=kind.exit_code,
    )


def without_notices(receipt: Receipt, known: Sequence[str]) -> list[str]:
    """Return the lines of a receipt without notices that are printed already."""
    others = (each for each in receipt.notices if each not in known)
    return replace(receipt, notices=tuple(others)).lines()


def lines_about_reports(receipt: Receipt, *, has_page: bool) -> list[str]:
    """Return why a report was not written, or the notice about the HTML page."""
    if receipt.error:
        return [f"The report was not written: {receipt.error['message']}"]
    return [f"Note: {notice}" for notice in receipt.notices[-1:] if has_page]


def lines_about_gaps(ignored: int, incomplete: Iterable[str]) -> list[str]:
    """Return lines about tests that are not reported, or missing."""
    return [*ignored_lines(ignored), *(f"Incomplete: {each}" for each in incomplete)]


def lines_to_send(shown: str, run_id: str, flags: str) -> list[str]:
    """Return the command that sends a collected run, and the run directory."""
    what = ("--run-id", run_id, "DIR") if run_id else (shown,)
    command = quote_command("xray-bridge", "upload", *what, flags=flags)
    return [f"To send them: {command}", f"Run directory: {shown}"]


def is_sandbox_idle(settings: Settings) -> bool:
    """Whether the command line asks for a sandbox, and the session for no server."""
    uses_server = (
        settings.wants_upload or settings.wants_export or settings.wants_selection
    )
    is_given = settings.sources.get("sandbox") == COMMAND_LINE
    return settings.sandbox and is_given and not uses_server


def describe_idle_sandbox(flag: str, command: str) -> str:
    """Describe a sandbox that nothing is sent to, and the command that uses it."""
    return (
        f"{flag} does nothing, because this session sends and fetches nothing; to "
        f"upload into the sandbox, type: {command}"
    )


def describe_selection(
    selection: str, selected: Iterable[str], in_code: Container[str]
) -> str:
    """Describe how many Tests were selected, and which of them have no code."""
    from xray_bridge.model.selection import read_selection

    keys = list(selected)
    missing = [key for key in keys if key not in in_code]
    # A list of keys may be long.
    is_list = bool(read_selection(selection).keys)
    tests = count(len(keys), "Test")
    text = f"selected: {tests}" if is_list else f"selected: {tests} of {selection}"
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        text += f"; no collected test has the key {', '.join(missing[:SHOWN])}{more}"
    return text


def relative_path(path: Path, folder: str) -> str:
    """Return a path relative to a folder; one outside of it is unchanged."""
    try:
        return str(path.relative_to(folder))
    except ValueError:
        return str(path)
