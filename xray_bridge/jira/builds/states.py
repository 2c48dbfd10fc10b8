"""
The state of a build and the type of an environment, in Jira's words.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from xray_bridge.runs.run_directory import INTERRUPTED


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.jira.builds.counts import Counts

SUCCESSFUL, FAILED = "successful", "failed"
CANCELLED, UNKNOWN = "cancelled", "unknown"
WORD = re.compile(r"[a-z]+")
# Words in the name of an environment, and its type; the first row counts.
TYPES = (
    (("staging", "stage", "stg", "preprod", "preproduction", "uat"), "staging"),
    (("test", "testing", "tests", "qa", "ci", "nonprod", "integration"), "testing"),
    (("development", "develop", "dev", "local", "sandbox"), "development"),
    (("production", "prod", "prd", "live"), "production"),
)
# Words that change the meaning of the next one.
PREFIXES = ("pre", "non")


def decide_state(counts: Counts | None, incomplete: Sequence[str]) -> str:
    """
    Return the state of a finished run.

    A run with missing tests has failed: its job has, too. A run in which no test ran
    shows nothing. ``counts``: None if there is no run.
    """
    if any(reason.endswith(INTERRUPTED) for reason in incomplete):
        return CANCELLED
    if counts is None or not (counts.total or incomplete):
        return UNKNOWN
    return FAILED if counts.failed or incomplete else SUCCESSFUL


def guess_type(environment: str) -> str:
    """Return the type of an environment, from the words in its name."""
    words = WORD.findall(environment.lower())
    joined = [f"{a}{b}" for a, b in pairwise(words) if a in PREFIXES]
    words = [*joined, *words]
    for names, kind in TYPES:
        if any(word in names for word in words):
            return kind
    return "unmapped"
