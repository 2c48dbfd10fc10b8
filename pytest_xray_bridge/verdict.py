"""
From the reports of a test to its outcome: a table, no session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.model import Outcome


if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

CALL = "call"
SETUP = "setup"
TEARDOWN = "teardown"
# (phase, pytest's word, whether ``wasxfail`` is there): what it says of the test;
# None: nothing. What is not in the table is a failure.
TABLE = {
    (SETUP, "passed", False): None,
    (SETUP, "passed", True): None,
    (SETUP, "skipped", False): Outcome.SKIPPED,
    # xfail(run=False): it was not run, so it did not fail as expected.
    (SETUP, "skipped", True): Outcome.SKIPPED,
    (CALL, "skipped", False): Outcome.SKIPPED,
    (CALL, "skipped", True): Outcome.XFAILED,
    (CALL, "passed", False): Outcome.PASSED,
    (CALL, "passed", True): Outcome.XPASSED,
    (TEARDOWN, "passed", False): None,
    (TEARDOWN, "passed", True): None,
    (TEARDOWN, "skipped", False): Outcome.SKIPPED,
    (TEARDOWN, "skipped", True): Outcome.SKIPPED,
}
# The first of these that any phase says is the outcome of the test.
DECIDES = (
    Outcome.FAILED,
    Outcome.SKIPPED,
    Outcome.XFAILED,
    Outcome.XPASSED,
    Outcome.PASSED,
)


def outcome(phases: Sequence[pytest.TestReport]) -> Outcome:
    """
    The outcome of a test, from all its phases.

    Nothing but a call that passed makes it pass; no call at all means that it
    was not run to its end. An outcome nobody knows is a failure.
    """
    said = {_of_phase(report) for report in phases}
    return next((each for each in DECIDES if each in said), Outcome.NOT_RUN)


def _of_phase(report: pytest.TestReport) -> Outcome | None:
    if report.outcome != "failed" and _is_subtest(report):
        return None
    said = (report.when, report.outcome, hasattr(report, "wasxfail"))
    return TABLE.get(said, Outcome.FAILED)


def _is_subtest(report: pytest.TestReport) -> bool:
    """One of several reports within a call; the call's own report follows."""
    return hasattr(report, "context")


def message(phases: Sequence[pytest.TestReport], verdict: Outcome) -> str:
    """The text that explains an outcome, where there is one."""
    if verdict is Outcome.FAILED:
        texts = [_failure(report) for report in phases if _tells(report)]
        return "\n\n".join(text for text in texts if text)
    return next((text for report in phases if (text := _reason(report))), "")


def _tells(report: pytest.TestReport) -> bool:
    return _of_phase(report) is Outcome.FAILED


def _failure(report: pytest.TestReport) -> str:
    text = report.longreprtext
    if report.outcome != "failed":
        text = f"pytest reported the unknown outcome {report.outcome!r}. {text}"
    # A call needs no heading; that a fixture failed is worth saying.
    return text if report.when == CALL else f"{report.when}: {text}"


def _reason(report: pytest.TestReport) -> str:
    """Of a skip or an expected failure; pytest's skips come with their place."""
    if hasattr(report, "wasxfail"):
        return str(report.wasxfail)
    if report.outcome != "skipped":
        return ""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return str(report.longreprtext)
