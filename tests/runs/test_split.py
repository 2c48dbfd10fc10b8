"""The other Test Executions of a run that was split."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.builders import STARTED, recorded
from xray_bridge.runs import attempts
from xray_bridge.runs.run_directory import DELIVERED, KEPT, SEALED, State
from xray_bridge.runs.split import find_others


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.runs.run_directory import RunDirectory

SPLIT = {"split_by": "environment", "run_id": "7"}


def part(
    tmp_path: Path, key: str = "", state: str = DELIVERED, **info: Any
) -> RunDirectory:
    """A run directory of one Test Execution."""
    directory = recorded(tmp_path, **{**SPLIT, **info})
    directory.state = State(state=state, test_execution=key)
    return directory


def others(tmp_path: Path, *directories: RunDirectory) -> list[str]:
    """The names of the other run directories."""
    return [each.id for each in find_others(directories, tmp_path / ".xray")]


def test_they_have_the_same_run_id(tmp_path: Path) -> None:
    """Runs of other CI runs and frameworks, and runs that were not split, are none."""
    own, wanted = part(tmp_path, "CALC-101"), part(tmp_path, "CALC-102")
    for changes in ({"run_id": "8"}, {"framework": "behave"}, {"split_by": ""}):
        part(tmp_path, "CALC-103", **changes)

    assert others(tmp_path, own) == [wanted.id]
    assert others(tmp_path, own, wanted) == []


def test_a_run_without_run_id_has_none(tmp_path: Path) -> None:
    """Nobody knows which belong to it."""
    own = part(tmp_path, "CALC-101", run_id="")
    part(tmp_path, "CALC-102", run_id="")

    assert others(tmp_path, own) == []


def test_a_test_execution_has_its_newest_results(tmp_path: Path) -> None:
    """A rerun that was not delivered yet knows the Test Execution from its settings."""
    own = part(tmp_path, "CALC-101")
    to_102: dict[str, Any] = {"settings": {"test_execution": "CALC-102"}}
    part(tmp_path, "CALC-102")
    part(tmp_path, "CALC-102", started=STARTED + 1)
    last = part(tmp_path, state=SEALED, started=STARTED + 2, **to_102)
    part(tmp_path, "CALC-101", started=STARTED + 1)

    assert others(tmp_path, own) == [last.id]


def test_what_nobody_sends_is_none_of_them(tmp_path: Path) -> None:
    """Dry runs, merged runs, and runs that cannot be read."""
    own = part(tmp_path, "CALC-101")
    part(tmp_path, state=KEPT)
    damaged = part(tmp_path, "CALC-102")
    (damaged.path / "state.json").write_text("{")
    unsent = part(tmp_path, state=SEALED)
    own.state = replace(own.state, state=KEPT)

    assert others(tmp_path, own) == [unsent.id]


def test_a_dry_run_of_a_rerun_that_was_killed_is_none_of_them(tmp_path: Path) -> None:
    """It has the Test Execution in its settings, but none of its results."""
    own, wanted = part(tmp_path, "CALC-101"), part(tmp_path, "CALC-102")
    tried = {"test_execution": "CALC-102", "dry_run": "true"}
    killed = part(tmp_path, started=STARTED + 1, settings=tried)
    (killed.path / "state.json").unlink()
    (killed.path / attempts.EARLIER).touch()

    assert others(tmp_path, own) == [wanted.id]
