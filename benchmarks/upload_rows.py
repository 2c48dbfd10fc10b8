"""
Measure uploads of report files, beside curl, requests, and junitparser with requests.

``XRAY_BENCH_BASE`` may name the Python of another installation of xray-bridge; then
rows compare with it, too.
"""

from __future__ import annotations

import argparse
import base64
import os
import shutil
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import draining_server
from benchmarks.measure import (
    Row,
    compare_pairs,
    count_instructions,
    format_rows,
    has_callgrind,
    row_of_pairs,
    run_process,
)


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

JUNIT = "/rest/raven/1.0/import/execution/junit"
REQUESTS = """\
import sys, requests
with open(sys.argv[1], "rb") as file:
    requests.post(sys.argv[2], files={"file": file}).raise_for_status()
"""
JUNITPARSER = f"""\
import sys
from junitparser import JUnitXml
for suite in JUnitXml.fromfile(sys.argv[1]):
    for case in suite:
        case.result
{REQUESTS}"""
MIB_LIMIT = 40
# Megabytes of one string, by the size of the other reports.
GROWTH = {20: (1, 4, 16, 20), 100: (1, 2, 4, 8, 16, 100)}
PLAIN = "a line of output that a test has written\n"


@dataclass(frozen=True)
class Bench:
    """A folder with reports, and the server that takes them."""

    folder: Path
    url: str
    pairs: int

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment of the measured processes."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("XRAY_")}
        # Byte code is written, as where the tool is installed.
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        return {**kept, "XRAY_URL": self.url, "XRAY_TOKEN": "a-token-of-the-benchmark"}

    def upload(self, report: Path, python: str = sys.executable) -> list[str]:
        """Return the command that uploads a report."""
        shutil.rmtree(self.folder / ".xray", ignore_errors=True)
        command = [python, "-m", "xray_bridge", "upload", "--project", "DEMO"]
        return [*command, str(report)]

    def time_upload(self, report: Path, python: str = sys.executable) -> float:
        """Return the seconds of an upload, from start to exit."""
        command = self.upload(report, python)
        return run_process(command, self.folder, self.environ).wall

    def time_peer(self, code: str, report: Path) -> float:
        """Return the seconds of a script; ``curl`` is curl."""
        address = self.url + JUNIT
        command = [sys.executable, "-c", code, str(report), address]
        if code == "curl":
            # Without -F, curl would hold the file in memory.
            command = ["curl", "-sf", "-F", f"file=@{report}", address]
        return run_process(command, self.folder, self.environ).wall

    def compare(
        self, what: str, report: Path, peers: Mapping[str, tuple[str, float]]
    ) -> Iterator[Row]:
        """Yield a row for each peer, with its name, script and target; and memory."""
        for name, (code, target) in peers.items():
            ratios = compare_pairs(
                partial(self.time_upload, report),
                partial(self.time_peer, code, report),
                self.pairs,
            )
            yield row_of_pairs(f"{what}, wall against {name}", ratios, target)
        yield self.measure_memory(what, report)

    def compare_base(self, what: str, report: Path, target: float) -> Iterator[Row]:
        """Yield a row against the other installation, if there is one."""
        if base := os.environ.get("XRAY_BENCH_BASE"):
            ratios = compare_pairs(
                lambda: self.time_upload(report),
                lambda: self.time_upload(report, base),
                self.pairs,
            )
            yield row_of_pairs(f"{what}, wall against the base", ratios, target)

    def measure_memory(self, what: str, report: Path) -> Row:
        """Return the row of the peak memory of an upload."""
        used = run_process(self.upload(report), self.folder, self.environ)
        return Row(f"{what}, memory", used.peak_mib, "MiB", MIB_LIMIT)


def write_junit(path: Path, tests: int, output: int) -> Path:
    """Write a report of so many tests, in suites of 1,000, with so much output each."""
    text = (PLAIN * (output // len(PLAIN) + 1))[:output]
    with path.open("w") as file:
        file.write("<testsuites>\n")
        for first in range(0, tests, 1000):
            file.write(f'<testsuite name="suite {first}">\n')
            for number in range(first, min(first + 1000, tests)):
                failure = '<failure message="1 != 2">a trace</failure>'
                file.write(
                    f'<testcase classname="tests.module_{number % 97}.TestClass" '
                    f'name="test_number_{number}" time="0.001">'
                    f"{'' if number % 50 else failure}"
                    f"<system-out>{text}</system-out></testcase>\n"
                )
            file.write("</testsuite>\n")
        file.write("</testsuites>\n")
    return path


def write_xray_json(path: Path, tests: int, size: int) -> Path:
    """Write a report of so many tests with one piece of evidence of so many bytes."""
    # In blocks: memory of this process would count in the processes that it starts.
    block = base64.b64encode(os.urandom(3 << 14))
    with path.open("wb") as file:
        file.write(b'{"info": {"project": "DEMO", "summary": "s"}, "tests": [')
        for number in range(tests):
            key = f'{{"testKey": "DEMO-{number + 1}", "status": "PASS", "evidence": [{{'
            name = '"filename": "e.bin", "contentType": "application/octet-stream", '
            between = "," if number else ""
            file.write(f'{between}{key}{name}"data": "'.encode())
            file.writelines(block for _ in range(size // len(block)))
            file.write(block[: size % len(block)] + b'"}]}')
        file.write(b"]}")
    return path


def measure_tiny(bench: Bench, report: Path) -> Iterator[Row]:
    """Yield the rows of a report with one test: what the start costs."""
    what = "a tiny report"
    yield bench.measure_memory(what, report)
    yield from bench.compare_base(what, report, 0.6)
    base = os.environ.get("XRAY_BENCH_BASE")
    if base and has_callgrind():
        counted = [
            count_instructions(
                bench.upload(report, python), bench.folder, bench.environ
            )
            for python in (sys.executable, base)
        ]
        ratio = counted[0] / counted[1]
        yield Row(f"{what}, instructions against the base", ratio, "x", 0.6)


def measure_growth(bench: Bench, sizes: Sequence[int]) -> Iterator[Row]:
    """Yield rows of reports with one string of evidence, and of the largest one."""
    report = bench.folder / "string.json"
    seconds = []
    for size in sizes:
        write_xray_json(report, 1, size * 1_000_000)
        found = [bench.time_upload(report) for _ in range(bench.pairs)]
        seconds.append(statistics.median(found))
    largest = sizes[-1]
    ratio = largest / sizes[0]
    what = f"one string of {largest} MB, wall over one of {sizes[0]} MB"
    note = ", ".join(f"{each * 1000:.0f} ms" for each in seconds)
    yield Row(what, seconds[-1] / seconds[0], "x", ratio, note=note)
    peers = {"curl": ("curl", 4.0)}
    yield from bench.compare(f"one string of {largest} MB", report, peers)


def measure_all(bench: Bench, megabytes: int) -> Iterator[Row]:
    """Yield all rows for reports of this size; only of 100 MB also one of 1 GB."""
    folder = bench.folder
    yield from measure_tiny(bench, write_junit(folder / "tiny.xml", 1, 100))
    tests = megabytes * 1560
    what = f"JUnit, {megabytes} MB, {tests:,} tests"
    peers = {
        "junitparser + requests": (JUNITPARSER, 0.6),
        "requests": (REQUESTS, 3.0),
        "curl": ("curl", 30.0),
    }
    yield from bench.compare(what, write_junit(folder / "a.xml", tests, 520), peers)
    yield from bench.compare_base(what, folder / "a.xml", 0.4)
    few = megabytes * 15
    what = f"JUnit, {megabytes} MB, 64 KB of output a test"
    curl = {"curl": ("curl", 3.0)}
    yield from bench.compare(what, write_junit(folder / "a.xml", few, 65_536), curl)
    large = 10 * megabytes
    if megabytes >= 100:  # noqa: PLR2004 - not of the quick size
        what = f"JUnit, {large} MB, {tests * 10:,} tests"
        write_junit(folder / "a.xml", tests * 10, 520)
        yield bench.measure_memory(what, folder / "a.xml")
        yield from bench.compare_base(what, folder / "a.xml", 0.4)
    what = f"Xray JSON, {large} MB of evidence"
    curl = {"curl": ("curl", 4.0)}
    report = write_xray_json(folder / "a.json", large, 1_000_000)
    yield from bench.compare(what, report, curl)
    report.unlink()
    yield from measure_growth(bench, GROWTH[megabytes])


def rows(*, quick: bool) -> list[Row]:
    """Return the rows of this group."""
    with ExitStack() as stack:
        name = tempfile.mkdtemp(prefix="xray-bridge-bench-")
        stack.callback(shutil.rmtree, name)
        url = stack.enter_context(draining_server.serve())
        bench = Bench(Path(name), url, pairs=3 if quick else 5)
        return [*measure_all(bench, 20 if quick else 100)]


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    print(format_rows(rows(quick=given.quick)))


if __name__ == "__main__":
    main()
