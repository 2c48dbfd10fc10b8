"""
Sessions by number, each drawn from the seed and its number.
"""

from __future__ import annotations

import gc
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.simulation.session import KINDS, Session, record


# Memory, where there is such a folder.
MEMORY = Path("/dev/shm")  # noqa: S108 - a fresh folder is made below it
# New objects between two collections.
RARELY = 50_000


def simulate(
    seed: int, numbers: range, *, tell: bool = False
) -> tuple[Counter[str], list[tuple[int, str]]]:
    """Figures of these sessions, and the number of each with something wrong."""
    began = time.process_time()
    place = MEMORY if MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="xray-bridge-", dir=place))
    figures: Counter[str] = Counter()
    wrong = []
    usual = gc.get_threshold()
    try:
        templates = {
            name: record(folder / f"template-{number}", kind)
            for number, (name, kind) in enumerate(KINDS.items())
        }
        # What is there by now stays, and little of a session is in circles: neither
        # is to be looked through for each of them.
        gc.freeze()
        gc.set_threshold(RARELY)
        for number in numbers:
            session = Session(f"{seed}/{number}", templates, folder / "session")
            verdict = session.run()
            figures += verdict.figures
            figures["sessions"] += 1
            figures[f"kind: {session.name}"] += 1
            figures.update(f"WRONG: {fault}" for fault in verdict.faults)
            wrong += [(number, fault) for fault in verdict.faults]
            if tell:
                sys.stdout.write("\n".join((*verdict.story, "")))
    finally:
        gc.set_threshold(*usual)
        shutil.rmtree(folder)
    figures["CPU, ms"] = int((time.process_time() - began) * 1000)
    return figures, wrong
