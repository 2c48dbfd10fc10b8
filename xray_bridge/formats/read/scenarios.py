"""
Read Cucumber and Behave JSON of other tools as our own results.

So they can be sent into an existing Test Execution, which their own endpoints cannot
do. Sources: Cucumber's description of its JSON formatter and the files of cucumber-jvm,
cucumber-js and cucumber-ruby; behave's JSON formatter.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from dataclasses import field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.formats.read.json_stream import read_items
from xray_bridge.formats.read.mend_scenarios import (
    mend_feature,
    outcome_of,
    red_outside,
)
from xray_bridge.model import tags
from xray_bridge.model.results import (
    Evidence,
    Feature,
    Outcome,
    Scenario,
    Step,
    TestIssue,
    TestRun,
)
from xray_bridge.runs.evidence import EvidenceSource, NotKeptError


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from xray_bridge.formats.read.protocol import Source

    Keep = Callable[[EvidenceSource], Evidence]

NANOSECONDS = 1e-9


def _keep_nothing(_: EvidenceSource) -> Evidence:
    """Refuse evidence, which is not needed."""
    raise NotKeptError("")


@dataclass(slots=True, kw_only=True)
class ScenarioReader:
    """
    Reads reports of one format.

    ``keep`` stores evidence. ``finished`` is when the report was written, in seconds
    since the epoch, because few reports say when a scenario ran. ``unknown`` are
    unknown statuses, ``changes`` counts what is mended in the copy, ``incomplete`` has
    features that failed without a failed scenario.
    """

    behave: bool
    prefixes: Sequence[str] = tags.PREFIXES
    finished: float = 0.0
    keep: Keep = _keep_nothing
    unknown: dict[str, None] = field(default_factory=dict)
    changes: Counter[str] = field(default_factory=Counter)
    incomplete: list[str] = field(default_factory=list)
    _lost: list[str] = field(default_factory=list)
    _output: list[str] = field(default_factory=list)

    def runs(self, source: Source) -> Iterator[TestRun]:
        """
        Yield the scenarios, feature by feature.

        Raises ReportError.
        """
        for feature in read_items(source):
            try:
                self._mend_feature(feature)
                outcomes = []
                for run in self._read_feature(feature):
                    outcomes.append(run.outcome)
                    yield run
                if self.behave:
                    self.incomplete += red_outside(feature, outcomes)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                kind = "Behave" if self.behave else "Cucumber"
                what = f"is not {kind} JSON ({type(error).__name__}: {error})"
                raise source.broken(what) from None

    def write(self, source: Source, out: BinaryIO) -> None:
        """
        Write the mended report, feature by feature.

        Raises ReportError.
        """
        between = b"[\n"
        for feature in read_items(source):
            mend_feature(feature, Counter(), lambda _: None, behave=self.behave)
            out.write(between + json.dumps(feature).encode())
            between = b",\n"
        out.write(b"\n]\n")

    def _mend_feature(self, feature: Any) -> None:
        def note(word: str) -> None:
            self.unknown[word] = None

        mend_feature(feature, self.changes, note, behave=self.behave)

    def _read_feature(self, found: Mapping[str, Any]) -> Iterator[TestRun]:
        path, line = self._place_of(found)
        feature = Feature(
            path=path,
            name=str(found.get("name", "")),
            keyword=str(found.get("keyword", "Feature")),
            line=line,
            tags=_tag_names(found),
            description=_join_lines(found.get("description")),
        )
        rows: Counter[object] = Counter()
        background: list[Step] = []
        for element in found.get("elements") or ():
            if element.get("type") == "background":
                # behave repeats its steps in each scenario.
                background = [] if self.behave else self._read_steps(element)
                continue
            yield self._read_scenario(element, feature, background, rows)
            background = []

    def _read_scenario(
        self,
        found: Mapping[str, Any],
        feature: Feature,
        background: Sequence[Step],
        rows: Counter[object],
    ) -> TestRun:
        _, line = self._place_of(found)
        own = tuple(tag for tag in _tag_names(found) if tag not in feature.tags)
        name = str(found.get("name", ""))
        keyword = str(found.get("keyword", "Scenario"))
        meaning = tags.read(own, feature.tags, prefixes=self.prefixes)
        outline = name.partition(" -- @")[0] if "Outline" in keyword else ""
        if outline:
            rows[meaning.test_keys or outline] += 1
        steps = [
            *self._read_hooks(found, "before", "Before"),
            *background,
            *self._read_steps(found),
            *self._read_hooks(found, "after", "After"),
        ]
        outcome = self._outcome_of(found, steps)
        duration = sum(step.duration for step in steps)
        lost, self._lost = tuple(self._lost), []
        output, self._output = "\n".join(self._output), []
        began = _parse_time(found.get("start_timestamp"))
        return TestRun(
            test=TestIssue(
                classname=feature.path,
                name=name,
                test_keys=meaning.test_keys,
                labels=meaning.labels,
                requirements=meaning.requirements,
            ),
            outcome=outcome,
            started=self.finished - duration if began is None else began,
            duration=duration,
            message=_failure_message(steps) if outcome is Outcome.FAILED else "",
            scenario=Scenario(
                feature=feature,
                name=name,
                keyword=keyword,
                line=line,
                tags=own,
                description=_join_lines(found.get("description")),
                outline=outline,
                row=rows[meaning.test_keys or outline] if outline else 0,
            ),
            steps=tuple(steps),
            output=output,
            left_out=lost,
        )

    def _outcome_of(self, found: Mapping[str, Any], steps: Sequence[Step]) -> Outcome:
        """Find the worst outcome of its steps, its hooks and its own status."""
        outcomes = {step.outcome for step in steps}
        if self.behave and "status" in found:
            outcomes.add(self._known_outcome(found["status"]))
        if Outcome.FAILED in outcomes:
            return Outcome.FAILED
        return Outcome.PASSED if outcomes == {Outcome.PASSED} else Outcome.SKIPPED

    def _read_hooks(
        self, found: Mapping[str, Any], name: str, keyword: str
    ) -> Iterator[Step]:
        """Yield hooks that failed or have evidence."""
        for hook in found.get(name) or ():
            where = hook.get("match") or {}
            step = self._read_step({**hook, "name": str(where.get("location", "hook"))})
            if step.outcome is not Outcome.PASSED or step.evidence:
                yield replace(step, keyword=keyword)

    def _read_steps(self, found: Mapping[str, Any]) -> list[Step]:
        steps: list[Step] = []
        for each in found.get("steps") or ():
            step = self._read_step(each)
            # cucumber-js writes hooks as hidden steps.
            quiet = step.outcome is Outcome.PASSED and not step.evidence
            if each.get("hidden") and quiet:
                continue
            steps += self._read_hooks(each, "before", "Before")
            steps.append(step)
            steps += self._read_hooks(each, "after", "After")
        return steps

    def _read_step(self, found: Mapping[str, Any]) -> Step:
        result = found.get("result") or {}
        _, line = self._place_of(found)
        duration = result.get("duration") or 0
        self._output += filter(None, [_join_lines(found.get("output"))])
        evidence = []
        for number, piece in enumerate(found.get("embeddings") or (), 1):
            try:
                evidence.append(self.keep(_decode_embedding(piece, number)))
            except NotKeptError as reason:
                self._lost += filter(None, [str(reason)])
        return Step(
            keyword=str(found.get("keyword", "")).strip(),
            name=str(found.get("name", "")),
            outcome=self._known_outcome(result.get("status", "")),
            duration=float(duration) * (1.0 if self.behave else NANOSECONDS),
            message=_join_lines(result.get("error_message")),
            line=line,
            text=_doc_string(found),
            table=_table_rows(found),
            evidence=tuple(evidence),
        )

    def _known_outcome(self, word: object) -> Outcome:
        return outcome_of(word, behave=self.behave) or Outcome.FAILED

    def _place_of(self, found: Mapping[str, Any]) -> tuple[str, int]:
        if not self.behave:
            return str(found.get("uri", "")), int(found.get("line") or 0)
        path, _, line = str(found.get("location", "")).rpartition(":")
        return path, int(line) if line.isdigit() else 0


def _parse_time(text: object) -> float | None:
    """Parse the time of a scenario, which only cucumber-jvm writes."""
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None


def _tag_names(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return tags without ``@``; Cucumber has objects, behave has texts."""
    names = (
        tag["name"] if isinstance(tag, dict) else tag for tag in found.get("tags") or ()
    )
    return tuple(str(name).removeprefix("@") for name in names)


def _join_lines(found: object) -> str:
    if isinstance(found, (list, tuple)):
        return "\n".join(map(str, found))
    return str(found) if found else ""


def _doc_string(found: Mapping[str, Any]) -> str:
    given = found.get("doc_string")
    if isinstance(given, dict):
        return str(given.get("value", given.get("content", "")))
    text = found.get("text")
    return _join_lines(text) if not isinstance(text, dict) else ""


def _table_rows(found: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    table = found.get("table")
    if isinstance(table, dict):
        rows = [table.get("headings") or (), *(table.get("rows") or ())]
    else:
        rows = [row.get("cells") or () for row in found.get("rows") or ()]
    return tuple(tuple(map(str, row)) for row in rows if row)


def _failure_message(steps: Sequence[Step]) -> str:
    """Join the messages of failed steps."""
    return "\n\n".join(
        f"{step.keyword} {step.name}\n{step.message}".strip()
        for step in steps
        if step.outcome is Outcome.FAILED
    )


def _decode_embedding(found: Mapping[str, Any], number: int) -> EvidenceSource:
    """Decode an embedding. Raises NotKeptError if it is not base64."""
    media_type = str(found.get("mime_type") or found.get("media_type") or "")
    name = str(found.get("name") or "")
    ending = media_type.partition(";")[0].rpartition("/")[2]
    plain = ending if ending.isalnum() else "bin"
    try:
        content = base64.b64decode(str(found.get("data", "")), validate=True)
    except (binascii.Error, ValueError):
        raise NotKeptError(f"{name or 'an embedding'} is not base64") from None
    named = name if "." in name else f"{name or f'embedding-{number}'}.{plain}"
    return EvidenceSource(content, named, media_type)
