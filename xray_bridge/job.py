"""
One run and what its settings make of it: reports, Test Execution.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge import journal, plan
from xray_bridge.errors import ReportError
from xray_bridge.settings import Settings


if TYPE_CHECKING:
    from xray_bridge.dialect import Dialect
    from xray_bridge.journal import RunDirectory
    from xray_bridge.merge import Results
    from xray_bridge.reports.protocol import ReportWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run and what is to become of it."""

    directory: RunDirectory
    settings: Settings
    session: journal.Session
    results: Results
    dialect: Dialect


def existing_execution(job: Job) -> str:
    """The Test Execution to report into, or nothing: a new one is made."""
    return job.settings.test_execution or job.directory.state.test_execution


def project(job: Job) -> str:
    """Where Tests without a key are: as set, else where the Test Execution is."""
    return job.settings.project or existing_execution(job).rpartition("-")[0]


def render(
    job: Job, writer: ReportWriter, dialect: Dialect | None = None
) -> plan.Report:
    """
    Write a report into the run directory, whole or not at all.

    ``dialect``: other than the job's. Raises ReportError.
    """
    path = job.directory.path / writer.file_name
    try:
        with journal.replaced(path) as file:
            writer.write(job.results, dialect or job.dialect, file)
    except OSError as error:
        msg = f"the report cannot be written: {error.strerror}"
        raise ReportError(msg, hint="make room, then `xray-bridge resend`") from None
    return plan.Report(format=writer.format, path=path)


def copy(job: Job, report: plan.Report) -> None:
    """
    Put the report where the user wants it, too.

    Raises ReportError.
    """
    if not job.settings.report:
        return
    target = Path(job.settings.report)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with journal.replaced(target) as file, report.path.open("rb") as source:
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
