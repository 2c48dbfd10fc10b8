"""
Run directories in, receipt out: the one path for every upload.

``pytest``, ``behave``, ``xray-bridge upload`` and ``xray-bridge resend`` all end
here, with the same input: what is on disk.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from xray_bridge.client import import_requests
from xray_bridge.client.connection import connect
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.xray import client
from xray_bridge.errors import (
    AmbiguousError,
    DeliveryError,
    NotXrayError,
    ReportError,
    RunDirectoryError,
    XrayBridgeError,
)
from xray_bridge.formats import capabilities
from xray_bridge.formats.capabilities import words_for
from xray_bridge.formats.write import writer
from xray_bridge.model import receipt
from xray_bridge.model.dialect import DIALECTS, SERVER
from xray_bridge.model.formats import FORMATS, XML_FORMATS
from xray_bridge.model.receipt import Receipt, Refused
from xray_bridge.runs import report_files, run_directory
from xray_bridge.runs.evidence import Limits
from xray_bridge.runs.merge import Results
from xray_bridge.text import count, merge_lines
from xray_bridge.upload.delivery import delivered, described, update_fields
from xray_bridge.upload.exactly_once import Delivery, deliver
from xray_bridge.upload.format_choice import (
    Choice,
    Sent,
    choose,
    notices,
    sent,
)
from xray_bridge.upload.job import (
    Job,
    can_fill,
    copy,
    described_execution,
    existing_execution,
    failures,
    filler,
    is_shared,
    keep_parts,
    made_elsewhere,
    project,
    render,
    sent_report,
    unset,
    write_env,
)


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.import_answer import ImportAnswer
    from xray_bridge.config.settings import Settings
    from xray_bridge.runs.report_files import Files
    from xray_bridge.runs.run_directory import RunDirectory

NO_KEY = "no test carries a Test key (xray_only_keyed)"
NOT_TAKEN_IN = "it was killed before all files were read; upload them again"
IN_DOUBT = frozenset({run_directory.SENDING, run_directory.AMBIGUOUS})


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
        info = directory.info
        if not directory.is_sealed:
            # Killed before it was sealed: what is there is all there will be.
            directory.state = run_directory.State(incomplete=directory.missing)
        found = _publish(directory, settings, info, environ)
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
        run_directory.write_json(directory.path / "receipt.json", found.to_json())
    return found


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """
    What is known by now, for a receipt whatever comes next.

    ``asked``: there is a server that may have answered.
    """

    base: Receipt
    asked: bool = False


def _publish(
    directory: RunDirectory,
    settings: Settings,
    info: run_directory.RunInfo,
    environ: Mapping[str, str] | None,
) -> Receipt:
    state = directory.state
    if state.state == run_directory.DELIVERED:
        msg = f"{directory.path} was delivered before, as {state.test_execution}"
        raise RunDirectoryError(msg, hint="there is nothing left to send")
    if state.message.startswith(run_directory.MERGED):
        msg = f"{directory.path} was {state.message}"
        raise RunDirectoryError(msg, hint="resend that one")
    received = report_files.load(directory)
    results = Results(
        [directory],
        only_keyed=settings.only_keyed and received is None,
        aggregate=settings.aggregate,
        limits=Limits.of(settings.evidence_limit),
    )
    counts = received.counts if received else results.counts
    failed = received.failures if received else failures(results)
    base = Receipt(status=receipt.KEPT, counts=dict(counts), failures=failed)
    if received is None and info.framework == run_directory.REPORT_FILES:
        _keep(directory, settings)
        return replace(base, status=receipt.EMPTY, notices=(NOT_TAKEN_IN,))
    if not len(results) and received is None:
        _keep(directory, settings)
        unkeyed = settings.only_keyed and len(Results([directory]))
        said: tuple[str, ...] = (NO_KEY,) if unkeyed else ()
        return replace(base, status=receipt.EMPTY, notices=said)
    attempt = _Attempt(base=base)
    try:
        connection = connect(settings, environ) if settings.wants_upload else None
        dialect = connection.dialect if connection else DIALECTS[SERVER]
        if connection:
            # A preflight may have told them before, or there was none.
            both = (info.notices, connection.notices)
            info = replace(info, notices=merge_lines(both))
        job = Job(
            directory=directory,
            settings=settings,
            info=info,
            results=results,
            dialect=dialect.with_statuses(settings.statuses),
        )
        if received is not None:
            return _publish_files(attempt, job, received, connection)
        return _publish_run(attempt, job, connection)
    except Exception as unexpected:  # noqa: BLE001 - a receipt, whatever a server says
        error = _expected(unexpected, directory.state, asked=attempt.asked)
        began = directory.state.attempts > state.attempts
        in_doubt = state.state in IN_DOUBT and not state.test_execution
        if in_doubt and not began:
            # It failed before anything was asked: the doubt is as old as it was.
            error = AmbiguousError(error.message, hint=error.hint)
        return _failed(directory, settings, attempt.base, error)


def _publish_run(attempt: _Attempt, job: Job, connection: Connection | None) -> Receipt:
    """What a session has recorded."""
    settings = job.settings
    choice = choose(job)
    going = sent(job, choice.sent_as)
    said = (*job.info.notices, *notices(job, choice, going))
    left_out = (*going.left_out, *job.results.left_out)
    attempt.base = replace(attempt.base, left_out=left_out, notices=said)
    if connection is not None:
        import_requests.validate_fields(
            "xray_execution_fields", settings.execution_fields
        )
        import_requests.validate_fields("xray_test_fields", settings.test_fields)
        capabilities.refuse(settings, job.dialect)
    report, unwritten = _rendered(job, choice)
    said = (*said, *unwritten)
    attempt.base = replace(attempt.base, report=described(report), notices=said)
    if connection is None:
        _keep(job.directory, settings)
        return attempt.base
    to_send = _ToSend(job=job, report=report, choice=choice, going=going)
    if settings.dry_run:
        return _rehearse(to_send, connection, attempt.base)
    attempt.asked = True
    return _send(to_send, connection, attempt.base)


def _publish_files(
    attempt: _Attempt, job: Job, received: Files, connection: Connection | None
) -> Receipt:
    """What other tools have written; sessions do without what reads that."""
    from xray_bridge.upload import report_files

    ready, attempt.base = report_files.prepare(job, received, attempt.base)
    if connection is None or job.settings.dry_run:
        _keep(job.directory, job.settings)
    if connection is None:
        return attempt.base
    if job.settings.dry_run:
        return report_files.rehearse(ready, connection, attempt.base)
    attempt.asked = True
    return report_files.send(ready, connection, attempt.base)


def _expected(
    error: Exception, state: run_directory.State, *, asked: bool
) -> XrayBridgeError:
    """
    Our own errors as they are; answers of a shape nobody thought of in words.

    ``asked``: there is a server that may have answered.
    """
    if isinstance(error, XrayBridgeError):
        return error
    if not asked:
        msg = f"the upload cannot be prepared ({type(error).__name__}: {error})"
        return ReportError(msg, hint="please report it, with the run directory")
    msg = f"the server's answer is not understood ({type(error).__name__})"
    unclear = state.state == run_directory.SENDING and not state.test_execution
    return AmbiguousError(msg) if unclear else NotXrayError(msg)


def _keep(directory: RunDirectory, settings: Settings) -> None:
    """Not to be sent; what was under way or is collected stays as it was."""
    state = directory.state
    if (
        state.state in {run_directory.RECORDED, run_directory.SEALED}
        and not settings.collect
    ):
        directory.state = replace(state, state=run_directory.KEPT)


def _failed(
    directory: RunDirectory, settings: Settings, base: Receipt, error: XrayBridgeError
) -> Receipt:
    unclear = isinstance(error, AmbiguousError)
    write_env(directory, "XRAY_IS_REQUEST_SUCCESSFUL=false\n")
    ended = run_directory.AMBIGUOUS if unclear else run_directory.FAILED
    message = settings.redactor.clean(str(error))
    directory.state = replace(directory.state, state=ended, message=message)
    return replace(
        base,
        status=receipt.AMBIGUOUS if unclear else receipt.FAILED,
        error={"message": str(error), "slug": error.slug},
        exit_code=max(DeliveryError.exit_code, error.exit_code),
    )


def _rendered(job: Job, choice: Choice) -> tuple[import_requests.Report, list[str]]:
    """The first report, and why others could not be written: these only stay here."""
    reports = []
    unwritten = []
    for name in choice.formats:
        stays = name != choice.sent_as
        dialect = words_for(name, job.dialect) if stays else job.dialect
        try:
            reports.append(
                render(
                    job, writer(name, project(job), job.settings.tag_prefixes), dialect
                )
            )
        except ReportError as error:
            if not reports:
                raise
            unwritten.append(f"{FORMATS[name].title} was not written: {error.message}")
    copy(job, reports[0])
    return reports[0], unwritten


@dataclass(frozen=True, slots=True, kw_only=True)
class _ToSend:
    """A job whose report is written, and what of it goes out."""

    job: Job
    report: import_requests.Report
    choice: Choice
    going: Sent

    def described(self) -> dict[str, Any]:
        """The file that went out, which may not be the one that was written first."""
        return described(sent_report(self.job, self.report, self.choice.sent_as))


def _send(to_send: _ToSend, connection: Connection, base: Receipt) -> Receipt:
    job, settings, report = to_send.job, to_send.job.settings, to_send.report
    execution = described_execution(job)
    deadline = Deadline(settings.deadline)
    http = Http(connection, deadline)
    xray = client(connection, http)
    key = existing_execution(job)
    fields = {} if key else xray.custom_fields()
    delivery = _delivery(job, execution, report, fields)
    imported = deliver(delivery, xray, job.directory, deadline)
    if settings.test_execution and settings.execution_fields:
        update_fields(connection, http, imported.key, settings)
    base = replace(base, report=to_send.described())
    going = to_send.going
    said = [] if key else unset(job, execution, report, fields)
    said += made_elsewhere(job, imported)
    if imported.resent and report.format not in XML_FORMATS:
        # The answer is to Xray JSON, and cannot speak of all that went out before.
        again = sent(job, "xray")
        if again.tests < going.tests:
            who = count(going.tests - again.tests, "scenario")
            said.append(f"no telling whether Xray took {who} without a Test key")
        going = again
    base = replace(base, notices=(*base.notices, *said))
    refused = _named(job, imported, going)
    tests = going.tests
    return delivered(job, connection, imported, base, tests=tests, refused=refused)


def _rehearse(to_send: _ToSend, connection: Connection, base: Receipt) -> Receipt:
    job, report = to_send.job, to_send.report
    execution = described_execution(job)
    by_name = job.dialect.xray_fields
    fields = {} if by_name else import_requests.UNKNOWN_FIELDS
    fill = filler(job, execution, report)
    key = existing_execution(job)
    lines = [f"to {connection.url} ({job.dialect.product}: {connection.why})"]
    said: list[str] = []
    if key:
        lines += import_requests.shown(fill(key))
    else:
        lines += import_requests.shown(
            import_requests.new_execution(report, execution, job.dialect, fields)
        )
        said = unset(job, execution, report, fields)
        missing = sorted(import_requests.unset_fields(execution, job.dialect, fields))
        if missing and not said:
            lines += [
                f"then, for {', '.join(missing)}:",
                *import_requests.shown(fill(import_requests.NEW_KEY)),
            ]
    _keep(job.directory, job.settings)
    return replace(
        base,
        status=receipt.DRY_RUN,
        plan=tuple(lines),
        report=to_send.described(),
        notices=(*base.notices, *said),
    )


def _delivery(
    job: Job,
    execution: import_requests.Execution,
    report: import_requests.Report,
    fields: import_requests.CustomFields,
) -> Delivery:
    create = import_requests.new_execution(report, execution, job.dialect, fields)
    keep_parts(job.directory, create)
    fills = bool(job.settings.test_execution) or can_fill(job, report.format)
    return Delivery(
        label=execution.label,
        create=create,
        fill=filler(job, execution, report) if fills else None,
        fill_after=bool(import_requests.unset_fields(execution, job.dialect, fields)),
        key=existing_execution(job),
        is_shared=is_shared(job),
    )


def _named(job: Job, imported: ImportAnswer, going: Sent) -> tuple[Refused, ...]:
    """
    What Xray refused, and what it simply does not mention, by the tests' names.

    Server lists what it took; what was sent and is in neither list was not taken.
    """
    found = list(imported.refused)
    if imported.accepted is not None:
        known = {*imported.accepted, *(each.key for each in found)}
        silent = [key for key in going.test_keys if key not in known]
        unmentioned = "Xray does not list it among what it took"
        found += [Refused(key=key, message=unmentioned) for key in silent]
        rest = going.tests - len(set(imported.accepted)) - len(found)
        if rest > 0:
            were = "was" if rest == 1 else "were"
            who = f"{count(rest, 'result')} without a Test key {were}"
            message = f"{who} not taken"
            found.append(Refused(key="", message=message))
    names = job.results.names({each.key for each in found})
    return tuple(replace(r, tests=names.get(r.key, r.tests)) for r in found)
