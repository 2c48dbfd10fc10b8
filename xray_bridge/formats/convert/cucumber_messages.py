"""
Cucumber Messages, one JSON object in each line.

Source: the schemas in cucumber/messages, and files of cucumber-js. A test case ends as
the worst of its steps and hooks, in the attempt that is not repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xray_bridge.formats.convert.documents import line_object, lines
from xray_bridge.formats.convert.protocol import RUN, Converted, Red, RunFailed
from xray_bridge.formats.convert.values import (
    joined,
    member,
    number,
    objects,
    paragraphs,
    text,
    texts,
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
    """The scenarios; hooks of the run, and a run without its end, are red."""
    reader = _Reader(keys)
    for place, line in lines(source):
        found = line_object(line)
        if found is not None:
            yield from reader.take(found)
        elif line.strip():
            yield Red(
                name=RUN,
                message=f"line {place} is not a message: the file is incomplete",
            )
    yield from reader.finish()


@dataclass(slots=True)
class _Attempt:
    """A test case that runs; ``status`` is the worst so far."""

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
    """Puts together what the messages say, each of a part."""

    def __init__(self, keys: KeyFinder) -> None:
        self._keys = keys
        # Of scenarios by the ids of their nodes; of tags that are a feature's.
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
            "gherkinDocument": self._document,
            "pickle": self._pickle,
            "hook": self._hook,
            "testCase": self._case,
            "testCaseStarted": self._started,
            "testStepFinished": self._step,
            "testRunHookStarted": self._hook_started,
            "testRunFinished": self._run_finished,
        }
        self._end: Mapping[
            str, Callable[[dict[str, Any]], Iterator[Converted | Red]]
        ] = {
            "testCaseFinished": self._finished,
            "testRunHookFinished": self._hook_finished,
            "parseError": self._parse_error,
        }

    def take(self, message: dict[str, Any]) -> Iterator[Item]:
        """What a message ends."""
        for kind, found in message.items():
            if not isinstance(found, dict):
                continue
            if take := self._take.get(kind):
                take(found)
            elif end := self._end.get(kind):
                yield from end(found)

    def finish(self) -> Iterator[Item]:
        """What has begun and has no end, and whether the run has failed by itself."""
        for attempt in self._attempts.values():
            attempt.messages.append("the scenario did not finish")
            yield self._result(attempt, Outcome.FAILED)
        if self._success is None:
            yield Red(name=RUN, message="the run did not finish")
        elif not self._success and not self._has_pending:
            yield RunFailed(message="the run failed, but none of its scenarios failed")

    def _document(self, found: dict[str, Any]) -> None:
        feature = member(found, "feature")
        self._note_tags(feature)
        for child in objects(member(feature, "children")):
            rule = child.get("rule")
            self._note_tags(rule)
            for each in objects(member(rule, "children")):
                scenario = text(member(each, "scenario", "id"))
                self._rules[scenario] = text(member(rule, "name"))

    def _note_tags(self, holder: Any) -> None:
        tags = objects(member(holder, "tags"))
        self._inherited.update(text(tag.get("id")) for tag in tags)

    def _pickle(self, found: dict[str, Any]) -> None:
        nodes = texts(found.get("astNodeIds"))
        rule = next((self._rules[each] for each in nodes if each in self._rules), "")
        tags = objects(found.get("tags"))
        names: dict[bool, list[str]] = {True: [], False: []}
        for tag in tags:
            is_above = text(tag.get("astNodeId")) in self._inherited
            names[is_above].append(text(tag.get("name")))
        uri = text(found.get("uri"))
        self._pickles[text(found.get("id"))] = _Pickle(
            classname=joined(uri, rule),
            name=text(found.get("name")) or f"line {self._line(found)}",
            key=self._keys.of_tags(names[False], names[True]),
            labels=self._keys.labels(names[False]),
        )

    def _line(self, found: dict[str, Any]) -> int:
        return int(number(member(found, "location", "line")))

    def _hook(self, found: dict[str, Any]) -> None:
        names = (found.get("name"), found.get("type"))
        name = next(filter(None, map(text, names)), "hook")
        uri = text(member(found, "sourceReference", "uri"))
        self._hooks[text(found.get("id"))] = joined(uri, name)

    def _hook_started(self, found: dict[str, Any]) -> None:
        name = self._hooks.get(text(found.get("hookId")), "hook of the run")
        self._hooks[text(found.get("id"))] = name

    def _case(self, found: dict[str, Any]) -> None:
        self._cases[text(found.get("id"))] = text(found.get("pickleId"))

    def _started(self, found: dict[str, Any]) -> None:
        self._attempts[text(found.get("id"))] = _Attempt(
            case=text(found.get("testCaseId")),
            number=int(number(found.get("attempt"))),
            started=_seconds(found.get("timestamp")) or None,
        )

    def _step(self, found: dict[str, Any]) -> None:
        attempt = self._attempts.get(text(found.get("testCaseStartedId")))
        result = found.get("testStepResult")
        status = text(member(result, "status")).upper() or "(none)"
        if attempt is None:
            return
        # A word that nobody knows is the worst.
        worst = max(
            attempt.status, status, key=lambda each: RANKS.get(each, len(RANKS))
        )
        attempt.status = worst
        self._has_pending |= status == "PENDING"
        if status not in {"PASSED", "SKIPPED", "UNKNOWN"} or member(result, "message"):
            said = text(member(result, "message")) or f"a step is {status.lower()}"
            attempt.messages.append(said)

    def _finished(self, found: dict[str, Any]) -> Iterator[Converted]:
        attempt = self._attempts.pop(text(found.get("testCaseStartedId")), None)
        if attempt is None:
            return
        if found.get("willBeRetried") is True:
            self._failures[attempt.case] = attempt.messages
            return
        outcome = OUTCOMES.get(attempt.status, Outcome.FAILED)
        if outcome is Outcome.PASSED and attempt.number:
            outcome = Outcome.FLAKY
            attempt.messages = self._failures.pop(attempt.case, [])
        yield self._result(attempt, outcome, _seconds(found.get("timestamp")))

    def _result(
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
            message=paragraphs(*attempt.messages),
            started=attempt.started,
            duration=max(finished - (attempt.started or finished), 0.0),
            word="" if attempt.status in OUTCOMES else attempt.status,
        )

    def _hook_finished(self, found: dict[str, Any]) -> Iterator[Red]:
        status = text(member(found, "result", "status")).upper()
        if OUTCOMES.get(status, Outcome.FAILED) is Outcome.FAILED:
            name = self._hooks.get(text(found.get("testRunHookStartedId")), "hook")
            yield Red(name=name, message=text(member(found, "result", "message")))

    def _parse_error(self, found: dict[str, Any]) -> Iterator[Red]:
        uri = text(member(found, "source", "uri"))
        yield Red(name=uri or "feature file", message=text(found.get("message")))

    def _run_finished(self, found: dict[str, Any]) -> None:
        # Old ones do not say it.
        self._success = found.get("success") is not False


def _seconds(found: Any) -> float:
    return number(member(found, "seconds")) + number(member(found, "nanos")) * 1e-9
