"""
What of the report files is sent, as which format, and in which order.

Scenarios go first and as one: only the request that makes a Test Execution takes
Cucumber and Behave JSON as they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_bridge.atomic import replaced
from xray_bridge.client import import_requests
from xray_bridge.errors import ReportError
from xray_bridge.formats.read import xray
from xray_bridge.formats.read.json_stream import items
from xray_bridge.formats.read.protocol import Source
from xray_bridge.formats.write.xray import XrayWriter
from xray_bridge.model.formats import SCENARIO_FORMATS, XML_FORMATS
from xray_bridge.upload.job import can_fill, filler, project, render


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any, BinaryIO

    from xray_bridge.client.request import Request
    from xray_bridge.runs.report_files import Files, ReportFile
    from xray_bridge.upload.job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """
    One report that goes out.

    ``id`` is how ``state.json`` calls it. ``fill`` puts it into a Test Execution
    that exists; None where it cannot go there. ``files`` are those that it is,
    but for scenarios, which are counted by the journal.
    """

    id: str
    report: import_requests.Report
    sent_as: str
    fill: Callable[[str], Request] | None
    files: tuple[ReportFile, ...] = ()

    @property
    def is_of_scenarios(self) -> bool:
        """Whether its results are in the journal, too."""
        return not self.files


def loads(job: Job, files: Files, execution: import_requests.Execution) -> list[Load]:
    """
    What goes out, in order.

    Raises ReportError where a report cannot be written.
    """
    found = list(_scenarios(job, files, execution))
    others = [each for each in files.files if each.format not in SCENARIO_FORMATS]
    for each in others:
        path = job.directory.path / each.file
        if each.format in XML_FORMATS:
            found.append(
                _xml(
                    job,
                    each,
                    execution,
                    import_requests.Report(format=each.format, path=path),
                )
            )
        else:
            found.append(_xray(job, each, execution, Source(path=path, name=each.name)))
    return found


def _scenarios(
    job: Job, files: Files, execution: import_requests.Execution
) -> Iterator[Load]:
    mine = [each for each in files.files if each.format in SCENARIO_FORMATS]
    if not mine:
        return
    kinds = {each.format for each in mine}
    if len(kinds) > 1 or job.settings.test_execution:
        report = render(job, XrayWriter(project=project(job)))
    else:
        report = _joined(job, mine)
    fill = filler(job, execution, report) if can_fill(job, report.format) else None
    if job.settings.test_execution:
        fill = filler(job, execution, report)
    yield Load(id="scenarios", report=report, sent_as=report.format, fill=fill)


def _joined(job: Job, mine: Sequence[ReportFile]) -> import_requests.Report:
    """One file as it is; of several, one array."""
    name = mine[0].format
    folder = job.directory.path
    if len(mine) == 1:
        return import_requests.Report(format=name, path=folder / mine[0].file)
    path = folder / f"report-{name}.json"
    sources = [Source(path=folder / each.file, name=each.name) for each in mine]

    def write(file: BinaryIO) -> None:
        between = b"[\n"
        for source in sources:
            for feature in items(source):
                file.write(between + json.dumps(feature).encode())
                between = b",\n"
        file.write(b"\n]\n")

    _written(path, write)
    return import_requests.Report(format=name, path=path)


def _xml(
    job: Job,
    file: ReportFile,
    execution: import_requests.Execution,
    report: import_requests.Report,
) -> Load:
    def fill(key: str) -> Request:
        return import_requests.existing_execution(report, execution, key, job.dialect)

    return Load(
        id=file.file, report=report, sent_as=file.format, fill=fill, files=(file,)
    )


def _xray(
    job: Job, file: ReportFile, execution: import_requests.Execution, source: Source
) -> Load:
    """What it says of the Test Execution is in the settings by now."""
    path = source.path.with_name(f"sent-{source.path.name}")
    is_marked = job.settings.project or job.settings.test_execution
    is_foreign = bool(respelled(job, file))

    def written(header: Mapping[str, Any] | None) -> import_requests.Report:
        spell = job.dialect.own_word
        _written(path, lambda out: xray.rewritten(source, header, out, spell))
        return import_requests.Report(format="xray", path=path)

    def fill(key: str) -> Request:
        report = written(import_requests.xray_header(execution, key))
        return import_requests.existing_execution(report, execution, key, job.dialect)

    report = import_requests.Report(format="xray", path=source.path)
    if is_foreign or (is_marked and file.is_headed):
        report = written({} if is_marked else None)

    return Load(id=file.file, report=report, sent_as="xray", fill=fill, files=(file,))


def respelled(job: Job, file: ReportFile) -> dict[str, str]:
    """Statuses of Xray JSON that the product spells otherwise, and how."""
    own = {word: job.dialect.own_word(word) for word in file.words}
    return {word: other for word, other in own.items() if word != other}


def _written(path: Path, write: Callable[[BinaryIO], None]) -> None:
    try:
        with replaced(path) as file:
            write(file)
    except OSError as error:
        msg = f"the report cannot be written: {error.strerror}"
        raise ReportError(msg, hint="make room, then `xray-bridge resend`") from None
