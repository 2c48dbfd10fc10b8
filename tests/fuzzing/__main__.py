"""
Feed readers with odd input: nothing but errors of ours, in bounded time and memory.

``--guided`` lets atheris follow the coverage; without it, mutations of known input
are drawn by ``--seed``. What makes a reader fail is printed, and ends it.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.fuzzing.mutations import mutated
from tests.fuzzing.places import PLACE, folder
from tests.fuzzing.readers import READERS, known


if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

# Of one execution, in seconds of CPU, and of the process, in bytes.
PATIENCE = 5
MEMORY = 3 << 30


class TooSlowError(Exception):
    """A reader takes longer than any input of a few kilobytes may."""


def _too_slow(_: int, __: FrameType | None) -> None:
    raise TooSlowError


def inputs(name: str, executions: int, seed: int) -> Iterator[bytes]:
    """What is known, then what is made of it."""
    seeds = known(name)
    yield from seeds
    chance = random.Random(seed)  # noqa: S311 - to be repeated by its seed
    for _ in range(executions - len(seeds)):
        yield mutated(chance, seeds)


def unguided(
    name: str, executions: int, seed: int, keep_going: int
) -> tuple[dict[str, bytes], int]:
    """Where a reader failed, and at what; it ends at so many. And the executions."""
    faults: dict[str, bytes] = {}
    done = 0
    signal.signal(signal.SIGPROF, _too_slow)
    for done, content in enumerate(inputs(name, executions, seed), 1):  # noqa: B007
        signal.setitimer(signal.ITIMER_PROF, PATIENCE)
        try:
            READERS[name](content)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            where = _where(error)
            if where not in faults:
                faults[where] = content
            if len(faults) >= keep_going:
                break
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    return faults, done


def _where(error: Exception) -> str:
    """The error, and the innermost line of ours that it came through."""
    place = ""
    step = error.__traceback__
    while step:
        file = step.tb_frame.f_code.co_filename
        if "xray_bridge" in file:
            place = f"{file.rpartition('xray_bridge')[2]}:{step.tb_lineno}"
        step = step.tb_next
    return f"{type(error).__name__}: {str(error)[:80]} at {place}"


def main() -> int:
    """0 where no reader failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readers", nargs="*", default=[*READERS])
    parser.add_argument("--executions", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--guided", action="store_true")
    parser.add_argument("--faults", type=int, default=1, help="how many to look for")
    given = parser.parse_args()
    if given.guided:
        # Each ends its process.
        command = [sys.executable, "-m", "tests.fuzzing.guided"]
        command += ["--executions", str(given.executions), "--seed", str(given.seed)]
        environ = {**os.environ, PLACE: str(folder())}
        codes = [subprocess.call([*command, n], env=environ) for n in given.readers]
        shutil.rmtree(folder())
        return max(codes)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    found = 0
    for name in given.readers:
        began = time.process_time()
        faults, done = unguided(name, given.executions, given.seed, given.faults)
        seconds = time.process_time() - began
        for where, content in faults.items():
            sys.stdout.write(f"{name}: {where}\n    {content!r}\n")
        told = f"{done:,} executions, {seconds:.0f} s of CPU"
        sys.stdout.write(f"{name}: {told}, {len(faults)} faults\n")
        sys.stdout.flush()
        found += len(faults)
    shutil.rmtree(folder(), ignore_errors=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
