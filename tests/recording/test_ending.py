"""The end of a session whose second process did not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, recorded
from xray_bridge.recording.ending import receipt_without_answer
from xray_bridge.recording.second_process import SecondProcessError
from xray_bridge.runs import run_directory
from xray_bridge.runs.run_directory import State


if TYPE_CHECKING:
    from pathlib import Path

ERROR = SecondProcessError("it did not end within 365 s")


@pytest.mark.parametrize("state", [run_directory.DELIVERED, run_directory.REFUSED])
def test_results_that_were_delivered_are_not_called_lost(
    tmp_path: Path, state: str
) -> None:
    """Only steps in Jira were not done, which a resend does."""
    directory = recorded(tmp_path, a_run())
    directory.state = State(state=state, test_execution="CALC-7")

    found = receipt_without_answer(directory, "run", ERROR)

    assert (found.status, found.exit_code) == ("delivered", 84)
    assert found.test_execution == {"key": "CALC-7"}
    [notice] = found.notices
    assert notice.startswith("the results were delivered, but it did not end within")
    assert "`xray-bridge resend` does the rest" in notice


@pytest.mark.parametrize(
    ("state", "status"),
    [(run_directory.SENDING, "ambiguous"), (run_directory.SEALED, "failed")],
)
def test_other_results_are_unclear_or_not_sent(
    tmp_path: Path, state: str, status: str
) -> None:
    """As the last note in the run directory says."""
    directory = recorded(tmp_path, a_run())
    directory.state = State(state=state)

    assert receipt_without_answer(directory, "run", ERROR).status == status


def test_without_a_state_nobody_knows_whether_results_were_sent(
    tmp_path: Path,
) -> None:
    """No session with unsent results passes because its state cannot be read."""
    directory = recorded(tmp_path, a_run())
    (directory.path / "state.json").write_bytes(b"nonsense")

    found = receipt_without_answer(directory, "run", ERROR)

    assert (found.status, found.exit_code) == ("ambiguous", 81)
    assert found.error["message"].startswith("it did not end within 365 s; ")
    assert "state.json cannot be read" in found.error["message"]
