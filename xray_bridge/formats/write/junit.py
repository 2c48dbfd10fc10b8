"""
Write JUnit XML with the properties that Xray adds to it.

Source: Xray's manual, "Taking advantage of JUnit XML reports", and the schema
that xray-junit-extensions ships.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, BinaryIO

from xray_bridge.formats.write.comment import make_comment
from xray_bridge.formats.write.protocol import (
    LONGEST_SUMMARY,
    limit_duration,
    plain_outcome,
)
from xray_bridge.formats.write.streams import base64_blocks, sendable_evidence
from xray_bridge.model.results import Outcome
from xray_bridge.model.times import iso_time
from xray_bridge.runs import evidence
from xray_bridge.text import one_line, readable


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from xray_bridge.model.dialect import Dialect
    from xray_bridge.model.results import Evidence, TestRun
    from xray_bridge.runs.merge import Results

# The element inside <testcase>; outcomes without one have passed.
ELEMENTS = {Outcome.FAILED: "failure", Outcome.SKIPPED: "skipped"}
# Characters of an attribute that need no escape.
PLAIN = re.compile("[ !#-%'-;=?-~]*")
BEGINNING = "<?xml version='1.0' encoding='utf-8'?>\n"
# The ampersand comes first, because the others have one.
ESCAPED = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))
# Readers make a blank of a line end or a tab in an attribute.
ESCAPED_IN_ATTRIBUTES = (*ESCAPED, ('"', "&quot;"), ("\n", "&#10;"), ("\t", "&#9;"))


class JUnitWriter:
    """One testcase for each Test; failures as text, the rest as properties."""

    format = "junit"
    file_name = "report.xml"

    def write(self, results: Results, dialect: Dialect, file: BinaryIO) -> None:
        """
        Write the report of ``results`` to ``file``.

        Raises ReportError if JUnit XML cannot express the status of an outcome.
        """
        plain: dict[Outcome, Outcome] = {}
        counts: Counter[Outcome] = Counter()
        for outcome, number in results.merged_counts().items():
            plain[outcome] = plain_outcome(outcome, dialect)
            counts[plain[outcome]] += number
        time = _format_seconds((results.finished or 0) - (results.started or 0))
        timestamp = iso_time(results.started or 0).replace("+00:00", "")
        file.write(
            f'{BEGINNING}<testsuites><testsuite name="xray-bridge"'
            f' tests="{sum(counts.values())}" failures="{counts[Outcome.FAILED]}"'
            f' errors="0" skipped="{counts[Outcome.SKIPPED]}"'
            f' time="{time}" timestamp="{timestamp}">'.encode()
        )
        for run in results.merged():
            found = evidence.of_run(run)
            kept = list(sendable_evidence(results, found)) if found else ()
            _write_testcase(run, plain[run.outcome], kept, file)
        file.write(b"\n</testsuite></testsuites>")


def _write_testcase(
    run: TestRun,
    outcome: Outcome,
    kept: Sequence[tuple[Evidence, Path]],
    file: BinaryIO,
) -> None:
    duration = limit_duration(run.duration)
    name, classname = _name_of(run), run.test.classname
    started, finished = iso_time(run.started), iso_time(run.started + duration)
    begin = (
        f"\n<testcase classname={_quote(classname)} name={_quote(name)}"
        f' time="{duration:.3f}" started-at="{started}" finished-at="{finished}"'
    )
    properties = "".join(_make_properties(run, outcome))
    element = _make_element(run, outcome)
    if kept:
        file.write(f"{begin}><properties>{properties}".encode())
        _write_evidence(kept, file)
        file.write(f"</properties>{element}</testcase>".encode())
        return
    # Xray Cloud fails on an empty <properties/> (xray-junit-extensions, PR 19).
    block = f"<properties>{properties}</properties>" if properties else ""
    content = f"{block}{element}"
    end = f">{content}</testcase>" if content else "/>"
    file.write(f"{begin}{end}".encode())


def _write_evidence(kept: Sequence[tuple[Evidence, Path]], file: BinaryIO) -> None:
    """Write evidence in blocks, so that it is never in memory."""
    file.write(b'<property name="testrun_evidence">')
    for each, path in kept:
        file.write(f"<item name={_quote(each.name)}>".encode())
        file.writelines(base64_blocks(path))
        file.write(b"</item>")
    file.write(b"</property>")


def _make_element(run: TestRun, outcome: Outcome) -> str:
    """Make the element of a failed or skipped test; empty for a passed one."""
    name = ELEMENTS.get(outcome)
    if not name:
        return ""
    message = readable(run.message)
    line = _first_line(message)
    begin = f"<{name} message={_quote(line)}"
    if outcome is Outcome.FAILED:
        output = readable(run.output)
        text = "\n\n".join(filter(None, (message, output)))
    elif message == line:
        return f"{begin}/>"
    else:
        text = message
    return f"{begin}>{_escape(text, ESCAPED)}</{name}>"


def _make_properties(run: TestRun, outcome: Outcome) -> Iterator[str]:
    test = run.test
    if test.test_keys:
        yield _make_property("test_key", ",".join(test.test_keys))
    if summary := one_line(test.summary)[:LONGEST_SUMMARY]:
        yield _make_property("test_summary", summary)
    if test.requirements:
        yield _make_property("requirements", ",".join(test.requirements))
    if test.labels:
        yield _make_property("tags", ",".join(test.labels))
    if test.description:
        yield _make_text("property", "test_description", test.description)
    # JUnit XML has no defects, no steps and no iterations.
    comment = make_comment(
        run,
        message=outcome not in ELEMENTS,
        output=outcome is not Outcome.FAILED,
        defects=run.defects,
    )
    if comment:
        yield _make_text("property", "testrun_comment", comment)
    if run.custom_fields:
        items = (_make_text("item", *field) for field in run.custom_fields)
        yield f'<property name="testrun_customfields">{"".join(items)}</property>'


def _make_property(name: str, value: str) -> str:
    return f'<property name="{name}" value={_quote(value)}/>' if value else ""


def _make_text(tag: str, name: str, text: str) -> str:
    """Make an element with a text."""
    shown = _escape(readable(text), ESCAPED)
    return f"<{tag} name={_quote(name)}>{shown}</{tag}>"


def _quote(text: str) -> str:
    """Return a readable text as the value of an attribute."""
    if PLAIN.fullmatch(text):
        return f'"{text}"'
    return f'"{_escape(readable(text), ESCAPED_IN_ATTRIBUTES)}"'


def _escape(text: str, escapes: Iterable[tuple[str, str]]) -> str:
    for character, escaped in escapes:
        text = text.replace(character, escaped)
    return text


def _name_of(run: TestRun) -> str:
    """Name a test case: Xray refuses it without a name, but scenarios may have none."""
    name = readable(run.test.name)
    return name if name.strip() or not run.scenario else f"line {run.scenario.line}"


def _first_line(text: str) -> str:
    """Return the first line of a failure, which pytest marks with E."""
    marked = [line[2:].strip() for line in text.splitlines() if line.startswith("E ")]
    lines = marked or text.strip().splitlines()
    return lines[0][:500] if lines else ""


def _format_seconds(duration: float) -> str:
    return f"{limit_duration(duration):.3f}"
