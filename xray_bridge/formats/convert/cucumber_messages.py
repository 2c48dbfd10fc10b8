"""
Convert Cucumber Messages, one JSON object in each line.

Source: the schemas in cucumber/messages, and files of cucumber-js. A test case has the
worst status of its steps and hooks, in the attempt that is not repeated.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.formats.convert.documents import parse_line, read_lines
from xray_bridge.formats.convert.protocol import RUN, Converted, Red, RunFailed
from xray_bridge.formats.convert.values import (
    join_paragraphs,
    join_parts,
    member_at,
    to_number,
    to_objects,
    to_text,
    to_texts,
)
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source

# From the best to the worst, as Cucumber has them.
OUTCOMES = {
    "UNKNOWN": Outcome.SKIPPED,
    "PASSED": Outcome.PASSED,
    "SKIPPED": Outcome.SKIPPED,
    "PENDING": Outcome.SKIPPED,
    "UNDEFINED": Outcome.FAILED,
    "AMBIGUOUS": Outcome.FAILED,
    "FAILED": Outcome.FAILED,
}
RANKS = {status: rank for rank, status in enumerate(OUTCOMES)}


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield the scenarios, failed hooks of the run, and a run without its end."""
    reader = _Reader(keys)
    for place, line in read_lines(source):
        found = parse_line(line)
        if found is not None:
            yield from reader.read_message(found)
        elif line.strip():
            yield Red(
                name=RUN,
                message=f"line {place} is not a message: the file is incomplete",
            )
    yield from reader.finish()


@dataclass(slots=True)
class _Attempt:
    """A running test case; ``status`` is the worst so far."""

    case: str
    number: int
    started: float | None
    status: str = "UNKNOWN"
    messages: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Pickle:
    """A scenario, or a row of an outline."""

    classname: str
    name: str
    key: str
    labels: tuple[str, ...]


class _Reader:
    """Combines the messages, each of which has a part of a result."""

    def __init__(self, keys: KeyFinder) -> None:
        self._keys = keys
        # Rules by the ids of their scenarios; ids of tags of features and rules.
        self._rules: dict[str, str] = {}
        self._inherited: set[str] = set()
        self._pickles: dict[str, _Pickle] = {}
        self._cases: dict[str, str] = {}
        self._attempts: dict[str, _Attempt] = {}
        self._failures: dict[str, list[str]] = {}
        self._hooks: dict[str, str] = {}
        self._success: bool | None = None
        self._has_pending = False
        self._take = {
            "gherkinDocument": self._note_document,
            "pickle": self._note_pickle,
            "hook": self._note_hook,
            "testCase": self._note_case,
            "testCaseStarted": self._start_attempt,
            "testStepFinished": self._end_step,
            "testRunHookStarted": self._start_hook,
            "testRunFinished": self._end_run,
        }
        self._end: Mapping[
            str, Callable[[dict[str, Any]], Iterator[Converted | Red]]
        ] = {
            "testCaseFinished": self._end_attempt,
            "testRunHookFinished": self._end_hook,
            "parseError": self._parse_error,
        }

    def read_message(self, message: dict[str, Any]) -> Iterator[Item]:
        """Read a message; yield the items that it completes."""
        for kind, found in message.items():
            if not isinstance(found, dict):
                continue
            if take := self._take.get(kind):
                take(found)
            elif end := self._end.get(kind):
                yield from end(found)

    def finish(self) -> Iterator[Item]:
        """Yield attempts without an end, and a failure of the run itself."""
        for attempt in self._attempts.values():
            attempt.messages.append("the scenario did not finish")
            yield self._convert_attempt(attempt, Outcome.FAILED)
        if self._success is None:
            yield Red(name=RUN, message="the run did not finish")
        elif not self._success and not self._has_pending:
            yield RunFailed(message="the run failed, but none of its scenarios failed")

    def _note_document(self, found: dict[str, Any]) -> None:
        feature = member_at(found, "feature")
        self._note_tags(feature)
        for child in to_objects(member_at(feature, "children")):
            rule = child.get("rule")
            self._note_tags(rule)
            for each in to_objects(member_at(rule, "children")):
                scenario = to_text(member_at(each, "scenario", "id"))
                self._rules[scenario] = to_text(member_at(rule, "name"))

    def _note_tags(self, holder: Any) -> None:
        tags = to_objects(member_at(holder, "tags"))
        self._inherited.update(to_text(tag.get("id")) for tag in tags)

    def _note_pickle(self, found: dict[str, Any]) -> None:
        nodes = to_texts(found.get("astNodeIds"))
        rule = next((self._rules[each] for each in nodes if each in self._rules), "")
        tags = to_objects(found.get("tags"))
        names: dict[bool, list[str]] = {True: [], False: []}
        for tag in tags:
            is_above = to_text(tag.get("astNodeId")) in self._inherited
            names[is_above].append(to_text(tag.get("name")))
        uri = to_text(found.get("uri"))
        self._pickles[to_text(found.get("id"))] = _Pickle(
            classname=join_parts(uri, rule),
            name=to_text(found.get("name")) or f"line {self._line_of(found)}",
            key=self._keys.of_tags(names[False], names[True]),
            labels=self._keys.labels(names[False]),
        )

    def _line_of(self, found: dict[str, Any]) -> int:
        return int(to_number(member_at(found, "location", "line")))

    def _note_hook(self, found: dict[str, Any]) -> None:
        names = (found.get("name"), found.get("type"))
        name = next(filter(None, map(to_text, names)), "hook")
        uri = to_text(member_at(found, "sourceReference", "uri"))
        self._hooks[to_text(found.get("id"))] = join_parts(uri, name)

    def _start_hook(self, found: dict[str, Any]) -> None:
        name = self._hooks.get(to_text(found.get("hookId")), "hook of the run")
        self._hooks[to_text(found.get("id"))] = name

    def _note_case(self, found: dict[str, Any]) -> None:
        self._cases[to_text(found.get("id"))] = to_text(found.get("pickleId"))

    def _start_attempt(self, found: dict[str, Any]) -> None:
        self._attempts[to_text(found.get("id"))] = _Attempt(
            case=to_text(found.get("testCaseId")),
            number=int(to_number(found.get("attempt"))),
            started=_to_seconds(found.get("timestamp")) or None,
        )

    def _end_step(self, found: dict[str, Any]) -> None:
        attempt = self._attempts.get(to_text(found.get("testCaseStartedId")))
        result = found.get("testStepResult")
        status = to_text(member_at(result, "status")).upper() or "(none)"
        if attempt is None:
            return
        # An unknown status is the worst.
        worst = max(
            attempt.status, status, key=lambda each: RANKS.get(each, len(RANKS))
        )
        attempt.status = worst
        self._has_pending |= status == "PENDING"
        if status not in {"PASSED", "SKIPPED", "UNKNOWN"} or member_at(
            result, "message"
        ):
            message = (
                to_text(member_at(result, "message")) or f"a step is {status.lower()}"
            )
            attempt.messages.append(message)

    def _end_attempt(self, found: dict[str, Any]) -> Iterator[Converted]:
        attempt = self._attempts.pop(to_text(found.get("testCaseStartedId")), None)
        if attempt is None:
            return
        if found.get("willBeRetried") is True:
            self._failures[attempt.case] = attempt.messages
            return
        outcome = OUTCOMES.get(attempt.status, Outcome.FAILED)
        if outcome is Outcome.PASSED and attempt.number:
            outcome = Outcome.FLAKY
            attempt.messages = self._failures.pop(attempt.case, [])
        yield self._convert_attempt(
            attempt, outcome, _to_seconds(found.get("timestamp"))
        )

    def _convert_attempt(
        self, attempt: _Attempt, outcome: Outcome, finished: float = 0.0
    ) -> Converted:
        unknown = _Pickle(classname="", name="unknown scenario", key="", labels=())
        pickle = self._pickles.get(self._cases.get(attempt.case, ""), unknown)
        return Converted(
            classname=pickle.classname,
            name=pickle.name,
            outcome=outcome,
            key=pickle.key,
            labels=pickle.labels,
            message=join_paragraphs(*attempt.messages),
            started=attempt.started,
            duration=max(finished - (attempt.started or finished), 0.0),
            word="" if attempt.status in OUTCOMES else attempt.status,
        )

    def _end_hook(self, found: dict[str, Any]) -> Iterator[Red]:
        status = to_text(member_at(found, "result", "status")).upper()
        if OUTCOMES.get(status, Outcome.FAILED) is Outcome.FAILED:
            name = self._hooks.get(to_text(found.get("testRunHookStartedId")), "hook")
            yield Red(name=name, message=to_text(member_at(found, "result", "message")))

    def _parse_error(self, found: dict[str, Any]) -> Iterator[Red]:
        uri = to_text(member_at(found, "source", "uri"))
        yield Red(name=uri or "feature file", message=to_text(found.get("message")))

    def _end_run(self, found: dict[str, Any]) -> None:
        # Old messages do not have it.
        self._success = found.get("success") is not False


def _to_seconds(found: Any) -> float:
    return (
        to_number(member_at(found, "seconds"))
        + to_number(member_at(found, "nanos")) * 1e-9
    )
