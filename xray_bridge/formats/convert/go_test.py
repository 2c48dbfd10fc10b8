"""
Convert the events of ``go test -json``.

Source: ``go doc test2json`` and ``go help test``. A test with subtests has no result
of its own, unless it failed and none of them did. A package that does not compile has a
line that is not JSON, or, since Go 1.24, events of the build.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.formats.convert.documents import parse_line, read_lines
from xray_bridge.formats.convert.protocol import Converted, Red
from xray_bridge.formats.convert.values import to_number, to_text, to_time
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source

ENDS = {
    "pass": Outcome.PASSED,
    "bench": Outcome.PASSED,
    "fail": Outcome.FAILED,
    "skip": Outcome.SKIPPED,
}
# Characters of a test's output.
LONGEST_OUTPUT = 20_000
_FRAME = re.compile(r"\s*(?:=== |--- (?:PASS|FAIL|SKIP|BENCH): )")
_FAILED = re.compile(r"FAIL\s+(\S+)\s+\[(.+)\]\s*")
_PLACE = re.compile(r"\s*[\w.-]+\.go:\d+: (.*)", re.DOTALL)


@dataclass(slots=True)
class _Test:
    """A running test; ``failed`` says that one of its subtests has failed."""

    started: float | None = None
    output: list[str] = field(default_factory=list)
    size: int = 0
    duration: float = 0.0
    key: str = ""
    has_subtests: bool = False
    failed: bool = False


@dataclass(slots=True)
class _Package:
    """A running package; its own output belongs to no test."""

    tests: dict[str, _Test] = field(default_factory=dict)
    own: _Test = field(default_factory=_Test)
    failed: bool = False


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield the tests in the order in which they end."""
    reader = _Reader(keys)
    for _, line in read_lines(source):
        event = parse_line(line)
        if event is not None:
            yield from reader.read_event(event)
        elif (match := _FAILED.fullmatch(line)) and match[1] not in reader.ended:
            reader.ended[match[1]] = None
            yield reader.make_red(match[1], f"[{match[2]}]")
    if not reader.has_events:
        raise source.broken("contains no event of go test")
    yield from reader.finish()


class _Reader:
    """Follows the packages, which may run at the same time."""

    def __init__(self, keys: KeyFinder) -> None:
        self.ended: dict[str, None] = {}
        self.has_events = False
        self._keys = keys
        self._packages: dict[str, _Package] = {}
        self._builds: dict[str, _Test] = {}

    def read_event(self, event: dict[str, Any]) -> Iterator[Item]:
        """Read an event; yield the items that it completes."""
        action, name = to_text(event.get("Action")), to_text(event.get("Package"))
        self.has_events |= bool(action)
        if action.startswith("build-"):
            self._note_build(event)
        elif not name:
            return
        elif test := to_text(event.get("Test")):
            yield from self._read_test_event(event, action, name, test)
        else:
            yield from self._read_package_event(event, action, name)

    def finish(self) -> Iterator[Item]:
        """Yield tests and packages without an end."""
        for name, package in self._packages.items():
            yield from self._end_unfinished(name, package)
            yield self.make_red(name, "the run of this package did not finish")

    def make_red(self, name: str, *texts: str) -> Red:
        """Make the failure of a package."""
        build = self._builds.get(name)
        output = "".join(build.output) if build else ""
        return Red(name=name, message="\n".join(filter(None, (*texts, output))).strip())

    def _note_build(self, event: dict[str, Any]) -> None:
        # ``example.com/calc [example.com/calc.test]``
        path = to_text(event.get("ImportPath")).partition(" ")[0]
        _keep_output(
            self._builds.setdefault(path, _Test()), to_text(event.get("Output"))
        )

    def _read_test_event(
        self, event: dict[str, Any], action: str, name: str, test: str
    ) -> Iterator[Item]:
        package = self._packages.setdefault(name, _Package())
        running = package.tests.get(test)
        if running is None:
            running = package.tests[test] = _Test(started=to_time(event.get("Time")))
            if parent := package.tests.get(test.rpartition("/")[0]):
                parent.has_subtests = True
                running.key = parent.key
        if action == "output":
            _keep_output(running, to_text(event.get("Output")))
        elif action == "attr":
            # ``t.Attr("test_key", "CALC-1")``, since Go 1.25.
            pair = (to_text(event.get("Key")), to_text(event.get("Value")))
            running.key = self._keys.of_pairs([pair]) or running.key
        elif outcome := ENDS.get(action):
            del package.tests[test]
            running.duration = to_number(event.get("Elapsed"))
            yield from self._end_test((name, test), package, running, outcome)

    def _end_test(
        self,
        names: tuple[str, str],
        package: _Package,
        running: _Test,
        outcome: Outcome,
    ) -> Iterator[Item]:
        name, test = names
        is_failed = outcome is Outcome.FAILED
        package.failed |= is_failed
        parent = package.tests.get(test.rpartition("/")[0])
        if parent and is_failed:
            parent.failed = True
        if running.has_subtests and (not is_failed or running.failed):
            return
        own = test.rpartition("/")[2]
        yield Converted(
            classname=name,
            name=test,
            outcome=outcome,
            key=running.key or self._keys.of_title(own.replace("_", " ")),
            message="" if outcome is Outcome.PASSED else _message_of(running, outcome),
            started=running.started,
            duration=running.duration,
        )

    def _read_package_event(
        self, event: dict[str, Any], action: str, name: str
    ) -> Iterator[Item]:
        package = self._packages.setdefault(name, _Package())
        if action == "output":
            _keep_output(package.own, to_text(event.get("Output")))
        if action not in ENDS:
            return
        # A test that timed out or ended the process.
        yield from self._end_unfinished(name, package)
        del self._packages[name]
        if action == "fail" and not package.failed and name not in self.ended:
            build = self._builds.get(
                to_text(event.get("FailedBuild")).partition(" ")[0]
            )
            output = "".join(build.output) if build else ""
            yield self.make_red(name, "".join(package.own.output), output)
        self.ended[name] = None

    def _end_unfinished(self, name: str, package: _Package) -> Iterator[Item]:
        # Subtests first, so that their parents get no failure of their own.
        for test in sorted(package.tests, key=lambda each: -each.count("/")):
            running = package.tests.pop(test)
            _keep_output(running, "the test did not finish\n")
            yield from self._end_test((name, test), package, running, Outcome.FAILED)


def _keep_output(running: _Test, output: str) -> None:
    if running.size < LONGEST_OUTPUT and not _FRAME.match(output):
        running.output.append(output)
        running.size += len(output)


def _message_of(running: _Test, outcome: Outcome) -> str:
    """Return the output, or the reason of a skip without its place."""
    output = "".join(running.output).strip("\n")
    match = _PLACE.fullmatch(output) if outcome is Outcome.SKIPPED else None
    return (match[1] if match else output).strip()
