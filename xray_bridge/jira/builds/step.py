"""
The step after the results that shows a run as a build, as a deployment, or as both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.errors import XrayBridgeError
from xray_bridge.jira.builds.facts import Place, read_facts
from xray_bridge.jira.builds.pipelines import note_pipeline
from xray_bridge.jira.builds.plan import Request, list_kinds, make_plan
from xray_bridge.jira.builds.send import Target, describe_build, send_build
from xray_bridge.jira.run import Step


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.builds.facts import Facts
    from xray_bridge.jira.builds.plan import Plan
    from xray_bridge.jira.run import JiraRun


def _is_wanted(settings: Settings) -> bool:
    return settings.shows_builds


def _describe(run: JiraRun) -> Iterator[str]:
    plan = _plan_of(run, Place.here())
    yield from plan.notices
    for build in plan.builds:
        yield from describe_build(build, _target_of(run))


def _apply(run: JiraRun) -> Iterator[str]:
    plan = _plan_of(run, Place.here())
    if plan.pipeline is not None:
        # Before it is sent: a resend from elsewhere must find the same name.
        note_pipeline(run.directory, plan.pipeline)
    yield from plan.notices
    yield from send_all(plan, _target_of(run))


def send_all(plan: Plan, target: Target) -> Iterator[str]:
    """
    Send all builds of a plan, and yield notices.

    An error does not stop the others; the first one is raised at the end.
    """
    errors = []
    for build in plan.builds:
        try:
            yield from send_build(build, target)
        except XrayBridgeError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def _plan_of(run: JiraRun, place: Place) -> Plan:
    facts = read_facts(run.directory, run.info, place)
    key = run.test_execution
    site = run.connection.pages
    asked = Request(
        settings=run.settings,
        environ=place.environ,
        sequence=choose_sequence(facts, run.directory.state.attempts),
        kinds=list_kinds(run.settings),
        execution=key,
        execution_url=f"{site}/browse/{key}" if site and key else "",
        issue_word=run.connection.dialect.issue_word,
    )
    return make_plan(facts, asked)


def choose_sequence(facts: Facts, attempts: int) -> int:
    """
    Return the sequence number of a finished run, in milliseconds since the epoch.

    It is that of the last test, so that a late resend does not replace the build of a
    run that was repeated since. Each resend of the same run is one greater, and all are
    greater than that of the start, also without tests.
    """
    return int(facts.finished * 1000) + 1 + attempts


def _target_of(run: JiraRun) -> Target:
    return Target(settings=run.settings, connection=run.connection, http=run.http)


SHOW_BUILD = Step(
    name="build",
    is_wanted=_is_wanted,
    describe=_describe,
    apply=_apply,
    needs_execution=False,
)
