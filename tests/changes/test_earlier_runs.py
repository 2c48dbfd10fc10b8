"""The run directory that a run is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import STARTED, a_run, recorded, run_info
from xray_bridge.changes.earlier_runs import list_earlier_runs
from xray_bridge.runs.run_directory import RunDirectory, State


if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = {"project": "CALC", "test_plan": "CALC-9", "environments": "chrome;linux"}
BRANCH = {"branch": "main"}


def a_directory(
    tmp_path: Path, minutes: int, settings: dict[str, str] | None = None, **info: Any
) -> RunDirectory:
    """A run that was recorded these minutes after the first."""
    given = {"ci": BRANCH, "started": STARTED + 60 * minutes, **info}
    return recorded(
        tmp_path, a_run(), settings={**SETTINGS, **(settings or {})}, **given
    )


def baseline_of(tmp_path: Path, own: RunDirectory) -> str:
    """The name of the baseline; empty if there is none."""
    found = list_earlier_runs(tmp_path / ".xray", own, own.info)
    return next((baseline.name for _, baseline in found), "")


def test_the_last_earlier_run(tmp_path: Path) -> None:
    """Neither an older one nor a newer one."""
    a_directory(tmp_path, 0)
    wanted = a_directory(tmp_path, 1)
    own = a_directory(tmp_path, 2)
    a_directory(tmp_path, 3)

    assert baseline_of(tmp_path, own) == wanted.id


@pytest.mark.parametrize(
    "other",
    [
        {"settings": {"project": "OTHER"}},
        {"settings": {"test_plan": "CALC-8"}},
        {"settings": {"environments": "chrome"}},
        {"ci": {"branch": "feature"}},
        {"ci": {}},
        {"framework": "behave"},
        {"framework": "report files"},
    ],
)
def test_other_runs_are_not_compared(tmp_path: Path, other: dict[str, Any]) -> None:
    """Another plan, environment, branch or framework is another story."""
    a_directory(tmp_path, 0, **other)

    assert not baseline_of(tmp_path, a_directory(tmp_path, 1))


def test_a_pull_request_is_compared_with_its_target(tmp_path: Path) -> None:
    """Its first run is; a later one is compared with the run before it."""
    of_request = {"branch": "feature", "pull_request": "7", "target_branch": "main"}
    wanted = a_directory(tmp_path, 0)
    a_directory(tmp_path, 1, ci={"branch": "release"})
    first = a_directory(tmp_path, 2, ci=of_request)
    a_directory(tmp_path, 3)
    second = a_directory(tmp_path, 4, ci=of_request)

    assert baseline_of(tmp_path, first) == wanted.id
    assert baseline_of(tmp_path, second) == first.id


def test_environments_have_no_order(tmp_path: Path) -> None:
    """Nor do blanks between them count."""
    wanted = a_directory(tmp_path, 0, {"environments": "linux ; chrome"})

    assert baseline_of(tmp_path, a_directory(tmp_path, 1)) == wanted.id


def test_other_jobs_of_the_same_run_are_not_earlier(tmp_path: Path) -> None:
    """They started before, but belong to this run."""
    a_directory(tmp_path, 0, run_id="github-7")
    part = a_directory(tmp_path, 1)
    own = a_directory(tmp_path, 2, run_id="github-7", parts=(part.id,))

    assert not baseline_of(tmp_path, own)


def test_parts_of_an_earlier_run_are_one(tmp_path: Path) -> None:
    """Both jobs are read."""
    first = a_directory(tmp_path, 0, run_id="github-6")
    second = a_directory(tmp_path, 1, run_id="github-6")
    own = a_directory(tmp_path, 2, run_id="github-7")

    ((found, _),) = list_earlier_runs(tmp_path / ".xray", own, own.info)

    assert [each.id for each in found.directories] == [first.id, second.id]


@pytest.mark.parametrize(
    "state",
    [None, State(state="sealed", incomplete=("the session was interrupted",))],
)
def test_a_run_that_did_not_end_is_no_baseline(
    tmp_path: Path, state: State | None
) -> None:
    """Its other tests would all be new; an older run is better."""
    wanted = a_directory(tmp_path, 0)
    ended_early = a_directory(tmp_path, 1)
    if state is None:
        (ended_early.path / "state.json").unlink()
    else:
        ended_early.state = state

    assert baseline_of(tmp_path, a_directory(tmp_path, 2)) == wanted.id


def test_a_damaged_run_stops_nothing(tmp_path: Path) -> None:
    """It is passed over."""
    wanted = a_directory(tmp_path, 0)
    (a_directory(tmp_path, 1).path / "run.json").write_text("{")
    (a_directory(tmp_path, 2).path / "state.json").write_text("[")

    assert baseline_of(tmp_path, a_directory(tmp_path, 3)) == wanted.id


def test_a_folder_without_runs(tmp_path: Path) -> None:
    """The first run has no baseline."""
    info = run_info()

    found = list_earlier_runs(tmp_path, RunDirectory(tmp_path / info.id), info)

    assert list(found) == []
