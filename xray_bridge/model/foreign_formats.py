"""
The report formats that Xray does not import and xray-bridge converts: one row each.

The choices of ``--format``, how a file is recognised and the table in the manual
come from these rows. Sources: the tools' own files; each row's module says which.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.text import join_words


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Sign(enum.Enum):
    """The kind of marks by which a format is recognised."""

    # The root element, as ``namespace name`` if it has a namespace.
    ROOT = "XML with"
    # Members of the object; all of them must be there.
    MEMBERS = "a JSON object with"
    # The only members that the first object may have.
    LINE = "a JSON object in each line, with"
    # A regular expression for a line among the first.
    TEXT = "text with"
    # A regular expression for the first bytes, which need not be text.
    BYTES = "bytes"
    # A pattern for the names of files in a folder.
    FOLDER = "a folder with"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignFormat:
    """
    One format.

    ``name`` is for ``--format``, ``title`` is its name in messages. ``converter`` is
    the function that gives its results, as ``module:name``. ``known_by`` is the text of
    the manual if ``marks`` are not readable.
    """

    name: str
    title: str
    sign: Sign
    marks: tuple[str, ...]
    converter: str
    known_by: str = ""

    @property
    def recognised_by(self) -> str:
        """How a file of this format is recognised, for the manual."""
        marks = join_words([f"`{mark}`" for mark in self.marks])
        return self.known_by or f"{self.sign.value} {marks}"


_HERE = "xray_bridge.formats.convert"
_TEAM_TEST = "http://microsoft.com/schemas/VisualStudio/TeamTest"
_MESSAGES = (
    "attachment",
    "gherkinDocument",
    "hook",
    "meta",
    "parameterType",
    "parseError",
    "pickle",
    "source",
    "stepDefinition",
    "suggestion",
    "testCase",
    "testCaseFinished",
    "testCaseStarted",
    "testRunFinished",
    "testRunHookFinished",
    "testRunHookStarted",
    "testRunStarted",
    "testStepFinished",
    "testStepStarted",
    "undefinedParameterType",
)
_GO_EVENTS = (
    "Action",
    "Elapsed",
    "FailedBuild",
    "ImportPath",
    "Key",
    "Output",
    "OutputType",
    "Package",
    "Path",
    "Test",
    "Time",
    "Value",
)
# The order matters for formats that share members: Jest comes before Vitest.
_ROWS = (
    ForeignFormat(
        name="trx",
        title="TRX",
        sign=Sign.ROOT,
        marks=(f"{_TEAM_TEST}/2010 TestRun", f"{_TEAM_TEST}/2006 TestRun"),
        converter=f"{_HERE}.trx:convert",
        known_by="`<TestRun>` of Visual Studio",
    ),
    ForeignFormat(
        name="ctrf",
        title="CTRF",
        sign=Sign.MEMBERS,
        marks=("results.tests",),
        converter=f"{_HERE}.ctrf:convert",
    ),
    ForeignFormat(
        name="tap",
        title="TAP 13 and 14",
        sign=Sign.TEXT,
        marks=(r"TAP version \d+\s*", r"1\.\.\d+\b.*", r"(?:not )?ok\b.*"),
        converter=f"{_HERE}.tap:convert",
        known_by="lines such as `1..3` and `ok 1 - adds`",
    ),
    ForeignFormat(
        name="go-test",
        title="go test -json",
        sign=Sign.LINE,
        marks=_GO_EVENTS,
        converter=f"{_HERE}.go_test:convert",
        known_by="a JSON object in each line, with `Action`",
    ),
    ForeignFormat(
        name="cucumber-messages",
        title="Cucumber Messages",
        sign=Sign.LINE,
        marks=_MESSAGES,
        converter=f"{_HERE}.cucumber_messages:convert",
        known_by="a JSON object in each line, such as `meta`",
    ),
    ForeignFormat(
        name="robot-json",
        title="Robot Framework's JSON",
        sign=Sign.MEMBERS,
        marks=("suite.name", "statistics.total"),
        converter=f"{_HERE}.robot:convert",
    ),
    ForeignFormat(
        name="pytest-json",
        title="pytest-json-report",
        sign=Sign.MEMBERS,
        marks=("created", "exitcode", "summary"),
        converter=f"{_HERE}.pytest_json:convert",
    ),
    ForeignFormat(
        name="jest",
        title="Jest JSON",
        sign=Sign.MEMBERS,
        marks=("numRuntimeErrorTestSuites", "testResults"),
        converter=f"{_HERE}.jest:convert",
    ),
    ForeignFormat(
        name="vitest",
        title="Vitest JSON",
        sign=Sign.MEMBERS,
        marks=("numTotalTestSuites", "testResults"),
        converter=f"{_HERE}.jest:convert",
    ),
    ForeignFormat(
        name="mocha",
        title="Mocha JSON",
        sign=Sign.MEMBERS,
        marks=("stats.passes", "passes", "failures"),
        converter=f"{_HERE}.mocha:convert",
    ),
    ForeignFormat(
        name="playwright",
        title="Playwright JSON",
        sign=Sign.MEMBERS,
        marks=("config.rootDir", "suites", "stats.expected"),
        converter=f"{_HERE}.playwright:convert",
    ),
    ForeignFormat(
        name="newman",
        title="Newman JSON",
        sign=Sign.MEMBERS,
        marks=("collection", "run.executions"),
        converter=f"{_HERE}.newman:convert",
    ),
    ForeignFormat(
        name="behavex",
        title="behavex JSON",
        sign=Sign.MEMBERS,
        marks=("features", "steps_definition"),
        converter=f"{_HERE}.behavex:convert",
    ),
    ForeignFormat(
        name="allure",
        title="Allure results",
        sign=Sign.FOLDER,
        marks=("*-result.json",),
        converter=f"{_HERE}.allure:convert",
    ),
    ForeignFormat(
        name="check",
        title="Check's XML",
        sign=Sign.ROOT,
        marks=("http://check.sourceforge.net/ns testsuites",),
        converter=f"{_HERE}.c_libraries:convert_check",
        known_by="`<testsuites>` of libcheck",
    ),
    ForeignFormat(
        name="cppunit",
        title="CppUnit's XML",
        sign=Sign.ROOT,
        marks=("TestRun",),
        converter=f"{_HERE}.c_libraries:convert_cppunit",
        known_by="`<TestRun>` without a namespace",
    ),
    ForeignFormat(
        name="unittest-cpp",
        title="UnitTest++'s XML",
        sign=Sign.ROOT,
        marks=("unittest-results",),
        converter=f"{_HERE}.c_libraries:convert_unittest_pp",
    ),
    ForeignFormat(
        name="subunit",
        title="subunit",
        sign=Sign.BYTES,
        marks=(r"\xb3", r"(?:progress|tags|test|testing|time): \S"),
        converter=f"{_HERE}.subunit:convert",
        known_by="its signature, or lines such as `test: name`",
    ),
)
FOREIGN_FORMATS: Mapping[str, ForeignFormat] = {each.name: each for each in _ROWS}


def foreign_folder(path: Path) -> ForeignFormat | None:
    """The format whose results are the files of this folder, if it is one's."""
    if path.is_dir():
        for each in _ROWS:
            if each.sign is Sign.FOLDER and any(map(any, map(path.glob, each.marks))):
                return each
    return None
