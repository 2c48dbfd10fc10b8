"""
What Cucumber and Behave JSON say alike: tags that name Tests, steps that add up.

Xray judges a scenario by its steps. So what became of a scenario has to show in
them, also where a hook, a fixture or an expectation decided it. Cucumber's own
reports have ``error_message`` at steps that were skipped, too: readers take it
with any status.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from xray_bridge.formats.write.protocol import plain_outcome
from xray_bridge.formats.write.streams import dump_json, sendable_evidence
from xray_bridge.model import tags as grammar
from xray_bridge.model.results import Outcome, Step
from xray_bridge.runs import evidence
from xray_bridge.text import readable


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xray_bridge.model.dialect import Dialect
    from xray_bridge.model.results import Evidence, Feature, Scenario, TestRun
    from xray_bridge.runs.merge import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    A scenario as a report tells it.

    ``outcome`` is a plain one. Each step comes with its evidence, as far as it
    is there.
    """

    scenario: Scenario
    outcome: Outcome
    tags: list[str]
    steps: list[tuple[Step, list[tuple[Evidence, Path]]]]


class Form(Protocol):
    """How a format spells features and scenarios."""

    @property
    def ensure_ascii(self) -> bool:
        """Whether all but ASCII is written as escapes."""
        ...

    @property
    def prefixes(self) -> Sequence[str]:
        """Those of Xray's tags, as the setting ``tag_prefixes`` has them."""
        ...

    def head(self, feature: Feature) -> dict[str, Any]:
        """What stands before the scenarios of a feature."""
        ...

    def element(self, told: Told) -> dict[str, Any]:
        """One scenario."""
        ...

    def foot(self, outcomes: set[Outcome]) -> dict[str, Any]:
        """What stands after the scenarios, which have these outcomes."""
        ...


def write_features(
    form: Form, results: Results, dialect: Dialect, file: BinaryIO
) -> None:
    """
    Write feature by feature the scenarios that have results.

    Raises ReportError where an outcome has a status that steps cannot say.
    """
    file.write(b"[")
    for number, runs in enumerate(results.features()):
        file.write(b",\n\n" if number else b"\n")
        found = (
            _report_scenario(form, run, run.scenario, results, dialect)
            for run in runs
            if run.scenario
        )
        _write_feature(form, found, file)
    file.write(b"\n]\n")


def _write_feature(form: Form, found: Iterator[Told], file: BinaryIO) -> None:
    # Element by element: a feature may have thousands of rows.
    first = next(found)
    head = _object_members(form, form.head(first.scenario.feature))
    file.write(b"{" + head + b', "elements": [')
    outcomes: set[Outcome] = set()
    for told in chain([first], found):
        file.write(b",\n" if outcomes else b"\n")
        dump_json(form.element(told), file, ensure_ascii=form.ensure_ascii)
        outcomes.add(told.outcome)
    foot = _object_members(form, form.foot(outcomes))
    file.write(b"\n]" + (b", " + foot if foot else b"") + b"}")


def _object_members(form: Form, found: dict[str, Any]) -> bytes:
    """The inside of an object."""
    return json.dumps(found, ensure_ascii=form.ensure_ascii)[1:-1].encode()


def _report_scenario(
    form: Form, run: TestRun, scenario: Scenario, results: Results, dialect: Dialect
) -> Told:
    outcome = plain_outcome(run.outcome, dialect)
    return Told(
        scenario=scenario,
        outcome=outcome,
        tags=tags_to_report(run, scenario, form.prefixes),
        steps=[
            (step, list(sendable_evidence(results, step.evidence)))
            for step in _with_the_rest(run, steps_to_report(run, outcome), outcome)
        ],
    )


def _with_the_rest(run: TestRun, steps: list[Step], outcome: Outcome) -> list[Step]:
    """What is the scenario's own and only a step can carry: evidence and texts."""
    last = steps[-1]
    found = evidence.distinct((*last.evidence, *run.evidence))
    steps[-1] = replace(last, evidence=found)
    number = _deciding_step(steps, outcome)
    texts = filter(None, (_join_messages(run, steps[number]), run.output))
    steps[number] = replace(steps[number], message="\n\n".join(texts))
    return steps


def _deciding_step(steps: Sequence[Step], outcome: Outcome) -> int:
    """
    Which step says what is to be said of the scenario; it has that outcome.

    The first that failed; of another outcome the one that says something, or
    else where a scenario is skipped, and where it has passed.
    """
    found = [number for number, step in enumerate(steps) if step.outcome is outcome]
    if outcome is Outcome.FAILED:
        return found[0]
    usual = found[0] if outcome is Outcome.SKIPPED else found[-1]
    return next((number for number in found if steps[number].message), usual)


def _join_messages(run: TestRun, step: Step) -> str:
    """The step's message and the scenario's, and nothing of it twice."""
    rest = run.message
    for each in run.steps:
        if each.outcome is Outcome.FAILED:
            # behave's adapter puts the messages of its steps together.
            said = f"{each.keyword} {each.name}\n{each.message}"
            rest = rest.replace(said, "", 1)
    rest = rest.strip("\n")
    if rest in step.message:
        return step.message
    if step.message in rest and rest == run.message.strip("\n"):
        return rest
    return "\n\n".join(filter(None, (step.message, rest)))


def tags_to_report(
    run: TestRun, scenario: Scenario, prefixes: Sequence[str] = grammar.PREFIXES
) -> list[str]:
    """
    All tags, and what else is known of the Test, as far as tags can say it.

    Each Test key that no tag spells as Xray does, and requirements and labels
    that stand neither on the scenario nor on its feature. A label with blanks,
    or one that would be a key, is left out.
    """
    of_tests, of_requirements = (*prefixes, *grammar.PREFIXES[len(prefixes) :])[:2]
    own, test = scenario.tags, run.test
    known = {*own, *scenario.feature.tags}
    required = [f"{of_requirements}{key}" for key in test.requirements]
    words = (label for label in test.labels if label.split() == [label])
    found = [
        *own,
        *(key for key in test.test_keys if not {key, f"{of_tests}{key}"} & {*own}),
        *(tag for tag in required if tag not in known),
        *(w for w in grammar.read(words, prefixes=prefixes).labels if w not in known),
    ]
    return [readable(tag) for tag in found]


def steps_to_report(run: TestRun, outcome: Outcome) -> list[Step]:
    """The steps, at least one, such that the worst of them is the plain outcome."""
    steps = list(run.steps)
    if outcome is Outcome.SKIPPED:
        steps = [replace(step, outcome=outcome, duration=0.0) for step in steps]
    if outcome is Outcome.PASSED and run.outcome is not outcome:
        # Its steps stopped where they were expected to.
        steps = [replace(step, outcome=outcome) for step in steps]
    if outcome in {step.outcome for step in steps}:
        return steps
    return _with_a_word(run, outcome, steps)


def _with_a_word(run: TestRun, outcome: Outcome, steps: list[Step]) -> list[Step]:
    """A step of our own, before or after the others, for what none of them says."""
    ran = any(step.outcome is not Outcome.NOT_RUN for step in steps)
    step = Step(
        keyword="After" if ran else "Before",
        name="hook",
        outcome=outcome,
        line=run.scenario.line if run.scenario else 0,
    )
    return [*steps, step] if ran else [step, *steps]
