"""
Whether results arrive exactly once, whatever fails: by simulation, or for real.

Prints seeds; a session is repeated with ``--seed`` and ``--only``.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.exactly_once.session import KINDS, Session, record


# Memory, where there is such a folder.
MEMORY = Path("/dev/shm")  # noqa: S108 - a fresh folder is made below it
SHOWN = 5


def simulate(
    seed: int, numbers: range, *, tell: bool = False
) -> tuple[Counter[str], list[tuple[int, str]]]:
    """Figures of these sessions, and the number of each with something wrong."""
    began = time.process_time()
    place = MEMORY if MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="xray-bridge-", dir=place))
    figures: Counter[str] = Counter()
    wrong = []
    try:
        templates = {
            name: record(folder / f"template-{number}", kind)
            for number, (name, kind) in enumerate(KINDS.items())
        }
        for number in numbers:
            session = Session(f"{seed}/{number}", templates, folder / "session")
            verdict = session.run()
            figures += verdict.figures
            figures["sessions"] += 1
            figures[f"kind: {session.name}"] += 1
            figures.update(f"WRONG: {fault}" for fault in verdict.faults)
            wrong += [(number, fault) for fault in verdict.faults]
            if tell:
                print("\n".join(verdict.story))
    finally:
        shutil.rmtree(folder)
    figures["CPU, ms"] = int((time.process_time() - began) * 1000)
    return figures, wrong


def main() -> int:
    """Print figures; 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))  # noqa: S311
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int, help="tell the story of this session")
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.sessions} sessions", flush=True)
    if given.only is not None:
        found, _ = simulate(given.seed, range(given.only, given.only + 1), tell=True)
        return 1 if any(name.startswith("WRONG") for name in found) else 0
    began = time.monotonic()
    figures: Counter[str] = Counter()
    wrong = []
    size = max(1, given.sessions // (given.processes * 8))
    ranges = [
        range(start, min(start + size, given.sessions))
        for start in range(0, given.sessions, size)
    ]
    with ProcessPoolExecutor(given.processes) as pool:
        for found, where in pool.map(simulate, [given.seed] * len(ranges), ranges):
            figures += found
            wrong += where
    for name, count in sorted(figures.items()):
        print(f"{count:9,} {name}")
    print(f"{time.monotonic() - began:9.0f} seconds")
    for number, fault in wrong[:SHOWN]:
        print(f"--seed {given.seed} --only {number}: {fault}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
