"""
Map behave's status names to outcomes: tables and pure functions.

The tables have the names of behave 1.2.6 and 1.3, including those that 1.3 reserves. An
unknown name is a failure with a warning, never a pass.
"""

from __future__ import annotations

from xray_bridge.dataclass import dataclass
from xray_bridge.model.results import Outcome


PENDING = "pending_warn"
# Outcome.NOT_RUN means that there is no result to record.
OF_SCENARIO = {
    "passed": Outcome.PASSED,
    "xfailed": Outcome.XFAILED,
    "xpassed": Outcome.XPASSED,
    # A step is not implemented, with --wip: nothing was tested.
    PENDING: Outcome.SKIPPED,
    "failed": Outcome.FAILED,
    "error": Outcome.FAILED,
    "hook_error": Outcome.FAILED,
    "cleanup_error": Outcome.FAILED,
    "undefined": Outcome.FAILED,
    "pending": Outcome.FAILED,
    "skipped": Outcome.SKIPPED,
    "untested": Outcome.NOT_RUN,
    "untested_pending": Outcome.NOT_RUN,
    "untested_undefined": Outcome.NOT_RUN,
}
OF_STEP = OF_SCENARIO
# After a failure behave marks the other steps "skipped", but did not run them.
AFTER_FAILURE = {"skipped", "executing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioOutcome:
    """The outcome of a scenario, and a warning if the name was unknown."""

    outcome: Outcome
    warning: str = ""


def of_scenario(
    status: str, *, selected: bool, interrupted: bool = False, never_began: bool = False
) -> ScenarioOutcome:
    """
    Find the outcome of a scenario.

    ``selected`` means selected by tags, line and name, before any hook ran.
    ``interrupted`` means that Ctrl-C came while it ran, ``never_began`` that a hook of
    its feature or rule failed, so that behave did not start it.
    """
    outcome = OF_SCENARIO.get(status)
    if interrupted or (not selected and outcome in {Outcome.SKIPPED, Outcome.NOT_RUN}):
        return ScenarioOutcome(outcome=Outcome.NOT_RUN)
    if outcome is Outcome.NOT_RUN and never_began:
        return ScenarioOutcome(outcome=Outcome.FAILED)
    if outcome is None:
        warning = f"behave's status {status!r} is unknown and counts as failed"
        return ScenarioOutcome(outcome=Outcome.FAILED, warning=warning)
    return ScenarioOutcome(outcome=outcome)


def is_pending(status: str) -> bool:
    """Whether the status is that of a step without code that behave lets pass."""
    return status == PENDING


def of_step(status: str, *, after_failure: bool = False) -> Outcome:
    """
    Find the outcome of a step.

    ``after_failure`` means that an earlier step or a hook failed. An undefined step
    fails even then: behave looks for the code of the remaining steps.
    """
    if after_failure and status in AFTER_FAILURE:
        return Outcome.NOT_RUN
    return OF_STEP.get(status, Outcome.FAILED)
