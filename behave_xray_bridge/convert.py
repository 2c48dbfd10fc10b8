"""
Convert behave's finished model to ``TestRun``, without changing it.

The code uses what behave 1.2.6 and 1.3 both have, and ``getattr`` for the rest.
"""

from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from behave.model import Tag

from behave_xray_bridge import captured, outcomes
from xray_bridge.dataclass import dataclass
from xray_bridge.model import results, tags


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from behave.model import Feature, Rule, Scenario, ScenarioOutline, Step

    from behave_xray_bridge.names import FeaturePaths

CLEANUP_FAILED = "A cleanup function failed after the scenario."
UNDEFINED = "No step definition matches this step."
PENDING = "The step is not implemented."


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A scenario of behave's model, with its feature, rule and outline."""

    feature: Feature
    scenario: Scenario
    rule: Rule | None = None
    outline: ScenarioOutline | None = None
    row: int = 0

    @property
    def containers(self) -> tuple[Feature | Rule, ...]:
        """The feature and, since Gherkin 6, the rule."""
        return (self.feature, self.rule) if self.rule else (self.feature,)

    @property
    def where(self) -> str:
        """``file:line``, for people."""
        return str(self.scenario.location)


def find_places(feature: Feature) -> Iterator[Place]:
    """Yield all scenarios of a feature, and each row of an outline as one."""
    for place in find_templates(feature):
        if place.scenario.type != "scenario_outline":
            yield place
            continue
        outline = place.scenario
        for row, scenario in enumerate(outline.scenarios, start=1):
            yield replace(place, scenario=scenario, outline=outline, row=row)


def find_templates(feature: Feature) -> Iterator[Place]:
    """
    Yield all scenarios of a feature, and each outline as one.

    Use it before the first hook: behave 1.2.6 makes the rows when they are first read,
    and hooks may still change the table.
    """
    yield from _walk_templates(
        feature, getattr(feature, "run_items", feature.scenarios)
    )


def _walk_templates(
    feature: Feature, items: Sequence[Scenario | Rule], rule: Rule | None = None
) -> Iterator[Place]:
    for item in items:
        if item.type == "rule":
            yield from _walk_templates(feature, item.run_items, item)
        else:
            yield Place(feature=feature, scenario=item, rule=rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """
    Makes a ``TestRun`` from a scenario that has ended.

    ``paths`` gives the names of feature files. ``prefixes`` are those of Xray's tags.
    """

    paths: FeaturePaths
    prefixes: tuple[str, ...]

    def read_tags(self, place: Place) -> tags.TagMeaning:
        """Read the tags of a scenario, including those that it inherits."""
        above = place.feature.tags
        if place.rule:
            above = [*above, *place.rule.tags]
        return tags.read(own_tags(place), above, prefixes=self.prefixes)

    def read_name(self, place: Place) -> tuple[str, str]:
        """Return class name and name of a scenario; rows of an outline share them."""
        path = self.paths.read(place.feature.filename)
        classname = ".".join(PurePath(path).with_suffix("").parts)
        return classname, (place.outline or place.scenario).name

    def make_run(
        self,
        place: Place,
        outcome: results.Outcome,
        *,
        started: float,
        reason: str = "",
    ) -> results.TestRun:
        """
        Make the record of a scenario.

        ``started`` is in seconds since the epoch. ``reason`` is why it failed, if
        neither its steps nor behave have a message.
        """
        scenario = place.scenario
        meaning = self.read_tags(place)
        path = self.paths.read(place.feature.filename)
        classname, name = self.read_name(place)
        steps = _make_steps(scenario)
        return results.TestRun(
            test=results.TestIssue(
                classname=classname,
                name=name,
                test_keys=meaning.test_keys,
                summary=name,
                description=join_lines(scenario.description),
                labels=meaning.labels,
                requirements=meaning.requirements,
            ),
            outcome=outcome,
            started=started,
            duration=float(scenario.duration),
            message=_scenario_message(scenario, outcome, steps, reason),
            parameters=read_row(scenario) if place.outline else (),
            scenario=results.Scenario(
                feature=_make_feature(place.feature, path),
                name=scenario.name,
                keyword=scenario.keyword,
                line=scenario.line,
                tags=tuple(map(str, own_tags(place))),
                description=join_lines(scenario.description),
                outline=place.outline.name if place.outline else "",
                row=place.row,
            ),
            steps=steps,
        )


def _make_feature(feature: Feature, path: str) -> results.Feature:
    return results.Feature(
        path=path,
        name=feature.name,
        keyword=feature.keyword,
        line=feature.line,
        tags=tuple(map(str, feature.tags)),
        description=join_lines(feature.description),
    )


def join_lines(description: Sequence[str] | None) -> str:
    """Return the lines of a description as one text."""
    return "\n".join(description or ())


def own_tags(place: Place) -> list[str]:
    """
    Return the scenario's own tags.

    behave drops quotes and parentheses from the tags of an outline's row; they are
    read from the outline.
    """
    if not place.outline:
        return list(place.scenario.tags)
    outline = place.outline
    above = [*outline.tags, *(tag for each in outline.examples for tag in each.tags)]
    originals = {Tag.make_name(str(tag), unescape=True): tag for tag in above}
    return [originals.get(tag, tag) for tag in place.scenario.tags]


def read_row(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """Return headings and cells of an outline's row."""
    row = getattr(scenario, "_row", None)
    if row is None:
        return ()
    return tuple(zip(map(str, row.headings), map(str, row.cells), strict=False))


def _make_steps(scenario: Scenario) -> tuple[results.Step, ...]:
    found = []
    failed = bool(scenario.hook_failed)
    for step in scenario.all_steps:
        outcome = outcomes.of_step(step.status.name, after_failure=failed)
        failed = failed or outcome is results.Outcome.FAILED
        found.append(_make_step(step, outcome))
    return tuple(found)


def _make_step(step: Step, outcome: results.Outcome) -> results.Step:
    return results.Step(
        keyword=step.keyword,
        name=step.name,
        outcome=outcome,
        duration=float(step.duration or 0.0),
        message=_step_message(step) if outcome is results.Outcome.FAILED else "",
        line=step.line,
        text=str(step.text or ""),
        table=read_table(step.table) if step.table else (),
    )


def read_table(table: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return the headings of a data table, and its rows."""
    headings = tuple(table.headings)  # type: ignore[attr-defined]
    return (headings, *(tuple(row) for row in table))


def _step_message(step: Step) -> str:
    default = {"undefined": UNDEFINED, "pending": PENDING}.get(step.status.name, "")
    message = captured.remove_output(step.error_message or default, step)
    exception = getattr(step, "exception", None)
    if exception is None or "Traceback (most recent call last)" in message:
        return message
    # behave shows no traceback for assertions, and loses the text of step hooks.
    frames = getattr(step, "exc_traceback", None)
    trace = traceback.format_exception(type(exception), exception, frames)
    return "\n".join(part for part in (message, "".join(trace).rstrip()) if part)


def _scenario_message(
    scenario: Scenario,
    outcome: results.Outcome,
    steps: Sequence[results.Step],
    reason: str,
) -> str:
    if outcome is results.Outcome.SKIPPED:
        is_pending = any(outcomes.is_pending(s.status.name) for s in scenario.all_steps)
        given = getattr(scenario, "skip_reason", None)
        return str(given or (PENDING if is_pending else ""))
    if outcome is not results.Outcome.FAILED:
        return ""
    failed = (step for step in steps if step.outcome is results.Outcome.FAILED)
    parts = [f"{step.keyword} {step.name}\n{step.message}" for step in failed]
    parts += [reason] if reason else []
    parts += [scenario.error_message] if scenario.error_message else []
    return "\n\n".join(parts) or CLEANUP_FAILED
