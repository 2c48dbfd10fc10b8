"""
One run and what its settings make of it: reports, Test Execution.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.atomic import replaced
from xray_bridge.client import import_requests
from xray_bridge.config.settings import Settings
from xray_bridge.errors import ReportError
from xray_bridge.formats import capabilities
from xray_bridge.formats.write.xray import XrayWriter
from xray_bridge.model.formats import XML_FORMATS
from xray_bridge.model.receipt import FAILURES, Failure
from xray_bridge.runs import run_directory
from xray_bridge.text import one_line, readable


if TYPE_CHECKING:
    from collections.abc import Callable

    from xray_bridge.client.import_answer import ImportAnswer
    from xray_bridge.client.request import Request
    from xray_bridge.formats.write.protocol import ReportWriter
    from xray_bridge.model.dialect import Dialect
    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.merge import Results
    from xray_bridge.runs.run_directory import RunDirectory

# What Jira takes, in UTF-16 units. A description may be 32,767 long, and a revision
# may follow.
LONGEST_SUMMARY = 255
LONGEST_DESCRIPTION = 32_000
# Of a run id within a label, as Jira and JQL take it without ado.
LONGEST_ID = 60
ODD = re.compile(r"[^A-Za-z0-9._-]")
# Of a failure, in characters.
LONGEST_MESSAGE = 500
# How pytest shows the error itself, below the code.
MARKED = "E   "


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run and what is to become of it."""

    directory: RunDirectory
    settings: Settings
    info: run_directory.RunInfo
    results: Results
    dialect: Dialect


def existing_execution(job: Job) -> str:
    """The Test Execution to report into, or nothing: a new one is made."""
    return job.settings.test_execution or job.directory.state.test_execution


def project(job: Job) -> str:
    """Where Tests without a key are: as set, else where the Test Execution is."""
    return job.settings.project or existing_execution(job).rpartition("-")[0]


def is_shared(job: Job) -> bool:
    """Whether other machines may send the same: parts that were merged by run id."""
    return bool(job.info.parts and job.info.run_id)


def made_elsewhere(job: Job, imported: ImportAnswer) -> list[str]:
    """What there is to say of Test Executions that another job has made."""
    said = []
    run = f"CI run {job.info.run_id}"
    if imported.key in imported.found:
        said.append(f"{imported.key} was made of {run} before, and was filled again")
    others = ", ".join(key for key in imported.found if key != imported.key)
    if others:
        why = "jobs that ran side by side; delete what is too many"
        said.append(f"{others} was made of {run} as well, by {why}")
    return said


def _label(job: Job) -> str:
    """
    What a new Test Execution is found by: of this run, or of this CI run.

    A short run id, such as the number of a build, comes up in other projects, too.
    Jira's labels have no blanks, and JQL has its own ideas of other characters.
    """
    if not is_shared(job):
        return f"xray-bridge-{job.directory.id}"
    run_id = job.info.run_id
    name = ODD.sub("-", run_id)[:LONGEST_ID]
    if name != run_id:
        name += f"-{hashlib.sha256(run_id.encode()).hexdigest()[:12]}"
    whose = filter(None, (job.settings.project, job.info.framework))
    return "-".join(("xray-bridge", *whose, name))


def can_fill(job: Job, name: str) -> bool:
    """
    Whether a run in this format can go into a Test Execution that exists.

    What is not XML goes there as Xray JSON, which cannot name scenarios without a
    Test key.
    """
    nameless = capabilities.without_a_place("xray", job.results)
    return name in XML_FORMATS or nameless < len(job.results)


def filler(
    job: Job, execution: import_requests.Execution, report: import_requests.Report
) -> Callable[[str], Request]:
    """
    How an existing Test Execution is filled.

    The plain endpoints of Cucumber and Behave JSON take no key, so these go as
    Xray JSON. What it gives raises ReportError where that would be empty.
    """

    def fill(key: str) -> Request:
        to_send = report
        if report.format not in XML_FORMATS:
            header = import_requests.xray_header(execution, key)
            to_send = render(job, XrayWriter(header, project(job)))
        return import_requests.existing_execution(to_send, execution, key, job.dialect)

    return fill


def unset(
    job: Job,
    execution: import_requests.Execution,
    report: import_requests.Report,
    fields: import_requests.CustomFields,
) -> list[str]:
    """What only a second request could set, where there can be none."""
    if can_fill(job, report.format):
        return []
    why = "only Xray JSON can, which has no place for scenarios without Test keys"
    missing = sorted(import_requests.unset_fields(execution, job.dialect, fields))
    return [f"xray_{name} could not be set: {why}" for name in missing]


def sent_report(
    job: Job, report: import_requests.Report, sent_as: str
) -> import_requests.Report:
    """The report that goes out where ``report`` was written: itself, or Xray JSON."""
    if sent_as == report.format:
        return report
    return import_requests.Report(
        format=sent_as, path=job.directory.path / XrayWriter.file_name
    )


def render(
    job: Job, writer: ReportWriter, dialect: Dialect | None = None
) -> import_requests.Report:
    """
    Write a report into the run directory, whole or not at all.

    ``dialect``: other than the job's. Raises ReportError.
    """
    path = job.directory.path / writer.file_name
    try:
        with replaced(path) as file:
            writer.write(job.results, dialect or job.dialect, file)
    except OSError as error:
        msg = f"the report cannot be written: {error.strerror}"
        raise ReportError(msg, hint="make room, then `xray-bridge resend`") from None
    return import_requests.Report(format=writer.format, path=path)


def keep_parts(directory: RunDirectory, request: Request) -> None:
    """
    Write the parts of a form beside the report that it is sent with.

    Raises ReportError.
    """
    for part in request.parts:
        if isinstance(part.content, bytes):
            try:
                (directory.path / part.filename).write_bytes(part.content)
            except OSError as error:
                msg = f"{part.filename} cannot be written: {error.strerror}"
                raise ReportError(msg) from None


def copy(job: Job, report: import_requests.Report) -> None:
    """
    Put the report where the user wants it, too.

    It stays in the format that was asked for, or is usual: readers of that file
    wait for one format, whether or not the run goes into an existing Test
    Execution as another. Raises ReportError.
    """
    if not job.settings.report:
        return
    target = Path(job.settings.report)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replaced(target) as file, report.path.open("rb") as source:
            shutil.copyfileobj(source, file)
    except OSError as error:
        msg = f"{target} cannot be written: {error.strerror}"
        raise ReportError(msg, hint="set xray_report to a path that can") from None


def described_execution(job: Job) -> import_requests.Execution:
    """
    What the settings, and where they are silent CI, say of the Test Execution.

    Its texts are of a length that Jira takes; what was cut ends in dots.
    """
    settings, info = job.settings, job.info
    return import_requests.Execution(
        project=settings.project,
        label=_label(job),
        test_plan=settings.test_plan,
        environments=settings.environments,
        revision=settings.revision,
        revision_is_guessed=not settings.is_given(Settings.revision),
        fix_version=settings.fix_version,
        summary=_cut(one_line(settings.summary) or _summary(info), LONGEST_SUMMARY),
        description=_cut(
            readable(settings.description or _description(job)), LONGEST_DESCRIPTION
        ),
        labels=settings.labels,
        fields=settings.execution_fields,
        test_fields=settings.test_fields,
        started=job.results.started,
        finished=job.results.finished,
    )


def failures(results: Results) -> tuple[Failure, ...]:
    """The first of the Tests that failed."""
    return tuple(map(_failure, islice(results.failures(), FAILURES)))


def _failure(run: TestRun) -> Failure:
    said = run.message or next((s.message for s in run.steps if s.message), "")
    where = run.scenario
    return Failure(
        name=one_line(run.test.definition),
        keys=run.test.test_keys,
        message=gist(said),
        file=where.feature.path if where else "",
        line=where.line if where else 0,
    )


def gist(said: str) -> str:
    """On one line, what is worth most of what a failure says."""
    return one_line(_gist(readable(said)))[:LONGEST_MESSAGE]


def _gist(text: str) -> str:
    """The line that says what went wrong: pytest marks it, tracebacks end with it."""
    lines = [line for line in text.splitlines() if line.strip()]
    marked = next((line for line in lines if line.startswith(MARKED)), "")
    if marked:
        return marked.removeprefix(MARKED)
    return lines[-1 if lines[0].startswith("Traceback (") else 0] if lines else ""


def write_variables(job: Job, imported: ImportAnswer) -> None:
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
    write_env(job.directory, clean(content))


def write_env(directory: RunDirectory, content: str) -> None:
    """As good as it goes: a full disk must not hide what became of the upload."""
    with contextlib.suppress(OSError):
        path = directory.path / "xray.env"
        path.write_text(content, encoding="utf-8", errors="backslashreplace")


def _summary(info: run_directory.RunInfo) -> str:
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(info.started))
    build = " ".join(filter(None, (info.ci.get("name"), info.ci.get("build_number"))))
    return one_line(f"{info.framework} {when}" + (f", {build}" if build else ""))


def _description(job: Job) -> str:
    told = {
        "Build": readable(job.info.ci.get("build_url", "")),
        "Branch": one_line(job.info.ci.get("branch", ""))[:LONGEST_SUMMARY],
    }
    lines = [f"{name}: {value}" for name, value in told.items() if value]
    reasons = job.directory.state.incomplete
    room = LONGEST_DESCRIPTION - _units("\n".join(lines)) - 100
    for number, reason in enumerate(reasons):
        line = f"Incomplete: {readable(reason)}"
        room -= _units(line) + 1
        if room < 0:
            lines.append(f"... {len(reasons) - number} more")
            break
        lines.append(line)
    return "\n".join(lines)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut(text: str, longest: int) -> str:
    if _units(text) <= longest:
        return text
    # Half a pair at the end is left out.
    content = text.encode("utf-16-le")[: 2 * (longest - 3)]
    return f"{content.decode('utf-16-le', 'ignore')}..."
