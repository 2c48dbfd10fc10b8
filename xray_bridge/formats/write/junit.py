"""
Write JUnit XML with the properties that Xray adds to it.

Source: Xray's manual, "Taking advantage of JUnit XML reports", and the schema
that xray-junit-extensions ships.
"""

from __future__ import annotations

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
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xray_bridge.model.dialect import Dialect
    from xray_bridge.model.results import Evidence, TestRun
    from xray_bridge.runs.merge import Results

# The element inside <testcase>; outcomes without one have passed.
ELEMENTS = {Outcome.FAILED: "failure", Outcome.SKIPPED: "skipped"}
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
        suite = _format_attributes(
            name="xray-bridge",
            tests=str(sum(counts.values())),
            failures=str(counts[Outcome.FAILED]),
            errors="0",
            skipped=str(counts[Outcome.SKIPPED]),
            time=_format_seconds((results.finished or 0) - (results.started or 0)),
            timestamp=iso_time(results.started or 0).replace("+00:00", ""),
        )
        file.write(f"{BEGINNING}<testsuites><testsuite{suite}>".encode())
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
    case = _format_attributes(
        classname=readable(run.test.classname),
        name=_name_of(run),
        time=_format_seconds(duration),
        **{
            "started-at": iso_time(run.started),
            "finished-at": iso_time(run.started + duration),
        },
    )
    properties = "".join(_make_properties(run, outcome))
    element = _make_element(run, outcome)
    if kept:
        file.write(f"\n<testcase{case}><properties>{properties}".encode())
        _write_evidence(kept, file)
        file.write(f"</properties>{element}</testcase>".encode())
        return
    # Xray Cloud fails on an empty <properties/> (xray-junit-extensions, PR 19).
    block = f"<properties>{properties}</properties>" if properties else ""
    content = f"{block}{element}"
    end = f">{content}</testcase>" if content else "/>"
    file.write(f"\n<testcase{case}{end}".encode())


def _write_evidence(kept: Sequence[tuple[Evidence, Path]], file: BinaryIO) -> None:
    """Write evidence in blocks, so that it is never in memory."""
    file.write(b'<property name="testrun_evidence">')
    for each, path in kept:
        file.write(f"<item{_format_attributes(name=each.name)}>".encode())
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
    if outcome is Outcome.FAILED:
        output = readable(run.output)
        text = "\n\n".join(filter(None, (message, output)))
        return _make_xml(name, text, message=line)
    return _make_xml(name, message if message != line else None, message=line)


def _make_properties(run: TestRun, outcome: Outcome) -> Iterator[str]:
    test = run.test
    values = {
        "test_key": ",".join(test.test_keys),
        "test_summary": one_line(test.summary)[:LONGEST_SUMMARY],
        "requirements": ",".join(test.requirements),
        "tags": ",".join(test.labels),
    }
    texts = {
        "test_description": test.description,
        # JUnit XML has no defects, no steps and no iterations.
        "testrun_comment": make_comment(
            run,
            message=outcome not in ELEMENTS,
            output=outcome is not Outcome.FAILED,
            defects=run.defects,
        ),
    }
    for name, value in values.items():
        if value:
            yield _make_xml("property", None, name=name, value=readable(value))
    for name, text in texts.items():
        if text:
            yield _make_xml("property", readable(text), name=name)
    if run.custom_fields:
        items = (
            _make_xml("item", readable(value), name=readable(name))
            for name, value in run.custom_fields
        )
        yield f'<property name="testrun_customfields">{"".join(items)}</property>'


def _make_xml(tag: str, text: str | None, **attributes: str) -> str:
    """Make an element; ``text`` is None for an empty element."""
    begin = f"<{tag}{_format_attributes(**attributes)}"
    return f"{begin}/>" if text is None else f"{begin}>{_escape_text(text)}</{tag}>"


def _format_attributes(**attributes: str) -> str:
    return "".join(
        f' {name}="{_escape_attribute(value)}"' for name, value in attributes.items()
    )


def _escape_text(text: str) -> str:
    for character, escaped in ESCAPED:
        text = text.replace(character, escaped)
    return text


def _escape_attribute(text: str) -> str:
    for character, escaped in ESCAPED_IN_ATTRIBUTES:
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
