"""
Write JUnit XML with the properties that Xray adds to it.

Source: Xray's manual, "Taking advantage of JUnit XML reports", and the schema
that xray-junit-extensions ships.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, BinaryIO

from lxml import etree

from xray_bridge.formats.write.comment import make_comment
from xray_bridge.formats.write.protocol import (
    LONGEST_SUMMARY,
    limit_duration,
    plain_outcome,
)
from xray_bridge.formats.write.streams import (
    base64_blocks,
    raises_what_failed,
    sendable_evidence,
)
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


class JUnitWriter:
    """One testcase for each Test; failures as text, the rest as properties."""

    format = "junit"
    file_name = "report.xml"

    def write(self, results: Results, dialect: Dialect, file: BinaryIO) -> None:
        """
        Write the report of ``results`` to ``file``.

        Raises ReportError if JUnit XML cannot express the status of an outcome.
        """
        counts: Counter[Outcome] = Counter()
        for outcome, number in results.merged_counts().items():
            counts[plain_outcome(outcome, dialect)] += number
        suite = {
            "name": "xray-bridge",
            "tests": str(sum(counts.values())),
            "failures": str(counts[Outcome.FAILED]),
            "errors": "0",
            "skipped": str(counts[Outcome.SKIPPED]),
            "time": _format_seconds((results.finished or 0) - (results.started or 0)),
            "timestamp": iso_time(results.started or 0).replace("+00:00", ""),
        }
        with (
            raises_what_failed(file) as target,
            etree.xmlfile(target, encoding="utf-8") as xml,
        ):
            xml.write_declaration()
            with xml.element("testsuites"), xml.element("testsuite", suite):
                for run in results.merged():
                    xml.write("\n")
                    case = _make_testcase(run, plain_outcome(run.outcome, dialect))
                    kept = list(sendable_evidence(results, evidence.of_run(run)))
                    if kept:
                        _write_with(kept, case, xml)
                    else:
                        xml.write(case)
                xml.write("\n")


def _write_with(kept: Sequence[tuple[Evidence, Path]], case: Any, xml: Any) -> None:
    """Write a test case element by element, so that no evidence is in memory."""
    block, *rest = case if case.find("properties") is not None else ((), *case)
    with xml.element("testcase", dict(case.attrib)):
        with xml.element("properties"):
            for element in block:
                xml.write(element)
            with xml.element("property", name="testrun_evidence"):
                for each, path in kept:
                    with xml.element("item", name=each.name):
                        for content in base64_blocks(path):
                            xml.write(content.decode())
        for element in rest:
            xml.write(element)


def _make_testcase(run: TestRun, outcome: Outcome) -> Any:
    duration = limit_duration(run.duration)
    case = etree.Element(
        "testcase",
        {
            "classname": readable(run.test.classname),
            "name": _name_of(run),
            "time": _format_seconds(duration),
            "started-at": iso_time(run.started),
            "finished-at": iso_time(run.started + duration),
        },
    )
    properties = list(_make_properties(run, outcome))
    # Xray Cloud fails on an empty <properties/> (xray-junit-extensions, PR 19).
    if properties:
        case.append(etree.Element("properties"))
        case[0].extend(properties)
    name = ELEMENTS.get(outcome)
    if name:
        message = readable(run.message)
        line = _first_line(message)
        element = etree.SubElement(case, name, {"message": line})
        if outcome is Outcome.FAILED:
            output = readable(run.output)
            element.text = "\n\n".join(filter(None, (message, output)))
        elif message != line:
            element.text = message
    return case


def _make_properties(run: TestRun, outcome: Outcome) -> Iterator[Any]:
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
            yield etree.Element("property", {"name": name, "value": readable(value)})
    for name, text in texts.items():
        if text:
            element = etree.Element("property", {"name": name})
            element.text = readable(text)
            yield element
    if run.custom_fields:
        yield _custom_fields(run)


def _custom_fields(run: TestRun) -> Any:
    element = etree.Element("property", {"name": "testrun_customfields"})
    for name, value in run.custom_fields:
        item = etree.SubElement(element, "item", {"name": readable(name)})
        item.text = readable(value)
    return element


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
