"""
``xray-bridge jira build`` and ``jira deployment``: show a run, or a job, in Jira.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import console, options
from xray_bridge.client.connection import connect
from xray_bridge.client.http import Deadline, Http
from xray_bridge.config.jira_settings import IN_PROGRESS
from xray_bridge.config.settings import Settings
from xray_bridge.errors import PartlyRefusedError, UsageError
from xray_bridge.jira.builds.confirm import wait_for_build
from xray_bridge.jira.builds.facts import Place, facts_of_job, read_facts
from xray_bridge.jira.builds.payload import make_document
from xray_bridge.jira.builds.pipelines import note_pipeline
from xray_bridge.jira.builds.plan import (
    BUILD,
    DEPLOYMENT,
    Plan,
    Request,
    list_kinds,
    make_plan,
)
from xray_bridge.jira.builds.runs import find_last_run
from xray_bridge.jira.builds.send import Target, describe_build, name_build
from xray_bridge.jira.builds.step import choose_sequence, send_all
from xray_bridge.runs.find import find_run
from xray_bridge.runs.report_files import info_of


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.config.effective import Effective
    from xray_bridge.jira.builds.build import Build
    from xray_bridge.jira.builds.facts import Facts
    from xray_bridge.runs.run_directory import RunDirectory

USED = (
    *options.OF_A_CONNECTION,
    Settings.project,
    Settings.test_execution,
    Settings.fix_version,
    Settings.environments,
    Settings.dry_run,
    Settings.jira_build_on,
    Settings.jira_build_state,
    Settings.jira_environment,
    Settings.jira_environment_type,
    Settings.jira_pipeline,
    Settings.jira_issues,
    Settings.jira_issues_from,
    Settings.jira_projects,
)
HELP = {
    BUILD: "show a run as a build on its issues in Jira",
    DEPLOYMENT: "show a run as a deployment, or a deployment without tests",
}
# Tells a session of a CI system apart from one that sends it again.
SESSION = "session"


def register(actions: Any) -> None:
    """Add the actions."""
    for kind, text in HELP.items():
        parser: argparse.ArgumentParser = actions.add_parser(
            kind,
            help=text,
            description=f"{text[0].upper()}{text[1:]}: on Cloud in the development "
            "panel, on Data Center as a link. The issues are those that are named in "
            "the branch, the title of the pull request, the commit message and the "
            "tests.",
            allow_abbrev=False,
        )
        _add_run(parser, "default: the last run of this CI run, if there is one")
        parser.add_argument(
            "--without-tests",
            action="store_true",
            help="do not look for a run; needs --jira-build-state",
        )
        parser.add_argument(
            "--confirm",
            action="store_true",
            help="wait until Jira Cloud shows it, at most half a minute",
        )
        options.add_flags(parser, USED)
        parser.set_defaults(run=run, kind=kind)
    # For the adapters: a session begins, or was interrupted.
    hidden: argparse.ArgumentParser = actions.add_parser(SESSION, allow_abbrev=False)
    _add_run(hidden, argparse.SUPPRESS)
    hidden.add_argument("--started", type=float, default=0.0)
    options.add_flags(hidden, USED)
    hidden.set_defaults(run=run_session)


def _add_run(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument(
        "path", nargs="?", metavar="RUN", help=f"a run directory or its name; {text}"
    )


def run(arguments: argparse.Namespace) -> int:
    """
    Send a build or a deployment, and print what was sent.

    Raises UsageError and DeliveryError; PartlyRefusedError if Jira rejects it.
    """
    command = options.resolve_settings(arguments, reads_frameworks=True)
    place = Place.here()
    directory = _choose_run(arguments, command, place)
    facts, command = _read_facts(directory, command, place)
    with command.with_server(looks_only=command.local.dry_run) as settings:
        console.hide(arguments, lambda: [settings.redactor])
        _refuse_incomplete(arguments.kind, settings, facts)
        execution = directory.state.test_execution if directory else ""
        asked = Request(
            settings=settings,
            environ=place.environ,
            sequence=_sequence_of(facts, directory),
            kinds=(arguments.kind,),
            execution=execution or settings.test_execution,
        )
        return _send(arguments, facts, asked)


def _choose_run(
    arguments: argparse.Namespace, command: Effective, place: Place
) -> RunDirectory | None:
    """Return the run to show; None for a job without tests."""
    report_dir = Path(command.local.report_dir)
    if arguments.path and arguments.without_tests:
        msg = "a run is named, and --without-tests is given"
        raise UsageError(msg, hint="leave out one of them")
    if arguments.path:
        return find_run(arguments.path, report_dir)
    if arguments.without_tests:
        return None
    found = find_last_run(report_dir, place)
    if found is None and not command.local.jira_build_state:
        msg = f"{report_dir} has no run of this CI run"
        hint = "name a run; without tests, give --jira-build-state"
        raise UsageError(msg, hint=hint)
    return found


def _read_facts(
    directory: RunDirectory | None, command: Effective, place: Place
) -> tuple[Facts, Effective]:
    """Return the facts, and the settings of the run."""
    if directory is None:
        return facts_of_job(place, time.time()), command
    with directory.look():
        info = info_of(directory)
        facts = read_facts(directory, info, place)
    # Its session may have been a dry run. With a login to Xray, a run for another
    # server is refused, as for an upload; OAuth credentials belong to one site.
    upload = "yes" if _has_login(command.settings) else ""
    now = {"dry_run": command.local.dry_run, "upload": upload, "collect": ""}
    return facts, command.for_run(info, now)


def _has_login(settings: Settings) -> bool:
    return bool(settings.token or settings.password or settings.client_secret)


def _sequence_of(facts: Facts, directory: RunDirectory | None) -> int:
    """Return a number greater than all before: a person replaces what is there."""
    attempts = directory.state.attempts if directory else 0
    return max(int(time.time() * 1000), choose_sequence(facts, attempts) + 1)


def _refuse_incomplete(kind: str, settings: Settings, facts: Facts) -> None:
    """Raise UsageError if a setting is missing."""
    if kind == DEPLOYMENT and not settings.jira_environment:
        msg = "the environment of the deployment is not set"
        raise UsageError(msg, hint="give --jira-environment production")
    if facts.counts is None and not settings.jira_build_state:
        msg = "without tests, the state is unknown"
        raise UsageError(msg, hint="give --jira-build-state successful, or failed")


def _send(arguments: argparse.Namespace, facts: Facts, asked: Request) -> int:
    settings = asked.settings
    connection = connect(settings, needs_xray=False)
    console.hide(arguments, lambda: [connection.redactor])
    http = Http(connection, Deadline(settings.deadline))
    target = Target(settings=settings, connection=connection, http=http)
    site, key = connection.pages, asked.execution
    url = f"{site}/browse/{key}" if site and key else ""
    word = connection.dialect.issue_word
    plan = make_plan(facts, replace(asked, execution_url=url, issue_word=word))
    notices = [*plan.notices]
    if settings.dry_run:
        lines = [line for each in plan.builds for line in describe_build(each, target)]
        console.emit(
            arguments,
            _make_document(plan, notices, target, is_sent=False),
            [*lines, *(f"Note: {notice}" for notice in notices)],
        )
        return 0
    if facts.directory is not None and plan.pipeline is not None:
        note_pipeline(facts.directory, plan.pipeline)
    notices += send_all(plan, target)
    if arguments.confirm:
        _confirm(plan, target)
    document = _make_document(plan, notices, target, is_sent=True)
    console.emit(arguments, document, _format(plan, notices))
    return 0


def _confirm(plan: Plan, target: Target) -> None:
    """Raise PartlyRefusedError if Jira does not show what it has accepted."""
    for build in plan.builds:
        if not wait_for_build(build, target):
            msg = f"Jira has accepted the {name_build(build)}, but does not show it"
            raise PartlyRefusedError(msg, hint="check the keys of its issues")


def _make_document(
    plan: Plan, notices: list[str], target: Target, *, is_sent: bool
) -> dict[str, Any]:
    found = [_make_entry(build, target) for build in plan.builds]
    return {"sent": is_sent and bool(found), "builds": found, "notices": notices}


def _make_entry(build: Build, target: Target) -> dict[str, Any]:
    request = make_document(build, target.clean)
    return {**asdict(build), "request": request}


def _format(plan: Plan, notices: list[str]) -> Iterator[str]:
    if not (plan.builds or notices):
        yield "Nothing was sent: the state is not one of xray_jira_build_on."
    yield from notices


def run_session(arguments: argparse.Namespace) -> int:
    """Tell Jira that the tests of a session begin, or that it was interrupted."""
    command = options.resolve_settings(arguments)
    place = Place.here()
    with command.with_server() as settings:
        console.hide(arguments, lambda: [settings.redactor])
        # A mistyped name is an error of its own, with or without a login.
        directory = (
            find_run(arguments.path, Path(settings.report_dir))
            if arguments.path
            else None
        )
        connection = connect(settings, needs_xray=False)
        if directory is not None:
            facts = read_facts(directory, directory.info, place)
            sequence, state = choose_sequence(facts, 0), ""
        else:
            facts = facts_of_job(place, arguments.started)
            sequence, state = int(arguments.started * 1000), IN_PROGRESS
        asked = Request(
            settings=settings,
            environ=place.environ,
            sequence=sequence,
            kinds=list_kinds(settings),
            execution=settings.test_execution,
            state=state,
        )
        plan = make_plan(facts, asked)
        http = Http(connection, Deadline(settings.deadline))
        target = Target(settings=settings, connection=connection, http=http)
        notices = [*plan.notices, *send_all(plan, target)]
    console.emit(arguments, {"notices": notices}, notices or ["Nothing was sent."])
    return 0
