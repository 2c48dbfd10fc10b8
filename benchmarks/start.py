"""Measure the cost of the plugin for a start of pytest that does not use it."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from benchmarks.pairs import added


def main() -> None:
    """Print the median of the pairs, in milliseconds of CPU."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=31)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="xray-bridge-bench-"))
    off = ["--collect-only", "-p", "no:xray-bridge"]
    variants = {"installed": ["--collect-only"]}
    found = added(folder, variants, baseline=off, pairs=given.pairs)
    costs = [seconds * 1000 for seconds in found["installed"].cpu]
    middle = statistics.median(costs)
    print(
        f"{middle:.1f} ms ({min(costs):.1f} to {max(costs):.1f}), {given.pairs} pairs"
    )


if __name__ == "__main__":
    main()
