"""
Run directories in, receipt out: the one path for every upload.

``pytest``, ``behave``, ``xray-bridge upload`` and ``xray-bridge resend`` all end
here, with the same input: what is on disk.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xray_bridge import carries, journal, plan, receipt
from xray_bridge.carries import words_for
from xray_bridge.choice import Choice, Sent, choose, notices, sent
from xray_bridge.connection import connect
from xray_bridge.deliver import Delivery, deliver
from xray_bridge.dialect import DIALECTS, SERVER, XML_FORMATS
from xray_bridge.errors import (
    AmbiguousError,
    DeliveryError,
    NotXrayError,
    ReportError,
    RunDirectoryError,
    XrayBridgeError,
)
from xray_bridge.evidence import Limits
from xray_bridge.http import Deadline, Http
from xray_bridge.jira import Jira
from xray_bridge.job import (
    Job,
    copy,
    described_execution,
    existing_execution,
    project,
    render,
)
from xray_bridge.merge import Results
from xray_bridge.receipt import Receipt, Refused
from xray_bridge.reports import writer
from xray_bridge.reports.xray import XrayWriter
from xray_bridge.xray import client


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.connection import Connection
    from xray_bridge.journal import RunDirectory
    from xray_bridge.request import Part, Request
    from xray_bridge.settings import Settings
    from xray_bridge.xray import Imported, Xray

IN_DOUBT = frozenset({journal.SENDING, journal.AMBIGUOUS})
# Stand-ins where a dry run may not ask the server for the real ids.
UNKNOWN_FIELDS = plan.CustomFields(
    test_plan="customfield_TestPlan",
    environments="customfield_TestEnvironments",
    revision="customfield_Revision",
)


def publish(
    directory: RunDirectory,
    settings: Settings,
    *,
    shown: str = "",
    environ: Mapping[str, str] | None = None,
) -> Receipt:
    """
    Render a run and upload it, as its settings say.

    ``shown`` is how messages call the run directory. Raises RunDirectoryError
    where the run cannot be read or another process has it; everything that goes
    wrong from then on is in the receipt.
    """
    with directory.claim():
        started = time.monotonic()
        session = directory.session
        if not (directory.path / "state.json").exists():
            # Killed before it was sealed: what is there is all there will be.
            reason = "the session was killed before it ended"
            directory.state = journal.State(incomplete=(reason,))
        found = _publish(directory, settings, session, environ)
        incomplete = directory.state.incomplete
        found = replace(
            found,
            run=shown or str(directory.path),
            incomplete=incomplete,
            attempts=directory.state.attempts,
            duration=round(time.monotonic() - started, 3),
        )
        # Servers may repeat in their errors what they were sent.
        found = found.cleaned(settings.redactor.clean)
        journal.write_json(directory.path / "receipt.json", found.to_json())
    return found


def _publish(
    directory: RunDirectory,
    settings: Settings,
    session: journal.Session,
    environ: Mapping[str, str] | None,
) -> Receipt:
    state = directory.state
    if state.state == journal.DELIVERED:
        msg = f"{directory.path} was delivered before, as {state.test_execution}"
        raise RunDirectoryError(msg, hint="there is nothing left to send")
    results = Results(
        [directory],
        only_keyed=settings.only_keyed,
        aggregate=settings.aggregate,
        limits=Limits.of(settings.evidence_limit),
    )
    base = Receipt(status=receipt.KEPT, counts=dict(results.counts))
    if not len(results):
        _keep(directory)
        return replace(base, status=receipt.EMPTY)
    try:
        connection = connect(settings, environ) if settings.wants_upload else None
        dialect = connection.dialect if connection else DIALECTS[SERVER]
        job = Job(
            directory=directory,
            settings=settings,
            session=session,
            results=results,
            dialect=dialect.with_statuses(settings.statuses),
        )
        choice = choose(job)
        going = sent(job, choice.sent_as)
        said = tuple(notices(job, choice, going))
        left_out = (*going.left_out, *results.left_out)
        base = replace(base, left_out=left_out, notices=said)
        if connection is not None:
            carries.refuse(settings, job.dialect)
        reports = _rendered(job, choice)
        base = replace(base, report=_described(reports[0]))
        if connection is None:
            _keep(directory)
            return base
        return _send(job, connection, reports[0], going, base)
    except Exception as unexpected:  # noqa: BLE001 - a receipt, whatever a server says
        error = _expected(unexpected, directory.state)
        began = directory.state.attempts > state.attempts
        in_doubt = state.state in IN_DOUBT and not state.test_execution
        if in_doubt and not began:
            # It failed before anything was asked: the doubt is as old as it was.
            error = AmbiguousError(error.message, hint=error.hint)
        return _failed(directory, settings, base, error)


def _expected(error: Exception, state: journal.State) -> XrayBridgeError:
    """
    Our own errors as they are; answers of a shape nobody thought of in words.
    """
    if isinstance(error, XrayBridgeError):
        return error
    msg = f"the server's answer is not understood ({type(error).__name__})"
    unclear = state.state == journal.SENDING and not state.test_execution
    return AmbiguousError(msg) if unclear else NotXrayError(msg)


def _keep(directory: RunDirectory) -> None:
    """Not to be sent; what was under way before stays as it was."""
    state = directory.state
    if state.state in {journal.RECORDED, journal.SEALED}:
        directory.state = replace(state, state=journal.KEPT)


def _failed(
    directory: RunDirectory, settings: Settings, base: Receipt, error: XrayBridgeError
) -> Receipt:
    unclear = isinstance(error, AmbiguousError)
    _write_env(directory, "XRAY_IS_REQUEST_SUCCESSFUL=false\n")
    ended = journal.AMBIGUOUS if unclear else journal.FAILED
    message = settings.redactor.clean(str(error))
    directory.state = replace(directory.state, state=ended, message=message)
    return replace(
        base,
        status=receipt.AMBIGUOUS if unclear else receipt.FAILED,
        error={"message": str(error), "slug": error.slug},
        exit_code=max(DeliveryError.exit_code, error.exit_code),
    )


def _rendered(job: Job, choice: Choice) -> list[plan.Report]:
    reports = []
    for name in choice.formats:
        stays = name != choice.sent_as
        dialect = words_for(name, job.dialect) if stays else job.dialect
        reports.append(render(job, writer(name, project(job)), dialect))
    copy(job, reports[0])
    return reports


def _send(
    job: Job, connection: Connection, report: plan.Report, going: Sent, base: Receipt
) -> Receipt:
    settings = job.settings
    execution = described_execution(job)
    if settings.dry_run:
        return _rehearse(job, execution, report, connection, base)
    deadline = Deadline(settings.deadline)
    http = Http(connection, deadline)
    xray = client(connection, http)
    delivery = _delivery(job, execution, report, xray)
    imported = deliver(delivery, xray, job.directory, deadline)
    if settings.test_execution and settings.execution_fields:
        _update_fields(connection, http, imported.key, settings)
    return _delivered(job, connection, imported, going, base)


def _rehearse(
    job: Job,
    execution: plan.Execution,
    report: plan.Report,
    connection: Connection,
    base: Receipt,
) -> Receipt:
    key = job.settings.test_execution
    if key:
        fills = _filler(job, execution, report)
        request = fills(key)
    else:
        by_name = job.dialect.plan_and_environments
        fields = plan.CustomFields() if by_name else UNKNOWN_FIELDS
        request = plan.new_execution(report, execution, job.dialect, fields)
    lines = [f"to {connection.url} ({job.dialect.product}: {connection.why})"]
    lines += request.describe()
    lines += [f"    {line}" for part in request.parts for line in _shown(part)]
    _keep(job.directory)
    return replace(base, status=receipt.DRY_RUN, plan=tuple(lines))


def _shown(part: Part) -> list[str]:
    if isinstance(part.content, bytes):
        return part.content.decode("utf-8").splitlines()
    return []


def _delivery(
    job: Job, execution: plan.Execution, report: plan.Report, xray: Xray
) -> Delivery:
    existing = existing_execution(job)
    fields = plan.CustomFields() if existing else xray.custom_fields()
    create = plan.new_execution(report, execution, job.dialect, fields)
    for part in create.parts:
        if isinstance(part.content, bytes):
            try:
                (job.directory.path / part.filename).write_bytes(part.content)
            except OSError as error:
                msg = f"{part.filename} cannot be written: {error.strerror}"
                raise ReportError(msg) from None
    return Delivery(
        label=execution.label,
        create=create,
        fill=_filler(job, execution, report),
        fill_after=bool(plan.not_carried(execution, job.dialect, fields)),
        key=existing,
    )


def _filler(
    job: Job, execution: plan.Execution, report: plan.Report
) -> Callable[[str], Request]:
    """
    How an existing Test Execution is filled.

    The plain endpoints of Cucumber and Behave JSON take no key, so these go as
    Xray JSON.
    """

    def fill(key: str) -> Request:
        to_send = report
        if report.format not in XML_FORMATS:
            header = plan.xray_header(execution, key)
            to_send = render(job, XrayWriter(header, project(job)))
        return plan.existing_execution(to_send, execution, key, job.dialect)

    return fill


def _update_fields(
    connection: Connection, http: Http, key: str, settings: Settings
) -> None:
    """Fields of an existing Test Execution are Jira's to set."""
    credentials = connection.jira_credentials or connection.credentials
    document = settings.execution_fields
    fields = document.get("fields", document)
    if isinstance(fields, dict):
        Jira(http, connection.site, credentials).update(key, fields)


def _delivered(
    job: Job, connection: Connection, imported: Imported, going: Sent, base: Receipt
) -> Receipt:
    refused = _named(job, imported, going)
    partly = bool(refused)
    _write_variables(job, imported)
    job.directory.state = replace(
        job.directory.state,
        state=journal.DELIVERED,
        test_execution=imported.key,
        message="",
    )
    return replace(
        base,
        status=receipt.PARTLY_REFUSED if partly else receipt.DELIVERED,
        test_execution={
            "key": imported.key,
            "id": imported.id,
            "url": _browse(connection, imported),
        },
        sent=going.tests,
        accepted=None if imported.accepted is None else len(set(imported.accepted)),
        refused=refused,
        exit_code=84 if partly else 0,
    )


def _named(job: Job, imported: Imported, going: Sent) -> tuple[Refused, ...]:
    """
    What Xray refused, and what it simply does not mention, by the tests' names.

    Server lists what it took; what was sent and is in neither list was not taken.
    """
    found = list(imported.refused)
    if imported.accepted:
        known = {*imported.accepted, *(each.key for each in found)}
        silent = [key for key in going.test_keys if key not in known]
        unmentioned = "Xray does not list it among what it took"
        found += [Refused(key=key, message=unmentioned) for key in silent]
        rest = going.tests - len(set(imported.accepted)) - len(found)
        if rest > 0:
            message = f"{rest} results without a Test key were not taken"
            found.append(Refused(key="", message=message))
    names = job.results.names({each.key for each in found})
    return tuple(replace(r, tests=names.get(r.key, r.tests)) for r in found)


def _browse(connection: Connection, imported: Imported) -> str:
    """The page for people; ``self`` is the one for programs."""
    base = imported.api_url.partition("/rest/")[0] or connection.site
    return f"{base}/browse/{imported.key}" if base else ""


def _described(report: plan.Report) -> dict[str, Any]:
    return {
        "format": report.format,
        "path": report.path.name,
        "bytes": report.path.stat().st_size,
    }


def _write_variables(job: Job, imported: Imported) -> None:
    """
    ``xray.env``: the names that Xray's Jenkins plugin gives to later steps.

    One line each, several values with ``;`` between them.
    """
    tests = ";".join(dict.fromkeys(imported.accepted or ()))
    lines = {
        "XRAY_IS_REQUEST_SUCCESSFUL": "true",
        "XRAY_TEST_EXECS": imported.key,
        "XRAY_TESTS": tests,
        "XRAY_ISSUES_MODIFIED": ";".join(filter(None, (imported.key, tests))),
        "XRAY_RAW_RESPONSE": imported.said,
    }
    content = "".join(
        f"{name}={' '.join(value.split())}\n" for name, value in lines.items()
    )
    clean = job.settings.redactor.clean
    _write_env(job.directory, clean(content))


def _write_env(directory: RunDirectory, content: str) -> None:
    """As good as it goes: a full disk must not hide what became of the upload."""
    with contextlib.suppress(OSError):
        path = directory.path / "xray.env"
        path.write_text(content, encoding="utf-8", errors="backslashreplace")
