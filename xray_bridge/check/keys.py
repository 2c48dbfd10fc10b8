"""
Compares the keys in code with the Tests in Xray.

It finds tests without a key, keys without a Test, keys on several tests and Tests
without code.
"""

from __future__ import annotations

import json
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from xray_bridge.check.dataset_rows import CodeRow, read_row
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import ReportError
from xray_bridge.source.places import TestPlace, read_place
from xray_bridge.text import list_section


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from xray_bridge.runs.run_directory import RunDirectory

# Lines of a framework's list that are not tests.
TEXTS = ("missing", "malformed", "deselected")


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomatedTest:
    """
    One test in code, without its parameters.

    ``where`` is ``file:line``; empty if unknown. ``requirements`` are the keys of the
    issues that it covers. ``ignored``: its result is not reported, so it needs no key.
    """

    name: str
    where: str = ""
    keys: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    ignored: bool = False

    def __str__(self) -> str:
        """Place and name."""
        return f"{self.where}: {self.name}" if self.where else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """
    The tests that a framework has collected.

    ``missing`` says what could not be collected, ``malformed`` which marks and tags
    are malformed. ``places`` are the places of all tests and rows in code, without the
    ``deselected`` ones. ``rows`` are the parameters of tests.
    """

    tests: tuple[AutomatedTest, ...] = ()
    places: tuple[TestPlace, ...] = ()
    missing: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()
    deselected: tuple[str, ...] = ()
    rows: tuple[CodeRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class XrayKeys:
    """
    Xray's answers on keys; empty if it was not asked.

    ``no_tests`` maps keys that are not Tests to a description; ``unknown`` are keys
    that were not looked up. ``wanted`` maps the Tests of ``selection`` to their
    summaries.
    """

    no_tests: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    wanted: Mapping[str, str] = field(default_factory=dict)
    selection: str = ""


NOT_ASKED = XrayKeys()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysReport:
    """
    The result of the comparison.

    ``shared`` are keys on several tests. ``doubled`` maps functions with several marks
    to their keys, ``unstable`` rows without a key to what can change their names.
    ``without_code`` maps Tests of ``selection`` to their summaries. ``ignored`` is the
    number of tests that are not reported. The rest is as in ``XrayKeys`` and in
    ``Listing``.
    """

    tests: int
    without_key: tuple[AutomatedTest, ...]
    shared: Mapping[str, tuple[AutomatedTest, ...]]
    no_tests: Mapping[str, str] = field(default_factory=dict)
    not_asked: tuple[str, ...] = ()
    without_code: Mapping[str, str] = field(default_factory=dict)
    selection: str = ""
    incomplete: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()
    ignored: int = 0
    doubled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unstable: Mapping[str, str] = field(default_factory=dict)

    def lines(self, carriers: Mapping[str, tuple[AutomatedTest, ...]]) -> Iterator[str]:
        """Return the report as text; ``carriers`` are the tests with each key."""
        keyed = self.tests - len(self.without_key) - self.ignored
        ignored = f", {self.ignored} ignored" if self.ignored else ""
        yield f"Tests: {self.tests}, {keyed} with a Test key{ignored}"
        yield from list_section("Malformed marks and tags", self.malformed)
        yield from list_section("Without a Test key", map(str, self.without_key))
        yield from list_section(
            "On several tests",
            (f"{key}: {'; '.join(map(str, on))}" for key, on in self.shared.items()),
        )
        yield from list_section(
            "With several marks, of which only one counts; remove the others",
            (f"{test}: {', '.join(keys)}" for test, keys in self.doubled.items()),
        )
        yield from list_section(
            "Without a key and with a name that can change; give the function a key, "
            "or the row a fixed id",
            (f"{test}: {why}" for test, why in self.unstable.items()),
        )
        yield from list_section(
            "Keys that are not Tests in Xray",
            (
                f"{key}: {why} ({'; '.join(map(str, carriers.get(key, ())))})"
                for key, why in self.no_tests.items()
            ),
        )
        yield from list_section("Not looked up", self.not_asked)
        yield from list_section(
            f"Tests of {self.selection} without code",
            (f"{key} {summary}".strip() for key, summary in self.without_code.items()),
        )
        yield from (f"Incomplete: {reason}" for reason in self.incomplete)


def tests_by_key(
    tests: Iterable[AutomatedTest],
) -> dict[str, tuple[AutomatedTest, ...]]:
    """Map each key to its tests; rows of one test count as one."""
    found: dict[str, dict[AutomatedTest, None]] = {}
    for test in tests:
        for key in test.keys:
            found.setdefault(key, {})[test] = None
    return {key: tuple(on) for key, on in found.items()}


def compare_keys(listing: Listing, asked: XrayKeys = NOT_ASKED) -> KeysReport:
    """Compare tests with Xray's answers."""
    # Rows may differ in their requirements only.
    known = tuple(
        dict.fromkeys(replace(test, requirements=()) for test in listing.tests)
    )
    by_key = tests_by_key(known)
    places = {(test.where, test.name) for test in known}
    ignored = {(test.where, test.name) for test in known if test.ignored}
    complete = {(t.where, t.name) for t in known if t.keys or t.ignored}
    return KeysReport(
        tests=len(places),
        without_key=tuple(t for t in known if (t.where, t.name) not in complete),
        shared={
            key: on
            for key, on in by_key.items()
            if len({(test.where, test.name) for test in on}) > 1
        },
        no_tests=dict(asked.no_tests),
        not_asked=asked.unknown,
        without_code={k: s for k, s in asked.wanted.items() if k not in by_key},
        selection=asked.selection,
        incomplete=listing.missing,
        malformed=listing.malformed,
        ignored=len(ignored),
        doubled={str(e): e.doubled for e in listing.places if e.doubled},
        unstable={
            f"{each.where}: {each.xray_name}": each.unstable
            for each in listing.places
            if each.unstable and not each.ignored
        },
    )


def tests_in_runs(
    directories: Iterable[RunDirectory], damaged: list[str]
) -> Iterator[AutomatedTest]:
    """
    Return the tests that have results in run directories.

    ``damaged`` receives a message for each line that cannot be read.
    """
    for directory in directories:
        for run in directory.runs(damaged):
            scenario = run.scenario
            if scenario is None:
                name = run.test.definition.partition("[")[0]
                yield AutomatedTest(
                    name=name,
                    keys=run.test.test_keys,
                    requirements=run.test.requirements,
                )
                continue
            where = f"{scenario.feature.path}:{scenario.line}" if scenario.line else ""
            name = scenario.outline or scenario.name
            if scenario.outline:
                where = scenario.feature.path
            yield AutomatedTest(
                name=name,
                where=where,
                keys=run.test.test_keys,
                requirements=run.test.requirements,
            )


def read_listing(path: Path) -> Listing:
    """
    Read the list of a framework.

    One JSON object per line: ``name``, ``where``, ``keys``, ``requirements``,
    ``ignored`` and those of ``TestPlace``; or one of ``missing``, ``malformed`` and
    ``deselected``. Raises ReportError.
    """
    tests: list[AutomatedTest] = []
    places: list[TestPlace] = []
    rows: list[CodeRow | None] = []
    texts: dict[str, dict[str, None]] = {name: {} for name in TEXTS}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        for line in lines:
            found: dict[str, Any] = json.loads(line)
            kind = next((each for each in texts if each in found), None)
            if kind is not None:
                texts[kind][str(found[kind])] = None
                continue
            places.append(read_place(found))
            rows.append(read_row(found))
            tests.append(
                AutomatedTest(
                    name=found["name"],
                    where=found["where"],
                    keys=tuple(map(str, found["keys"])),
                    requirements=tuple(map(str, found.get("requirements", ()))),
                    ignored=bool(found.get("ignored")),
                )
            )
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"the list of tests cannot be read ({type(error).__name__}: {error})"
        raise ReportError(msg) from None
    return Listing(
        tests=tuple(tests),
        places=tuple(places),
        rows=tuple(filter(None, rows)),
        **{name: tuple(found) for name, found in texts.items()},
    )
