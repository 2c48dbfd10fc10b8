"""
Find the Test of each test in code: by key, by the lock file, by name, after a rename.

Nothing is guessed: what two Tests or two tests could be is named, and left alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.model.keys import project_of
from xray_bridge.text import join_words


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xray_bridge.client.test_issues import TestTexts
    from xray_bridge.sync.code import CodeTest
    from xray_bridge.sync.lock import Entry

NO_TEST = (
    "{} is no Test of the project that this account can see; correct the key in the "
    "code, or the permissions"
)
LOST = (
    "the lock file says {}, which is no Test of the project that this account can see. "
    "If it was deleted, remove the line from the lock file"
)
OTHER_NAME = (
    "{} is {!r} in Xray now, so an upload does not find it. Restore the old name in "
    "Xray, or write the key into the code, or remove the line from the lock file"
)
NAMESAKES = "{} have its name in Xray; write the right key into the code"
UNCLEAR = (
    "{} has its name in Xray, but its Test Type{} may not be for scenarios. If it is, "
    "write the key into the code; if not, give one of them another name"
)
AMBIGUOUS = (
    "it may be a renamed one of {}. Write the right key into the code, or remove their "
    "lines from the lock file to create a new Test"
)
LATE = (
    "it looks like the renamed {} ({}), but an upload has already made {} for the new "
    "name. Write the right key into the code, or remove the line of the old name from "
    "the lock file"
)
TAKEN = "its Test {} belongs to {}"
FEATURE = ".feature"
# The hash of a body, and the row.
Body = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """
    A test in code with its Test; without one, it gets a new one.

    ``entry`` is its line in the lock file, under the old name after a rename.
    """

    test: CodeTest
    issue: TestTexts | None = None
    entry: Entry | None = None

    @property
    def is_renamed(self) -> bool:
        """Whether the lock file has another name for it."""
        return self.entry is not None and self.entry.test != self.test.name

    @property
    def is_adopted(self) -> bool:
        """Whether its Test exists, but is not in the lock file."""
        return self.issue is not None and self.entry is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """
    All matches; ``left_out`` maps tests to the reason why they have none.

    ``gone`` are lines of tests that are no longer in the code, ``kept`` lines that stay
    because nobody knows whether their tests are. ``foreign`` are tests with keys of
    other projects.
    """

    found: tuple[Match, ...] = ()
    foreign: tuple[CodeTest, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    gone: tuple[Entry, ...] = ()
    kept: tuple[Entry, ...] = ()


def match_tests(
    tests: Sequence[CodeTest],
    entries: Iterable[Entry],
    issues: Iterable[TestTexts],
    project: str,
    is_gone: Callable[[Entry], bool],
) -> Matches:
    """
    Match all tests with the Tests of a project.

    ``is_gone`` says whether the test of a line, which is not among ``tests``, is
    certainly not in the code any more. If it may be, no other test is taken for it.
    """
    return _Matcher(tests, entries, issues, project, is_gone).match()


class _Matcher:
    def __init__(
        self,
        tests: Sequence[CodeTest],
        entries: Iterable[Entry],
        issues: Iterable[TestTexts],
        project: str,
        is_gone: Callable[[Entry], bool],
    ) -> None:
        self._tests = tests
        self._project = project
        self._is_gone = is_gone
        self._entries = {each.test: each for each in entries}
        self._by_key = {each.key: each for each in self._entries.values()}
        self._issues = {each.key: each for each in issues}
        self._named: dict[tuple[bool, str], list[TestTexts]] = {}
        for each in self._issues.values():
            if each.definition:
                self._named.setdefault((False, each.definition), []).append(each)
            elif each.is_of_scenario is not False:
                self._named.setdefault((True, each.summary), []).append(each)
        self._found: list[Match] = []
        self._foreign: list[CodeTest] = []
        self._left_out: dict[str, str] = {}
        # Lines whose tests were found, or may be there.
        self._used: set[str] = set()
        self._bodies: Counter[Body] = Counter()
        self._lines: Counter[Body] = Counter()

    def match(self) -> Matches:
        new: list[CodeTest] = []
        # Tests with a key first: their lines belong to no other test.
        for each in sorted(self._tests, key=lambda test: not test.key):
            entry = self._by_key.get(each.key) if each.key else None
            entry = entry or self._entries.get(each.name)
            if entry is not None and entry.test in self._used:
                entry = None
            if entry is not None:
                self._used.add(entry.test)
            if each.key and project_of(each.key) != self._project:
                self._foreign.append(each)
            elif each.key:
                self._match_keyed(each, entry)
            elif entry is not None:
                self._match_entry(each, entry)
            else:
                new.append(each)
        unused = (e for e in self._entries.values() if e.test not in self._used)
        gone = [each for each in unused if self._is_gone(each)]
        for each in self._match_renamed(new, gone):
            self._match_name(each)
        return self._make_matches()

    def _match_keyed(self, test: CodeTest, entry: Entry | None) -> None:
        issue = self._issues.get(test.key)
        if issue is None:
            self._left_out[str(test)] = NO_TEST.format(test.key)
            return
        # A line with another key is about another Test.
        same = entry if entry is not None and entry.key == test.key else None
        self._found.append(Match(test=test, issue=issue, entry=same))

    def _match_entry(self, test: CodeTest, entry: Entry) -> None:
        """Check that Xray still has the Test under the name that finds it."""
        issue = self._issues.get(entry.key)
        if issue is None:
            self._left_out[str(test)] = LOST.format(entry.key)
            return
        name = issue.summary if test.is_scenario else issue.definition
        if name != test.xray_name:
            self._left_out[str(test)] = OTHER_NAME.format(entry.key, name)
            return
        self._found.append(Match(test=test, issue=issue, entry=entry))

    def _match_renamed(
        self, new: Sequence[CodeTest], gone: Sequence[Entry]
    ) -> list[CodeTest]:
        """Match new tests with lines of gone ones; return the others to create."""
        bodies: dict[Body, list[CodeTest]] = {}
        lines: dict[Body, list[Entry]] = {}
        for test in new:
            bodies.setdefault(_body_of(test), []).append(test)
        for entry in gone:
            lines.setdefault(_body_of_entry(entry), []).append(entry)
        # In the order of the code: the same in each run.
        for body, tests in bodies.items():
            if body[0] and body in lines:
                self._match_body(body, tests, lines[body])
        done = {str(each.test) for each in self._found} | self._left_out.keys()
        return [each for each in new if str(each) not in done]

    def _match_body(
        self, body: Body, tests: list[CodeTest], lines: list[Entry]
    ) -> None:
        """Match new tests and lines of gone ones that have the same body."""
        for name in dict.fromkeys(each.inside for each in tests):
            moved = [each for each in tests if each.inside == name]
            old = [each for each in lines if _is_within(each, name)]
            if len(moved) == len(old) == 1:
                self._rename(moved[0], old[0])
                tests.remove(moved[0])
                lines.remove(old[0])
        if len(tests) == len(lines) == 1 and self._is_only_one(body):
            self._rename(tests.pop(), lines.pop())
        for each in tests if lines else ():
            names = join_words([f"{e.test} ({e.key})" for e in lines])
            self._left_out[str(each)] = AMBIGUOUS.format(names)
            self._used.update(e.test for e in lines)

    def _is_only_one(self, body: Body) -> bool:
        """Whether no other test, in the code or in the lock file, has this body."""
        if not self._bodies:
            self._bodies.update(map(_body_of, self._tests))
            self._lines.update(map(_body_of_entry, self._entries.values()))
        return self._bodies[body] == self._lines[body] == 1

    def _rename(self, test: CodeTest, entry: Entry) -> None:
        self._used.add(entry.test)
        issue = self._issues.get(entry.key)
        if issue is None:
            self._left_out[str(test)] = LOST.format(entry.key)
            return
        # Its own new name in Xray: an upload has found no Test of this name.
        named = self._named.get((test.is_scenario, test.xray_name), ())
        # Its own Test has the new name if a sync was ended in between.
        twins = [each for each in named if each.key != entry.key]
        if twins:
            keys = join_words([each.key for each in twins])
            reason = LATE.format(entry.test, entry.key, keys)
            self._left_out[str(test)] = reason
            return
        self._found.append(Match(test=test, issue=issue, entry=entry))

    def _match_name(self, test: CodeTest) -> None:
        """Match a test with the one Test that an upload would find; else it is new."""
        named = self._named.get((test.is_scenario, test.xray_name), [])
        if len(named) > 1:
            keys = join_words([each.key for each in named])
            self._left_out[str(test)] = NAMESAKES.format(keys)
            return
        issue = next(iter(named), None)
        if issue and test.is_scenario and issue.is_of_scenario is None:
            known = issue.type and f" {issue.type}"
            self._left_out[str(test)] = UNCLEAR.format(issue.key, known)
            return
        owner = self._by_key.get(issue.key) if issue else None
        if issue and owner and owner.test in self._used:
            self._left_out[str(test)] = TAKEN.format(issue.key, owner.test)
            return
        if owner:
            self._used.add(owner.test)
        self._found.append(Match(test=test, issue=issue))

    def _make_matches(self) -> Matches:
        keys = {each.issue.key for each in self._found if each.issue}
        lines = {each.entry.test for each in self._found if each.entry}
        rest = [
            each
            for each in self._entries.values()
            if each.test not in lines and each.key not in keys
        ]
        is_gone = [e.test not in self._used and self._is_gone(e) for e in rest]
        return Matches(
            found=tuple(self._found),
            foreign=tuple(self._foreign),
            left_out=self._left_out,
            gone=tuple(e for e, gone in zip(rest, is_gone, strict=True) if gone),
            kept=tuple(e for e, gone in zip(rest, is_gone, strict=True) if not gone),
        )


def _body_of(test: CodeTest) -> Body:
    return test.body, test.row


def _body_of_entry(entry: Entry) -> Body:
    is_scenario = entry.file.endswith(FEATURE)
    return entry.body, "" if is_scenario else entry.test.partition("[")[2]


def _is_within(entry: Entry, name: str) -> bool:
    """Whether an entry has this name within its file."""
    return entry.test.endswith((f".{name}", f": {name}"))
