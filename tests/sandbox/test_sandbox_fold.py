"""Several results of one Test in one report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from xray_sandbox.product import SERVER
from xray_sandbox.read.submission import Evidence, Result, fold_results
from xray_sandbox.store.rows import IterationRow, StepRow


FIRST = Result(
    status="PASS",
    test_key="CALC-1",
    comment="one",
    started="2026-01-01T10:00:00Z",
    finished="2026-01-01T10:00:01Z",
    defects=("CALC-7",),
    evidence=(Evidence("a.txt", "text/plain", b"a", "step 1"),),
    steps=(StepRow("PASS", "first"),),
    custom_fields={"tool": "hammer", "place": "here"},
)
SECOND = Result(
    status="FAIL",
    test_key="CALC-1",
    comment="two",
    log="what happened",
    started="2026-01-01T09:00:00Z",
    steps=(StepRow("FAIL", "second"),),
    iterations=(IterationRow("FAIL"),),
    examples=("FAIL",),
    custom_fields={"place": "there"},
)


def test_results_of_one_test_become_one() -> None:
    """Texts and lists are joined, times span all results, evidence has no step."""
    found = fold_results((FIRST, SECOND), SERVER)

    assert found == Result(
        status="FAIL",
        test_key="CALC-1",
        comment="one\ntwo",
        log="what happened",
        started="2026-01-01T09:00:00Z",
        finished="2026-01-01T10:00:01Z",
        defects=("CALC-7",),
        evidence=(Evidence("a.txt", "text/plain", b"a"),),
        steps=(StepRow("PASS", "first"), StepRow("FAIL", "second")),
        iterations=(IterationRow("FAIL"),),
        examples=("FAIL",),
        custom_fields={"tool": "hammer", "place": "there"},
    )


@pytest.mark.parametrize(
    ("statuses", "folded"),
    [
        (("PASS", "PASS"), "PASS"),
        (("PASS", "TODO"), "TODO"),
        (("PASS", "ABORTED"), "TODO"),
        (("TODO", "FAIL", "PASS"), "FAIL"),
    ],
)
def test_statuses_fold(statuses: tuple[str, ...], folded: str) -> None:
    """One failure is a failure, only passes are a pass, anything else is to do."""
    results = tuple(replace(FIRST, status=status) for status in statuses)

    assert fold_results(results, SERVER).status == folded


def test_a_single_result_stays_as_it_is() -> None:
    """The evidence of a single result keeps its step."""
    assert fold_results((FIRST,), SERVER) is FIRST
