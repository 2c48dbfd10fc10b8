"""
Write report files, and make the request for an existing Test Execution.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.atomic import replaced
from xray_bridge.client import import_requests
from xray_bridge.errors import ReportError
from xray_bridge.formats.write.xray import XrayWriter
from xray_bridge.model.formats import XML_FORMATS


if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from xray_bridge.client.import_requests import Report
    from xray_bridge.client.request import Request
    from xray_bridge.formats.write.protocol import ReportWriter
    from xray_bridge.model.dialect import Dialect
    from xray_bridge.upload.prepared_run import PreparedRun
    from xray_bridge.upload.unasked import Unasked


def render(
    run: PreparedRun, writer: ReportWriter, dialect: Dialect | None = None
) -> Report:
    """
    Write a report of the results, completely or not at all.

    ``dialect``: another one than the run's. Raises ReportError.
    """
    path = run.folder / writer.file_name
    words = dialect or run.dialect
    write_report(path, lambda file: writer.write(run.results, words, file))
    return import_requests.Report(format=writer.format, path=path)


def write_report(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """
    Write a report file, completely or not at all.

    Raises ReportError.
    """
    try:
        with replaced(path, private=True) as file:
            write(file)
    except OSError as error:
        msg = f"the report cannot be written: {error.strerror}"
        raise ReportError(
            msg, hint="free disk space, then `xray-bridge resend`"
        ) from None


def make_filler(
    run: PreparedRun, unasked: Unasked, report: Report
) -> Callable[[str], Request]:
    """
    Return the function that makes the request for an existing Test Execution.

    The endpoints of Cucumber and Behave JSON accept no key, so these results are sent
    as Xray JSON. The function raises ReportError if that would be empty.
    """

    def fill(key: str) -> Request:
        execution, to_send = unasked.execution, report
        if report.format not in XML_FORMATS:
            header = import_requests.xray_header(execution, key)
            to_send = render(run, XrayWriter(header, run.project))
        return import_requests.existing_execution(to_send, execution, key, run.dialect)

    return fill


def write_parts(folder: Path, request: Request) -> None:
    """
    Write the parts of a form beside the report.

    Raises ReportError.
    """
    for part in request.parts:
        if isinstance(part.content, bytes):
            try:
                with replaced(folder / part.filename, private=True) as file:
                    file.write(part.content)
            except OSError as error:
                msg = f"{part.filename} cannot be written: {error.strerror}"
                raise ReportError(msg) from None


def copy_report(run: PreparedRun, report: Report) -> None:
    """
    Copy the report to the path that the user has set.

    The copy has the format that was set, or is usual, because its readers expect
    that; the run may be sent in another format. Raises ReportError.
    """
    if not run.copy_to:
        return
    target = Path(run.copy_to)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replaced(target) as file, report.path.open("rb") as source:
            shutil.copyfileobj(source, file)
    except OSError as error:
        msg = f"{target} cannot be written: {error.strerror}"
        raise ReportError(
            msg, hint="set xray_report to a path that can be written"
        ) from None
