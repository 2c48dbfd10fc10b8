"""
The steps in Jira after the results, in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import XrayBridgeError
from xray_bridge.jira.builds.step import SHOW_BUILD
from xray_bridge.jira.defects.step import DEFECTS
from xray_bridge.jira.execution.attach import ATTACH
from xray_bridge.jira.execution.build_link import LINK_BUILD
from xray_bridge.jira.execution.sprint import SPRINT
from xray_bridge.jira.execution.transition import TRANSITION
from xray_bridge.jira.releases.fix_version import FIX_VERSION
from xray_bridge.jira.requirements.link import LINK_REQUIREMENTS


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.run import JiraRun, Step

# Bugs come before the build and the transition: a closed Test Execution may refuse
# changes, and the build's description is about the finished run.
STEPS: tuple[Step, ...] = (
    FIX_VERSION,
    LINK_REQUIREMENTS,
    DEFECTS,
    SPRINT,
    ATTACH,
    LINK_BUILD,
    SHOW_BUILD,
    TRANSITION,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """The notices of a step; ``failure`` says why it failed, if it did."""

    name: str
    notices: tuple[str, ...] = ()
    failure: str = ""


def choose_steps(settings: Settings, *, is_delivered: bool = True) -> list[Step]:
    """Return the wanted steps; only some of them without a Test Execution."""
    return [
        step
        for step in STEPS
        if step.is_wanted(settings) and (is_delivered or not step.needs_execution)
    ]


def describe_steps(run: JiraRun) -> Iterator[str]:
    """Yield the lines of a dry run."""
    for step in choose_steps(run.settings):
        yield from step.describe(run)


def apply_steps(run: JiraRun) -> Iterator[StepResult]:
    """
    Do the wanted steps; a failed one does not stop the others.

    A failure that is not one of our own errors is told as well: the results have been
    delivered, and nothing here may change that.
    """
    for step in choose_steps(run.settings, is_delivered=bool(run.test_execution)):
        notices: list[str] = []
        failure = ""
        try:
            notices.extend(step.apply(run))
        except XrayBridgeError as error:
            failure = str(error)
        except Exception as error:  # noqa: BLE001 - results were delivered already
            failure = f"unexpected {type(error).__name__}: {error}"
        yield StepResult(name=step.name, notices=tuple(notices), failure=failure)
