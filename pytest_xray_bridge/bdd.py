"""
Read scenarios of pytest-bdd, and follow their steps.

pytest-bdd is not imported: its objects come with its hooks and its tests.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
import time
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge.faults import FAULTS
from pytest_xray_bridge.guard import guard_hooks
from xray_bridge.model import tags
from xray_bridge.model.results import Feature, Outcome, Scenario, Step


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

EXAMPLE = "_pytest_bdd_example"
# pytest-bdd 7 supports only English, and does not keep the keyword.
KEYWORDS = {False: "Scenario", True: "Scenario Outline"}
DELIMITERS = ('"""', "```")


def is_used(config: pytest.Config) -> bool:
    """Whether pytest-bdd is loaded, under any name; ask before ``StepTracker``."""
    return hasattr(config.hook, "pytest_bdd_before_scenario")


def scenario_of(
    item: pytest.Item, prefixes: Sequence[str] = tags.PREFIXES
) -> Scenario | None:
    """
    Return the scenario that a test runs, or None for any other test.

    ``prefixes`` are those of Xray's tags. The scenario gets the tags of its rule that
    are Xray's.
    """
    template = _template_of(item)
    if template is None:
        return None
    feature = template.feature
    example = example_of(item)
    row = _row_number(item) if example else 0
    return Scenario(
        feature=Feature(
            path=_feature_path(feature, item),
            name=feature.name or "",
            keyword=getattr(feature, "keyword", "Feature"),
            line=feature.line_number,
            tags=tuple(sorted(feature.tags)),
            description=feature.description or "",
        ),
        name=template.name,
        keyword=getattr(template, "keyword", KEYWORDS[bool(example)]),
        line=template.line_number,
        tags=tuple(sorted(_tags_of(template, row, prefixes))),
        description=getattr(template, "description", "") or "",
        outline=template.name if example else "",
        row=row,
    )


def _template_of(item: pytest.Item) -> Any:
    """Find the template: on the function, or in the registry of pytest-bdd 9."""
    function = getattr(item, "obj", None)
    found = getattr(function, "__scenario__", None)
    if found is not None:
        return found
    module = sys.modules.get("pytest_bdd.scenario")
    registry = getattr(module, "scenario_wrapper_template_registry", None)
    if not registry or not inspect.isfunction(function):
        return None
    # Users may have decorated the function again.
    return registry.get(inspect.unwrap(function))


def _feature_path(feature: Any, item: pytest.Item) -> str:
    """Return a relative path; pytest-bdd's own may be the same for two files."""
    return _relative_path(feature.filename, str(item.config.rootpath)) or (
        PurePath(feature.rel_filename).as_posix()
    )


@functools.lru_cache
def _relative_path(path: str, folder: str) -> str:
    try:
        return PurePath(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        # Windows: another drive has no relative path.
        return ""


def _tags_of(template: Any, row: int, prefixes: Sequence[str]) -> set[str]:
    """Return the tags of a scenario, of its row's table, and some of its rule's."""
    own: set[str] = template.tags | _tags_of_row(template, row)
    rule = getattr(template, "rule", None)
    if rule is None:
        return own
    has_keys = bool(tags.read(own, prefixes=prefixes).test_keys)
    inherited: set[str] = set()
    for tag in rule.tags:
        meaning = tags.of_feature([tag], prefixes=prefixes)
        is_wanted = meaning.requirements or meaning.ignored
        if is_wanted or (meaning.test_keys and not has_keys):
            inherited.add(tag)
    return own | inherited


def _tags_of_row(template: Any, row: int) -> set[str]:
    # pytest-bdd 7 has one table, without tags.
    tables = template.examples if isinstance(template.examples, list) else []
    for table in tables:
        if 0 < row <= len(table.examples):
            return set(table.tags)
        row -= len(table.examples)
    return set()


def example_of(item: pytest.Item) -> dict[str, str]:
    """Return the outline row of a test; empty for a plain scenario."""
    callspec = getattr(item, "callspec", None)
    found: dict[str, str] = callspec.params.get(EXAMPLE, {}) if callspec else {}
    return found


def _row_number(item: pytest.Item) -> int:
    """Return the number of the row, from 1, over all tables of the outline."""
    callspec: Any = getattr(item, "callspec", None)
    return int(callspec.indices.get(EXAMPLE, 0)) + 1 if callspec else 0


def meaning_of(scenario: Scenario, prefixes: Sequence[str]) -> tags.TagMeaning:
    """Return the meaning of Xray's tags on a scenario and its feature."""
    return tags.read(scenario.tags, scenario.feature.tags, prefixes=prefixes)


def malformed_tags(
    item: pytest.Item, prefixes: Sequence[str] = tags.PREFIXES
) -> tuple[str, ...]:
    """Return the tags of a scenario that look like a key, but are not one."""
    template = _template_of(item)
    if template is None:
        return ()
    rule = getattr(template, "rule", None)
    own = template.tags | _tags_of_row(template, _row_number(item))
    above = template.feature.tags | (rule.tags if rule else set())
    return tags.read(sorted(own), sorted(above), prefixes=prefixes).malformed


def find_notices(
    items: Iterable[pytest.Item], prefixes: Sequence[str]
) -> Iterator[str]:
    """
    Find malformed tags, and scenarios that pytest-bdd does not run, in all features.

    pytest-bdd runs the last of several scenarios with the same name in one feature.
    Tests of one scenario share its tags, so each malformed tag is one notice.
    """
    scenarios = [item for item in items if _template_of(item) is not None]
    yield from describe_malformed_tags(scenarios, prefixes)
    features = {
        _feature_path(feature, item): feature
        for item in scenarios
        for feature in [_template_of(item).feature]
    }
    for path, feature in features.items():
        for line, name in _replaced_scenarios(feature):
            yield (
                f"{path}:{line}: pytest-bdd does not run this scenario, because "
                f'another scenario of this feature has the same name, "{name}"'
            )


def describe_malformed_tags(
    items: Iterable[pytest.Item], prefixes: Sequence[str]
) -> Iterator[str]:
    """Yield one line for each tag that looks like a key, but is not one."""
    found: dict[str, None] = {}
    for item in items:
        for tag in malformed_tags(item, prefixes):
            template = _template_of(item)
            place = template.feature if tag in template.feature.tags else template
            path = _feature_path(template.feature, item)
            found[f"{path}:{place.line_number}: @{tag} contains no issue key"] = None
    yield from found


def _replaced_scenarios(feature: Any) -> Iterator[tuple[int, str]]:
    """Read line and name from the file, because pytest-bdd does not keep them."""
    try:
        lines = Path(feature.filename).read_text("utf-8", "replace").split("\n")
    except OSError:
        return
    dialect = _find_dialect(_language_of(feature))
    keywords = (*KEYWORDS.values(),)
    if dialect is not None:
        keywords = (*dialect.scenario_keywords, *dialect.scenario_outline_keywords)
    found: dict[str, list[int]] = {name: [] for name in feature.scenarios}
    delimiter = ""
    for number, line in enumerate(map(str.strip, lines), start=1):
        if line.startswith(delimiter or DELIMITERS):
            delimiter = "" if delimiter else line[:3]
        keyword, _, rest = line.partition(":")
        if not delimiter and keyword in keywords and rest.strip() in found:
            found[rest.strip()].append(number)
    for name, numbers in found.items():
        for number in numbers[:-1]:
            yield number, name


def _language_of(feature: Any) -> str:
    return getattr(feature, "language", None) or "en"


def _find_dialect(language: str) -> Any:
    """Find Gherkin's keywords of a language; pytest-bdd 7 works without Gherkin."""
    module: Any = sys.modules.get("gherkin.dialect")
    return module.Dialect.for_name(language) if module else None


@functools.lru_cache
def _original_keywords(language: str) -> dict[str, str]:
    """Map keywords in pytest-bdd's title case to Gherkin's own keywords."""
    dialect = _find_dialect(language)
    if dialect is None:
        return {}
    found = (
        *dialect.given_keywords,
        *dialect.when_keywords,
        *dialect.then_keywords,
        *dialect.and_keywords,
        *dialect.but_keywords,
    )
    return {word.strip().title(): word.strip() for word in found}


def steps_of(item: pytest.Item, outcome: Outcome = Outcome.NOT_RUN) -> tuple[Step, ...]:
    """Return all steps of a scenario that never started, as they would have run."""
    template = _template_of(item)
    if template is None:
        return ()
    try:
        steps = template.render(example_of(item)).steps
    except KeyError:
        # pytest-bdd 7: a placeholder that no column fills.
        steps = template.steps
    language = _language_of(template.feature)
    return tuple(_make_step(step, language, outcome) for step in steps)


def _make_step(
    step: Any,
    language: str,
    outcome: Outcome,
    duration: float = 0.0,
    message: str = "",
) -> Step:
    name, text = step.name, getattr(step, "docstring", None) or ""
    if not hasattr(step, "docstring"):
        # pytest-bdd 7: all lines below a step belong to its name.
        name, _, text = name.partition("\n")
    table = getattr(step, "datatable", None)
    rows = table.rows if table else ()
    return Step(
        keyword=_original_keywords(language).get(step.keyword, step.keyword),
        name=name,
        outcome=outcome,
        duration=duration,
        message=message,
        line=step.line_number,
        text=text,
        table=tuple(tuple(cell.value for cell in row.cells) for row in rows),
    )


@guard_hooks
class StepTracker:
    """
    Follows the steps of the running scenario, by pytest-bdd's hooks.

    pytest-bdd has no hook for the end of a step that skips or exits; the report of the
    call tells it.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        # Bound when this is made, because tests patch clocks.
        self._now = now
        self._item: pytest.Item | None = None
        self._scenario: Any = None
        self._running: Any = None
        self._began: dict[int, float] = {}
        self._ended: dict[int, tuple[Outcome, float, str]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> None:
        """
        Forget the earlier test or attempt after a setup.

        pytest calls this for each subtest, too: a subtest that fails in a step fails
        the step, which passed for pytest-bdd.
        """
        if call.when == "setup":
            self._item = item
            self._forget()
        elif call.when == "call" and call.excinfo and self._running is not None:
            self._end_step(self._running, call.excinfo.value)

    def _forget(self, scenario: Any = None) -> None:
        self._scenario = scenario
        self._running = None
        self._began = {}
        self._ended = {}

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_bdd_before_scenario(self, scenario: Any) -> None:
        """A new scenario."""
        self._forget(scenario)

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_bdd_before_step(self, step: Any) -> None:
        """A step begins."""
        self._running = step
        self._began[id(step)] = self._now()

    @pytest.hookimpl(optionalhook=True, trylast=True)
    def pytest_bdd_after_step(self, step: Any) -> None:
        """A step passed, and so did users' hooks after it."""
        self._end_step(step)
        self._running = None

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_bdd_step_error(self, step: Any, exception: BaseException) -> None:
        """A step failed."""
        self._end_step(step, exception)
        self._running = None

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_bdd_step_func_lookup_error(
        self, step: Any, exception: BaseException
    ) -> None:
        """A step has no code."""
        self._ended[id(step)] = (Outcome.FAILED, 0.0, f"undefined step: {exception}")

    def _end_step(self, step: Any, error: BaseException | None = None) -> None:
        outcome, message = _outcome_of(error)
        earlier = self._ended.get(id(step))
        if earlier and earlier[0] is Outcome.FAILED and outcome is not Outcome.FAILED:
            outcome, _, message = earlier
        began = self._began.get(id(step))
        duration = 0.0 if began is None else max(0.0, self._now() - began)
        self._ended[id(step)] = (outcome, duration, message)

    def take_steps(self, *, failed: bool) -> tuple[Step, ...]:
        """
        Return the steps of the scenario of the last test that was set up.

        Called more than once if a step has subtests; the last call counts.
        """
        never_began = Outcome.NOT_RUN if failed else Outcome.SKIPPED
        if self._scenario is None:
            return steps_of(self._item, never_began) if self._item else ()
        left = Outcome.NOT_RUN if self._began or self._ended else never_began
        language = _language_of(self._scenario.feature)
        return tuple(
            _make_step(step, language, *self._ended.get(id(step), (left,)))
            for step in self._scenario.steps
        )


def _outcome_of(error: BaseException | None) -> tuple[Outcome, str]:
    """Return the outcome of a step and its message."""
    if error is None:
        return Outcome.PASSED, ""
    try:
        message = f"{type(error).__name__}: {error}"
    except FAULTS as fault:
        message = f"{type(error).__name__}: {type(fault).__name__} in str()"
    skips = getattr(sys.modules.get("unittest"), "SkipTest", ())
    if isinstance(error, (pytest.skip.Exception, skips)):
        return Outcome.SKIPPED, message
    # pytest-bdd 9 reports it as an error: its class is derived from one.
    expected = isinstance(error, pytest.xfail.Exception)
    return (Outcome.XFAILED if expected else Outcome.FAILED), message
