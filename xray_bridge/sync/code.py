"""
The tests in code as a sync needs them: one for each Test that an upload finds.
"""

from __future__ import annotations

import os
from dataclasses import field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from xray_bridge.client.test_types import CUCUMBER, GENERIC
from xray_bridge.dataclass import dataclass
from xray_bridge.sync.bodies import Bodies, Steps
from xray_bridge.sync.rules import ONE
from xray_bridge.text import one_line, readable, unique


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from xray_bridge.source.places import TestPlace
    from xray_bridge.sync.rules import Rules

# Limits of Jira.
LONGEST_SUMMARY, LONGEST_TEXT = 255, 32_767
SEVERAL_KEYS = (
    "it has the keys {}: a sync cannot know whose texts these are. If a merge of two "
    "branches made two of one, remove one"
)
SHARED = (
    "{} is also on {}: a key of one test shows its texts only. If two branches added "
    "it, remove it from one test"
)
TWINS = "it has the same name in Xray as {}: write a key into one of them, or rename it"
UNSTABLE = (
    "its name contains {}: the next run would not find this Test. Give the row a "
    "fixed id, or the function a Test key"
)
HIDDEN = "its name contains a secret: give the row an id, or the test a key"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTest:
    """
    A test in code, or a row that is a Test of its own.

    ``name`` is its name in the lock file, ``xray_name`` the one by which Xray finds its
    Test: the definition of a Generic Test, the summary of a scenario. ``key`` is
    empty if the code has none; ``inherits_key``: it is the one of its class, file or
    feature. ``file`` is relative to the lock file. ``body`` is a
    hash; ``inside`` is the name within the file, and ``row`` the row's.
    """

    name: str
    xray_name: str
    where: str
    kind: str
    key: str = ""
    inherits_key: bool = False
    file: str = ""
    inside: str = ""
    row: str = ""
    body: str = ""
    summary: str = ""
    description: str = ""
    steps: Steps = field(default_factory=lambda: Steps(text=""))
    labels: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    test_sets: tuple[str, ...] = ()
    folder: str = ""

    def __str__(self) -> str:
        """Place and name."""
        return f"{self.where}: {self.name}"

    @property
    def is_scenario(self) -> bool:
        """Whether it is in a feature file."""
        return self.kind == CUCUMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTests:
    """
    The tests; ``left_out`` maps others to the reason why they are not synced.

    ``files`` are the files of all tests, ``left_names`` names and keys of the others.
    ``one_for_rows`` are tests whose rows an upload would still take for several Tests,
    ``members`` those that have a key together with their class, file or feature.
    """

    tests: tuple[CodeTest, ...] = ()
    members: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    left_names: frozenset[str] = frozenset()
    one_for_rows: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


def read_code(places: Iterable[TestPlace], rules: Rules, root: Path) -> CodeTests:
    """
    Make the tests of a sync from collected ones; ``root`` is the lock file's folder.
    """
    return _Reader(rules, root).read(places)


def hide_secrets(code: CodeTests, clean: Callable[[str], str]) -> CodeTests:
    """Mask secrets in texts; a test with one in its name is left out."""
    tests: list[CodeTest] = []
    left_out = dict(code.left_out)
    for each in code.tests:
        if clean(each.xray_name) != each.xray_name:
            left_out[clean(str(each))] = HIDDEN
            continue
        steps = replace(each.steps, text=clean(each.steps.text))
        tests.append(
            replace(
                each,
                summary=clean(each.summary),
                description=clean(each.description),
                steps=steps,
                labels=tuple(map(clean, each.labels)),
            )
        )
    return replace(code, tests=tuple(tests), left_out=left_out)


class _Reader:
    def __init__(self, rules: Rules, root: Path) -> None:
        self._rules = rules
        self._root = root
        self._bodies = Bodies()
        self._left_out: dict[str, str] = {}
        self._left_names: set[str] = set()
        self._one_for_rows: list[str] = []
        self._members: list[str] = []

    def read(self, places: Iterable[TestPlace]) -> CodeTests:
        groups: dict[object, list[TestPlace]] = {}
        files: dict[str, str] = {}
        for place in places:
            groups.setdefault(place.test, []).append(place)
            if place.file not in files:
                files[place.file] = self._relative(place.file)
        found = [test for rows in groups.values() for test in self._read_rows(rows)]
        tests = self._without_twins(self._without_shared(found))
        return CodeTests(
            tests=tuple(tests),
            files=frozenset(files.values()),
            left_out=self._left_out,
            left_names=frozenset(self._left_names),
            members=tuple(self._members),
            one_for_rows=tuple(self._one_for_rows),
        )

    def _read_rows(self, rows: Sequence[TestPlace]) -> Iterator[CodeTest]:
        """Yield one test for each key, and one for each row without a key."""
        by_keys: dict[tuple[str, ...], list[TestPlace]] = {}
        for row in rows:
            if not row.ignored:
                by_keys.setdefault(row.doubled or row.keys, []).append(row)
        for keys, same in by_keys.items():
            if len(keys) > 1:
                reason = SEVERAL_KEYS.format(" and ".join(keys))
                self._left_out[str(same[0])] = reason
                names = (name for row in same for name in _names_of(row))
                self._left_names.update(keys, names)
            elif keys or same[0].is_scenario or self._rules.rows == ONE:
                is_all = len(same) == len(rows)
                if not keys and "[" in same[0].xray_name and not same[0].is_scenario:
                    self._one_for_rows.append(str(same[0]))
                yield self._make_test(same[0], next(iter(keys), ""), whole=is_all)
            else:
                yield from self._read_keyless(same)

    def _read_keyless(self, rows: Sequence[TestPlace]) -> Iterator[CodeTest]:
        for row in rows:
            if row.unstable:
                name = f"{row.where}: {row.xray_name}"
                self._left_out[name] = UNSTABLE.format(row.unstable)
                self._left_names.update(_names_of(row))
            else:
                yield self._make_test(row, "", whole=False)

    def _make_test(self, place: TestPlace, key: str, *, whole: bool) -> CodeTest:
        """Make a test; ``whole``: of a function, not of one of its rows."""
        file = self._relative(place.file)
        path = PurePosixPath(file)
        title, name = place.title or place.xray_name, place.xray_name
        if whole and not place.is_scenario:
            title, name = _without_row(title), _without_row(name)
        test = CodeTest(
            name=name,
            xray_name=name,
            where=place.where,
            kind=GENERIC,
            key=key,
            inherits_key=place.inherited,
            file=file,
            inside=".".join((*place.function[:-1], title)),
            row=title.partition("[")[2],
            body=self._bodies.read_body(place),
            summary=one_line(place.summary or title)[:LONGEST_SUMMARY],
            description=readable(place.description).strip()[:LONGEST_TEXT],
            labels=unique((self._rules.labels, place.labels)),
            requirements=place.requirements if self._rules.links else (),
            test_sets=self._rules.sets_of(path),
            folder=self._rules.folder_of(path, "/".join(place.function[:-1])),
        )
        if not place.is_scenario:
            return test
        return replace(
            test,
            name=f"{file}: {name}",
            kind=CUCUMBER,
            inside=name,
            row="",
            # A scenario without a key is found by its summary.
            summary=one_line(name)[:LONGEST_SUMMARY],
            steps=self._bodies.read_steps(place),
        )

    def _relative(self, file: str) -> str:
        try:
            return Path(os.path.relpath(file, self._root)).as_posix()
        except ValueError:
            # Windows: another drive has no relative path.
            return Path(file).as_posix()

    def _without_shared(self, tests: Iterable[CodeTest]) -> list[CodeTest]:
        """Leave out different tests with the same key."""
        found: dict[str, list[CodeTest]] = {}
        for each in tests:
            found.setdefault(each.key or f" {len(found)}", []).append(each)
        for key, same in found.items():
            if len(same) > 1 and all(each.inherits_key for each in same):
                # On purpose: their results are one result of the Test.
                self._members += map(str, same)
                self._left_names.update((key, *(each.name for each in same)))
                continue
            for each in same if len(same) > 1 else ():
                others = "; ".join(str(other) for other in same if other is not each)
                self._left_out[str(each)] = SHARED.format(key, others)
                self._left_names.update((each.name, each.key))
        return [same[0] for same in found.values() if len(same) == 1]

    def _without_twins(self, tests: Iterable[CodeTest]) -> list[CodeTest]:
        """Leave out tests without keys that Xray cannot tell from others."""
        named: dict[tuple[str, str], list[CodeTest]] = {}
        for each in tests:
            named.setdefault((each.kind, each.xray_name), []).append(each)
        kept: list[CodeTest] = []
        for same in named.values():
            for number, each in enumerate(same):
                others = [str(other) for other in same if other is not each]
                if others and not each.key:
                    self._left_out[str(each)] = TWINS.format("; ".join(others))
                    self._left_names.add(each.name)
                    continue
                # Names in the lock file are unique, also of twins with keys.
                name = f"{each.name} ({each.key})" if number else each.name
                kept.append(replace(each, name=name))
        return kept


def _names_of(place: TestPlace) -> tuple[str, str]:
    """Return the names in the lock file of a row, and of all rows together."""
    return place.xray_name, _without_row(place.xray_name)


def _without_row(name: str) -> str:
    return name.partition("[")[0]
