"""
What an import of feature files is made of, and what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xray_bridge.client.issues import Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedIssue:
    """
    What a feature file says of a Test or a Precondition.

    ``places`` are file and line. A Precondition has no labels there. ``comments`` is
    what stands above the scenario.
    """

    key: str
    places: tuple[str, ...]
    summary: str
    labels: tuple[str, ...] = ()
    comments: str = ""
    is_test: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UnkeyedBlock:
    """A scenario that names no Test, or a background that names no Precondition."""

    place: str
    name: str
    labels: tuple[str, ...] = ()
    comments: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """Labels by which Xray knows the scenario under another name."""
        return tuple(label for label in self.labels if label.startswith("id:"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an import does to an issue that people may have edited."""

    key: str
    summary: tuple[str, str] | None = None
    description: tuple[str, str] | None = None
    lost: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    @property
    def harms(self) -> bool:
        """Whether something goes that somebody may have set."""
        return bool(self.summary or self.description or self.lost)

    def lines(self) -> list[str]:
        """For a person: what the feature files do to it."""
        found = []
        if self.summary:
            before, after = self.summary
            found.append(f"{self.key}: summary {before!r} becomes {after!r}")
        if self.description:
            before, after = self.description
            found.append(f"{self.key}: description {before!r} becomes {after!r}")
        if self.lost:
            found.append(f"{self.key}: labels may be removed: {', '.join(self.lost)}")
        if self.added:
            found.append(f"{self.key}: labels are added: {', '.join(self.added)}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One file that is sent in one request."""

    path: Path
    filename: str
    names: tuple[str, ...]
    is_zip: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the answer to one request says: keys, errors, and the answer itself."""

    tests: tuple[str, ...] = ()
    preconditions: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """
    What became of an import.

    ``created`` and ``updated`` are issues with their summaries as they are now,
    Tests and Preconditions alike; ``tests`` and ``preconditions`` are their keys.
    ``changes`` is what the feature files do to summaries, descriptions and labels,
    ``put_back`` the keys that have theirs again. ``refused`` is what Xray did not take
    and what could not be put back, in words. ``raw`` are Xray's answers.
    """

    project: str
    files: tuple[str, ...] = ()
    created: tuple[Issue, ...] = ()
    updated: tuple[Issue, ...] = ()
    refused: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    preconditions: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    put_back: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()
    raw: tuple[str, ...] = ()
    exit_code: int = 0

    def cleaned(self, clean: Callable[[str], str]) -> ImportResult:
        """With ``clean`` applied to whatever others have said."""
        return replace(
            self,
            refused=tuple(map(clean, self.refused)),
            notices=tuple(map(clean, self.notices)),
            raw=tuple(map(clean, self.raw)),
        )
