"""Which run directories are one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.builders import a_run, recorded
from xray_bridge.runs.sessions import group_runs


if TYPE_CHECKING:
    from pathlib import Path


def test_runs_are_ordered_by_their_start(tmp_path: Path) -> None:
    """The oldest run comes first, whatever the order of the directories."""
    newer = recorded(tmp_path, a_run(), started=200.0)
    older = recorded(tmp_path, a_run(), started=100.0)

    found = group_runs([newer, older])

    assert [run.directories for run in found] == [(older,), (newer,)]
    assert [run.name for run in found] == [older.id, newer.id]


def test_parts_of_a_ci_run_are_one_run(tmp_path: Path) -> None:
    """Parts with one run id are read together; other frameworks stay apart."""
    one = recorded(tmp_path, a_run(), started=100.0, run_id="build-7")
    two = recorded(tmp_path, a_run(), a_run(), started=50.0, run_id="build-7")
    other = recorded(tmp_path, started=1.0, run_id="build-7", framework="behave")

    first, second = group_runs([one, two, other])

    assert first.directories == (other,)
    assert second.directories == (two, one)
    assert (second.name, len(second.results())) == ("build-7", 3)


def test_merged_parts_are_not_counted_twice(tmp_path: Path) -> None:
    """A merged run contains its parts."""
    part = recorded(tmp_path, a_run())
    whole = recorded(tmp_path, a_run(), parts=(part.id,))

    (run,) = group_runs([part, whole])

    assert run.directories == (whole,)
