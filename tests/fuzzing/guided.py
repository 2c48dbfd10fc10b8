"""
Let atheris follow the coverage of one reader; ends the process at the first fault.

Half of the inputs are mutations of ours, which keep JSON sound; the others are those
of libFuzzer. Only our own code is measured: what Python brings would take most of the
time.
"""

from __future__ import annotations

import argparse
import random
import sys

import atheris


OURS = ["xray_bridge"]

with atheris.instrument_imports(include=OURS):
    from tests.fuzzing.mutations import mutated
    from tests.fuzzing.places import folder
    from tests.fuzzing.readers import READERS, known

# Of one execution, in seconds by the clock on the wall, on a machine that may be busy.
PATIENCE = 30
LONGEST = 1 << 14


def main() -> None:
    """Feed one reader; libFuzzer ends the process, with 0 where nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=READERS)
    parser.add_argument("--executions", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    corpus = folder() / "corpus"
    corpus.mkdir()
    seeds = known(given.reader)
    for number, content in enumerate(seeds):
        (corpus / str(number)).write_bytes(content)
    longest = max(LONGEST, *map(len, seeds))
    with atheris.instrument_imports(include=OURS):
        # What is imported late is to be measured, too.
        for content in seeds:
            READERS[given.reader](content)

    def change(content: bytes, longest: int, seed: int) -> bytes:
        chance = random.Random(seed)  # noqa: S311 - to be repeated by its seed
        if chance.random() < 0.5:
            changed: bytes = atheris.Mutate(content, longest)
            return changed
        return mutated(chance, (content, content, chance.choice(seeds)))[:longest]

    flags = [f"-runs={given.executions}", f"-seed={given.seed}"]
    flags += [f"-timeout={PATIENCE}", "-rss_limit_mb=3072", f"-max_len={longest}"]
    flags += [f"-artifact_prefix={folder()}/", "-print_final_stats=1"]
    atheris.Setup(
        [sys.argv[0], *flags, str(corpus)],
        READERS[given.reader],
        custom_mutator=change,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
