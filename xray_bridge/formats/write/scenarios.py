"""
Make the parts that Cucumber and Behave JSON share: tags of Tests, and steps.

Xray decides a scenario by its steps. So its steps must show its outcome, also if a
hook, a fixture or an expectation decided it. Cucumber's own reports have
``error_message`` at skipped steps, too: readers accept it with any status.
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from xray_bridge.dataclass import dataclass
from xray_bridge.formats.write.protocol import plain_outcome
from xray_bridge.formats.write.step_numbers import number_steps
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
class ReportedScenario:
    """
    A scenario as it stands in a report.

    ``outcome`` is a plain one. Each step has its evidence that still exists.
    """

    scenario: Scenario
    outcome: Outcome
    tags: list[str]
    steps: list[tuple[Step, list[tuple[Evidence, Path]]]]


class Form(Protocol):
    """Makes the features and scenarios of a format."""

    @property
    def ensure_ascii(self) -> bool:
        """Whether all characters but ASCII are written as escapes."""
        ...

    @property
    def prefixes(self) -> Sequence[str]:
        """The prefixes of Xray's tags, as in the setting ``tag_prefixes``."""
        ...

    def head(self, feature: Feature) -> dict[str, Any]:
        """Return the members before the scenarios of a feature."""
        ...

    def element(self, reported: ReportedScenario) -> dict[str, Any]:
        """Return the element of one scenario."""
        ...

    def foot(self, outcomes: set[Outcome]) -> dict[str, Any]:
        """Return the members after the scenarios, which have these outcomes."""
        ...


def write_features(
    form: Form, results: Results, dialect: Dialect, file: BinaryIO
) -> None:
    """
    Write the scenarios that have results, feature by feature.

    Raises ReportError if steps cannot express the status of an outcome.
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


def _write_feature(
    form: Form, found: Iterator[ReportedScenario], file: BinaryIO
) -> None:
    # Element by element: a feature may have thousands of rows.
    first = next(found)
    head = _object_members(form, form.head(first.scenario.feature))
    file.write(b"{" + head + b', "elements": [')
    outcomes: set[Outcome] = set()
    for reported in chain([first], found):
        file.write(b",\n" if outcomes else b"\n")
        dump_json(form.element(reported), file, ensure_ascii=form.ensure_ascii)
        outcomes.add(reported.outcome)
    foot = _object_members(form, form.foot(outcomes))
    file.write(b"\n]" + (b", " + foot if foot else b"") + b"}")


def _object_members(form: Form, found: dict[str, Any]) -> bytes:
    """Return the inside of a JSON object."""
    return json.dumps(found, ensure_ascii=form.ensure_ascii)[1:-1].encode()


def _report_scenario(
    form: Form, run: TestRun, scenario: Scenario, results: Results, dialect: Dialect
) -> ReportedScenario:
    outcome = plain_outcome(run.outcome, dialect)
    return ReportedScenario(
        scenario=scenario,
        outcome=outcome,
        tags=tags_to_report(run, scenario, form.prefixes),
        steps=[
            (step, list(sendable_evidence(results, step.evidence)))
            for step in _with_the_rest(run, steps_to_report(run, outcome), outcome)
        ],
    )


def _with_the_rest(run: TestRun, steps: list[Step], outcome: Outcome) -> list[Step]:
    """Add evidence and texts of the scenario to its steps, the only place for them."""
    last = steps[-1]
    found = evidence.with_distinct_names((*last.evidence, *run.evidence))
    steps[-1] = replace(last, evidence=found)
    number = _deciding_step(steps, outcome)
    parts = (run.quarantined, _join_messages(run, steps[number]), run.output)
    texts = filter(None, parts)
    steps[number] = replace(steps[number], message="\n\n".join(texts))
    return steps


def _deciding_step(steps: Sequence[Step], outcome: Outcome) -> int:
    """
    Find the step that gets the messages of the scenario; it has that outcome.

    This is the first failed step. For other outcomes it is the first step with a
    message, else the first skipped step or the last passed step.
    """
    found = [number for number, step in enumerate(steps) if step.outcome is outcome]
    if outcome is Outcome.FAILED:
        return found[0]
    usual = found[0] if outcome is Outcome.SKIPPED else found[-1]
    return next((number for number in found if steps[number].message), usual)


def _join_messages(run: TestRun, step: Step) -> str:
    """Join the messages of step and scenario without repeating anything."""
    rest = run.message
    for each in run.steps:
        if each.outcome is Outcome.FAILED:
            # behave's adapter joins the messages of the steps.
            joined = f"{each.keyword} {each.name}\n{each.message}"
            rest = rest.replace(joined, "", 1)
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
    Return all tags, and other data of the Test that tags can hold.

    These are Test keys that no tag has in Xray's form, and requirements and labels that
    are neither on the scenario nor on its feature. Labels with blanks, or that look
    like a key, are left out.
    """
    of_tests, of_requirements = (*prefixes, *grammar.PREFIXES[len(prefixes) :])[:2]
    own, test = scenario.tags, run.test
    of_scenario = frozenset(own)
    known = {*own, *scenario.feature.tags}
    required = [f"{of_requirements}{key}" for key in test.requirements]
    words = (label for label in test.labels if label.split() == [label])
    found = [
        *own,
        *(
            key
            for key in test.test_keys
            if of_scenario.isdisjoint((key, f"{of_tests}{key}"))
        ),
        *(tag for tag in required if tag not in known),
        *(w for w in grammar.read(words, prefixes=prefixes).labels if w not in known),
    ]
    return [readable(tag) for tag in found]


def steps_to_report(run: TestRun, outcome: Outcome) -> list[Step]:
    """Return at least one step, so that the worst step has the plain outcome."""
    steps = number_steps(run.steps)
    if outcome is Outcome.SKIPPED:
        steps = [replace(step, outcome=outcome, duration=0.0) for step in steps]
    if outcome is Outcome.PASSED and run.outcome is not outcome:
        # Its steps stopped at the expected failure.
        steps = [replace(step, outcome=outcome) for step in steps]
    if outcome in {step.outcome for step in steps}:
        return steps
    return _with_a_word(run, outcome, steps)


def _with_a_word(run: TestRun, outcome: Outcome, steps: list[Step]) -> list[Step]:
    """Add a step with the outcome that none of the steps has."""
    ran = any(step.outcome is not Outcome.NOT_RUN for step in steps)
    step = Step(
        keyword="After" if ran else "Before",
        name="hook",
        outcome=outcome,
        line=run.scenario.line if run.scenario else 0,
    )
    return [*steps, step] if ran else [step, *steps]
