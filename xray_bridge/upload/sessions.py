"""
Prepare the results of a session as one shipment: choose a format and write it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xray_bridge.client.field_rules import refuse_odd_fields, refuse_without_jira
from xray_bridge.errors import PartlyRefusedError, ReportError
from xray_bridge.formats import capabilities
from xray_bridge.formats.write import make_writer
from xray_bridge.model.formats import title_of
from xray_bridge.upload.contents import contents_of
from xray_bridge.upload.execution import describe_execution, what_is_unasked
from xray_bridge.upload.format_choice import choose_format, notices_of
from xray_bridge.upload.rendering import copy_report, make_filler, render
from xray_bridge.upload.shipment import Shipment, Upload, describe_report


if TYPE_CHECKING:
    from xray_bridge.client.import_requests import Report
    from xray_bridge.upload.draft import ReceiptDraft
    from xray_bridge.upload.format_choice import FormatChoice
    from xray_bridge.upload.prepared_run import PreparedRun


def prepare(run: PreparedRun, draft: ReceiptDraft) -> Upload:
    """
    Write the reports; the first one is sent.

    Raises SettingError for settings that no request can contain, and ReportError.
    """
    choice = choose_format(run)
    contents = contents_of(run, choice.sent_as)
    notices = (*run.info.notices, *notices_of(run, choice, contents))
    withheld = tuple(run.results.withheld)
    left_out = (*withheld, *contents.left_out, *run.results.left_out)
    code = PartlyRefusedError.exit_code if withheld else 0
    draft.add(left_out=left_out, notices=notices, exit_code=code)
    if run.settings.wants_upload:
        refuse_odd_fields(run.settings)
        jira = run.settings.jira_url and run.settings.jira_user
        knows_jira = bool(jira and run.settings.jira_token)
        refuse_without_jira(run.settings, run.dialect, knows_jira=knows_jira)
        capabilities.refuse_format(run.settings, run.dialect)
    report, unwritten = _render_all(run, choice)
    try:
        copy_report(run, report)
    except ReportError as error:
        if not run.settings.wants_upload:
            raise
        # A failed copy does not stop the upload.
        unwritten.append(str(error))
        draft.add(exit_code=error.exit_code)
    draft.add(report=describe_report(report), notices=(*notices, *unwritten))
    unasked = what_is_unasked(run, describe_execution(run))
    fills = run.can_fill(report.format)
    shipment = Shipment(
        id="results",
        report=report,
        sent_as=choice.sent_as,
        fill=make_filler(run, unasked, report) if fills else None,
        tests=contents.tests,
        test_keys=contents.test_keys,
        rewrite=partial(_render_format, run, choice, choice.formats[0]),
    )
    return Upload(run=run, unasked=unasked, shipments=(shipment,))


def _render_format(run: PreparedRun, choice: FormatChoice, name: str) -> Report:
    stays = name != choice.sent_as
    words = capabilities.words_for(name, run.dialect) if stays else run.dialect
    found = make_writer(name, run.project, run.settings.tag_prefixes, info=run.info)
    return render(run, found, words)


def _render_all(run: PreparedRun, choice: FormatChoice) -> tuple[Report, list[str]]:
    """Write all reports; return the first, and why others could not be written."""
    reports = []
    unwritten = []
    for name in choice.formats:
        try:
            reports.append(_render_format(run, choice, name))
        except ReportError as error:
            if not reports:
                raise
            title = title_of(name)
            unwritten.append(f"{title} was not written: {error.message}")
    return reports[0], unwritten
