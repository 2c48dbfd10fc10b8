"""
Do the steps in Jira that follow the results: bugs, sprint, build, transition.

They never change what became of the results: a failed step is a notice and exit
code 84, and ``xray-bridge resend`` does it again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.client.http import Deadline, Http
from xray_bridge.config.jira_settings import AUTO
from xray_bridge.errors import PartlyRefusedError, RunDirectoryError
from xray_bridge.model import receipt
from xray_bridge.model.jira_text import shorten
from xray_bridge.runs import run_directory
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from xray_bridge.client.connection import Connection
    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.run import JiraRun
    from xray_bridge.model.receipt import Receipt
    from xray_bridge.runs.run_directory import State
    from xray_bridge.upload.prepared_run import PreparedRun


# Seconds for the version before the results: these wait for it.
PATIENCE = 30.0
# Characters of one notice: names in it may be those of tests or of a server.
LONGEST_NOTICE = 2000
UNDER_WAY = "the steps in Jira after the results did not end"


def is_wanted(settings: Settings) -> bool:
    """Whether any setting for Jira is set; without one, nothing is imported."""
    return settings.has_steps


def settle_version(run: PreparedRun, connection: Connection) -> PreparedRun:
    """Choose or create the fix version, if the settings say so, before the results."""
    given = run.settings.fix_version
    if not given or not (given == AUTO or run.settings.create_version):
        return run
    from xray_bridge.jira.releases.fix_version import settle_version as settle

    seconds = min(PATIENCE, run.settings.deadline)
    prepared = _make_run(run, connection, run.existing_execution, seconds=seconds)
    try:
        found = settle(prepared)
    except Exception as error:  # noqa: BLE001 - results are sent without a version
        notice = f"no fix version is set: unexpected {type(error).__name__}: {error}"
        notices = (*run.info.notices, _to_line(notice, connection))
        info = replace(run.info, notices=notices)
        return replace(run, info=info, settled_version="")
    told = (_to_line(each, connection) for each in found.notices)
    info = replace(run.info, notices=(*run.info.notices, *told))
    return replace(run, info=info, settled_version=found.version)


def describe(run: PreparedRun, connection: Connection, base: Receipt) -> Receipt:
    """Add the steps to the plan of a dry run."""
    if not is_wanted(run.settings):
        return base
    from xray_bridge.jira.steps import describe_steps

    lines = describe_steps(_make_run(run, connection, run.existing_execution, base))
    plan = (shorten(line, LONGEST_NOTICE) for line in lines)
    return replace(base, plan=(*base.plan, *plan))


def apply(run: PreparedRun, connection: Connection, base: Receipt) -> Receipt:
    """Do the steps, and return the receipt with their notices."""
    if not is_wanted(run.settings):
        return base
    from xray_bridge.jira.steps import apply_steps

    key = base.test_execution.get("key", "")
    before = _note_under_way(run)
    found = list(apply_steps(_make_run(run, connection, key, base)))
    failures = [
        _to_line(f"{each.name}: {each.failure}", connection)
        for each in found
        if each.failure
    ]
    notices = [_to_line(each, connection) for one in found for each in one.notices]
    if not failures:
        _note_end(run, before)
        return replace(base, notices=(*base.notices, *notices))
    again = "`xray-bridge resend` retries only this"
    notices += [f"{failure}; {again}" for failure in failures]
    _note_failures(run, base, "; ".join(failures))
    return replace(
        base,
        notices=(*base.notices, *notices),
        exit_code=base.exit_code or PartlyRefusedError.exit_code,
    )


def _to_line(text: str, connection: Connection) -> str:
    """Return a short line without secrets, also without the tokens of servers."""
    return shorten(one_line(connection.redactor.clean(text)), LONGEST_NOTICE)


def _note_under_way(run: PreparedRun) -> State | None:
    """
    Note that steps of a delivered run are still to be done, in case of a kill.

    Returns the state before; None if it is kept.
    """
    with suppress(RunDirectoryError):
        state = run.directory.state
        if state.state == run_directory.DELIVERED:
            noted = replace(state, state=run_directory.REFUSED, message=UNDER_WAY)
            run.directory.state = noted
            return state
    return None


def _note_end(run: PreparedRun, before: State | None) -> None:
    """Note that all steps are done."""
    if before is not None:
        with suppress(RunDirectoryError):
            run.directory.state = before


def _note_failures(run: PreparedRun, base: Receipt, why: str) -> None:
    """Note that the results were delivered, but a step has to be done again."""
    if base.status in {receipt.FAILED, receipt.AMBIGUOUS}:
        return
    with suppress(RunDirectoryError):
        state = run.directory.state
        earlier = "" if state.message == UNDER_WAY else state.message
        why = "; ".join(filter(None, (earlier, why)))
        run.directory.state = replace(state, state=run_directory.REFUSED, message=why)


def _make_run(
    run: PreparedRun,
    connection: Connection,
    key: str,
    base: Receipt | None = None,
    *,
    seconds: float = 0.0,
) -> JiraRun:
    from xray_bridge.jira.run import JiraRun

    # A time of its own: the results may have used up theirs.
    http = Http(connection, Deadline(seconds or run.settings.deadline))
    return JiraRun(
        settings=run.settings,
        info=run.info,
        results=run.results,
        directory=run.directory,
        connection=connection,
        http=http,
        test_execution=key,
        counts=base.counts if base else {},
    )
