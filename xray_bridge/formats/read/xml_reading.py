"""
Read the tests of an XML report, counted as in the copy that is sent.

The first pass counts, and finds what must be mended; a second pass writes the copy if
there are changes. Both keep only the open test in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.formats.read.protocol import as_case
from xray_bridge.formats.read.totals import find_disagreements
from xray_bridge.formats.read.xml import feed_parser
from xray_bridge.formats.read.xml_collector import XmlCollector
from xray_bridge.formats.read.xml_editor import Editor


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from xray_bridge.formats.read.protocol import Case, Source
    from xray_bridge.formats.read.shape import XmlShape

# How many names of properties are shown.
SHOWN = 3


class XmlReading:
    """
    The reading of one report; see ``protocol.Reading``.

    ``strip`` leaves properties of suites out of the copy.
    """

    def __init__(self, source: Source, shape: XmlShape, *, strip: bool = False) -> None:
        self._source = source
        self._shape = shape
        self._strip = strip
        self._known: Mapping[int, tuple[str, str]] | None = None
        self._first: XmlCollector | None = None

    @property
    def changes(self) -> Mapping[str, int]:
        """The changes in the copy, and how often each is made."""
        return self._first.changes if self._first else {}

    @property
    def has_hollow(self) -> bool:
        """Whether there are empty elements that Xray fails on."""
        return self._first is not None and self._first.has_hollow

    @property
    def disagreements(self) -> tuple[str, ...]:
        """A line about totals that differ from the tests."""
        first = self._first
        if first is None or first.claims is None:
            return ()
        return find_disagreements(first.claims, first.shown, first.failures)

    @property
    def incomplete(self) -> tuple[str, ...]:
        """Lines about failures that only totals show."""
        return tuple(self._first.counted_only) if self._first else ()

    @property
    def notices(self) -> tuple[str, ...]:
        """A line about properties whose names look like secrets."""
        found = list(self._first.secrets) if self._first else []
        if not found or self._strip:
            return ()
        names = ", ".join(found[:SHOWN]) + (", ..." if len(found) > SHOWN else "")
        what = f"properties whose names look like secrets ({names}) are sent"
        return (f"{what}; --strip-properties leaves out those of suites",)

    def cases(self) -> Iterator[Case]:
        """Yield the tests, and failures outside of tests."""
        return map(as_case, self.results())

    def results(self) -> Iterator[Case | str]:
        """Yield the same, with the names of plain tests that passed."""
        self._first = reader = self._make_reader()
        for _ in feed_parser(reader.parser, self._source):
            yield from reader.done
            reader.done.clear()

    def write(self, out: BinaryIO) -> None:
        """Read the report again, and write the copy."""
        editor = Editor(self._source.path, out)
        reader = self._make_reader(editor)
        for _ in feed_parser(reader.parser, self._source):
            reader.done.clear()
        editor.close()

    def _make_reader(self, editor: Editor | None = None) -> XmlCollector:
        if self._known is None:
            self._known = self._shape.look_ahead(self._source)
        return XmlCollector(
            self._source, self._shape, self._known, editor, strip=self._strip
        )
