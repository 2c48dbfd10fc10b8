"""The table of report formats: what has to hold for each row."""

from __future__ import annotations

import pkgutil
from collections import Counter
from pathlib import Path

import pytest

from xray_bridge.config.parsers import formats
from xray_bridge.config.settings import Settings
from xray_bridge.formats import read
from xray_bridge.formats.read.protocol import Source
from xray_bridge.formats.read.shape import XmlShape
from xray_bridge.formats.write import make_writer
from xray_bridge.model.formats import (
    FORMATS,
    NOT_REPORTS,
    SCENARIO_FORMATS,
    WRITERS,
    XML_FORMATS,
    Format,
)
from xray_sandbox.read.imports import PATHS


SAMPLES = Path(__file__).parents[1] / "samples"
ALL = pytest.mark.parametrize("row", FORMATS.values(), ids=FORMATS)


@ALL
def test_has_a_reader(row: Format) -> None:
    """A shape for XML, a function for JSON."""
    found = pkgutil.resolve_name(row.reader)

    assert isinstance(found, XmlShape) if row.is_xml else callable(found)


@ALL
def test_has_a_sample(row: Format) -> None:
    """A report as its tool writes it is recognised."""
    paths = filter(Path.is_file, SAMPLES.iterdir())
    sources = (Source(path=path, name=path.name) for path in paths)

    assert row.name in {read.recognise_format(source) for source in sources}


@ALL
def test_has_an_endpoint_in_the_sandbox(row: Format) -> None:
    """The sandbox has a list of its own, of the same formats."""
    assert PATHS[row.endpoint] == (row.name, False)


@ALL
def test_is_in_a_group(row: Format) -> None:
    """XML, scenarios, or Xray JSON, which go out in different ways."""
    groups = (row.name in XML_FORMATS, row.name in SCENARIO_FORMATS, not row.endpoint)

    assert sum(groups) == 1


def test_marks_lead_to_one_format() -> None:
    """No two formats share a root element, or another mark of their kind."""
    found = Counter((row.kind, mark) for row in FORMATS.values() for mark in row.marks)

    assert set(found.values()) == {1}
    assert NOT_REPORTS.keys().isdisjoint(mark for _, mark in found)


@pytest.mark.parametrize("name", WRITERS)
def test_setting_names_what_is_written(name: str) -> None:
    """``xray_format`` takes each format that has a writer, and its help says so."""
    assert formats(name) == (name,)
    assert name in Settings.format.help
    assert make_writer(name).format == name


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - WRITERS.keys()))
def test_setting_refuses_what_is_only_passed_on(name: str) -> None:
    """No run can be written in it."""
    with pytest.raises(ValueError, match="is not one of auto, junit, xray"):
        formats(name)
