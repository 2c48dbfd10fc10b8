"""
Compares the rows that tests have with the datasets of their Tests.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from xray_bridge.client.datasets import fetch_datasets
from xray_bridge.dataclass import dataclass
from xray_bridge.datasets.cached import FETCH
from xray_bridge.datasets.compare import Difference, compare_rows
from xray_bridge.recording.dataset_rows import read_all


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xray_bridge.client.xray import XrayClient
    from xray_bridge.model.dialect import Dialect
    from xray_bridge.runs.run_directory import RunDirectory

MISSING = "missing here"
EXTRA = "here, but not in its dataset"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """
    The parameters of one test, by name.

    ``dataset`` is the key of the Test whose dataset the test asks for; empty if it has
    rows of its own.
    """

    keys: tuple[str, ...]
    values: Mapping[str, str]
    dataset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsReport:
    """Differences, and what is wrong with datasets, both by key."""

    differences: Mapping[str, Difference] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def is_wrong(self) -> bool:
        """Whether rows are missing or extra, or a dataset has none."""
        differs = any(e.missing or e.extra for e in self.differences.values())
        return differs or bool(self.problems)

    def lines(self) -> Iterator[str]:
        """Yield the report as text."""
        found: list[str] = []
        for each in self.differences.values():
            found += each.lines(MISSING, EXTRA)
        found += self.problems.values()
        found += (
            f"{key}: its rows were never fetched here, so none are compared; type "
            f"{FETCH} {key}"
            for key in self.unknown
        )
        if found:
            yield f"Rows of datasets: {len(found)}"
            yield from (f"  {line}" for line in found)


def read_row(found: Mapping[str, Any]) -> CodeRow | None:
    """Read the parameters in a line of a framework's list; None if it has none."""
    values = {str(name): str(value) for name, value in found.get("row", ())}
    dataset = str(found.get("dataset", ""))
    if not values and not dataset:
        return None
    keys = tuple(map(str, found["keys"]))
    return CodeRow(keys=keys, values=values, dataset=dataset)


def rows_in_runs(
    directories: Iterable[RunDirectory], damaged: list[str]
) -> Iterator[CodeRow]:
    """Return the rows that have a result, of Tests whose dataset a run has read."""
    for directory in directories:
        known = {each.key for each in read_all(directory.path)}
        for run in directory.runs(damaged) if known else ():
            for key in known.intersection(run.test.test_keys):
                yield CodeRow(keys=(key,), values=dict(run.parameters), dataset=key)


def compare_with_xray(
    rows: Sequence[CodeRow], xray: XrayClient, dialect: Dialect, *, every: bool
) -> RowsReport:
    """
    Fetch datasets, and compare; ``every``: also for tests with rows of their own.

    Raises DeliveryError.
    """
    asked = {row.dataset for row in rows if row.dataset}
    wanted = {*asked, *(key for row in rows for key in row.keys if every)}
    if not wanted:
        return RowsReport()
    datasets = fetch_datasets(xray, dialect, sorted(wanted))
    differences = {}
    unknown = []
    for key, dataset in datasets.items():
        own = [row.values for row in rows if key in (*row.keys, row.dataset)]
        if not dataset.rows:
            continue
        found = compare_rows(dataset, own)
        if found is not None:
            differences[key] = found
        elif not any(own):
            unknown.append(key)
    return RowsReport(
        differences=differences,
        problems={
            key: datasets[key].problem
            for key in sorted(asked)
            if key in datasets and datasets[key].problem
        },
        unknown=tuple(unknown),
    )
