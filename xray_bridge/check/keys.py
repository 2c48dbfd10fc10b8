"""
What code and Xray say of each other: tests without a key, keys without a Test,
keys that stand on several tests, Tests without code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xray_bridge.errors import ReportError


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from xray_bridge.runs.run_directory import RunDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Automated:
    """
    One test in code, its parameters left out.

    ``where`` is ``file:line`` as far as it is known.
    """

    name: str
    where: str = ""
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        """For people."""
        return f"{self.where}: {self.name}" if self.where else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    What Xray says; nothing where it was not asked.

    ``no_tests`` are keys that are no Tests, with what they are instead;
    ``unknown`` those of which nobody knows. ``wanted`` are the Tests of
    ``selection``, with their summaries.
    """

    no_tests: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    wanted: Mapping[str, str] = field(default_factory=dict)
    selection: str = ""


NOBODY = Asked()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysReport:
    """
    What there is to say.

    ``shared`` are keys on several tests. ``without_code`` maps Tests of
    ``selection`` to their summaries. The rest is as in ``Asked``.
    """

    tests: int
    without_key: tuple[Automated, ...]
    shared: Mapping[str, tuple[Automated, ...]]
    no_tests: Mapping[str, str] = field(default_factory=dict)
    not_asked: tuple[str, ...] = ()
    without_code: Mapping[str, str] = field(default_factory=dict)
    selection: str = ""
    incomplete: tuple[str, ...] = ()

    def lines(self, carriers: Mapping[str, tuple[Automated, ...]]) -> Iterator[str]:
        """For people; ``carriers`` are the tests of each key."""
        keyed = self.tests - len(self.without_key)
        yield f"Tests: {self.tests}, {keyed} with a Test key"
        yield from _section("Without a Test key", map(str, self.without_key))
        yield from _section(
            "On several tests",
            (f"{key}: {'; '.join(map(str, on))}" for key, on in self.shared.items()),
        )
        yield from _section(
            "No Tests in Xray",
            (
                f"{key}: {why} ({'; '.join(map(str, carriers.get(key, ())))})"
                for key, why in self.no_tests.items()
            ),
        )
        yield from _section("Not asked for", self.not_asked)
        yield from _section(
            f"Tests of {self.selection} without code",
            (f"{key} {summary}".strip() for key, summary in self.without_code.items()),
        )
        yield from (f"Incomplete: {reason}" for reason in self.incomplete)


def _section(title: str, items: Iterable[str]) -> list[str]:
    found = [f"  {item}" for item in items]
    return [f"{title}: {len(found)}", *found] if found else []


def carriers(tests: Iterable[Automated]) -> dict[str, tuple[Automated, ...]]:
    """The tests of each key; rows of one test are one."""
    found: dict[str, dict[Automated, None]] = {}
    for test in tests:
        for key in test.keys:
            found.setdefault(key, {})[test] = None
    return {key: tuple(on) for key, on in found.items()}


def compared(
    tests: Iterable[Automated], asked: Asked = NOBODY, incomplete: Iterable[str] = ()
) -> KeysReport:
    """What is missing on which side."""
    known = tuple(dict.fromkeys(tests))
    by_key = carriers(known)
    places = {(test.where, test.name) for test in known}
    keyed = {(test.where, test.name) for test in known if test.keys}
    return KeysReport(
        tests=len(places),
        without_key=tuple(t for t in known if (t.where, t.name) not in keyed),
        shared={
            key: on
            for key, on in by_key.items()
            if len({(test.where, test.name) for test in on}) > 1
        },
        no_tests=dict(asked.no_tests),
        not_asked=asked.unknown,
        without_code={k: s for k, s in asked.wanted.items() if k not in by_key},
        selection=asked.selection,
        incomplete=tuple(incomplete),
    )


def of_runs(directories: Iterable[RunDirectory]) -> Iterator[Automated]:
    """The tests that run directories have results of."""
    for directory in directories:
        for run in directory.runs():
            scenario = run.scenario
            if scenario is None:
                name = run.test.definition.partition("[")[0]
                yield Automated(name=name, keys=run.test.test_keys)
                continue
            where = f"{scenario.feature.path}:{scenario.line}" if scenario.line else ""
            name = scenario.outline or scenario.name
            if scenario.outline:
                where = scenario.feature.path
            yield Automated(name=name, where=where, keys=run.test.test_keys)


def read(path: Path) -> tuple[list[Automated], list[str]]:
    """
    What a framework has listed: its tests, and what it could not collect.

    One JSON object per line: ``name``, ``where``, ``keys``; or ``missing``. Raises
    ReportError.
    """
    tests: list[Automated] = []
    missing: list[str] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        for line in lines:
            found: dict[str, Any] = json.loads(line)
            if "missing" in found:
                missing.append(str(found["missing"]))
                continue
            keys = tuple(map(str, found["keys"]))
            tests.append(Automated(name=found["name"], where=found["where"], keys=keys))
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"the list of tests cannot be read ({type(error).__name__}: {error})"
        raise ReportError(msg) from None
    return tests, list(dict.fromkeys(missing))
