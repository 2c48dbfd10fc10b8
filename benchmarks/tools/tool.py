"""One tool: its packages, suite, command and summary."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


# What xray-bridge counts; all of them, for tools that do not say what passed; and
# failures that are no test's, which are not among all.
PASSED, FAILED, SKIPPED, ALL, RED = range(5)
Counts = tuple[int, int, int]


@dataclass(frozen=True)
class Tool:
    """
    A row of the table.

    ``packages`` are pinned as their registry has them; the first names the row.
    ``home`` is the environment that they share with others, see ``homes.py``;
    ``suite`` has the text of each file by its path; ``command`` is one for ``sh``
    and leaves ``report``. ``words`` has what the tool prints: an expression with
    one group, the number, and what that counts as. They are looked for in the last
    match of ``summary``. ``why`` says why our counts differ from the
    tool's, or is empty where they have to be equal.
    """

    name: str
    packages: tuple[str, ...]
    home: str
    suite: Mapping[str, str]
    command: str
    report: str
    words: Mapping[str, int]
    summary: str = r"(?s).+"
    why: str = ""

    def counts_in(self, output: str) -> tuple[str, Counts]:
        """Return the words of the tool's summary, without zeros, and the sums."""
        stretches = [each[0] for each in re.finditer(self.summary, output)]
        stretch = stretches[-1] if stretches else ""
        sums = [0, 0, 0, 0, 0]
        found: list[tuple[int, str]] = []
        for expression, outcome in self.words.items():
            match = re.search(expression, stretch)
            if match and int(match[1]):
                sums[outcome] += int(match[1])
                found.append((match.start(), " ".join(match[0].split())))
        said = ", ".join(words for _, words in sorted(found))
        rest = sums[ALL] - sums[FAILED] - sums[SKIPPED]
        passed = sums[PASSED] + max(rest, 0)
        return said, (passed, sums[FAILED] + sums[RED], sums[SKIPPED])
