"""
How several results of one Test become one: rules and the result itself.

Nothing is averaged into green. What decides is a rule that the user chose; each
part stays readable, as an iteration and in the texts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge import evidence
from xray_bridge.model import Iteration, Outcome, Step, TestIssue, TestRun


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

WORST = "worst"
LAST = "last"
ALL_FAILED = "all-failed"
# The first of these that any result has decides the whole.
WORST_FIRST = (
    Outcome.FAILED,
    Outcome.SKIPPED,
    Outcome.FLAKY,
    Outcome.XPASSED,
    Outcome.XFAILED,
    Outcome.PASSED,
)
# Characters: of the text of one part, and of all of them together.
LONGEST_PART = 16_000
LONGEST = 1 << 20


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The one that decides: any failure fails, any skip is not a pass."""
    found = set(outcomes)
    return next((each for each in WORST_FIRST if each in found), Outcome.FAILED)


def _worst(earlier: Outcome, later: Outcome) -> Outcome:
    return worst((earlier, later))


def _last(_: Outcome, later: Outcome) -> Outcome:
    return later


def _all_failed(earlier: Outcome, later: Outcome) -> Outcome:
    """Failed if all failed; otherwise the worst of those that did not."""
    others = {earlier, later} - {Outcome.FAILED}
    return worst(others or {Outcome.FAILED})


# By name of the rule: of an earlier and a later result, the one that counts.
AGGREGATES: Mapping[str, Callable[[Outcome, Outcome], Outcome]] = {
    WORST: _worst,
    LAST: _last,
    ALL_FAILED: _all_failed,
}


def merge(
    test_keys: tuple[str, ...], runs: Iterable[TestRun], decided: Outcome
) -> TestRun:
    """
    One result from all results of one Test; ``decided`` is what they come to.

    Results are let go as they are read: of a Test with ten thousand rows, only
    short texts of each are held.
    """
    given = iter(runs)
    first = next(given)
    second = next(given, None)
    if second is None:
        is_as_it_was = first.test.test_keys == test_keys
        return first if is_as_it_was else replace(first, test=_with(first, test_keys))
    parts = [_short(run) for run in (first, second)]
    parts += map(_short, given)
    return _merged(test_keys, parts, decided)


def _merged(
    test_keys: tuple[str, ...], runs: Sequence[TestRun], decided: Outcome
) -> TestRun:
    first = runs[0]
    started = min(run.started for run in runs)
    return replace(
        first,
        test=replace(
            _with(first, test_keys),
            name=_common_name(runs) if test_keys else first.test.name,
            labels=unique(run.test.labels for run in runs),
            requirements=unique(run.test.requirements for run in runs),
        ),
        outcome=decided,
        started=started,
        duration=max(run.started + run.duration for run in runs) - started,
        message=_joined(_part_message(run) for run in runs if run.message),
        comment=_joined(
            dict.fromkeys(run.comment for run in runs if run.comment), "\n"
        ),
        output=_joined(_part_output(run) for run in runs if run.output),
        defects=unique(run.defects for run in runs),
        left_out=unique(run.left_out for run in runs),
        custom_fields=tuple(
            {
                name: (name, value) for run in runs for name, value in run.custom_fields
            }.values()
        ),
        parameters=(),
        steps=(),
        evidence=evidence.distinct(
            piece for run in runs for piece in evidence.of_run(run)
        ),
        iterations=tuple(part for run in runs for part in iterations(run)),
    )


def iterations(run: TestRun) -> Iterator[Iteration]:
    """A result as an iteration, or its subtests, with its own parameters."""
    own = run.parameters or (("test", run.test.name),)
    if not run.iterations or worst(i.outcome for i in run.iterations) != run.outcome:
        steps = tuple(replace(step, evidence=()) for step in run.steps)
        yield Iteration(
            outcome=run.outcome, parameters=own, message=run.message, steps=steps
        )
    for each in run.iterations:
        yield replace(each, parameters=(*own, *each.parameters))


def _short(run: TestRun) -> TestRun:
    """What is kept of a part."""
    return replace(
        run,
        message=_cut(run.message),
        output=_cut(run.output),
        steps=tuple(map(_short_step, run.steps)),
    )


def _short_step(step: Step) -> Step:
    return replace(step, message=_cut(step.message))


def _cut(text: str) -> str:
    if len(text) <= LONGEST_PART:
        return text
    half = LONGEST_PART // 2
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n[... {left_out} characters left out ...]\n{text[-half:]}"


def _joined(texts: Iterable[str], between: str = "\n\n") -> str:
    kept: list[str] = []
    size = 0
    left_out = 0
    for text in texts:
        size += len(text)
        if size <= LONGEST:
            kept.append(text)
        else:
            left_out += 1
    if left_out:
        kept.append(f"[... {left_out} more left out ...]")
    return between.join(kept)


def unique(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """All values, each once, in the order in which they come."""
    return tuple(dict.fromkeys(value for part in parts for value in part))


def _with(run: TestRun, test_keys: tuple[str, ...]) -> TestIssue:
    return replace(run.test, test_keys=test_keys)


def _part_message(run: TestRun) -> str:
    return f"{run.test.name}: {run.outcome.value}\n{run.message}"


def _part_output(run: TestRun) -> str:
    return f"{run.test.name}\n{run.output}"


def _common_name(runs: Sequence[TestRun]) -> str:
    """The function's name where all are rows of one parametrized test."""
    names = {run.test.name.partition("[")[0] for run in runs}
    return names.pop() if len(names) == 1 else runs[0].test.name
