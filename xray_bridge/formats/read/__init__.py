"""
Read reports that other tools wrote: their format, their errors and their results.

The package ``write`` writes reports; neither package needs the other.
"""

from __future__ import annotations

import pkgutil
from typing import TYPE_CHECKING, Any

from xray_bridge.formats.read import xml
from xray_bridge.formats.read.json_stream import (
    open_json,
    parse_members,
    read_items,
    read_keys,
)
from xray_bridge.formats.read.long_data import ShortData
from xray_bridge.formats.read.protocol import Case, ExecutionData, Reading, Source
from xray_bridge.formats.read.scenario_reading import ScenarioReading
from xray_bridge.formats.read.scenarios import ScenarioReader
from xray_bridge.formats.read.shape import XmlShape
from xray_bridge.formats.read.xml_reading import XmlReading
from xray_bridge.model.formats import FORMATS, NOT_REPORTS, SCENARIO_FORMATS, Kind


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.model.formats import Format

__all__ = [
    "Case",
    "ExecutionData",
    "Reading",
    "ScenarioReader",
    "ScenarioReading",
    "Source",
    "open_reading",
    "read_cases",
    "recognise_format",
]

_TITLES = ", ".join(each.title for each in FORMATS.values())
ANY = f"known formats: {_TITLES}, and those that xray-bridge converts"


def recognise_format(source: Source, asked: str = "auto") -> str:
    """
    Recognise the format of a report by its root element or its first keys.

    ``asked`` is the format that it must have. Raises ReportError if it has no known
    format, or another one.
    """
    found = _find_format(source).name
    kind = SCENARIO_FORMATS if {found, asked} <= SCENARIO_FORMATS else {found}
    if asked not in {"auto", *kind}:
        msg = f"is {FORMATS[found].title}, not {FORMATS[asked].title}"
        raise source.broken(msg, hint=f"leave out --format, or use --format {found}")
    return found if asked == "auto" else asked


def _find_format(source: Source) -> Format:
    first = _first_byte(source)
    if first == b"<":
        return _find_xml_format(source)
    if first == b"{":
        return _find_object_format(source)
    if first == b"[":
        return _find_array_format(source)
    text = "is neither XML nor JSON, nor text of a known format"
    raise source.broken(text if first else "is empty", hint=ANY)


def _first_byte(source: Source) -> bytes:
    try:
        with source.path.open("rb") as file:
            return file.read(1 << 16).lstrip()[:1]
    except OSError as error:
        raise source.broken(f"cannot be read: {error.strerror}") from None


def _formats_of_kind(kind: Kind) -> list[Format]:
    return [each for each in FORMATS.values() if each.kind is kind]


def _find_xml_format(source: Source) -> Format:
    root = xml.root_of(source)
    for each in _formats_of_kind(Kind.XML):
        if root in each.marks:
            return each
    msg = f"has the root element <{root}>, which no known report has"
    raise source.broken(msg, hint=NOT_REPORTS.get(root, ANY))


def _find_object_format(source: Source) -> Format:
    known = _formats_of_kind(Kind.OBJECT)
    for key in read_keys(source):
        for each in known:
            if key in each.marks:
                _refuse_other_tests(source)
                return each
    raise source.broken("is not Xray JSON: it has no tests", hint=ANY)


def _refuse_other_tests(source: Source) -> None:
    """Refuse ``tests`` of other tools; those of Xray JSON name their Tests."""
    with open_json(source) as file:
        members = parse_members(ShortData(file), "tests")
        first: Any = next((test for name, test in members if name == "tests"), None)
    if isinstance(first, dict) and {"testKey", "testInfo"}.isdisjoint(first):
        what = "is not Xray JSON: its tests have neither testKey nor testInfo"
        raise source.broken(what, hint=ANY)


def _find_array_format(source: Source) -> Format:
    """Find the format of an array; an empty one may be of any format."""
    known = _formats_of_kind(Kind.LIST)
    for feature in read_items(source):
        for each in known:
            if isinstance(feature, dict) and not feature.keys().isdisjoint(each.marks):
                return each
        raise source.broken("is neither Cucumber nor Behave JSON", hint=ANY)
    return known[0]


def open_reading(source: Source, name: str, *, strip: bool = False) -> Reading:
    """
    Open a report in a format.

    ``strip`` leaves properties of suites out of the copy that is sent.
    """
    reader = pkgutil.resolve_name(FORMATS[name].reader)
    if isinstance(reader, XmlShape):
        return XmlReading(source, reader, strip=strip)
    found: Reading = reader(source)
    return found


def read_cases(source: Source, name: str) -> Iterator[Case]:
    """
    Read all results of a report in a format.

    Raises ReportError.
    """
    return open_reading(source, name).cases()
