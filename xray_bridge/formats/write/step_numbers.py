"""
Number nested steps, because Xray has only lists of steps.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xray_bridge.model.results import Step

# The keywords of steps that code has reported, alone and within scenarios.
OF_CODE = frozenset({"", "*"})


def number_steps(steps: Iterable[Step]) -> list[Step]:
    """
    Return the steps; where any is nested, each has a number such as 2.1 in its name.

    Only steps of code are numbered: Xray knows those of scenarios by their names.
    """
    found: list[Step] = []
    for is_of_code, group in groupby(steps, lambda step: step.keyword in OF_CODE):
        steps_of_group = [*group]
        found += _number_group(steps_of_group) if is_of_code else steps_of_group
    return found


def _number_group(steps: list[Step]) -> Iterator[Step]:
    outermost = min(step.depth for step in steps)
    if all(step.depth == outermost for step in steps):
        yield from steps
        return
    numbers: list[int] = []
    for step in steps:
        # A damaged journal may have any depth.
        depth = min(step.depth - outermost, len(numbers))
        numbers[depth:] = [numbers[depth] + 1 if depth < len(numbers) else 1]
        yield replace(step, name=f"{'.'.join(map(str, numbers))} {step.name}")
