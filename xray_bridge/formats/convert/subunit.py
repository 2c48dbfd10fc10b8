"""
Convert subunit, versions 1 and 2, as testrepository and stestr store it.

python-subunit reads version 2, and is only needed here. Source: its README, and files
of stestr. A test that ends twice, because its teardown fails, too, is one result: the
worse one.
"""

from __future__ import annotations

from dataclasses import field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import UsageError
from xray_bridge.formats.convert import subunit_v1
from xray_bridge.formats.convert.protocol import Converted
from xray_bridge.formats.convert.values import LONGEST_TEXT, join_paragraphs
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source

SIGNATURE = b"\xb3"
OUTCOMES = {
    "success": Outcome.PASSED,
    "fail": Outcome.FAILED,
    # The run fails, whatever subunit-stats prints.
    "uxsuccess": Outcome.FAILED,
    "skip": Outcome.SKIPPED,
    "xfail": Outcome.XFAILED,
}
REASON = "reason"


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield the tests; a test without an end has failed."""
    events = _Events()
    try:
        _read_events(source, events)
    except ImportError:
        hint = "pip install python-subunit"
        raise UsageError(
            f"{source.name}: subunit needs python-subunit", hint=hint
        ) from None
    events.end_running()
    for name, test in events.ended.items():
        classname, own = _split_name(name)
        yield Converted(
            classname=classname,
            name=own,
            outcome=test.outcome or Outcome.FAILED,
            key=keys.of_tags(test.tags),
            message=""
            if test.outcome is Outcome.PASSED
            else join_paragraphs(*test.details),
            started=test.started,
            duration=max((test.finished or 0.0) - (test.started or 0.0), 0.0),
        )


def _split_name(name: str) -> tuple[str, str]:
    """Split ``a.b.Test.test_c(1.5)`` after ``a.b.Test``; fixtures have no class."""
    ends = [name.find(each) for each in "([ " if each in name]
    head = name[: min(ends, default=len(name))]
    classname, dot, _ = head.rpartition(".")
    return (classname, name[len(classname) + len(dot) :]) if dot else ("", name)


def _read_events(source: Source, events: _Events) -> None:
    with source.path.open("rb") as file:
        is_first = file.read(1) != SIGNATURE
        file.seek(0)
        if is_first:
            for event in subunit_v1.read_events(file):
                events.note_event(event)
            return
        # It has no types.
        subunit: Any = import_module("subunit")
        try:
            subunit.ByteStreamToStreamResult(file, "output").run(events)
        except Exception as error:  # noqa: BLE001 - what this parser raises
            if isinstance(error, OSError):
                raise source.broken(f"cannot be read: {error.strerror}") from None
            what = f"is not valid subunit: {type(error).__name__}"
            raise source.broken(what, hint="is the file complete?") from None


@dataclass(slots=True)
class _Test:
    """A test; it has no ``outcome`` while it runs."""

    outcome: Outcome | None = None
    started: float | None = None
    finished: float | None = None
    details: list[str] = field(default_factory=list)
    parts: dict[str, bytes] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()


class _Events:
    """A ``StreamResult`` of testtools; ``ended`` has the tests by id."""

    def __init__(self) -> None:
        self.ended: dict[str, _Test] = {}
        self._running: dict[tuple[str, str], _Test] = {}

    def status(  # noqa: PLR0913, PLR0917 - testtools's signature
        self,
        test_id: str | None = None,
        test_status: str | None = None,
        test_tags: set[str] | None = None,
        runnable: bool = True,
        file_name: str | None = None,
        file_bytes: bytes | None = None,
        eof: bool = False,
        mime_type: str | None = None,
        route_code: str | None = None,
        timestamp: datetime | None = None,
    ) -> None:
        """Note an event: a part of a test's details, its begin or its end."""
        del runnable, eof, mime_type
        if test_id is None or test_status == "exists":
            return
        place = (route_code or "", test_id)
        test = self._running.setdefault(place, _Test())
        at = timestamp.timestamp() if timestamp else None
        test.started = test.started or at
        test.finished = at or test.finished
        test.tags |= frozenset(test_tags or ())
        if file_name and file_bytes:
            before = test.parts.get(file_name, b"")
            test.parts[file_name] = (before + file_bytes)[:LONGEST_TEXT]
        if test_status in OUTCOMES:
            self._end_test(place, OUTCOMES[test_status])

    def note_event(self, event: subunit_v1.Event) -> None:
        """Note an event of version 1."""
        place = ("", event.name)
        test = self._running.setdefault(place, _Test())
        test.started = test.started or event.at
        test.finished = event.at or test.finished
        test.tags |= event.tags
        parts = enumerate(filter(None, event.details))
        test.parts |= {str(number): detail.encode() for number, detail in parts}
        if event.status in OUTCOMES:
            self._end_test(place, OUTCOMES[event.status])

    def end_running(self) -> None:
        """End the tests that have no end."""
        for place in list(self._running):
            self._running[place].parts["end"] = b"the test did not finish"
            self._end_test(place, Outcome.FAILED)

    def _end_test(self, place: tuple[str, str], outcome: Outcome) -> None:
        test = self._running.pop(place)
        parts = test.parts.pop(REASON, None), *test.parts.values()
        test.details = [each.decode("utf-8", "replace") for each in parts if each]
        test.parts.clear()
        if outcome is Outcome.FAILED and not test.details:
            test.details = ["unexpected success"]
        _, name = place
        before = self.ended.get(name)
        is_worse = before is not None and before.outcome is Outcome.FAILED
        test.outcome = Outcome.FAILED if is_worse else outcome
        if before:
            test.details = [*before.details, *test.details]
            test.started = before.started
        self.ended[name] = test
