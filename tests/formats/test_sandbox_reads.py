"""The sandbox, which knows nothing of the writers, reads what they write."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_run, a_scenario, a_step
from tests.formats.reading import (
    ALL,
    BOTH,
    OF_SCENARIOS,
    PICTURE,
    a_piece,
    rendered,
)
from xray_bridge.model.results import Iteration, Outcome
from xray_sandbox.product import CLOUD, SERVER
from xray_sandbox.read.behave import read_behave
from xray_sandbox.read.cucumber import read_cucumber
from xray_sandbox.read.junit import read_junit
from xray_sandbox.read.xray_json import read_xray


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.model.results import TestRun

PRODUCTS = {"server": SERVER, "cloud": CLOUD}
READERS: dict[str, Any] = {
    "junit": read_junit,
    "xray": read_xray,
    "cucumber": read_cucumber,
    "behave": read_behave,
}


def a_rich_run(name: str) -> TestRun:
    """A failed test, or scenario, with a bit of everything."""
    steps = (
        a_step(evidence=(a_piece(b"of a step", "step.txt", "text/plain"),)),
        a_step(Outcome.FAILED, message="boom", data="in", expected="out"),
        a_step(Outcome.NOT_RUN),
    )
    return a_run(
        Outcome.FAILED,
        keys=["CALC-1"],
        steps=steps,
        scenario=a_scenario() if name in OF_SCENARIOS else None,
        message="boom",
        comment="*seen*",
        output="printed",
        evidence=(a_piece(),),
        custom_fields=(("12", "Chrome"),),
        defects=("CALC-9",),
    )


@BOTH
@ALL
def test_result_is_understood(tmp_path: Path, name: str, deployment: str) -> None:
    """Key, status, evidence and the text of the failure."""
    product = PRODUCTS[deployment]
    contents = [PICTURE, b"of a step"]

    content = rendered(tmp_path, name, deployment, a_rich_run(name), contents=contents)
    (result,) = READERS[name](io.BytesIO(content), product).results

    found = {piece.data for piece in result.evidence}
    texts = (result.comment, result.log, *(s.actual_result for s in result.steps))
    assert (result.test_key, result.status) == ("CALC-1", product.failed)
    assert found == set(contents)
    assert any("boom" in text for text in texts)
    assert any("printed" in text for text in texts)


@BOTH
@pytest.mark.parametrize("body", ["steps", "iterations", "examples"])
def test_parts_are_understood(tmp_path: Path, deployment: str, body: str) -> None:
    """Each of the three that exclude each other."""
    product = PRODUCTS[deployment]
    parts = tuple(
        Iteration(outcome=each, parameters=(("n", each.value),), steps=(a_step(each),))
        for each in (Outcome.PASSED, Outcome.FAILED)
    )
    run = a_run(
        Outcome.FAILED,
        keys=["CALC-1"],
        steps=tuple(step for part in parts for step in part.steps),
        iterations=() if body == "steps" else parts,
        scenario=a_scenario(outline="sums", row=1) if body == "examples" else None,
    )

    content = rendered(tmp_path, "xray", deployment, run)
    (result,) = read_xray(io.BytesIO(content), product).results

    lists = {
        "steps": [each.status for each in result.steps],
        "iterations": [each.status for each in result.iterations],
        "examples": list(result.examples),
    }
    assert lists.pop(body) == [product.passed, product.failed]
    assert not any(lists.values())
