"""Measure time and peak memory of rendering each report from a journal."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

from xray_bridge.formats.write import make_writer
from xray_bridge.model.dialect import DIALECTS
from xray_bridge.model.results import Outcome, TestIssue, TestRun
from xray_bridge.runs import run_directory
from xray_bridge.runs.journal import Journal
from xray_bridge.runs.merge import Results


FORMATS = ("junit", "xray")


def record(folder: Path, tests: int) -> run_directory.RunDirectory:
    """Write a journal of this number of failed tests with 1 KiB of text each."""
    info = run_directory.RunInfo(
        id="run", framework="pytest", versions={}, started=0.0, settings={}
    )
    directory = run_directory.create(folder, info)
    written = Journal(directory)
    for number in range(tests):
        written.append(
            TestRun(
                test=TestIssue(
                    classname="tests.test_it",
                    name=f"test_{number}",
                    test_keys=(f"CALC-{number + 1}",),
                ),
                outcome=Outcome.FAILED,
                started=float(number),
                duration=0.1,
                message="x" * 1024,
            )
        )
    written.close()
    return directory


def render(directory: run_directory.RunDirectory, name: str) -> None:
    """Render one report and print its time and memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began = time.perf_counter()
    results = Results([directory])
    indexed = time.perf_counter()
    path = directory.path / name
    with path.open("wb") as file:
        make_writer(name).write(results, DIALECTS["server"], file)
    ended = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = path.stat().st_size / 1e6
    print(
        f"| {name} | {indexed - began:.2f} | {ended - indexed:.2f} "
        f"| {peak - before:.1f} | {size:.0f} |",
        flush=True,
    )


def main() -> None:
    """Print a Markdown table; each format in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=50_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        directory = record(Path(folder), given.tests)
        print("| format | index s | render s | peak MiB added | MB |", flush=True)
        print("|---|---|---|---|---|", flush=True)
        context = multiprocessing.get_context("spawn")
        for name in FORMATS:
            process = context.Process(target=render, args=(directory, name))
            process.start()
            process.join()


if __name__ == "__main__":
    main()
