"""Measure the cost of recording in the test process, beside ``--junitxml``."""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from benchmarks.pairs import added, suite


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--workers", type=int, default=0)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="xray-bridge-bench-"))
    suite(folder / "suite", given.tests)
    workers = ["-n", str(given.workers)] if given.workers else []
    # A dry run records and renders as an upload does; only the request is left out.
    variants = {
        "--junitxml": ["--junitxml", str(folder / "out.xml"), *workers],
        "--xray-upload": ["--xray-dry-run", *workers],
    }
    print(f"{given.tests} tests, {given.pairs} pairs, workers: {given.workers}\n")
    found = added(folder / "suite", variants, baseline=workers, pairs=given.pairs)
    print("| variant | us per test (min to max) | peak MiB |")
    print("|---|---|---|")
    for name, each in found.items():
        per_test = [seconds / given.tests * 1e6 for seconds in each.cpu]
        middle = statistics.median(per_test)
        memory = statistics.median(each.peak_mib)
        spread = f"{min(per_test):.0f} to {max(per_test):.0f}"
        print(f"| {name} | {middle:.1f} ({spread}) | {memory:.1f} |")
    ours, theirs = found["--xray-upload"].cpu, found["--junitxml"].cpu
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    print(f"\nours / junitxml: {statistics.median(ratios):.2f}")
    journals = (folder / "suite" / ".xray" / "runs").glob("*/journal.jsonl")
    counts = {len(path.read_bytes().splitlines()) for path in journals}
    print(f"lines in the journals: {counts}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
