"""
Measure how the cost grows with the number of tests, and draw it.

Writes an SVG: CPU time over the number of tests, both logarithmic. A straight line
that rises by ten for ten times the tests is linear growth.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.instructions import write_junit
from benchmarks.measure import run_process
from benchmarks.pairs import ENVIRON, suite


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SIZES = (1_000, 10_000, 50_000, 200_000)
OTHERS = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:randomly")
PYTEST = ("-m", "pytest", "-q", *OTHERS)
UPLOAD = ("-m", "xray_bridge", "upload", "--dry-run")
# Of the drawing, in its own units.
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 420, 70, 380, 20
COLOURS = {
    "pytest": "#55606e",
    "pytest --junitxml": "#8a5300",
    "pytest --xray-collect": "#0b57a4",
    "upload of the run": "#7a3e9d",
    "upload of a JUnit file": "#146c2e",
}


@dataclass(frozen=True)
class Point:
    """The seconds of CPU, and the peak memory in MiB, for a number of tests."""

    line: str
    tests: int
    seconds: float
    peak_mib: float


def measure(folder: Path, tests: int) -> Iterator[Point]:
    """Measure everything for one number of tests."""
    tests_in = folder / f"suite-{tests}"
    suite(tests_in, tests)
    python = (sys.executable, *PYTEST)
    run_process([*python, "-p", "no:xray-bridge", "--co"], tests_in, ENVIRON)
    variants = {
        "pytest": [],
        "pytest --junitxml": ["--junitxml=report.xml"],
        "pytest --xray-collect": ["--xray-collect"],
    }
    for line, arguments in variants.items():
        used = run_process([*python, *arguments], tests_in, ENVIRON)
        yield Point(line, tests, used.cpu, used.peak_mib)
    upload = (sys.executable, *UPLOAD)
    used = run_process([*upload, ".xray/runs"], tests_in, ENVIRON)
    yield Point("upload of the run", tests, used.cpu, used.peak_mib)
    write_junit(folder / "junit.xml", tests)
    used = run_process([*upload, "junit.xml"], folder, ENVIRON)
    yield Point("upload of a JUnit file", tests, used.cpu, used.peak_mib)
    shutil.rmtree(tests_in)


def draw(points: Sequence[Point]) -> str:
    """Return the SVG of the points."""
    low = math.floor(math.log10(min(point.seconds for point in points)))
    high = math.ceil(math.log10(max(point.seconds for point in points)))
    first, last = (math.log10(edge(p.tests for p in points)) for edge in (min, max))

    def place(tests: float, seconds: float) -> str:
        x = LEFT + (math.log10(tests) - first) / (last - first) * (WIDTH - LEFT - 170)
        y = BOTTOM - (math.log10(seconds) - low) / (high - low) * (BOTTOM - TOP)
        return f"{x:.1f},{y:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
        "<style>text { font: 13px system-ui, sans-serif }</style>",
        "<title>Seconds of CPU over the number of tests</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for power in range(low, high + 1):
        _, y = place(10**first, 10**power).split(",")
        parts.append(f'<path d="M{LEFT} {y}H{WIDTH - 170}" stroke="#d5dbe2"/>')
        parts.append(f'<text x="8" y="{y}">{10.0**power:g} s</text>')
    for tests in dict.fromkeys(point.tests for point in points):
        x, _ = place(tests, 10**low).split(",")
        parts.append(
            f'<text x="{x}" y="{BOTTOM + 20}" text-anchor="middle">{tests:,}</text>'
        )
    ends = {}
    for line, colour in COLOURS.items():
        own = [point for point in points if point.line == line]
        places = [place(point.tests, point.seconds) for point in own]
        parts.append(
            f'<polyline points="{" ".join(places)}" fill="none" stroke="{colour}" '
            'stroke-width="2"/>'
        )
        ends[line] = float(places[-1].partition(",")[2])
    lowest = 0.0
    for line in sorted(ends, key=ends.__getitem__):
        # Names of lines that end at the same place stand below each other.
        lowest = max(ends[line] + 4, lowest + 15)
        colour = COLOURS[line]
        parts.append(
            f'<text x="{WIDTH - 162}" y="{lowest:.1f}" fill="{colour}">{line}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    """Print a Markdown table, and write the drawing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images/growth.svg"))
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    given = parser.parse_args()
    points: list[Point] = []
    with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
        for tests in given.sizes:
            points += measure(Path(folder), tests)
    print("| | tests | seconds of CPU | us per test | MiB |\n|---|---|---|---|---|")
    for point in sorted(points, key=lambda each: (each.line, each.tests)):
        each = point.seconds / point.tests * 1e6
        cells = f"{point.seconds:.2f} | {each:.1f} | {point.peak_mib:.0f}"
        print(f"| {point.line} | {point.tests:,} | {cells} |")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(draw(points), encoding="ascii")


if __name__ == "__main__":
    main()
