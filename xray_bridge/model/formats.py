"""
The report formats that Xray imports: one row for each.

These rows give the choices of ``--format`` and of ``xray_format``, how a file is
recognised and read, the endpoint and the parts of a request, names in messages, and the
table in the manual.

Sources: Xray's manual, "Import Execution Results - REST", for the endpoints and what
a format can say; the schemas and manuals of JUnit, TestNG, NUnit 2 and 3, xUnit.net 2
and Robot Framework, and those of Cucumber's and behave's JSON.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Mapping

# In place of a format: the one that fits.
AUTO = "auto"


class Kind(enum.Enum):
    """The syntax of a report."""

    XML = "XML"
    OBJECT = "a JSON object"
    LIST = "a JSON array"


class Need(enum.Enum):
    """Something that a report may have to say beside outcomes and texts."""

    # A status other than the outcome's own, and one that no element leads to.
    STATUS = "status"
    WORD = "word"
    AGGREGATE = "aggregate"
    DEFECTS = "defects"
    STEPS = "steps"
    EVIDENCE = "evidence"


class Holds(enum.Enum):
    """The results that a format can hold."""

    ALL = "all"
    SCENARIOS = "scenarios"
    # All results except scenarios without a Test key.
    NAMED = "named"


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """
    The class that writes a format, and what the format can say.

    ``path`` is the class, as ``module:name``; ``takes`` are the arguments of
    ``formats.write.make_writer`` that it needs. ``cannot`` are needs that it cannot
    hold, ``in_comments`` those that it can only write into a comment.
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

    ``name`` is Xray's, ``title`` is its name in messages, ``tool`` its name in the
    manual if that differs. ``endpoint`` is the end of the path of its import. ``marks``
    distinguish it from others of its kind: root elements, members of the object, or
    members of the array's first object. ``reader`` is the shape of its XML, or the
    function that reads it, as ``module:name``. Formats without a ``writer`` are only
    uploaded from files.
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
        """Whether it is XML, which can go into an existing Test Execution."""
        return self.kind is Kind.XML

    @property
    def recognised_by(self) -> str:
        """How a file of this format is recognised, for the manual."""
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
        # JUnit XML has elements for failures and skips, and no statuses.
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
        # Xray decides scenarios by their steps, and joins the rows of an outline.
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
# The formats that xray-bridge writes itself.
WRITERS: Mapping[str, Writer] = {
    each.name: each.writer for each in _ROWS if each.writer
}
# Formats for other tools, which Xray does not import.
OTHER_WRITERS: Mapping[str, Writer] = {
    "ctrf": Writer(
        path="xray_bridge.formats.write.ctrf:CtrfWriter",
        takes=("info",),
        cannot=frozenset({Need.WORD, Need.AGGREGATE}),
    ),
}
ALL_WRITERS: Mapping[str, Writer] = {**WRITERS, **OTHER_WRITERS}
# The formats that hold results of feature files.
SCENARIO_FORMATS = frozenset(
    name for name, writer in WRITERS.items() if writer.holds is Holds.SCENARIOS
)


def title_of(name: str) -> str:
    """Return the name of a written format in messages."""
    return FORMATS[name].title if name in FORMATS else name.upper()


# Root elements of files that are not reports, and what to do instead.
NOT_REPORTS = {
    "TestRun": "this is not Visual Studio's TRX; let the tests write JUnit XML",
    "html": "this is a web page; upload the report file instead",
    "coverage": "this is a coverage report; upload the test report instead",
}
