"""Tests that have passed often enough to leave the quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, recorded
from xray_bridge.config.resolve import recorded_layer, resolve
from xray_bridge.model.results import Outcome
from xray_bridge.quarantine.releases import propose_releases


if TYPE_CHECKING:
    from pathlib import Path

TABLE = (
    '{"release_after": 3, "tests": [{"test": "CALC-1", "owner": "Anna", '
    '"until": "2026-12-31"}]}'
)
LINE = (
    "CALC-1 has passed {} times in a row: it may leave the quarantine, in which it is "
    "for Anna until 2026-12-31"
)
SETTINGS = resolve([recorded_layer({"quarantine": TABLE})], {})


def history(tmp_path: Path, outcomes: str) -> None:
    """Record a run for each letter: passed, failed, skipped, flaky, or without it."""
    meaning = {each.value[0]: each for each in (Outcome.PASSED, Outcome.FAILED)}
    meaning |= {"s": Outcome.SKIPPED, "y": Outcome.FLAKY}
    for number, letter in enumerate(outcomes):
        run = (
            a_run(name="other")
            if letter == "-"
            else a_run(meaning[letter], keys=("CALC-1",))
        )
        recorded(tmp_path, run, started=1000.0 + number)


@pytest.mark.parametrize(
    ("outcomes", "passes"),
    [
        ("ppp", 3),
        ("fppp", 3),
        ("pps-p", 3),
        ("pp", 0),
        ("ppfpp", 0),
        ("pypp", 0),
        ("pppf", 0),
        ("", 0),
    ],
)
def test_passes_in_a_row_are_counted_from_the_newest_run(
    tmp_path: Path, outcomes: str, passes: int
) -> None:
    """Failed and flaky results end the row; runs without a result do not."""
    history(tmp_path, outcomes)

    found = propose_releases(SETTINGS, tmp_path / ".xray")

    assert found == ([LINE.format(passes)] if passes else [])


def test_parts_of_a_merged_run_are_not_counted_twice(tmp_path: Path) -> None:
    """The merged run has their results."""
    run = a_run(keys=("CALC-1",))
    parts = [recorded(tmp_path, run, started=float(n)).id for n in (1, 2)]
    recorded(tmp_path, run, started=3.0, parts=tuple(parts))

    assert propose_releases(SETTINGS, tmp_path / ".xray") == []


def test_a_run_that_cannot_be_read_counts_for_nothing(tmp_path: Path) -> None:
    """It is neither a pass nor a failure."""
    history(tmp_path, "pppp")
    *_, last = sorted((tmp_path / ".xray" / "runs").iterdir())
    (last / "journal.jsonl").unlink()
    (last / "journal.jsonl").mkdir()

    assert propose_releases(SETTINGS, tmp_path / ".xray") == [LINE.format(3)]


def test_a_project_without_quarantine_proposes_nothing(tmp_path: Path) -> None:
    """No run is read then."""
    history(tmp_path, "ppp")

    assert propose_releases(resolve([], {}), tmp_path / ".xray") == []
