"""
Convert reports of formats that Xray does not import to JUnit XML.

``recognise`` finds the format; each format has a module with a converter, which yields
results, failures outside of tests, and the totals that the report gives.
"""

from __future__ import annotations

import pkgutil
from dataclasses import field
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.formats.convert.junit import JUnitFile
from xray_bridge.formats.convert.keys import KeyFinder
from xray_bridge.formats.convert.protocol import RUN, Converted, Red, RunFailed, Totals
from xray_bridge.formats.convert.recognise import recognise
from xray_bridge.formats.read.protocol import Source
from xray_bridge.model.results import Outcome
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xray_bridge.formats.convert.protocol import Converter, Item
    from xray_bridge.model.foreign_formats import ForeignFormat

__all__ = ["into_junit", "read_report", "recognise"]


def read_report(
    source: Source, row: ForeignFormat, prefixes: Sequence[str]
) -> Iterator[Item]:
    """
    Read all items of a report.

    Raises ReportError.
    """
    convert: Converter = pkgutil.resolve_name(row.converter)
    try:
        yield from convert(source, KeyFinder(prefixes=prefixes))
    except RecursionError:
        raise source.broken("is nested too deeply") from None


def into_junit(
    source: Source, row: ForeignFormat, prefixes: Sequence[str], path: Path
) -> tuple[Source, tuple[str, ...]]:
    """
    Write the report as JUnit XML to ``path``; return it with notices.

    A failure outside of tests becomes a result of its own. Raises ReportError.
    """
    count_of = _Counted()
    file = JUnitFile(path, row.name)
    try:
        for item in read_report(source, row, prefixes):
            for result in count_of.count_item(item):
                file.add(result)
        for result in count_of.hidden_failures():
            file.add(result)
        file.finish()
    finally:
        file.close()
    notices = tuple(f"{source.name}: {what}" for what in count_of.find_notices())
    return Source(path=path, name=source.name), notices


@dataclass(slots=True)
class _Counted:
    """Counts the items, to compare them with the report's own totals."""

    tests: int = 0
    failed: int = 0
    red: int = 0
    totals: list[Totals] = field(default_factory=list)
    run_failed: str = ""
    words: dict[str, None] = field(default_factory=dict)

    def count_item(self, item: Item) -> Iterator[Converted]:
        """Count an item; yield the result to write, if it is one."""
        if isinstance(item, Totals):
            self.totals.append(item)
        elif isinstance(item, RunFailed):
            self.run_failed = self.run_failed or item.message
        elif isinstance(item, Red):
            self.red += 1
            yield _result_of(item)
        else:
            self.tests += 1
            self.failed += item.outcome is Outcome.FAILED
            if item.word:
                self.words[item.word] = None
            yield item

    def hidden_failures(self) -> Iterator[Converted]:
        """Yield a result for a failure that the report counts but does not contain."""
        claimed = max((each.failed or 0 for each in self.totals), default=0)
        what = f"the report counts {count(claimed, 'failure')} but contains none"
        message = self.run_failed or (what if claimed else "")
        if message and not self.failed and not self.red:
            yield from self.count_item(Red(name=RUN, message=message))

    def find_notices(self) -> Iterator[str]:
        """Find totals that differ, and unknown outcomes."""
        for each in self.totals:
            pairs = (
                (each.tests, self.tests, ""),
                (each.failed, self.failed, "failed "),
            )
            for claimed, read, word in pairs:
                if claimed is not None and not read <= claimed <= read + self.red:
                    what = f"its own totals say {count(claimed, f'{word}test')}"
                    yield f"{what}, but it contains {read}; these {read} count"
        for word in self.words:
            yield f"the outcome {word!r} is unknown and counts as failed"


def _result_of(red: Red) -> Converted:
    return Converted(name=red.name, message=red.message, outcome=Outcome.FAILED)
