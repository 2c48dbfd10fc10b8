"""Measure the cost of recording a behave run, beside behave's own JSON formatter."""

from __future__ import annotations

import os
import shutil
import socketserver
import statistics
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import (
    Row,
    count_instructions,
    format_rows,
    has_callgrind,
    row_of_pairs,
    run_process,
)


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PER_FEATURE = 50
# Scenarios of the two runs whose difference is the cost of one scenario.
SLOPE = (200, 600)
# Notes the CPU time of the scenarios, and when the last one ended.
ENVIRONMENT = """\
import os
import time


def before_all(context):
    context.began = time.process_time()


def after_all(context):
    used = time.process_time() - context.began
    with open(os.environ["BENCH_MARKS"], "w") as file:
        file.write(f"{used!r} {time.time()!r}")
"""
STEPS = """\
from behave import given, then, when


@given("a number {number:d}")
def start(context, number):
    context.number = number


@when("I add {number:d}")
def add(context, number):
    context.number += number


@then("I have {number:d}")
def compare(context, number):
    assert context.number == number
"""
SCENARIO = """
  @TEST_CALC-{number}
  Scenario: Scenario {number}
    Given a number 1
    When I add 1
    And I add 1
    And I add 1
    Then I have 4
"""
NULL = ("-f", "null")
JSON = ("-f", "json", "-o", "out.json")
# Recorded as for an upload; the results stay in the run directory.
XRAY = "behave_xray_bridge:XrayFormatter"
OURS = ("-f", XRAY, "-D", "xray_collect=true")
UPLOAD = ("-f", XRAY, "-D", "xray_upload=true", "-D", "xray_preflight=off")


@dataclass(frozen=True)
class Cost:
    """CPU seconds of all scenarios, and wall seconds from the last one to the exit."""

    scenarios: float
    end: float


def write_suite(folder: Path, scenarios: int) -> None:
    """Write features of scenarios that pass, with five steps and a Test key each."""
    steps = folder / "features" / "steps"
    steps.mkdir(parents=True)
    (folder / "features" / "environment.py").write_text(ENVIRONMENT, "ascii")
    (steps / "steps.py").write_text(STEPS, "ascii")
    for first in range(0, scenarios, PER_FEATURE):
        lines = [f"@TESTSET_CALC-1\nFeature: Feature {first}\n"]
        numbers = range(first, min(first + PER_FEATURE, scenarios))
        lines += [SCENARIO.format(number=number + 1) for number in numbers]
        path = folder / "features" / f"f{first:06}.feature"
        path.write_text("".join(lines), "ascii")


class _Answers(BaseHTTPRequestHandler):
    """Takes everything that is sent, and answers like Xray's import."""

    def do_POST(self) -> None:
        left = int(self.headers.get("Content-Length", 0))
        while left > 0:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        self._answer(b'{"testExecIssue":{"id":"1","key":"CALC-1","self":""}}')

    def do_GET(self) -> None:
        self._answer(b"[]")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def serve() -> Iterator[str]:
    """Serve in a thread, and return the address."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _environ(folder: Path, url: str = "http://127.0.0.1:9") -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "BENCH_MARKS": str(folder / "marks"),
        "XRAY_URL": url,
        "XRAY_TOKEN": "benchmark",
        "XRAY_PROJECT": "CALC",
    }


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "behave", "--no-summary", *arguments]


def run_behave(
    folder: Path, arguments: Sequence[str], environ: Mapping[str, str]
) -> Cost:
    """Run behave once and read what it used."""
    run_process(_command(arguments), folder, environ)
    exited = time.time()
    used, ended = map(float, (folder / "marks").read_text("ascii").split())
    return Cost(used, exited - ended)


def count_per_scenario(folder: Path, arguments: Sequence[str]) -> float:
    """Count the instructions of one more scenario."""
    found = []
    for number in SLOPE:
        suite = folder / str(number)
        if not suite.exists():
            write_suite(suite, number)
        environ = _environ(suite)
        run_process(_command(arguments), suite, {**environ, "PYTHONHASHSEED": "0"})
        found.append(count_instructions(_command(arguments), suite, environ))
    return (found[1] - found[0]) / (SLOPE[1] - SLOPE[0])


def rows(quick: bool) -> list[Row]:
    """The rows of behave: recording, and the end of a run that uploads."""
    folder = Path(tempfile.mkdtemp(prefix="xray-bridge-bench-"))
    scenarios, pairs = (500, 3) if quick else (2_000, 9)
    suite = folder / "suite"
    write_suite(suite, scenarios)
    found = [_row_of_recording(suite, scenarios, pairs), _row_of_end(suite, pairs)]
    if has_callgrind():
        found.insert(0, _row_of_instructions(folder))
    shutil.rmtree(folder)
    return found


def _row_of_instructions(folder: Path) -> Row:
    null, json, ours = (count_per_scenario(folder, each) for each in (NULL, JSON, OURS))
    ratio = (ours - null) / (json - null)
    note = f"{(ours - null) / 1000:.0f} k, json {(json - null) / 1000:.0f} k"
    return Row("behave, instructions of a scenario / json", ratio, "x", 1.0, note=note)


def _row_of_recording(suite: Path, scenarios: int, pairs: int) -> Row:
    """The CPU time of the scenarios, of which the null formatter's is subtracted."""
    environ = _environ(suite)
    ratios, ours, theirs = [], [], []
    run_behave(suite, NULL, environ)
    for _ in range(pairs):
        null, json, mine = (
            run_behave(suite, each, environ).scenarios for each in (NULL, JSON, OURS)
        )
        ours.append((mine - null) / scenarios * 1e6)
        theirs.append((json - null) / scenarios * 1e6)
        ratios.append((mine - null) / (json - null))
    note = f"{statistics.median(ours):.0f} us, json {statistics.median(theirs):.0f} us"
    return row_of_pairs("behave, CPU of a scenario / json", ratios, 1.0, note)


def _row_of_end(suite: Path, pairs: int) -> Row:
    """The time from the last scenario to the exit, with an upload to this machine."""
    ends = []
    with serve() as url:
        environ = _environ(suite, url)
        for _ in range(pairs):
            null = run_behave(suite, NULL, environ)
            ends.append(run_behave(suite, UPLOAD, environ).end - null.end)
    spread = (min(ends), max(ends))
    middle = statistics.median(ends)
    return Row("behave, end of a run with upload", middle, "s", 0.3, spread)


if __name__ == "__main__":
    print(format_rows(rows("--quick" in sys.argv)))
