"""
Find the outcome of a test from its reports: tables and pure functions.
"""

from __future__ import annotations

import re
from ast import literal_eval
from typing import TYPE_CHECKING, Any

from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

# The line about xdist's worker that pytest puts above a traceback.
WORKER = re.compile(r"\A\[\w+\] [^\n]* -- Python [^\n]*\n+")
# The progress that a pytest session prints, one character for each test.
PROGRESS = re.compile(r"[.FEsxX]+")
CALL = "call"
SETUP = "setup"
TEARDOWN = "teardown"
# By phase, pytest's word and whether ``wasxfail`` is there; None if the phase decides
# nothing. Anything that is not in the table is a failure.
OF_PHASE = {
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
# The first of these that any phase has is the outcome of the test.
STRONGEST_FIRST = (
    Outcome.FAILED,
    Outcome.SKIPPED,
    Outcome.XFAILED,
    Outcome.XPASSED,
    Outcome.PASSED,
)


def of_test(phases: Sequence[pytest.TestReport]) -> Outcome:
    """
    Find the outcome of a test from all its phases.

    Only a call that passed makes the test pass; a test without a call did not run to
    its end. An unknown outcome is a failure.
    """
    found = [_of_phase(report) for report in phases]
    for each in STRONGEST_FIRST:
        if each in found:
            return each
    return Outcome.NOT_RUN


def _of_phase(report: pytest.TestReport) -> Outcome | None:
    if report.outcome == "passed" and _is_subtest(report):
        return None
    key = (report.when, report.outcome, hasattr(report, "wasxfail"))
    return OF_PHASE.get(key, Outcome.FAILED)


def _is_subtest(report: pytest.TestReport) -> bool:
    """Whether the report is that of a subtest; the report of the call follows."""
    return hasattr(getattr(report, "context", None), "kwargs")


def after_reruns(outcome: Outcome, failed_attempts: int) -> Outcome:
    """Return FLAKY for a pass that took more than one attempt, else the outcome."""
    is_flaky = outcome is Outcome.PASSED and failed_attempts > 0
    return Outcome.FLAKY if is_flaky else outcome


def iterations_of(phases: Sequence[pytest.TestReport]) -> list[dict[str, Any]]:
    """Return the subtests of a test as iterations of a journal line."""
    return [_make_iteration(report) for report in phases if _is_subtest(report)]


def _make_iteration(report: Any) -> dict[str, Any]:
    key = (CALL, report.outcome, hasattr(report, "wasxfail"))
    decided = OF_PHASE.get(key) or Outcome.FAILED
    context = report.context
    named = [("subtest", str(context.msg))] if context.msg is not None else []
    values = [
        (str(name), _unquote_value(value)) for name, value in context.kwargs.items()
    ]
    found: dict[str, Any] = {
        "outcome": decided.value,
        "parameters": named + values or [("subtest", "")],
    }
    text = message_of([report], decided)
    return {**found, "message": text} if text else found


def _unquote_value(value: object) -> str:
    """
    Return the value of a subtest's parameter, which pytest quotes with ``repr``.

    xdist quotes it a second time (pytest 9.2).
    """
    text = str(value)
    for _ in range(2):
        try:
            inner = literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            break
        if not isinstance(inner, str):
            break
        text = inner
    return text


def captured_output(phases: Sequence[pytest.TestReport]) -> str:
    """
    Return the captured output of a test, with pytest's headings.

    Each phase has the output of the phases before it; a subtest has its own output.
    """
    whole = [report for report in phases if not _is_subtest(report)][-1:]
    parts = [report for report in phases if _is_subtest(report)]
    sections = [each for report in (*parts, *whole) for each in report.sections]
    return "\n".join(
        f"--- {title} ---\n{text}" for title, text in sections if _has_content(text)
    )


def _has_content(text: str) -> bool:
    """Whether the text is more than the progress of another pytest session."""
    words = text.strip()
    return bool(words) and not PROGRESS.fullmatch(words)


def first_line(phases: Sequence[pytest.TestReport]) -> str:
    """Return what went wrong in one line; empty if no report says it."""
    crashes = (getattr(report.longrepr, "reprcrash", None) for report in phases)
    messages = [crash.message for crash in crashes if crash is not None]
    texts = (report.longreprtext for report in phases if report.longrepr)
    messages += [WORKER.sub("", text) for text in texts]
    return next((text.strip().split("\n")[0] for text in messages if text.strip()), "")


def message_of(phases: Sequence[pytest.TestReport], outcome: Outcome) -> str:
    """Return the text that explains an outcome, or an empty text."""
    if outcome is Outcome.FAILED:
        texts = [_failure_text(report) for report in phases if _has_failed(report)]
        return "\n\n".join(text for text in texts if text)
    return next((text for report in phases if (text := _skip_reason(report))), "")


def _has_failed(report: pytest.TestReport) -> bool:
    return _of_phase(report) is Outcome.FAILED


def _failure_text(report: pytest.TestReport) -> str:
    text = WORKER.sub("", report.longreprtext)
    if report.outcome != "failed":
        text = f"pytest reported the unknown outcome {report.outcome!r}. {text}".strip()
    # Name the phase if a fixture failed; calls and crashes need no name.
    is_fixture = report.when in {SETUP, TEARDOWN}
    return f"{report.when}: {text}" if is_fixture else text


def _skip_reason(report: pytest.TestReport) -> str:
    """Return the reason of a skip or an expected failure, without its place."""
    if hasattr(report, "wasxfail"):
        return str(report.wasxfail)
    if report.outcome != "skipped":
        return ""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return str(report.longreprtext)
