"""
JUnit XML with the properties that Xray adds to it.

Source: Xray's manual, "Taking advantage of JUnit XML reports", and the schema
that xray-junit-extensions ships.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from lxml import etree

from xray_bridge.model import Outcome
from xray_bridge.moments import iso
from xray_bridge.reports.protocol import readable


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.dialect import Dialect
    from xray_bridge.merge import Results
    from xray_bridge.model import TestRun

# The element inside <testcase>; an outcome that has none passed.
ELEMENTS = {Outcome.FAILED: "failure", Outcome.SKIPPED: "skipped"}
COMMENTS = {
    Outcome.XFAILED: "Failed, as expected (xfail).",
    Outcome.XPASSED: "Passed, though a failure was expected (xpass).",
}


class JUnitWriter:
    """One testcase for each Test; failures as text, the rest as properties."""

    format = "junit"
    file_name = "report.xml"

    def write(
        self,
        results: Results,
        dialect: Dialect,  # noqa: ARG002 - JUnit has no status words
        file: BinaryIO,
    ) -> None:
        """Write the report of ``results`` to ``file``."""
        counts = results.merged_counts()
        suite = {
            "name": "xray-bridge",
            "tests": str(sum(counts.values())),
            "failures": str(counts[Outcome.FAILED]),
            "errors": "0",
            "skipped": str(counts[Outcome.SKIPPED]),
            "time": _seconds((results.finished or 0) - (results.started or 0)),
            "timestamp": iso(results.started or 0).replace("+00:00", ""),
        }
        with etree.xmlfile(file, encoding="utf-8") as xml:
            xml.write_declaration()
            with xml.element("testsuites"), xml.element("testsuite", suite):
                for run in results.merged():
                    xml.write("\n")
                    xml.write(_testcase(run))
                xml.write("\n")


def _testcase(run: TestRun) -> Any:
    case = etree.Element(
        "testcase",
        {
            "classname": readable(run.test.classname),
            "name": readable(run.test.name),
            "time": _seconds(run.duration),
            "started-at": iso(run.started),
            "finished-at": iso(run.started + run.duration),
        },
    )
    properties = list(_properties(run))
    # Xray Cloud trips over an empty <properties/> (xray-junit-extensions, PR 19).
    if properties:
        case.append(etree.Element("properties"))
        case[0].extend(properties)
    name = ELEMENTS.get(run.outcome)
    if name:
        text = readable(run.message)
        element = etree.SubElement(case, name, {"message": _first_line(text)})
        if name == "failure":
            element.text = text
    return case


def _properties(run: TestRun) -> Iterator[Any]:
    test = run.test
    values = {
        "test_key": ",".join(test.test_keys),
        "test_summary": test.summary,
        "requirements": ",".join(test.requirements),
        "tags": ",".join(test.labels),
    }
    texts = {
        "test_description": test.description,
        "testrun_comment": "\n".join(_comment(run)),
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


def _comment(run: TestRun) -> Iterator[str]:
    """What JUnit has no element for: JUnit knows no defects and no iterations."""
    if run.comment:
        yield run.comment
    if run.outcome in COMMENTS:
        yield COMMENTS[run.outcome]
    if run.outcome not in ELEMENTS and run.message:
        yield run.message
    if run.defects:
        yield f"Defects: {', '.join(run.defects)}"
    for iteration in run.iterations:
        named = ", ".join(f"{name}={value}" for name, value in iteration.parameters)
        yield f"{iteration.outcome.value}: {named}"


def _first_line(text: str) -> str:
    """pytest's own summary stands last, after the lines marked with E."""
    marked = [line[2:].strip() for line in text.splitlines() if line.startswith("E ")]
    lines = marked or text.strip().splitlines()
    return lines[0][:500] if lines else ""


def _seconds(duration: float) -> str:
    return f"{max(0.0, duration):.3f}"
