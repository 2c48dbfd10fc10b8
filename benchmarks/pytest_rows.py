"""
Measure the cost of recording a pytest session, beside pytest's own ``--junitxml``.

All other plugins of the environment are off. With ``BENCH_PEER`` in the environment, an
interpreter with pytest-jira-xray, its upload of the same tests is measured in the same
run. ``BENCH_SIZES`` are other numbers of tests, such as ``10000,50000``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from importlib.metadata import entry_points
from pathlib import Path

from benchmarks.draining_server import serve
from benchmarks.instructions import NO_COLLECTIONS
from benchmarks.measure import (
    Row,
    count_instructions,
    format_rows,
    has_callgrind,
    row_of_pairs,
    run_process,
)
from benchmarks.pairs import suite


# Tests of the two sessions whose difference is the cost of one test.
SLOPE = (1_000, 2_000)
QUICK_SLOPE = (100, 500)
MEASURED = frozenset({"xray-bridge", "xdist", "xdist.looponfail"})
# Plugins of the environment that would be measured, too.
PLUGINS = ("cacheprovider", *entry_points(group="pytest11").names - MEASURED)
OFF = tuple(word for name in sorted(PLUGINS) for word in ("-p", f"no:{name}"))
NOT_INSTALLED = ("-p", "no:xray-bridge")
COLLECT = ("--xray-collect",)
UPLOAD = ("--xray-upload", "--xray-preflight=off")
PEER_UPLOAD = ("--jira-xray", "--api-key-auth")
SERIAL = ("-p", "no:xdist")
WORKERS = ("-n", "2")


class Bench:
    """Sessions of one folder of tests; results are removed after each session."""

    def __init__(
        self, folder: Path, tests: int, url: str = "http://127.0.0.1:9"
    ) -> None:
        self.tests = tests
        self._folder = folder / str(tests)
        if not self._folder.exists():
            suite(self._folder, tests)
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XRAY_URL": url,
            "XRAY_TOKEN": "benchmark",
            "XRAY_PROJECT": "CALC",
            "XRAY_API_BASE_URL": url,
            "XRAY_API_KEY": "benchmark",
            "XRAY_EXECUTION_PROJECT_KEY": "CALC",
        }
        self.run()

    def run(self, *arguments: str, python: str = sys.executable) -> tuple[float, float]:
        """Run pytest once: wall and CPU seconds."""
        used = run_process(_command(python, arguments), self._folder, self._environ)
        self._clear()
        return used.wall, used.cpu

    def count(self, *arguments: str) -> int:
        """
        Count the instructions of the process of pytest, without garbage collections.

        One of them costs as much as hundreds of tests, and comes sooner or later.
        """
        site = self._folder.parent / "site"
        site.mkdir(exist_ok=True)
        (site / "sitecustomize.py").write_text(NO_COLLECTIONS, "ascii")
        environ = {**self._environ, "PYTHONPATH": str(site)}
        command = _command(sys.executable, arguments)
        run_process(command, self._folder, {**environ, "PYTHONHASHSEED": "0"})
        self._clear()
        found = count_instructions(command, self._folder, environ)
        self._clear()
        return found

    def junit(self) -> str:
        """The flag of pytest's own report."""
        return f"--junitxml={self._folder.parent / 'out.xml'}"

    def _clear(self) -> None:
        shutil.rmtree(self._folder / ".xray", ignore_errors=True)


def _command(python: str, arguments: tuple[str, ...]) -> list[str]:
    return [python, "-m", "pytest", "-q", *OFF, *arguments]


def rows(quick: bool) -> list[Row]:
    """The rows of pytest, from one test to a whole session with upload."""
    folder = Path(tempfile.mkdtemp(prefix="xray-bridge-bench-"))
    pairs = 3 if quick else 9
    found = []
    if has_callgrind():
        slope = QUICK_SLOPE if quick else SLOPE
        found += [_row_of_instructions(folder, slope), _row_of_idle(folder)]
    sizes: tuple[int, ...] = (2_000,) if quick else (10_000, 50_000)
    if given := os.environ.get("BENCH_SIZES"):
        sizes = tuple(map(int, given.split(",")))
    found += [_row_of_cpu(Bench(folder, size), pairs) for size in sizes]
    found.append(_row_of_workers(Bench(folder, sizes[0]), pairs))
    with serve() as url:
        found.append(_row_of_end(Bench(folder, sizes[0], url), pairs))
        found += _rows_of_session(Bench(folder, 1_000, url), pairs)
    shutil.rmtree(folder)
    return found


def _row_of_instructions(folder: Path, sizes: tuple[int, int]) -> Row:
    def slope(*arguments: str) -> float:
        less, more = (Bench(folder, size) for size in sizes)
        added = more.count(*SERIAL, *arguments) - less.count(*SERIAL, *arguments)
        return added / (more.tests - less.tests)

    junit = Bench(folder, sizes[0]).junit()
    plain, report = slope(*NOT_INSTALLED), slope(*NOT_INSTALLED, junit)
    ours = slope(*COLLECT)
    note = f"{(ours - plain) / 1000:.0f} k, junitxml {(report - plain) / 1000:.0f} k"
    ratio = (ours - plain) / (report - plain)
    return Row("pytest, instructions of a test / junitxml", ratio, "x", 0.6, note=note)


def _row_of_idle(folder: Path) -> Row:
    single = Bench(folder, 1)
    plain = single.count("--co", *NOT_INSTALLED)
    added = (single.count("--co") / plain - 1) * 100
    return Row("pytest, installed and not asked for", added, "%", 1.0)


def _row_of_cpu(bench: Bench, pairs: int) -> Row:
    """The CPU time of a session, of which that of plain pytest is subtracted."""
    ratios = []
    for _ in range(pairs):
        plain = bench.run(*SERIAL, *NOT_INSTALLED)[1]
        report = bench.run(*SERIAL, *NOT_INSTALLED, bench.junit())[1]
        ratios.append((bench.run(*SERIAL, *COLLECT)[1] - plain) / (report - plain))
    what = f"pytest, CPU of {bench.tests:,} tests / junitxml"
    return row_of_pairs(what, ratios, 0.45)


def _row_of_workers(bench: Bench, pairs: int) -> Row:
    """The wall time with two workers, over plain pytest's."""
    ours, theirs = [], []
    for _ in range(pairs):
        plain = bench.run(*WORKERS, *NOT_INSTALLED)[0]
        theirs.append(bench.run(*WORKERS, *NOT_INSTALLED, bench.junit())[0] / plain)
        ours.append(bench.run(*WORKERS, *COLLECT)[0] / plain)
    target = sorted(theirs)[len(theirs) // 2]
    note = f"the target is that of junitxml, {min(theirs):.2f} to {max(theirs):.2f}"
    return row_of_pairs(f"pytest -n 2, {bench.tests:,} tests", ours, target, note)


def _row_of_end(bench: Bench, pairs: int) -> Row:
    """The wall time that an upload adds to a session that is only recorded."""
    added = [
        bench.run(*SERIAL, *UPLOAD)[0] - bench.run(*SERIAL, *COLLECT)[0]
        for _ in range(pairs)
    ]
    middle = sorted(added)[len(added) // 2]
    what = f"pytest, upload of {bench.tests:,} tests"
    return Row(what, middle, "s", 0.25, (min(added), max(added)))


def _rows_of_session(bench: Bench, pairs: int) -> list[Row]:
    """The wall time that a session with upload takes longer than plain pytest."""
    peer = os.environ.get("BENCH_PEER", "")
    ours, theirs = [], []
    for _ in range(pairs):
        plain = bench.run(*SERIAL, *NOT_INSTALLED)[0]
        ours.append((bench.run(*SERIAL, *UPLOAD)[0] - plain) * 1000)
        if peer:
            plain = bench.run(*SERIAL, "-p", "no:xray", python=peer)[0]
            used = bench.run(*SERIAL, *PEER_UPLOAD, python=peer)[0]
            theirs.append((used - plain) * 1000)
    target = 1.5 * sorted(theirs)[len(theirs) // 2] if theirs else 0.0
    note = "the target is 1.5 x pytest-jira-xray" if theirs else "no BENCH_PEER"
    middle = sorted(ours)[len(ours) // 2]
    what = f"pytest, a session of {bench.tests:,} tests with upload"
    return [Row(what, middle, "ms", target, (min(ours), max(ours)), note)]


if __name__ == "__main__":
    print(format_rows(rows("--quick" in sys.argv)))
