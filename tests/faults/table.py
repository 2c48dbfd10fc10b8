"""A pytest plugin that prints which faults were tried, and which survived."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = Path(__file__).with_name("rows.txt")


def rows() -> dict[str, str]:
    """The description of each fault, by its id."""
    lines = ROWS.read_text(encoding="utf-8").splitlines()
    return {line[:3]: line[4:] for line in lines}


@dataclass
class Row:
    """The results of the tests of one fault."""

    tests: dict[str, None] = field(default_factory=dict)
    failed: int = 0
    seconds: float = 0.0


class Table:
    """Collects, and prints at the end."""

    def __init__(self) -> None:
        self._ids: dict[str, list[str]] = {}
        self._rows: defaultdict[str, Row] = defaultdict(Row)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add what a phase of a test took and came to."""
        ids = dict(report.user_properties).get("faults", "")
        for each in str(ids).split():
            row = self._rows[each]
            row.tests[report.nodeid.partition("[")[0]] = None
            row.failed += report.failed
            row.seconds += report.duration

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Print the table."""
        for line in self.lines():
            terminalreporter.write_line(line)

    def lines(self) -> Iterator[str]:
        """The table, and what no test tries yet."""
        known = rows()
        yield "| fault | survived | seconds | tests |"
        yield "| --- | --- | --- | --- |"
        for each, row in sorted(self._rows.items()):
            survived = "NO" if row.failed else "yes"
            names = ", ".join(name.rpartition("::")[2] for name in row.tests)
            yield f"| {each} {known[each]} | {survived} | {row.seconds:.1f} | {names} |"
        alive = sum(not row.failed for row in self._rows.values())
        yield f"{len(self._rows)} of {len(known)} faults tried, {alive} survived"
        missing = [each for each in known if each not in self._rows]
        yield f"without a test: {' '.join(missing)}"


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    items: list[pytest.Item],
) -> Iterator[None]:
    """Let the reports of a test say which faults it is about."""
    yield
    for item in items:
        ids = [each for mark in item.iter_markers("fault") for each in mark.args]
        if ids:
            item.user_properties.append(("faults", " ".join(ids)))


def pytest_configure(config: pytest.Config) -> None:
    """Register it in the process that prints."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Table())
