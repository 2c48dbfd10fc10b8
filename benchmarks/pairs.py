"""Paired runs: a baseline before and after each run of a variant."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HERE = Path(__file__).parent
ENVIRON = {
    "PATH": os.environ["PATH"],
    "HOME": tempfile.gettempdir(),
    "PYTHONPATH": str(HERE.parent),
    "XRAY_URL": "http://127.0.0.1:9",
    "XRAY_TOKEN": "benchmark",
    "XRAY_PROJECT": "CALC",
}


@dataclass(frozen=True)
class Used:
    """CPU in seconds and peak memory in MiB of one test process."""

    cpu: float
    peak_mib: float


def suite(folder: Path, tests: int, per_file: int = 100) -> None:
    """Write this number of trivial tests, each with a Test key."""
    folder.mkdir(parents=True)
    for number in range(0, tests, per_file):
        lines = ["import pytest", ""]
        for each in range(number, min(number + per_file, tests)):
            lines += [f'@pytest.mark.xray("CALC-{each + 1}")']
            lines += [f"def test_{each}(): pass", ""]
        (folder / f"test_{number:06}.py").write_text("\n".join(lines), "ascii")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = xray\n", "ascii")


def run(folder: Path, arguments: Sequence[str]) -> Used:
    """Run pytest once and read what it used."""
    with tempfile.TemporaryDirectory() as out:
        result = Path(out) / "used.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "benchmarks.probe"]
        command += ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments]
        environ = {**ENVIRON, "BENCH_OUT": str(result)}
        finished = subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, check=False
        )
        if finished.returncode not in {0, 5}:
            sys.exit(finished.stdout.decode() + finished.stderr.decode())
        return Used(**json.loads(result.read_text(encoding="ascii")))


@dataclass(frozen=True)
class Added:
    """The cost of a variant over the baseline: median, smallest and largest."""

    cpu: list[float]
    peak_mib: list[float]

    def median(self, values: Callable[[Added], list[float]]) -> float:
        """The median of one figure."""
        return statistics.median(values(self))


def added(
    folder: Path,
    variants: Mapping[str, Sequence[str]],
    *,
    baseline: Sequence[str],
    pairs: int,
) -> dict[str, Added]:
    """Run B v1 B v2 B ..., and compare each variant with its two neighbours."""
    run(folder, baseline)
    found: dict[str, Added] = {name: Added([], []) for name in variants}
    before = run(folder, baseline)
    for _ in range(pairs):
        for name, arguments in variants.items():
            used = run(folder, arguments)
            after = run(folder, baseline)
            found[name].cpu.append(used.cpu - (before.cpu + after.cpu) / 2)
            peak = (before.peak_mib + after.peak_mib) / 2
            found[name].peak_mib.append(used.peak_mib - peak)
            before = after
    return found
