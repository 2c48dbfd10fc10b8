"""
What pytest-bdd knows of a scenario, and what became of its steps.

pytest-bdd is not imported: its objects come with its hooks and its tests.
"""

from __future__ import annotations

import inspect
import sys
import time
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import pytest

from xray_bridge import tags
from xray_bridge.model import Feature, Outcome, Scenario, Step


if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLE = "_pytest_bdd_example"
# pytest-bdd 7 does not tell; by whether there is an example.
KEYWORDS = {False: "Scenario", True: "Scenario Outline"}


def scenario_of(item: pytest.Item) -> Scenario | None:
    """The scenario that a test runs, or None for any other test."""
    template = _template(getattr(item, "obj", None))
    if template is None:
        return None
    feature = template.feature
    example = example_of(item)
    rule = getattr(template, "rule", None)
    row = _row(item) if example else 0
    return Scenario(
        feature=Feature(
            path=PurePath(feature.rel_filename or feature.filename).as_posix(),
            name=feature.name or "",
            keyword=getattr(feature, "keyword", "Feature"),
            line=feature.line_number,
            tags=tuple(sorted(feature.tags)),
            description=feature.description or "",
        ),
        name=template.name,
        keyword=getattr(template, "keyword", KEYWORDS[bool(example)]),
        line=template.line_number,
        tags=tuple(sorted({*template.tags, *(rule.tags if rule else ())})),
        description=getattr(template, "description", "") or "",
        outline=template.name if example else "",
        row=row,
    )


def _template(function: Any) -> Any:
    """
    pytest-bdd 7 and 8 hang the template on the function; 9 has a registry.
    """
    found = getattr(function, "__scenario__", None)
    if found is not None or not inspect.isfunction(function):
        return found
    module = sys.modules.get("pytest_bdd.scenario")
    registry = getattr(module, "scenario_wrapper_template_registry", {})
    return registry.get(function)


def example_of(item: pytest.Item) -> dict[str, str]:
    """The outline row of a test; empty for a plain scenario."""
    callspec = getattr(item, "callspec", None)
    found: dict[str, str] = callspec.params.get(EXAMPLE, {}) if callspec else {}
    return found


def _row(item: pytest.Item) -> int:
    callspec: Any = getattr(item, "callspec", None)
    return int(callspec.indices.get(EXAMPLE, 0)) + 1 if callspec else 0


def meaning_of(scenario: Scenario, prefixes: Sequence[str]) -> tags.TagMeaning:
    """What Xray's tags on a scenario and its feature say."""
    return tags.read(scenario.tags, scenario.feature.tags, prefixes=prefixes)


class Steps:
    """
    Follows the steps of the scenario under way, by pytest-bdd's hooks.

    A step that began and did not end was skipped or interrupted: pytest-bdd
    tells of errors only.
    """

    def __init__(self) -> None:
        self._scenario: Any = None
        self._began: dict[int, float] = {}
        self._ended: dict[int, tuple[Outcome, float, str]] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_bdd_before_scenario(self, scenario: Any) -> None:
        """A new scenario."""
        self._scenario = scenario
        self._began = {}
        self._ended = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_bdd_before_step(self, step: Any) -> None:
        """A step begins."""
        self._began[id(step)] = time.perf_counter()

    @pytest.hookimpl(optionalhook=True)
    def pytest_bdd_after_step(self, step: Any) -> None:
        """A step passed."""
        self._end(step, Outcome.PASSED)

    @pytest.hookimpl(optionalhook=True)
    def pytest_bdd_step_error(self, step: Any, exception: BaseException) -> None:
        """A step failed."""
        self._end(step, Outcome.FAILED, f"{type(exception).__name__}: {exception}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_bdd_step_func_lookup_error(
        self, step: Any, exception: BaseException
    ) -> None:
        """There is no code for a step."""
        self._end(step, Outcome.FAILED, f"undefined step: {exception}")

    def _end(self, step: Any, outcome: Outcome, message: str = "") -> None:
        began = self._began.get(id(step))
        duration = time.perf_counter() - began if began else 0.0
        self._ended[id(step)] = (outcome, duration, message)

    def take(self, *, failed: bool) -> tuple[Step, ...]:
        """
        The steps of the scenario that was just called.

        Asked for more than once where a step has subtests; the last one counts.
        """
        if self._scenario is None:
            return ()
        return tuple(self._step(step, failed=failed) for step in self._scenario.steps)

    def _step(self, step: Any, *, failed: bool) -> Step:
        outcome, duration, message = Outcome.NOT_RUN, 0.0, ""
        if id(step) in self._ended:
            outcome, duration, message = self._ended[id(step)]
        elif id(step) in self._began:
            outcome = Outcome.FAILED if failed else Outcome.SKIPPED
        table = getattr(step, "datatable", None)
        return Step(
            keyword=step.keyword,
            name=step.name,
            outcome=outcome,
            duration=duration,
            message=message,
            line=step.line_number,
            text=getattr(step, "docstring", None) or "",
            table=tuple(tuple(cell.value for cell in row.cells) for row in table.rows)
            if table
            else (),
        )
