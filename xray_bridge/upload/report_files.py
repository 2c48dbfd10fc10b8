"""
Report files of a run directory to the server: the first makes the Test Execution.

The others go to its key, which can be repeated; so each of them is there once,
wherever a process or an answer was lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from xray_bridge.client import import_requests
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.xray import client
from xray_bridge.config.settings import Settings
from xray_bridge.errors import AmbiguousError, SettingError
from xray_bridge.model import receipt
from xray_bridge.model.formats import FORMATS, SCENARIO_FORMATS, XML_FORMATS
from xray_bridge.model.receipt import Refused
from xray_bridge.runs import run_directory
from xray_bridge.text import count
from xray_bridge.upload.arrivals import Arrivals
from xray_bridge.upload.delivery import delivered, described, update_fields
from xray_bridge.upload.exactly_once import Delivery, deliver
from xray_bridge.upload.format_choice import sent
from xray_bridge.upload.job import (
    described_execution,
    existing_execution,
    keep_parts,
    unset,
)
from xray_bridge.upload.parallel import send_rest
from xray_bridge.upload.shipments import Load, loads, respelled


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.import_answer import ImportAnswer
    from xray_bridge.client.request import Request
    from xray_bridge.client.xray import Xray
    from xray_bridge.model.receipt import Receipt
    from xray_bridge.runs.report_files import Files
    from xray_bridge.upload.job import Job

# What only a project or a Test Execution has room for.
OF_AN_EXECUTION = (
    Settings.test_plan,
    Settings.environments,
    Settings.revision,
    Settings.fix_version,
    Settings.summary,
    Settings.description,
    Settings.labels,
    Settings.execution_fields,
    Settings.test_fields,
)
# What changes results while they are written, which others have done here.
OF_RESULTS = (
    Settings.statuses,
    Settings.aggregate,
    Settings.only_keyed,
    Settings.captures,
    Settings.redact,
    Settings.report,
)


def refuse_impossible(settings: Settings, files: Files) -> None:
    """
    Refuse what no request could carry, before anything is sent.

    Raises SettingError.
    """
    import_requests.validate_fields("xray_execution_fields", settings.execution_fields)
    import_requests.validate_fields("xray_test_fields", settings.test_fields)
    if settings.test_execution and settings.test_fields:
        msg = "xray_test_fields cannot be sent into an existing Test Execution"
        raise SettingError(
            msg, hint="leave out xray_test_fields or xray_test_execution"
        )
    if settings.test_fields and _number_of_loads(files) > 1:
        msg = "xray_test_fields reach only the file that makes the Test Execution"
        hint = "join the files with --merge, or send them with --separate-executions"
        raise SettingError(msg, hint=hint)
    if not _is_unlabelled(settings):
        return
    xml = [each.name for each in files.files if each.format in XML_FORMATS]
    if xml or _number_of_loads(files) > 1:
        which = xml[0] if xml else "of several files none"
        msg = f"no project: xray_project is not set, and {which} does not name one"
        raise SettingError(msg, hint="set it, or report into an xray_test_execution")
    for setting in OF_AN_EXECUTION:
        if settings.is_given(setting) and setting.name in settings.values:
            msg = f"xray_{setting.name} needs a project: xray_project is not set"
            hint = "without one, Xray takes everything from the file's own tags or info"
            raise SettingError(msg, hint=hint)


def _number_of_loads(files: Files) -> int:
    """Scenarios of several files are sent as one."""
    others = [each for each in files.files if each.format not in SCENARIO_FORMATS]
    return len(others) + (len(others) < len(files.files))


def _is_unlabelled(settings: Settings) -> bool:
    """Neither known nor to be made by us: what Xray makes then has no label."""
    return not settings.project and not settings.test_execution


@dataclass(frozen=True, slots=True, kw_only=True)
class Consignment:
    """A job whose files are ready to go."""

    job: Job
    files: Files
    loads: Sequence[Load]
    execution: import_requests.Execution

    @property
    def going(self) -> tuple[int, tuple[str, ...]]:
        """How many Tests, and the keys of those that have one."""
        scenarios = next((load for load in self.loads if load.is_of_scenarios), None)
        others = [each for load in self.loads for each in load.files]
        tests = sum(each.tests for each in others)
        keys = [key for each in others for key in each.keys]
        if scenarios:
            ours = sent(self.job, scenarios.sent_as)
            tests, keys = tests + ours.tests, [*keys, *ours.test_keys]
        return tests, tuple(dict.fromkeys(keys))

    def described(self) -> dict[str, Any]:
        """The files, as they stand in a receipt."""
        all_ = [described(load.report) for load in self.loads]
        if len(all_) == 1:
            return all_[0]
        size = sum(each["bytes"] for each in all_)
        return {"format": "several", "path": "", "bytes": size, "reports": all_}


def prepare(job: Job, files: Files, base: Receipt) -> tuple[Consignment, Receipt]:
    """
    What goes out, and the receipt so far.

    Raises SettingError and ReportError.
    """
    refuse_impossible(job.settings, files)
    execution = replace(
        described_execution(_named(job, files)),
        # As the files say, or as scenarios were written down.
        started=files.started or job.results.started,
        finished=files.finished or job.results.finished,
    )
    found = loads(job, files, execution)
    ready = Consignment(job=job, files=files, loads=found, execution=execution)
    left_out = [*files.left_out, *job.results.left_out]
    for load in found:
        if load.is_of_scenarios:
            left_out += sent(job, load.sent_as).left_out
    notices = [*job.info.notices, *files.notices, *_notices(job, found)]
    report = ready.described()
    return ready, replace(
        base, left_out=tuple(left_out), notices=tuple(notices), report=report
    )


def _named(job: Job, files: Files) -> Job:
    """Called by what wrote the files, as sessions are by their framework."""
    names = (FORMATS[each].title.partition(" ")[0] for each in files.formats)
    return replace(job, info=replace(job.info, framework=", ".join(names)))


def _notices(job: Job, found: Sequence[Load]) -> list[str]:
    settings = job.settings
    said = []
    written = [
        each for each in found if each.is_of_scenarios and each.sent_as == "xray"
    ]
    if written:
        why = "the plain endpoints of Cucumber and Behave JSON take no Test Execution"
        said.append(f"scenarios are sent as Xray JSON: {why}")
    unkeyed = job.results.unkeyed_scenarios
    if unkeyed and not written:
        who = count(unkeyed, "scenario")
        said.append(f"{who} without a Test key: Xray takes only what it knows by name")
    for load in found:
        for file in load.files:
            words = respelled(job, file).items()
            told = ", ".join(f"{word} as {other}" for word, other in words)
            if told:
                said.append(f"{file.name}: {told}, as {job.dialect.product} spells it")
    unused = [
        f"xray_{setting.name}"
        for setting in OF_RESULTS
        if settings.is_given(setting) and setting.name in settings.values
    ]
    if unused and len(written) < len(found):
        said.append(f"report files are sent as they are, without {', '.join(unused)}")
    return said


def rehearse(ready: Consignment, connection: Connection, base: Receipt) -> Receipt:
    """The requests that would be sent, in words."""
    job = ready.job
    lines = [f"to {connection.url} ({job.dialect.product}: {connection.why})"]
    key = existing_execution(job)
    by_name = job.dialect.xray_fields
    fields = {} if by_name else import_requests.UNKNOWN_FIELDS
    first, *others = ready.loads
    missing: list[str] = []
    if key or _is_unlabelled(job.settings):
        lines += import_requests.shown(_request(ready, first, key))
    else:
        create = import_requests.new_execution(
            first.report, ready.execution, job.dialect, fields
        )
        lines += import_requests.shown(create)
        missing = sorted(
            import_requests.unset_fields(ready.execution, job.dialect, fields)
        )
    if missing and first.fill is not None:
        lines += [f"then, for {', '.join(missing)}:"]
        lines += import_requests.shown(first.fill(import_requests.NEW_KEY))
    for load in others:
        lines += import_requests.shown(
            _request(ready, load, key or import_requests.NEW_KEY)
        )
    return replace(base, status=receipt.DRY_RUN, plan=tuple(lines))


def _request(ready: Consignment, load: Load, key: str) -> Request:
    if not key or load.fill is None:
        return import_requests.import_without_label(load.report, ready.job.dialect)
    return load.fill(key)


def send(ready: Consignment, connection: Connection, base: Receipt) -> Receipt:
    """
    Send all that has not arrived yet.

    Raises DeliveryError and AmbiguousError; a second call takes up from there.
    """
    job, settings = ready.job, ready.job.settings
    deadline = Deadline(settings.deadline)
    http = Http(connection, deadline)
    xray = client(connection, http)
    first, *others = ready.loads
    arrivals = Arrivals(job.directory, settings.redactor.clean)
    said: list[str] = []
    if first.id in arrivals:
        _begin(job)
    else:
        answer, said = _first(ready, first, xray, deadline)
        arrivals.note(first.id, answer)
    key = arrivals.whole.key
    send_rest(others, key, xray, arrivals, jobs=ready.files.jobs)
    imported = arrivals.whole
    if settings.test_execution and settings.execution_fields:
        update_fields(connection, http, imported.key, settings)
    tests, keys = ready.going
    base = replace(base, report=ready.described(), notices=(*base.notices, *said))
    refused = (*_refused(imported, keys), *_untaken(ready.loads, arrivals))
    if not (others or imported.resent) and first.is_of_scenarios:
        refused += _silent(imported, tests - len(refused))
    return delivered(job, connection, imported, base, tests=tests, refused=refused)


def _first(
    ready: Consignment, load: Load, xray: Xray, deadline: Deadline
) -> tuple[ImportAnswer, list[str]]:
    """The file that makes the Test Execution, and what there is to say of that."""
    job, execution = ready.job, ready.execution
    key = existing_execution(job)
    if not key and _is_unlabelled(job.settings):
        return _blindly(job, load, xray), []
    fields = {} if key else xray.custom_fields()
    create = import_requests.new_execution(load.report, execution, job.dialect, fields)
    keep_parts(job.directory, create)
    delivery = Delivery(
        label=execution.label,
        create=create,
        fill=load.fill,
        fill_after=bool(import_requests.unset_fields(execution, job.dialect, fields)),
        key=key,
    )
    imported = deliver(delivery, xray, job.directory, deadline)
    if not load.is_of_scenarios:
        return imported, []
    said = [] if key else unset(job, execution, load.report, fields)
    if imported.resent:
        lost = sent(job, load.sent_as).tests - sent(job, "xray").tests
        who = count(lost, "scenario")
        if lost > 0:
            said.append(f"no telling whether Xray took {who} without a Test key")
    return imported, said


def _blindly(job: Job, load: Load, xray: Xray) -> ImportAnswer:
    """
    Xray decides where it goes, and nothing of ours marks what it makes.

    So this is done once. Raises AmbiguousError where an earlier request may
    have arrived: only a person can tell.
    """
    before = job.directory.state
    if before.state in {run_directory.SENDING, run_directory.AMBIGUOUS}:
        msg = "an earlier request may have arrived, and no label would tell"
        hint = "look in Jira; if nothing is there, upload the files again"
        raise AmbiguousError(msg, hint=hint)
    _begin(job)
    return xray.import_results(
        import_requests.import_without_label(load.report, job.dialect)
    )


def _begin(job: Job) -> None:
    """Note that it is being sent, before anything is."""
    before = job.directory.state
    job.directory.state = replace(
        before, state=run_directory.SENDING, attempts=before.attempts + 1
    )


def _refused(imported: ImportAnswer, keys: Sequence[str]) -> tuple[Refused, ...]:
    """What Xray refused, and keys that it does not list among what it took."""
    found = list(imported.refused)
    if imported.accepted is not None:
        known = {*imported.accepted, *(each.key for each in found)}
        unmentioned = "Xray does not list it among what it took"
        silent = (key for key in keys if key not in known)
        found += [Refused(key=key, message=unmentioned) for key in silent]
    return tuple(found)


def _untaken(loads: Sequence[Load], arrivals: Arrivals) -> Iterator[Refused]:
    """Files of which Xray says that it took nothing; keys are told one by one."""
    for load in loads:
        for file in load.files if arrivals.has_none_of(load.id) else ():
            if not file.keys:
                yield Refused(key="", message=f"Xray lists nothing of {file.name}")


def _silent(imported: ImportAnswer, expected: int) -> tuple[Refused, ...]:
    """
    Scenarios without a Test key that are not among what Xray took.

    Of other formats there is no telling how many Tests Xray makes of them.
    """
    missing = expected - len(set(imported.accepted or ()))
    if imported.accepted is None or missing <= 0:
        return ()
    were = "was" if missing == 1 else "were"
    who = f"{count(missing, 'result')} without a Test key {were}"
    return (Refused(key="", message=f"{who} not taken"),)
