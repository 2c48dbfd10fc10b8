"""
Read Cucumber and Behave JSON as a ``protocol.Reading``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.formats.read.protocol import Case
from xray_bridge.formats.read.scenarios import ScenarioReader


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import BinaryIO

    from xray_bridge.formats.read.protocol import Source
    from xray_bridge.model.results import TestRun


def _ignore_run(_: TestRun) -> None:
    """Ignore the result, which is only counted."""


@dataclass(slots=True, kw_only=True)
class ScenarioReading:
    """The reading of one report; ``note`` is called with each result."""

    source: Source
    reader: ScenarioReader
    note: Callable[[TestRun], None] = _ignore_run

    @property
    def changes(self) -> Mapping[str, int]:
        """The changes in the copy, and how often each is made."""
        return self.reader.changes

    @property
    def has_hollow(self) -> bool:
        """Always false: it is not XML."""
        return False

    @property
    def disagreements(self) -> tuple[str, ...]:
        """Always empty: such reports have no totals."""
        return ()

    @property
    def incomplete(self) -> tuple[str, ...]:
        """Lines about features that failed without a failed scenario."""
        return tuple(self.reader.incomplete)

    @property
    def notices(self) -> tuple[str, ...]:
        """Lines about unknown statuses."""
        return tuple(
            f"the status {word!r} is unknown and counts as failed"
            for word in self.reader.unknown
        )

    def cases(self) -> Iterator[Case]:
        """Yield the scenarios, once for each of their Test keys."""
        for run in self.reader.runs(self.source):
            self.note(run)
            for key in run.test.test_keys or ("",):
                yield Case(
                    name=run.test.definition,
                    outcome=run.outcome,
                    key=key,
                    message=run.message,
                )

    def results(self) -> Iterator[Case]:
        """Yield the same: no format of JSON has plain results."""
        return self.cases()

    def write(self, out: BinaryIO) -> None:
        """Write the mended copy."""
        self.reader.write(self.source, out)


def read_cucumber(source: Source) -> ScenarioReading:
    """Open Cucumber JSON."""
    return ScenarioReading(source=source, reader=ScenarioReader(behave=False))


def read_behave(source: Source) -> ScenarioReading:
    """Open Behave JSON."""
    return ScenarioReading(source=source, reader=ScenarioReader(behave=True))
