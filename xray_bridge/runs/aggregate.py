"""
Merge several results of one Test into one.

The rule that the user has chosen decides the outcome. Each part stays readable, as
an iteration and in the texts.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from xray_bridge.model.results import Iteration, Outcome, Step, TestIssue, TestRun
from xray_bridge.runs import evidence


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from xray_bridge.model.results import Evidence

WORST = "worst"
LAST = "last"
ALL_FAILED = "all-failed"
# The first of these outcomes that any result has decides.
WORST_FIRST = (
    Outcome.FAILED,
    Outcome.SKIPPED,
    Outcome.FLAKY,
    Outcome.XPASSED,
    Outcome.XFAILED,
    Outcome.PASSED,
)
# Characters of a text of one part, and of all such texts together.
LONGEST_PART = 16_000
LONGEST = 1 << 20
# Characters of the texts of all iterations; later ones are cut to SHORT_PART.
LONGEST_OF_ITERATIONS = 8 << 20
SHORT_PART = 200


def worst_outcome(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst outcome; FAILED if there is none."""
    found = set(outcomes)
    return next((each for each in WORST_FIRST if each in found), Outcome.FAILED)


def _worst_of_two(earlier: Outcome, later: Outcome) -> Outcome:
    return worst_outcome((earlier, later))


def _later_outcome(_: Outcome, later: Outcome) -> Outcome:
    return later


def _all_failed(earlier: Outcome, later: Outcome) -> Outcome:
    """Return FAILED if all failed, or else the worst of the others."""
    return worst_outcome({earlier, later} - {Outcome.FAILED})


# By rule: the outcome of an earlier and a later result.
AGGREGATES: Mapping[str, Callable[[Outcome, Outcome], Outcome]] = {
    WORST: _worst_of_two,
    LAST: _later_outcome,
    ALL_FAILED: _all_failed,
}


def merge_results(
    test_keys: tuple[str, ...], runs: Iterable[TestRun], decided: Outcome
) -> TestRun:
    """
    Merge all results of one Test; ``decided`` is the outcome.

    Each result is released after reading: only short texts of ten thousand rows are
    kept.
    """
    given = iter(runs)
    first = next(given)
    second = next(given, None)
    if second is None:
        is_as_it_was = first.test.test_keys == test_keys
        return (
            first if is_as_it_was else replace(first, test=_with_keys(first, test_keys))
        )
    whole = _Whole()
    for run in chain((first, second), given):
        whole.add(run)
    return whole.as_run(_with_keys(first, test_keys), first, decided)


def attempt_lines(attempts: Sequence[str]) -> Iterator[str]:
    """
    Yield lines about failed attempts before the one that counts.
    """
    if attempts:
        yield f"Failed attempts before this one: {len(attempts)}"
    for number, text in enumerate(attempts, start=1):
        yield f"Attempt {number} failed: {text}"


class _Texts:
    """Joins texts, each once; counts texts that do not fit."""

    def __init__(self, between: str) -> None:
        self._between = between
        self._kept: dict[str, None] = {}
        self._room = LONGEST
        self._left_out = 0

    def add(self, text: str) -> None:
        if text in self._kept:
            return
        self._room -= len(text)
        if self._room >= 0:
            self._kept[text] = None
        else:
            self._left_out += 1

    def __str__(self) -> str:
        more = [f"[... {self._left_out} more left out ...]"] if self._left_out else ()
        return self._between.join([*self._kept, *more])


class _Whole:
    """Collects several results of one Test."""

    def __init__(self) -> None:
        self._bases: dict[str, None] = {}
        self._started, self._finished = math.inf, -math.inf
        self._messages, self._outputs = _Texts("\n\n"), _Texts("\n\n")
        self._comments = _Texts("\n")
        self._quarantined = _Texts("\n")
        self._labels: dict[str, None] = {}
        self._requirements: dict[str, None] = {}
        self._defects: dict[str, None] = {}
        self._left_out: list[str] = []
        self._custom_fields: dict[str, str] = {}
        self._evidence: list[Evidence] = []
        self._iterations: list[Iteration] = []
        self._room = LONGEST_OF_ITERATIONS

    def add(self, run: TestRun) -> None:
        """Add one more result."""
        name = run.test.name
        self._bases[name.partition("[")[0]] = None
        self._started = min(self._started, run.started)
        self._finished = max(self._finished, run.started + run.duration)
        if run.message:
            self._messages.add(f"{name}: {run.outcome.value}\n{_cut_text(run.message)}")
        if run.output:
            self._outputs.add(f"{name}\n{_cut_text(run.output)}")
        if run.comment:
            self._comments.add(_cut_text(run.comment))
        if run.quarantined:
            self._quarantined.add(_cut_text(run.quarantined))
        self._labels |= dict.fromkeys(run.test.labels)
        self._requirements |= dict.fromkeys(run.test.requirements)
        self._defects |= dict.fromkeys(run.defects)
        self._left_out += run.left_out
        self._custom_fields |= dict(run.custom_fields)
        self._evidence += evidence.of_run(run)
        self._iterations += map(self._shorten, iterations_of(run))

    def as_run(self, test: TestIssue, first: TestRun, decided: Outcome) -> TestRun:
        """Return all of them as one; single values are those of the first."""
        # The function's name, if all are rows of one parametrized test.
        is_one = test.test_keys and len(self._bases) == 1
        return replace(
            first,
            test=replace(
                test,
                name=next(iter(self._bases)) if is_one else test.name,
                labels=tuple(self._labels),
                requirements=tuple(self._requirements),
            ),
            outcome=decided,
            started=self._started,
            duration=self._finished - self._started,
            message=str(self._messages),
            comment=str(self._comments),
            quarantined=str(self._quarantined),
            output=str(self._outputs),
            defects=tuple(self._defects),
            left_out=tuple(self._left_out),
            custom_fields=tuple(self._custom_fields.items()),
            parameters=(),
            steps=(),
            evidence=evidence.with_distinct_names(self._evidence),
            iterations=tuple(self._iterations),
        )

    def _shorten(self, part: Iteration) -> Iteration:
        """Return an iteration with short texts."""
        longest = LONGEST_PART if self._room > 0 else SHORT_PART
        short = replace(
            part,
            message=_cut_text(part.message, longest),
            steps=tuple(_short_step(step, longest) for step in part.steps),
        )
        self._room -= len(short.message) + sum(map(_text_size, short.steps))
        return short


def iterations_of(run: TestRun) -> Iterator[Iteration]:
    """
    Yield a result as iteration, or its subtests, with its own parameters.

    They have no evidence: the merged result has it.
    """
    own = run.parameters or (("test", run.test.name),)
    if (
        not run.iterations
        or worst_outcome(i.outcome for i in run.iterations) != run.outcome
    ):
        steps = _without_evidence(run.steps)
        yield Iteration(
            outcome=run.outcome, parameters=own, message=run.message, steps=steps
        )
    for each in run.iterations:
        parameters = (*own, *each.parameters)
        yield replace(each, parameters=parameters, steps=_without_evidence(each.steps))


def _without_evidence(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(replace(step, evidence=()) for step in steps)


def _short_step(step: Step, longest: int) -> Step:
    return replace(
        step,
        message=_cut_text(step.message, longest),
        data=_cut_text(step.data, longest),
        expected=_cut_text(step.expected, longest),
        text=_cut_text(step.text, longest),
    )


def _text_size(step: Step) -> int:
    return len(step.message) + len(step.data) + len(step.expected) + len(step.text)


def _cut_text(text: str, longest: int = LONGEST_PART) -> str:
    if len(text) <= longest:
        return text
    half = longest // 2
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n[... {left_out} characters left out ...]\n{text[-half:]}"


def _with_keys(run: TestRun, test_keys: tuple[str, ...]) -> TestIssue:
    return replace(run.test, test_keys=test_keys)
