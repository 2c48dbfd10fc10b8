"""
The values of an import of feature files, and its result.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xray_bridge.client.issues import Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedIssue:
    """
    A Test or a Precondition in a feature file.

    ``places`` are file and line. A Precondition has no labels. ``comments`` are the
    lines above the scenario.
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
        """Labels by which Xray finds a renamed scenario."""
        return tuple(label for label in self.labels if label.startswith("id:"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The changes of an import to an issue that people may have edited."""

    key: str
    summary: tuple[str, str] | None = None
    description: tuple[str, str] | None = None
    lost: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    @property
    def harms(self) -> bool:
        """Whether it overwrites a value that people may have set."""
        return bool(self.summary or self.description or self.lost)

    def lines(self) -> list[str]:
        """List the changes for a person."""
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
class FeatureAnswer:
    """The answer to one request: keys, errors and its text."""

    tests: tuple[str, ...] = ()
    preconditions: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """
    The result of an import.

    ``created`` and ``updated`` are Tests and Preconditions with their new summaries;
    ``tests`` and ``preconditions`` are their keys. ``changes`` are the changes to
    summaries, descriptions and labels, ``put_back`` the keys whose values were
    restored. ``refused`` are messages on what Xray refused and on issues that could
    not be restored. ``raw`` are Xray's answers.
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

    def to_json(self) -> dict[str, Any]:
        """Return it for programs; an issue has key, summary and labels."""
        found = asdict(self)
        for issue in (*found["created"], *found["updated"]):
            del issue["assignee"], issue["due"]
        return found

    def redacted(self, clean: Callable[[str], str]) -> ImportResult:
        """Apply ``clean`` to all texts from outside."""
        return replace(
            self,
            refused=tuple(map(clean, self.refused)),
            notices=tuple(map(clean, self.notices)),
            raw=tuple(map(clean, self.raw)),
        )
