"""
Reports that other tools wrote: which format, whether sound, which results.

``reports`` writes them, this package reads them; neither needs the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.formats.read import xml, xray
from xray_bridge.formats.read.json_stream import DEEPER, events, items
from xray_bridge.formats.read.protocol import Case, Said, Source
from xray_bridge.formats.read.scenarios import ScenarioReader
from xray_bridge.formats.read.xml_dialects import SHAPES
from xray_bridge.model.dialect import XML_FORMATS


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "NAMES",
    "SCENARIOS",
    "Case",
    "Said",
    "ScenarioReader",
    "Source",
    "cases",
    "recognised",
]

SCENARIOS = frozenset({"cucumber", "behave"})
NAMES: Mapping[str, str] = {
    "xray": "Xray JSON",
    "cucumber": "Cucumber JSON",
    "behave": "Behave JSON",
    "junit": "JUnit XML",
    "testng": "TestNG XML",
    "nunit": "NUnit XML",
    "xunit": "xUnit XML",
    "robot": "Robot XML",
}
ROOTS = {root: name for name, shape in SHAPES.items() for root in shape.roots}
# What people take for a report, and what would be one.
HINTS = {
    "TestRun": "this is Visual Studio's trx; let the tests write JUnit XML",
    "html": "this is a page for people; the report is another file",
    "coverage": "this is a coverage report; the tests' own is another file",
}
ANY = f"one of {', '.join(NAMES.values())} is expected"
OF_XRAY = frozenset({"tests", "info", "testExecutionKey"})
MARKS = frozenset({"uri", "id", "line"})


def recognised(source: Source, asked: str = "auto") -> str:
    """
    The format of a report, by its root element or its first keys.

    ``asked``: what it has to be. Raises ReportError where it is none, or another.
    """
    found = _format(source)
    kind = SCENARIOS if {found, asked} <= SCENARIOS else {found}
    if asked not in {"auto", *kind}:
        msg = f"is {NAMES[found]}, not {NAMES[asked]}"
        raise source.broken(msg, hint=f"leave out --format, or say {found}")
    return found if asked == "auto" else asked


def _format(source: Source) -> str:
    first = _first(source)
    if first == b"<":
        root = xml.root_of(source)
        if root not in ROOTS:
            msg = f"no report has the root element <{root}>"
            raise source.broken(msg, hint=HINTS.get(root, ANY))
        return ROOTS[root]
    if first == b"{":
        return _of_object(source)
    if first == b"[":
        return _of_array(source)
    raise source.broken("is neither XML nor JSON" if first else "is empty", hint=ANY)


def _first(source: Source) -> bytes:
    try:
        with source.path.open("rb") as file:
            return file.read(1 << 16).lstrip()[:1]
    except OSError as error:
        raise source.broken(f"cannot be read: {error.strerror}") from None


def _of_object(source: Source) -> str:
    with source.path.open("rb") as file:
        line = file.readline(1 << 16)
    if line.lstrip().startswith(b'{"meta"') or b'"testRunStarted"' in line:
        hint = "let Cucumber write `--format json`"
        raise source.broken(
            "has Cucumber's messages, which Xray does not read", hint=hint
        )
    depth = 0
    for event, value in events(source):
        if depth == 1 and event == "map_key" and value in OF_XRAY:
            return "xray"
        depth += DEEPER.get(event, 0)
    raise source.broken("is no Xray JSON: it has no tests", hint=ANY)


def _of_array(source: Source) -> str:
    """An empty one is Cucumber's as well as behave's."""
    for feature in items(source):
        if not isinstance(feature, dict):
            break
        if MARKS & feature.keys():
            return "cucumber"
        if "location" in feature or "status" in feature:
            return "behave"
        break
    else:
        return "cucumber"
    raise source.broken("is neither Cucumber nor Behave JSON", hint=ANY)


def cases(source: Source, name: str) -> Iterator[Case]:
    """
    The results of a report in a format, read to its end.

    Raises ReportError.
    """
    if name in XML_FORMATS:
        return xml.cases(source, name)
    if name == "xray":
        return xray.cases(source)
    reader = ScenarioReader(behave=name == "behave")
    return (
        Case(
            name=run.test.definition,
            outcome=run.outcome,
            key=key,
            message=run.message,
        )
        for run in reader.runs(source)
        for key in run.test.test_keys or ("",)
    )
