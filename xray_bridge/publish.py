"""
Run directories in, receipt out: the one path for every upload.

``pytest``, ``behave``, ``xray-bridge upload`` and ``xray-bridge resend`` all end
here, with the same input: what is on disk.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge import journal, plan, receipt
from xray_bridge.connection import connect
from xray_bridge.deliver import Delivery, deliver
from xray_bridge.dialect import DIALECTS, SERVER, XML_FORMATS
from xray_bridge.errors import (
    AmbiguousError,
    ReportError,
    RunDirectoryError,
    SettingError,
    XrayBridgeError,
)
from xray_bridge.http import Deadline, Http
from xray_bridge.jira import CustomFields, Jira
from xray_bridge.merge import Results
from xray_bridge.receipt import Receipt
from xray_bridge.reports import WRITERS
from xray_bridge.reports.xray import XrayWriter
from xray_bridge.settings import Settings
from xray_bridge.xray import client


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.connection import Connection
    from xray_bridge.dialect import Dialect
    from xray_bridge.journal import RunDirectory
    from xray_bridge.reports.protocol import ReportWriter
    from xray_bridge.xray import Imported, Xray

# Stand-ins where a dry run may not ask the server for the real ids.
UNKNOWN_FIELDS = CustomFields(
    test_plan="customfield_TestPlan",
    environments="customfield_TestEnvironments",
    revision="customfield_Revision",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run and what is to become of it."""

    directory: RunDirectory
    settings: Settings
    session: journal.Session
    results: Results
    dialect: Dialect


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
        journal.write_json(directory.path / "receipt.json", found.to_json())
        _write_variables(directory, found)
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
    results = Results([directory], only_keyed=settings.only_keyed)
    base = Receipt(status=receipt.KEPT, counts=dict(results.counts))
    if not len(results):
        directory.state = replace(state, state=journal.KEPT)
        return replace(base, status=receipt.EMPTY)
    try:
        connection = connect(settings, environ) if settings.wants_upload else None
        dialect = connection.dialect if connection else DIALECTS[SERVER]
        job = Job(
            directory=directory,
            settings=settings,
            session=session,
            results=results,
            dialect=dialect,
        )
        base = replace(base, notices=tuple(_notices(job)))
        return _render_and_send(job, connection, base)
    except XrayBridgeError as error:
        return _failed(directory, base, error)


def _failed(directory: RunDirectory, base: Receipt, error: XrayBridgeError) -> Receipt:
    unclear = isinstance(error, AmbiguousError)
    ended = journal.AMBIGUOUS if unclear else journal.FAILED
    directory.state = replace(directory.state, state=ended, message=str(error))
    return replace(
        base,
        status=receipt.AMBIGUOUS if unclear else receipt.FAILED,
        error={"message": str(error), "slug": error.slug},
        exit_code=error.exit_code if error.exit_code > 80 else 80,  # noqa: PLR2004
    )


def _render_and_send(
    job: Job, connection: Connection | None, base: Receipt
) -> Receipt:
    settings = job.settings
    reports = {name: render(job, WRITERS[name]) for name in formats(job)}
    first = next(iter(reports.values()))
    _copy(first, reports, job)
    base = replace(base, report=_described(first))
    if connection is None:
        job.directory.state = replace(job.directory.state, state=journal.KEPT)
        return base
    existing = settings.test_execution or job.directory.state.test_execution
    execution = described_execution(job)
    if settings.dry_run and not settings.upload:
        return _rehearse(job, execution, first, connection, base)
    deadline = Deadline(settings.deadline)
    http = Http(connection, deadline)
    xray = client(connection, http)
    delivery = _delivery(job, execution, first, existing, xray)
    imported = deliver(delivery, xray, job.directory, deadline)
    if settings.test_execution and settings.execution_fields:
        _update_fields(connection, http, imported.key, settings)
    return _delivered(job, connection, imported, base)


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
        request = plan.new_execution(report, execution, job.dialect, UNKNOWN_FIELDS)
    lines = [f"to {connection.url} ({job.dialect.product}: {connection.why})"]
    lines += request.describe()
    lines += [f"    {line}" for part in request.parts for line in _shown(part)]
    job.directory.state = replace(job.directory.state, state=journal.KEPT)
    return replace(base, status=receipt.DRY_RUN, plan=tuple(lines))


def _shown(part: plan.Part) -> list[str]:
    if isinstance(part.content, bytes):
        return part.content.decode("utf-8").splitlines()
    return []


def _delivery(
    job: Job,
    execution: plan.Execution,
    report: plan.Report,
    existing: str,
    xray: Xray,
) -> Delivery:
    fields = CustomFields() if existing else xray.custom_fields()
    create = plan.new_execution(report, execution, job.dialect, fields)
    for part in create.parts:
        if isinstance(part.content, bytes):
            (job.directory.path / part.filename).write_bytes(part.content)
    return Delivery(
        label=execution.label,
        create=create,
        fill=_filler(job, execution, report),
        fill_after=bool(plan.not_carried(execution, job.dialect, fields)),
        key=existing,
    )


def _filler(job: Job, execution: plan.Execution, report: plan.Report) -> Any:
    """
    How an existing Test Execution is filled.

    The plain endpoints of Cucumber and Behave JSON take no key, so these go as
    Xray JSON.
    """

    def fill(key: str) -> plan.Request:
        to_send = report
        if report.format not in XML_FORMATS:
            header = plan.xray_header(execution, key)
            to_send = render(job, XrayWriter(header, execution.project))
        return plan.existing_execution(to_send, execution, key, job.dialect)

    return fill


def formats(job: Job) -> tuple[str, ...]:
    """The formats to write; the first is uploaded."""
    wanted = job.settings.format
    if wanted != ("auto",):
        return wanted
    if job.session.framework == "behave":
        return ("behave",)
    scenarios = job.results.scenarios
    if not scenarios:
        return ("junit",)
    return ("cucumber",) if scenarios == len(job.results) else ("xray",)


def render(job: Job, writer: ReportWriter) -> plan.Report:
    """
    Write a report into the run directory, whole or not at all.

    Raises ReportError.
    """
    if isinstance(writer, type):
        writer = writer()
    path = job.directory.path / writer.file_name
    try:
        with journal.replaced(path) as file:
            writer.write(job.results, job.dialect, file)
    except OSError as error:
        msg = f"the report cannot be written: {error.strerror}"
        raise ReportError(msg, hint="make room, then `xray-bridge resend`") from None
    return plan.Report(format=writer.format, path=path)


def _copy(first: plan.Report, reports: Mapping[str, plan.Report], job: Job) -> None:
    """Where the user wants the report, too."""
    if not job.settings.report:
        return
    target = Path(job.settings.report)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with journal.replaced(target) as file, first.path.open("rb") as source:
            shutil.copyfileobj(source, file)
    except OSError as error:
        msg = f"{target} cannot be written: {error.strerror}"
        raise ReportError(msg, hint="set xray_report to a path that can") from None


def described_execution(job: Job) -> plan.Execution:
    """What the settings, and where they are silent CI, say of the Test Execution."""
    settings, session = job.settings, job.session
    return plan.Execution(
        project=settings.project,
        label=f"xray-bridge-{job.directory.id}",
        test_plan=settings.test_plan,
        environments=settings.environments,
        revision=settings.revision,
        revision_is_guessed=not settings.is_given(Settings.revision),
        fix_version=settings.fix_version,
        summary=settings.summary or _summary(session),
        description=settings.description or _description(job),
        labels=settings.labels,
        fields=settings.execution_fields,
        test_fields=settings.test_fields,
        started=job.results.started,
        finished=job.results.finished,
    )


def _summary(session: journal.Session) -> str:
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(session.started))
    build = " ".join(
        filter(None, (session.ci.get("name"), session.ci.get("build_number")))
    )
    return f"{session.framework} {when}" + (f", {build}" if build else "")


def _description(job: Job) -> str:
    build = job.session.ci.get("build_url", "")
    lines = [f"Build: {build}"] if build else []
    lines += [f"Incomplete: {reason}" for reason in job.directory.state.incomplete]
    return "\n".join(lines)


def _notices(job: Job) -> list[str]:
    results, settings = job.results, job.settings
    notices = []
    if settings.verify is False:
        notices.append("TLS certificates are not verified (xray_verify = false)")
    if results.unkeyed_scenarios:
        notices.append(
            f"{results.unkeyed_scenarios} scenarios carry no Test key; Xray takes "
            "them only if it knows them by name"
        )
    return notices


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
    job: Job, connection: Connection, imported: Imported, base: Receipt
) -> Receipt:
    partly = bool(imported.refused)
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
        sent=job.results.tests,
        accepted=None if imported.accepted is None else len(set(imported.accepted)),
        refused=imported.refused,
        exit_code=84 if partly else 0,
    )


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


def _write_variables(directory: RunDirectory, found: Receipt) -> None:
    """The names that Xray's Jenkins plugin gives to later steps."""
    done = found.status in {receipt.DELIVERED, receipt.PARTLY_REFUSED}
    key = found.test_execution.get("key", "")
    lines = {
        "XRAY_IS_REQUEST_SUCCESSFUL": str(done).lower(),
        "XRAY_TEST_EXECS": key,
        "XRAY_ISSUES_MODIFIED": key,
    }
    content = "".join(f"{name}={value}\n" for name, value in lines.items())
    (directory.path / "xray.env").write_text(content, encoding="utf-8")


def check_plan(settings: Settings, connection: Connection) -> None:
    """
    Refuse what no request could carry, before the first test.

    Raises SettingError.
    """
    if not settings.project and not settings.test_execution:
        msg = "no project: xray_project is not set"
        raise SettingError(msg, hint="set it, or report into an xray_test_execution")
    if settings.test_execution and settings.test_fields:
        msg = "xray_test_fields cannot be sent into an existing Test Execution"
        raise SettingError(msg, hint="leave out xray_test_fields or xray_test_execution")
    needs_jira = settings.test_execution and settings.execution_fields
    if needs_jira and connection.dialect.plan_and_environments:
        if connection.jira_credentials is None:
            msg = (
                "xray_execution_fields of an existing Test Execution are set by Jira, "
                "which is not configured"
            )
            hint = "set XRAY_JIRA_URL, XRAY_JIRA_USER and XRAY_JIRA_TOKEN"
            raise SettingError(msg, hint=hint)
