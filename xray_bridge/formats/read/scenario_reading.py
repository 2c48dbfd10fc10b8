"""
Cucumber and Behave JSON, for those who count results: see ``protocol.Reading``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_bridge.formats.read.protocol import Case
from xray_bridge.formats.read.scenarios import ScenarioReader


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import BinaryIO

    from xray_bridge.formats.read.protocol import Source
    from xray_bridge.model.results import TestRun


def _ignore_run(_: TestRun) -> None:
    """Results are counted only."""


@dataclass(slots=True, kw_only=True)
class ScenarioReading:
    """One report; ``note`` is called with each result."""

    source: Source
    reader: ScenarioReader
    note: Callable[[TestRun], None] = _ignore_run

    @property
    def changes(self) -> Mapping[str, int]:
        """What is mended, and how often."""
        return self.reader.changes

    @property
    def disagreements(self) -> tuple[str, ...]:
        """Such reports count nothing themselves."""
        return ()

    @property
    def incomplete(self) -> tuple[str, ...]:
        """Features that failed without a scenario."""
        return tuple(self.reader.incomplete)

    @property
    def notices(self) -> tuple[str, ...]:
        """Words that nobody knows."""
        return tuple(
            f"the status {word!r} is unknown and counts as failed"
            for word in self.reader.unknown
        )

    def cases(self) -> Iterator[Case]:
        """The scenarios, once for each Test that they name."""
        for run in self.reader.runs(self.source):
            self.note(run)
            for key in run.test.test_keys or ("",):
                yield Case(
                    name=run.test.definition,
                    outcome=run.outcome,
                    key=key,
                    message=run.message,
                )

    def write(self, out: BinaryIO) -> None:
        """The copy, mended."""
        self.reader.write(self.source, out)


def read_cucumber(source: Source) -> ScenarioReading:
    """Cucumber JSON."""
    return ScenarioReading(source=source, reader=ScenarioReader(behave=False))


def read_behave(source: Source) -> ScenarioReading:
    """Behave JSON."""
    return ScenarioReading(source=source, reader=ScenarioReader(behave=True))
