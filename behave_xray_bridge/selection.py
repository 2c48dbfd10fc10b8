"""
Select scenarios: those that behave selects, and those that ``xray_select`` selects.

Scenarios without a selected Test are skipped in the way in which behave skips those
that ``file:line`` does not name, so they have no results.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from behave_xray_bridge.convert import find_templates


if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from behave.configuration import Configuration
    from behave.model import Feature, Scenario

    from behave_xray_bridge.convert import Converter, Place
    from behave_xray_bridge.hooks import Hooks


def select_keys(
    features: Iterable[Feature],
    converter: Converter,
    hooks: Hooks,
    keys: Container[str],
) -> set[str]:
    """Skip scenarios that have none of the keys; return the keys that some have."""
    in_code: set[str] = set()
    for feature in features:
        for place in _selectable_places(feature):
            found = list(converter.read_tags(place).test_keys)
            hooks.test_keys(place.scenario, found.append)
            selected = {key for key in found if key in keys}
            in_code |= selected
            if not selected:
                place.scenario.mark_skipped()
    return in_code


def _selectable_places(feature: Feature) -> Iterator[Place]:
    """Yield scenarios, and outlines unless their tables have tags of their own."""
    for place in find_templates(feature):
        outline = place.scenario
        if any(table.tags for table in getattr(outline, "examples", ())):
            for row, scenario in enumerate(outline.scenarios, start=1):
                yield replace(place, scenario=scenario, outline=outline, row=row)
        else:
            yield place


class BehaveSelection:
    """
    The scenarios that behave selects by tags, names and lines.

    behave skips scenarios by lines before the run begins, in the same way in which a
    hook skips them later, so the skipped ones are looked up now. If no runner was
    found, a scenario that was skipped without a reason counts as not selected.
    """

    def __init__(self, features: Iterable[Feature], config: Configuration) -> None:
        features = list(features)
        self._config = config
        self._knows_lines = bool(features)
        # Keeping the scenario beside its id prevents that another gets that id.
        self._not_selected: dict[int, Scenario] = {
            id(scenario): scenario
            for feature in features
            for place in find_templates(feature)
            for scenario in _existing_scenarios(place.scenario)
            if scenario.should_skip
        }

    def has(self, scenario: Scenario) -> bool:
        """Whether behave selects a scenario, or an outline by its own name and tags."""
        config = self._config
        # The first is that of behave 1.3, the second that of 1.2.6.
        tags = getattr(config, "tag_expression", config.tags)
        return (
            not self._is_left_out(scenario)
            and bool(tags.check(scenario.effective_tags))
            and bool(not config.name or config.name_re.search(scenario.name))
        )

    def _is_left_out(self, scenario: Scenario) -> bool:
        if self._knows_lines:
            return id(scenario) in self._not_selected
        return scenario.should_skip and not getattr(scenario, "skip_reason", None)


def have_no_keys(
    features: Iterable[Feature], converter: Converter, selection: BehaveSelection
) -> bool:
    """Whether scenarios are selected, but none of their tags has a Test key."""
    chosen = (
        place
        for feature in features
        for place in find_templates(feature)
        if selection.has(place.scenario)
        if not converter.read_tags(place).ignored
    )
    is_any = False
    for place in chosen:
        # The first key, which most runs have soon, is enough.
        if _has_key(place, converter):
            return False
        is_any = True
    return is_any


def _has_key(place: Place, converter: Converter) -> bool:
    examples = getattr(place.scenario, "examples", ())
    if any(each.tags for each in examples):
        # Tags of examples become tags of rows, which are not made yet.
        return True
    return bool(converter.read_tags(place).test_keys)


def _existing_scenarios(scenario: Scenario) -> list[Scenario]:
    """Return the scenario and those rows that behave has made already."""
    return [scenario, *getattr(scenario, "_scenarios", ())]
