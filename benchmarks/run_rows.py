"""
Measure how a run directory becomes a report, and how parts of a CI run are merged.

Each measured process does only this, from its start to its end; a process with a
hundredth of the tests is taken off, so that imports do not count.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.measure import Row, format_rows, run_process
from xray_bridge.formats.write import make_writer
from xray_bridge.model.dialect import DIALECTS
from xray_bridge.runs import run_directory
from xray_bridge.runs.join import join_parts
from xray_bridge.runs.journal import Journal
from xray_bridge.runs.merge import Results


if TYPE_CHECKING:
    from benchmarks.measure import Used
    from xray_bridge.runs.run_directory import RunDirectory

TESTS, QUICK = 200_000, 20_000
PARTS = 100
PER_FILE = 100
REPORT_DIR = ".xray"
MERGED_DIR = "merged"


class Most(NamedTuple):
    """The targets of a test's CPU time, and of memory."""

    microseconds: float
    mib: float


def record(folder: Path, tests: int, parts: int = 1) -> None:
    """Write the journals of sessions in which every test passed, each with its key."""
    for part in range(parts):
        info = run_directory.RunInfo(
            id=f"part-{part:04}",
            framework="pytest",
            versions={},
            started=1_790_000_000.0 + part,
            settings={"project": "CALC"},
        )
        journal = Journal(run_directory.create(folder / REPORT_DIR, info))
        for number in range(part * tests // parts, (part + 1) * tests // parts):
            file = f"tests/calc/test_sums_{number // PER_FILE}.py"
            journal.append_passed(
                f"{file}::test_the_sum_of_numbers_{number}",
                [f"CALC-{number + 1}"],
                1_790_000_000.123456 + number / 100,
                0.012345,
            )
        journal.close()


def render(directory: RunDirectory) -> None:
    """Write the JUnit XML of a run."""
    with (directory.path / "report.xml").open("wb") as file:
        make_writer("junit").write(Results([directory]), DIALECTS["server"], file)


def merge_and_render(folder: Path) -> None:
    """Merge all parts, and write the JUnit XML of the merged run."""
    parts = run_directory.find(folder / REPORT_DIR)
    whole = parts[0] if len(parts) == 1 else join_parts(parts, folder / MERGED_DIR)
    render(whole)


def copy_json(folder: Path) -> None:
    """Load each line of all journals, and write it: the least that any report needs."""
    with (folder / "lines.json").open("w", encoding="utf-8") as file:
        for part in run_directory.find(folder / REPORT_DIR):
            for line in part.lines():
                found = json.loads(line.partition(b"\t")[0])
                file.write(f"{found['classname']}.{found['name']}\n")


# What the measured process does.
WORK = {"render": merge_and_render, "floor": copy_json}


def measure(work: str, tests: int, parts: int) -> Used:
    """Measure a process that does this work with new journals."""
    with tempfile.TemporaryDirectory(prefix="xray-bridge-bench-") as folder:
        path = Path(folder)
        record(path, tests, parts)
        command = [sys.executable, "-m", "benchmarks.run_rows", "--do", work, folder]
        here = str(Path(__file__).parent.parent)
        return run_process(command, path, {**os.environ, "PYTHONPATH": here})


def measure_rows(
    what: str, tests: int, parts: int, most: Most, pairs: int
) -> list[Row]:
    """Return a row of CPU time for each test, with its floor, and a row of memory."""
    used: dict[str, list[float]] = {"floor": [], "render": []}
    peaks = []
    for _ in range(pairs):
        for work, figures in used.items():
            start = measure(work, tests // 100, parts)
            whole = measure(work, tests, parts)
            figures.append((whole.cpu - start.cpu) / (tests - tests // 100) * 1e6)
            peaks.append(whole.peak_mib)
    figures = used["render"]
    spread = (min(figures), max(figures))
    note = f"json.loads and a write: {statistics.median(used['floor']):.1f} us"
    middle = statistics.median(figures)
    return [
        Row(f"{what}, CPU of a test", middle, "us", most.microseconds, spread, note),
        Row(f"{what}, memory", max(peaks), "MiB", most.mib),
    ]


def rows(*, quick: bool) -> list[Row]:
    """Return the rows of this group."""
    tests, pairs = (QUICK, 3) if quick else (TESTS, 5)
    one = f"journal to report, {tests:,} tests"
    many = f"{PARTS} parts x {tests // PARTS:,} tests merged"
    return [
        *measure_rows(one, tests, 1, Most(20, 40), pairs),
        *measure_rows(many, tests, PARTS, Most(16.6, 48), pairs),
    ]


def main() -> None:
    """Print the rows; with ``--do``, be the process that is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--do", nargs=2, metavar=("WORK", "FOLDER"))
    given = parser.parse_args()
    if given.do:
        work, folder = given.do
        WORK[work](Path(folder))
    else:
        print(format_rows(rows(quick=given.quick)))


if __name__ == "__main__":
    main()
