"""
Group failures by their causes: the type of the exception and its place.
"""

from __future__ import annotations

from dataclasses import field

from xray_bridge.dataclass import dataclass
from xray_bridge.model.changes import LISTED, FailureCause
from xray_bridge.model.fingerprint import Cause, read_cause
from xray_bridge.model.jira_text import shorten
from xray_bridge.text import one_line


# Characters of a place, which may be the first line of a message, and of a name.
LONGEST = 200
# Tests that are named for a cause.
TESTS = 20


def shorten_place(cause: Cause) -> str:
    """Return the place of a cause on one line of limited length."""
    return shorten(one_line(cause.place), LONGEST)


@dataclass(slots=True)
class Causes:
    """Collects the failures of a run."""

    _found: dict[Cause, list[str]] = field(default_factory=dict)
    _counts: dict[Cause, int] = field(default_factory=dict)

    def add(self, name: str, text: str) -> Cause:
        """Add a failure by the name of its test and its text; return its cause."""
        cause = read_cause(text)
        names = self._found.setdefault(cause, [])
        if len(names) < TESTS:
            names.append(shorten(one_line(name), LONGEST))
        self._counts[cause] = self._counts.get(cause, 0) + 1
        return cause

    def __len__(self) -> int:
        return len(self._found)

    @property
    def failures(self) -> int:
        """The number of failures."""
        return sum(self._counts.values())

    def list_first(self) -> tuple[FailureCause, ...]:
        """List the first LISTED causes, those with most failures first."""
        ordered = sorted(self._found, key=lambda cause: -self._counts[cause])
        return tuple(
            FailureCause(
                type=cause.type,
                place=shorten_place(cause),
                failures=self._counts[cause],
                tests=tuple(self._found[cause]),
            )
            for cause in ordered[:LISTED]
        )
