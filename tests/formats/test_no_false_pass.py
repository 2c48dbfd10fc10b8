"""No result reads better than it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import STARTED, a_feature, a_run, a_scenario, a_step, a_test
from tests.formats.reading import (
    ALL,
    BOTH,
    FAILED,
    NEITHER,
    OF_SCENARIOS,
    PASSED,
    RESULTS,
    WORDS,
    rendered,
    validate,
    verdicts,
)
from xray_bridge.errors import ReportError
from xray_bridge.model.dialect import DIALECTS
from xray_bridge.model.results import Iteration, Outcome, TestRun
from xray_bridge.runs.aggregate import worst_outcome


if TYPE_CHECKING:
    from pathlib import Path

HARMLESS = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
KEYS = ("CALC-1", "CALC-2")


def made_run(  # noqa: PLR0913 - one for each thing that may be anything
    *,
    outcome: Outcome,
    keys: tuple[str, ...],
    name: str,
    path: str,
    is_scenario: bool,
    steps: list[Outcome],
    iterations: list[Outcome],
    offset: float,
    duration: float,
) -> TestRun:
    """A result of a test or of a scenario."""
    feature = a_feature(path=path)
    return a_run(
        outcome,
        test=a_test(name, test_keys=keys),
        message="because",
        started=STARTED + offset,
        duration=duration,
        scenario=a_scenario(feature=feature) if is_scenario else None,
        steps=tuple(map(a_step, steps)),
        iterations=tuple(Iteration(outcome=each) for each in iterations),
    )


any_run = st.builds(
    made_run,
    outcome=st.sampled_from(RESULTS),
    keys=st.sampled_from([(), ("CALC-1",), ("CALC-2",), KEYS]),
    name=st.sampled_from(["test_a", "test_a[1]", "test_b"]),
    path=st.sampled_from("ab"),
    is_scenario=st.booleans(),
    steps=st.lists(st.sampled_from(Outcome), max_size=3),
    iterations=st.lists(st.sampled_from(RESULTS), max_size=2),
    offset=st.floats(-1e6, 1e6),
    duration=st.floats(0, 1e5),
)
any_statuses = st.dictionaries(
    st.sampled_from([each.value for each in RESULTS]),
    st.sampled_from(["PASS", "FAILED", "TODO", "ABORTED", "EXECUTING"]),
    max_size=3,
)


@BOTH
@ALL
@HARMLESS
@given(runs=st.lists(any_run, max_size=5), statuses=st.just({}) | any_statuses)
def test_no_failure_reads_as_a_pass(
    tmp_path: Path,
    name: str,
    deployment: str,
    runs: list[TestRun],
    statuses: dict[str, str],
) -> None:
    """This holds for each format and product, with all statuses that it can hold."""
    dialect = DIALECTS[deployment].with_statuses(statuses)
    told = [run for run in runs if run.scenario or name not in OF_SCENARIOS]
    try:
        content = rendered(tmp_path, name, deployment, *runs, statuses=statuses)
    except ReportError:
        if name == "xray":
            # Scenarios without a key have no place there: said, not skipped.
            assert all(run.scenario and not run.test.test_keys for run in runs)
        else:
            assert any(dialect.plainly(run.outcome) is None for run in told)
        return

    found = verdicts(name, content)
    if found:
        validate(name, deployment, content)
    for key in KEYS:
        outcomes = [run.outcome for run in told if key in run.test.test_keys]
        if name not in OF_SCENARIOS and outcomes:
            outcomes = [worst_outcome(outcomes)]
        expected = {WORDS.get(dialect.statuses[each], NEITHER) for each in outcomes}
        seen = {verdict for identity, verdict in found if identity == key}
        assert bool(seen) == bool(expected)
        if name not in OF_SCENARIOS:
            assert seen == expected
        if FAILED in expected:
            assert FAILED in seen
        if expected - {PASSED}:
            assert seen != {PASSED}
