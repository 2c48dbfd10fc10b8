"""
Prepare the report files of a run directory as shipments, in sending order.

Scenarios are sent first and together: only the request that creates a Test
Execution accepts Cucumber and Behave JSON unchanged.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from xray_bridge.client import import_requests
from xray_bridge.client.field_rules import (
    refuse_odd_fields,
    refuse_unsendable_test_fields,
)
from xray_bridge.client.import_requests import Report
from xray_bridge.config.setting import EXECUTION, MUST_AGREE, RESULTS
from xray_bridge.config.settings import Settings, settings_in
from xray_bridge.errors import SettingError
from xray_bridge.formats.read import xray
from xray_bridge.formats.read.json_stream import read_items
from xray_bridge.formats.read.protocol import Source
from xray_bridge.formats.write.xray import XrayWriter
from xray_bridge.model.formats import FORMATS, SCENARIO_FORMATS, XML_FORMATS
from xray_bridge.text import count, merge_lines
from xray_bridge.upload.contents import contents_of
from xray_bridge.upload.execution import describe_execution, what_is_unasked
from xray_bridge.upload.rendering import make_filler, render, write_report
from xray_bridge.upload.shipment import Shipment, Upload


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import BinaryIO

    from xray_bridge.client.request import Request
    from xray_bridge.runs.report_files import Files, ReportFile
    from xray_bridge.upload.draft import ReceiptDraft
    from xray_bridge.upload.prepared_run import PreparedRun
    from xray_bridge.upload.unasked import Unasked

# Settings that need a project or a Test Execution.
OF_AN_EXECUTION = tuple(s for s in settings_in(EXECUTION) if s.parts != MUST_AGREE)
# Settings that change results while they are written; these are written already.
OF_RESULTS = settings_in(RESULTS)


def refuse_impossible(settings: Settings, files: Files) -> None:
    """
    Refuse settings that no request can contain, before anything is sent.

    Raises SettingError.
    """
    refuse_odd_fields(settings)
    refuse_unsendable_test_fields(settings)
    number = _number_of_shipments(files)
    if settings.test_fields and number > 1:
        msg = "xray_test_fields apply only to the file that creates the Test Execution"
        hint = "combine the files with --merge, or use --separate-executions"
        raise SettingError(msg, hint=hint)
    if _is_unlabelled(settings):
        _refuse_without_project(settings, files, number)


def _refuse_without_project(settings: Settings, files: Files, number: int) -> None:
    xml = [each.name for each in files.files if each.format in XML_FORMATS]
    if xml or number > 1:
        names = f"{xml[0]} does not name one" if xml else "several files name none"
        msg = f"no project: xray_project is not set, and {names}"
        raise SettingError(msg, hint="set it, or set xray_test_execution")
    for setting in OF_AN_EXECUTION:
        if settings.is_given(setting) and setting.name in settings.values:
            msg = f"xray_{setting.name} needs a project: xray_project is not set"
            hint = "without a project, Xray takes everything from the file itself"
            raise SettingError(msg, hint=hint)


def _number_of_shipments(files: Files) -> int:
    """Count shipments; the scenarios of all files are one."""
    others = [each for each in files.files if each.format not in SCENARIO_FORMATS]
    return len(others) + (len(others) < len(files.files))


def _is_unlabelled(settings: Settings) -> bool:
    """Return whether Xray chooses the Test Execution, which then has no label."""
    return not settings.project and not settings.test_execution


def prepare(run: PreparedRun, files: Files, draft: ReceiptDraft) -> Upload:
    """
    Prepare the upload; files that cannot be sent unchanged are written anew.

    Raises SettingError for settings that no request can contain, and ReportError.
    """
    refuse_impossible(run.settings, files)
    execution = replace(
        describe_execution(_named_by_formats(run, files)),
        # The times in the files, or else those of the scenarios.
        started=files.started or run.results.started,
        finished=files.finished or run.results.finished,
    )
    unasked = what_is_unasked(run, execution)
    scenarios = _scenario_shipments(run, files, unasked)
    others = [each for each in files.files if each.format not in SCENARIO_FORMATS]
    shipments = (
        *scenarios,
        *(_file_shipment(run, each, unasked) for each in others),
    )
    upload = Upload(
        run=run,
        unasked=unasked,
        shipments=shipments,
        is_unlabelled=_is_unlabelled(run.settings),
        jobs=files.jobs,
    )
    left_out = [*files.left_out, *run.results.left_out]
    for each in scenarios:
        left_out += contents_of(run, each.sent_as).left_out
    draft.add(
        left_out=tuple(left_out),
        notices=(
            *run.info.notices,
            *files.notices,
            *_notices_of(run, scenarios, others),
        ),
        incomplete=merge_lines((run.incomplete, files.incomplete)),
        # The Test Execution does not show all of it.
        exit_code=84 if files.incomplete else 0,
        report=upload.describe(),
    )
    return upload


def _named_by_formats(run: PreparedRun, files: Files) -> PreparedRun:
    """Name the run by its formats, as sessions are named by their framework."""
    names = (FORMATS[each].title.partition(" ")[0] for each in files.formats)
    return replace(run, info=replace(run.info, framework=", ".join(names)))


def _scenario_shipments(
    run: PreparedRun, files: Files, unasked: Unasked
) -> tuple[Shipment, ...]:
    """Return all files of scenarios as one shipment, if there are any."""
    mine = [each for each in files.files if each.format in SCENARIO_FORMATS]
    if not mine:
        return ()
    rewrite = None
    if len({each.format for each in mine}) > 1 or run.settings.test_execution:
        rewrite = partial(render, run, XrayWriter(project=run.project))
        report = rewrite()
    else:
        report = _join_scenarios(run, mine)
    contents = contents_of(run, report.format)
    fills = run.can_fill(report.format)
    shipment = Shipment(
        id="scenarios",
        report=report,
        sent_as=report.format,
        fill=make_filler(run, unasked, report) if fills else None,
        tests=contents.tests,
        test_keys=contents.test_keys,
        rewrite=rewrite,
    )
    return (shipment,)


def _join_scenarios(run: PreparedRun, mine: Sequence[ReportFile]) -> Report:
    """Return one file unchanged, or the array of several files."""
    name = mine[0].format
    folder = run.directory.path
    if len(mine) == 1:
        return Report(format=name, path=folder / mine[0].file)
    path = run.folder / f"report-{name}.json"
    sources = [Source(path=folder / each.file, name=each.name) for each in mine]

    def write(file: BinaryIO) -> None:
        between = b"[\n"
        for source in sources:
            for feature in read_items(source):
                file.write(between + json.dumps(feature).encode())
                between = b",\n"
        file.write(b"\n]\n")

    write_report(path, write)
    return Report(format=name, path=path)


def _file_shipment(run: PreparedRun, file: ReportFile, unasked: Unasked) -> Shipment:
    report = Report(format=file.format, path=run.directory.path / file.file)
    fill = make_filler(run, unasked, report)
    if file.format not in XML_FORMATS:
        source = Source(path=report.path, name=file.name)
        rewritten = _Rewritten(run, source, unasked)
        report, fill = rewritten.first(file), rewritten.fill
    return Shipment(
        id=file.file,
        report=report,
        sent_as=file.format,
        fill=fill,
        tests=file.tests,
        test_keys=file.keys,
        name=file.name,
    )


class _Rewritten:
    """
    Writes Xray JSON anew, with the product's statuses and our own header.

    The settings already contain what the file says about the Test Execution.
    """

    def __init__(self, run: PreparedRun, source: Source, unasked: Unasked) -> None:
        self._run = run
        self._source = source
        self._unasked = unasked

    def first(self, file: ReportFile) -> Report:
        """Return the report that creates a Test Execution, unchanged if possible."""
        settings = self._run.settings
        is_marked = not _is_unlabelled(settings)
        if respelled_statuses(self._run, file) or (is_marked and file.is_headed):
            return self._write_report({} if is_marked else None)
        return Report(format="xray", path=self._source.path)

    def fill(self, key: str) -> Request:
        """Make the request that sends it into an existing Test Execution."""
        execution = self._unasked.execution
        report = self._write_report(import_requests.xray_header(execution, key))
        return import_requests.existing_execution(
            report, execution, key, self._run.dialect
        )

    def _write_report(self, header: Mapping[str, Any] | None) -> Report:
        path = self._run.folder / f"sent-{self._source.path.name}"
        spell = self._run.dialect.own_word
        write_report(
            path, lambda out: xray.write_copy(self._source, header, out, spell)
        )
        return Report(format="xray", path=path)


def respelled_statuses(run: PreparedRun, file: ReportFile) -> dict[str, str]:
    """Return statuses of Xray JSON that the product spells differently."""
    own = {word: run.dialect.own_word(word) for word in file.words}
    return {word: other for word, other in own.items() if word != other}


def _notices_of(
    run: PreparedRun, scenarios: Sequence[Shipment], others: Sequence[ReportFile]
) -> Iterator[str]:
    settings = run.settings
    are_written = any(each.sent_as == "xray" for each in scenarios)
    if are_written:
        why = "other formats cannot fill an existing Test Execution"
        yield f"scenarios are sent as Xray JSON: {why}"
    elif unkeyed := run.results.unkeyed_scenarios:
        who = count(unkeyed, "scenario")
        yield f"{who} without a Test key: Xray accepts only those it knows by name"
    for file in others:
        words = respelled_statuses(run, file).items()
        shown = ", ".join(f"{word} as {other}" for word, other in words)
        if shown:
            yield f"{file.name}: {shown}, the spelling of {run.dialect.product}"
    unused = [
        f"xray_{setting.name}"
        for setting in OF_RESULTS
        if settings.is_given(setting) and setting.name in settings.values
    ]
    if unused and (others or not are_written):
        yield f"report files are sent unchanged, without {', '.join(unused)}"
