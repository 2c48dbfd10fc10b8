"""
Decide what a sync does with each Test, before anything is sent.

A value is written if the code has changed since the last sync and people have not
changed it in Xray; if both have, it is a conflict.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from xray_bridge.client.test_editor import TestChanges
from xray_bridge.dataclass import dataclass
from xray_bridge.sync.bodies import digest, join_lines
from xray_bridge.sync.lock import Entry
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.client.test_issues import TestTexts
    from xray_bridge.sync.code import CodeTest
    from xray_bridge.sync.match import Match

CODE, XRAY = "code", "xray"
NO_CHANGES = TestChanges()
ROOT = "/"
NORMAL = {"summary": one_line, "description": one_line, "steps": join_lines}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    The change of one Test; without ``issue``, it is created.

    ``folder`` is the new folder; empty if the Test stays where it is. ``sets`` and
    ``links`` are those to add, ``old_sets`` and ``old_links`` those to remove.
    ``entry`` is the new line of the lock file. ``conflicts`` and ``kept`` are the names
    of what is left alone: changed on both sides, or written by people before.
    """

    test: CodeTest
    issue: TestTexts | None = None
    old_name: str = ""
    is_adopted: bool = False
    changes: TestChanges = NO_CHANGES
    folder: str = ""
    sets: tuple[str, ...] = ()
    old_sets: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    old_links: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    entry: Entry = field(default_factory=lambda: Entry(test="", key=""))

    @property
    def changed(self) -> Iterator[str]:
        """The names of what is written."""
        changes = self.changes
        for name in ("summary", "description", "definition", "steps"):
            if getattr(changes, name) is not None:
                yield name
        for name, found in (
            ("labels", changes.add_labels or changes.remove_labels),
            ("folder", self.folder),
            ("Test Sets", self.sets or self.old_sets),
            ("requirements", self.links or self.old_links),
        ):
            if found:
                yield name

    @property
    def is_written(self) -> bool:
        """Whether anything is sent to Xray."""
        return self.issue is None or any(self.changed)


def plan_step(match: Match, *, take: str = "") -> Step:
    """
    Plan the change of one Test.

    ``take`` decides conflicts: CODE writes what the code says, XRAY leaves what people
    wrote.
    """
    return _Planner(match, take).plan()


class _Planner:
    def __init__(self, match: Match, take: str) -> None:
        self._match = match
        self._test = match.test
        self._take = take
        self._base = match.entry or Entry(test=match.test.name, key="")
        self._conflicts: list[str] = []
        self._kept: list[str] = []

    def plan(self) -> Step:
        test, issue = self._test, self._match.issue
        if issue is None:
            return self._plan_new(test)
        texts = {"summary": test.summary, "description": test.description}
        if test.is_scenario and issue.is_of_scenario is not False:
            texts["steps"] = test.steps.text
        merged = {
            name: self._merge_text(name, ours, getattr(issue, name))
            for name, ours in texts.items()
        }
        hashes: dict[str, Any] = {name: base for name, (_, base) in merged.items()}
        written = {name: text for name, (text, _) in merged.items()}
        add, remove = self._merge_list("labels")
        have = frozenset(issue.labels)
        changes = TestChanges(
            **written,
            definition=self._new_definition(issue),
            add_labels=tuple(each for each in add if each not in have),
            remove_labels=tuple(each for each in remove if each in have),
        )
        folder, base_folder = self._merge_folder(issue.folder)
        sets, old_sets = self._merge_list("test_sets")
        links, old_links = self._merge_list("requirements")
        return Step(
            test=test,
            issue=issue,
            old_name=self._base.test if self._match.is_renamed else "",
            is_adopted=self._match.is_adopted,
            changes=changes,
            folder=folder,
            sets=sets,
            old_sets=old_sets,
            links=links,
            old_links=old_links,
            conflicts=tuple(self._conflicts),
            kept=tuple(self._kept),
            entry=replace(make_entry(test, issue.key), **hashes, folder=base_folder),
        )

    def _plan_new(self, test: CodeTest) -> Step:
        return Step(
            test=test,
            folder=test.folder,
            sets=test.test_sets,
            links=test.requirements,
            entry=make_entry(test, ""),
        )

    def _merge_text(self, name: str, ours: str, theirs: str) -> tuple[str | None, str]:
        """Return the text to write, or None, and the hash for the lock file."""
        base = getattr(self._base, name)
        mine, other = hash_text(name, ours), hash_text(name, theirs)
        if mine == other or (self._match.entry and mine == base):
            return None, mine
        if other == base:
            # A text that nobody wrote is empty; so is the hash of a new line.
            return ours, mine
        if self._match.entry is None and self._take != CODE:
            # A test without a docstring has nothing to say against a description.
            self._kept += [name] if ours else []
            return None, mine
        return self._decide(name, ours, mine, base)

    def _decide(
        self, name: str, ours: str, mine: str, base: str
    ) -> tuple[str | None, str]:
        if self._take == CODE:
            return ours, mine
        if self._take == XRAY:
            return None, mine
        self._conflicts.append(name)
        return None, base

    def _new_definition(self, issue: TestTexts) -> str | None:
        """Return the definition after a rename, if Xray still has the old name."""
        if self._test.is_scenario or issue.definition == self._test.xray_name:
            return None
        return self._test.xray_name if issue.definition == self._base.test else None

    def _merge_folder(self, theirs: str | None) -> tuple[str, str]:
        """Return the folder to move to, or nothing, and the one for the lock file."""
        ours, base = self._test.folder, self._base.folder
        if not ours or ours in {theirs, base}:
            return "", ours
        if theirs in {None, base or ROOT, ROOT}:
            return ours, ours
        if self._match.entry is None and self._take != CODE:
            self._kept.append("folder")
            return "", ours
        moved, left = self._decide("folder", ours, ours, base)
        return moved or "", left

    def _merge_list(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what to add and what to remove: only what the code has changed."""
        ours: Sequence[str] = getattr(self._test, name)
        base: Sequence[str] = getattr(self._base, name)
        return (
            tuple(each for each in ours if each not in base),
            tuple(each for each in base if each not in ours),
        )


def make_entry(test: CodeTest, key: str) -> Entry:
    """Make the line of a test whose Test has all that is in the code."""
    steps = test.steps.text if test.is_scenario else ""
    texts: Mapping[str, str] = {
        "summary": test.summary,
        "description": test.description,
        "steps": steps,
    }
    return Entry(
        test=test.name,
        key=key,
        file=test.file,
        body=test.body,
        **{name: hash_text(name, text) for name, text in texts.items()},
        folder=test.folder,
        labels=test.labels,
        requirements=test.requirements,
        test_sets=test.test_sets,
    )


def hash_text(name: str, text: str) -> str:
    """Return the hash of a text, without differences that servers make in blanks."""
    return digest(NORMAL[name](text))
