"""Measure processes: instructions, time and peak memory, as ratios of pairs."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Used:
    """Wall and CPU time in seconds, and peak memory in MiB, of one process.

    CPU and memory include the child processes that it waited for.
    """

    wall: float
    cpu: float
    peak_mib: float


@dataclass(frozen=True)
class Row:
    """One line of the table: a figure, its range over the pairs, and the target."""

    what: str
    figure: float
    unit: str
    target: float
    range: tuple[float, float] | None = None
    note: str = ""


def run_process(command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> Used:
    """Run a command to its end. SystemExit with its output where it fails."""
    began = time.perf_counter()
    with (
        (cwd / "bench-output.txt").open("w+b") as output,
        subprocess.Popen(
            command, cwd=cwd, env=dict(environ), stdout=output, stderr=output
        ) as process,
    ):
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{command} ended with {process.returncode}: {output.read()!r}")
    return Used(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def has_callgrind() -> bool:
    """Whether instructions can be counted on this machine."""
    return shutil.which("valgrind") is not None


def count_instructions(
    command: Sequence[str], cwd: Path, environ: Mapping[str, str]
) -> int:
    """Count the instructions of one process, without its child processes.

    Run the command once before, so that its byte code is compiled.
    """
    counted = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = subprocess.run(
        [*counted, *command],
        cwd=cwd,
        env={**environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or found is None:
        sys.exit(f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return int(found[1])


def compare_pairs(
    ours: Callable[[], float], theirs: Callable[[], float], pairs: int
) -> list[float]:
    """The ratio of each of our runs to the mean of the two of theirs beside it."""
    before = theirs()
    ratios = []
    for _ in range(pairs):
        mine = ours()
        after = theirs()
        ratios.append(mine / ((before + after) / 2))
        before = after
    return ratios


def row_of_pairs(
    what: str, ratios: Sequence[float], target: float, note: str = ""
) -> Row:
    """The row of a ratio: the median of the pairs, and their range."""
    spread = (min(ratios), max(ratios))
    return Row(what, statistics.median(ratios), "x", target, spread, note)


def format_rows(rows: Sequence[Row]) -> str:
    """A Markdown table of the rows."""
    lines = ["| what | measured | range | target | |", "|---|---|---|---|---|"]
    for row in rows:
        spread = f"{row.range[0]:.2f} to {row.range[1]:.2f}" if row.range else ""
        figure = f"{row.figure:.2f} {row.unit}"
        cells = [row.what, figure, spread, f"{row.target:g} {row.unit}", row.note]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
