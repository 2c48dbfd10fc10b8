"""Whether a value that was read back has the types that its class names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_run, a_scenario_run, a_step, attached, recorded
from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.results import Iteration, Outcome
from xray_bridge.runs import shapes
from xray_bridge.runs.run_directory import RunDirectory


ODD_RESULTS: dict[str, dict[str, Any]] = {
    "a name that is a number": {"name": 7},
    "a key that is an object": {"test_keys": [{"key": 1}]},
    "keys that are a text": {"test_keys": "CALC-1"},
    "a row of three": {"parameters": [["a", "b", "c"]]},
    "a step of no name": {
        "steps": [{"keyword": "", "name": None, "outcome": "passed"}]
    },
}
ODD_STATES: dict[str, dict[str, Any]] = {
    "a word for a number": {"attempts": "two"},
    "a time that is true": {"asked": True},
    "no state": {"state": None},
}
ODD_RUNS: dict[str, dict[str, Any]] = {
    "settings that are a list": {"settings": ["a"]},
    "a setting that is a number": {"settings": {"upload": 1}},
    "an id that is none": {"id": None},
}


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    """A sealed run."""
    return recorded(tmp_path, a_run(keys=["CALC-1"]))


def change(path: Path, changes: dict[str, Any]) -> None:
    """Put other values into the JSON of a file."""
    # A line of a journal has a checksum, of which older ones have none.
    found = json.loads(path.read_text().partition("\t")[0])
    path.write_text(json.dumps({**found, **changes}) + "\n")


@pytest.mark.parametrize("odd", ODD_RESULTS)
def test_result_of_another_shape(directory: RunDirectory, odd: str) -> None:
    """It is told where it is read, in the words for a damaged line."""
    change(directory.journal, ODD_RESULTS[odd])

    with pytest.raises(RunDirectoryError, match="damaged line"):
        list(directory.runs())


@pytest.mark.parametrize("odd", ODD_STATES)
def test_state_of_another_shape(directory: RunDirectory, odd: str) -> None:
    """A damaged state is one, whichever value is wrong."""
    change(directory.path / "state.json", ODD_STATES[odd])

    with pytest.raises(RunDirectoryError, match="is damaged"):
        _ = directory.state


@pytest.mark.parametrize("odd", ODD_RUNS)
def test_run_of_another_shape(directory: RunDirectory, odd: str) -> None:
    """So is what a run says of itself."""
    change(directory.path / "run.json", ODD_RUNS[odd])

    with pytest.raises(RunDirectoryError, match="is damaged"):
        _ = directory.info


def test_what_we_write_has_its_shape(tmp_path: Path) -> None:
    """With everything that a result can have."""
    directory = recorded(tmp_path)
    piece = attached(directory, b"x", "x.png")
    step = a_step(evidence=(piece,), table=(("a",), ("1",)))
    rows = (Iteration(outcome=Outcome.FAILED, parameters=(("n", "1"),), steps=(step,)),)
    run = a_scenario_run(steps=(step,), iterations=rows, evidence=(piece,))

    assert shapes.check_types(run) is run


def test_type_that_is_not_in_use() -> None:
    """Whoever gives a field a new type gives it a check: nothing passes unseen."""
    with pytest.raises(NotImplementedError, match="no check for"):
        shapes._make_check(list[int])
