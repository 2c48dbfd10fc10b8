"""The second process of a session, after tests that changed the first one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

from xray_bridge.recording.second_process import SecondProcess


if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "standard_error", [None, object(), Mock()], ids=["none", "object", "mock"]
)
def test_no_terminal_that_a_test_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, standard_error: object
) -> None:
    """Nothing is shown on it, and the command runs all the same."""
    process = SecondProcess(
        environ={"TERM": "xterm", "HOME": str(tmp_path)}, folder=str(tmp_path)
    )
    monkeypatch.setattr(sys, "__stderr__", standard_error)

    answer = process.run("runs", deadline=30.0)

    assert answer.exit_code == 0
