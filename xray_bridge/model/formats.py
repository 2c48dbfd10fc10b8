"""
The report formats that Xray imports: one row for each.

Everything else is read from these rows: the choices of ``--format`` and of
``xray_format``, how a file is recognised and read, the endpoint and the parts of a
request, names in messages, and the table in the manual.

Sources: Xray's manual, "Import Execution Results - REST", for the endpoints and what
a format can say; the schemas and manuals of JUnit, TestNG, NUnit 2 and 3, xUnit.net 2
and Robot Framework, Cucumber's and behave's of their JSON for what stands where.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Mapping

# Instead of a format: whichever fits.
AUTO = "auto"


class Kind(enum.Enum):
    """What a report is made of."""

    XML = "XML"
    OBJECT = "a JSON object"
    LIST = "a JSON array"


class Need(enum.Enum):
    """What a report may have to say beyond outcomes and texts."""

    # Another status than the outcome's own, and one that no element leads to.
    STATUS = "status"
    WORD = "word"
    AGGREGATE = "aggregate"
    DEFECTS = "defects"
    STEPS = "steps"
    EVIDENCE = "evidence"


class Holds(enum.Enum):
    """Which results a format has a place for."""

    ALL = "all"
    SCENARIOS = "scenarios"
    # All but scenarios that have no Test key.
    NAMED = "named"


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """
    What writes a format, and what the format can say.

    ``path`` is the class, as ``module:name``; ``takes`` are those of the arguments
    of ``formats.write.writer`` that it wants. ``cannot``: what it has no place for.
    ``in_comments``: what it says in a comment only.
    """

    path: str
    takes: tuple[str, ...] = ()
    holds: Holds = Holds.ALL
    cannot: frozenset[Need] = frozenset()
    in_comments: frozenset[Need] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """
    One format.

    ``name`` is Xray's, ``title`` what messages call it, ``tool`` what the manual
    calls it where that is another name. ``endpoint`` is the end of the path of its
    import. ``marks`` tell it from the others of its kind: root elements, members of
    the object, members of the array's first object. ``reader`` is the shape of its
    XML, or what reads it otherwise, as ``module:name``. Formats without a ``writer``
    are only passed on.
    """

    name: str
    title: str
    kind: Kind
    marks: tuple[str, ...]
    endpoint: str
    reader: str
    tool: str = ""
    writer: Writer | None = None

    @property
    def is_xml(self) -> bool:
        """Whether it is XML, which can go into a Test Execution that exists."""
        return self.kind is Kind.XML

    @property
    def recognised_by(self) -> str:
        """For a person: how a file of this format is told from others."""
        if self.kind is Kind.XML:
            return ", ".join(f"`<{mark}>`" for mark in self.marks)
        what = "an object" if self.kind is Kind.OBJECT else "a list of features"
        return f"{what} with `{self.marks[0]}`"


_STATUSES = frozenset({Need.STATUS, Need.WORD, Need.AGGREGATE})
_ROWS = (
    Format(
        name="junit",
        title="JUnit XML",
        kind=Kind.XML,
        marks=("testsuites", "testsuite"),
        endpoint="/junit",
        reader="xray_bridge.formats.read.shapes.junit:SHAPE",
        # JUnit XML has elements for failures and skips, and no words of its own.
        writer=Writer(
            path="xray_bridge.formats.write.junit:JUnitWriter",
            cannot=frozenset({Need.WORD}),
            in_comments=frozenset({Need.DEFECTS, Need.STEPS}),
        ),
    ),
    Format(
        name="xray",
        title="Xray JSON",
        kind=Kind.OBJECT,
        marks=("tests", "info", "testExecutionKey"),
        endpoint="",
        reader="xray_bridge.formats.read.xray:XrayReading",
        writer=Writer(
            path="xray_bridge.formats.write.xray:XrayWriter",
            takes=("project",),
            holds=Holds.NAMED,
        ),
    ),
    Format(
        name="cucumber",
        title="Cucumber JSON",
        kind=Kind.LIST,
        marks=("uri", "id", "line"),
        endpoint="/cucumber",
        reader="xray_bridge.formats.read.scenario_reading:read_cucumber",
        # Xray judges scenarios by their steps, and joins the rows of an outline.
        writer=Writer(
            path="xray_bridge.formats.write.cucumber:CucumberWriter",
            takes=("prefixes",),
            holds=Holds.SCENARIOS,
            cannot=_STATUSES | {Need.DEFECTS},
        ),
    ),
    Format(
        name="behave",
        title="Behave JSON",
        kind=Kind.LIST,
        marks=("location", "status"),
        endpoint="/behave",
        reader="xray_bridge.formats.read.scenario_reading:read_behave",
        writer=Writer(
            path="xray_bridge.formats.write.behave:BehaveWriter",
            takes=("prefixes",),
            holds=Holds.SCENARIOS,
            cannot=_STATUSES | {Need.DEFECTS},
        ),
    ),
    Format(
        name="testng",
        title="TestNG XML",
        tool="TestNG",
        kind=Kind.XML,
        marks=("testng-results",),
        endpoint="/testng",
        reader="xray_bridge.formats.read.shapes.testng:SHAPE",
    ),
    Format(
        name="nunit",
        title="NUnit XML",
        tool="NUnit 2 and 3",
        kind=Kind.XML,
        marks=("test-results", "test-run"),
        endpoint="/nunit",
        reader="xray_bridge.formats.read.shapes.nunit:SHAPE",
    ),
    Format(
        name="xunit",
        title="xUnit XML",
        tool="xUnit.net 2",
        kind=Kind.XML,
        marks=("assemblies", "assembly"),
        endpoint="/xunit",
        reader="xray_bridge.formats.read.shapes.xunit:SHAPE",
    ),
    Format(
        name="robot",
        title="Robot XML",
        tool="Robot Framework",
        kind=Kind.XML,
        marks=("robot",),
        endpoint="/robot",
        reader="xray_bridge.formats.read.shapes.robot:SHAPE",
    ),
)
FORMATS: Mapping[str, Format] = {each.name: each for each in _ROWS}
XML_FORMATS = frozenset(each.name for each in _ROWS if each.is_xml)
# Those that this package writes itself.
WRITERS: Mapping[str, Writer] = {
    each.name: each.writer for each in _ROWS if each.writer
}
# Written from results of feature files; one file may hold many of them.
SCENARIO_FORMATS = frozenset(
    name for name, writer in WRITERS.items() if writer.holds is Holds.SCENARIOS
)
# Root elements of files that people take for reports, and what to do instead.
NOT_REPORTS = {
    "TestRun": "this is not Visual Studio's TRX; let the tests write JUnit XML",
    "html": "this is a web page; upload the report file instead",
    "coverage": "this is a coverage report; upload the test report instead",
}
