"""
Test that results arrive exactly once: in a simulation, or with real processes.

Prints seeds; a session is repeated with ``--seed`` and ``--only``.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.play import simulate
from tests.simulation.real import run_for_real


# Of what was wrong, and where.
SHOWN = 5


def main() -> int:
    """Print figures; 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))  # noqa: S311
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--real", action="store_true", help="real processes")
    parser.add_argument("--only", type=int, help="tell the story of this session")
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.sessions} sessions", flush=True)
    if given.only is not None:
        found, _ = simulate(given.seed, range(given.only, given.only + 1), tell=True)
        return 1 if any(name.startswith("WRONG") for name in found) else 0
    began = time.monotonic()
    play = run_for_real if given.real else simulate
    figures: Counter[str] = Counter()
    wrong = []
    size = max(1, min(500, given.sessions // (given.processes * 4)))
    ranges = [
        range(start, min(start + size, given.sessions))
        for start in range(0, given.sessions, size)
    ]
    with ProcessPoolExecutor(given.processes) as pool:
        for found, where in pool.map(play, [given.seed] * len(ranges), ranges):
            figures += found
            wrong += where
            seconds = time.monotonic() - began
            done = f"{figures['sessions']:,} sessions, {len(wrong)} faults"
            print(f"{done}, {seconds:.0f} s", file=sys.stderr, flush=True)
    for name, count in sorted(figures.items()):
        print(f"{count:9,} {name}")
    print(f"{time.monotonic() - began:9.0f} seconds")
    for number, fault in wrong[:SHOWN]:
        print(f"--seed {given.seed} --only {number}: {fault}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
