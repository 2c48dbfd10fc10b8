"""
Read settings of the run from tags of features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from behave_xray_bridge.convert import find_templates
from xray_bridge.dataclass import dataclass
from xray_bridge.model import tags
from xray_bridge.text import unique


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from behave.model import Feature

    from behave_xray_bridge.convert import Converter, Place
    from behave_xray_bridge.selection import BehaveSelection
    from xray_bridge.config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSettings:
    """
    Settings from tags such as ``jira.test_plan('CALC-15')``.

    ``exported_from`` are keys of Test Executions that the features came from.
    """

    settings: dict[str, str]
    notices: tuple[str, ...]
    exported_from: tuple[str, ...]

    def hint_for_export(self, settings: Settings) -> tuple[str, ...]:
        """Return a notice about sending results to the Test Execution of the export."""
        if settings.test_execution or not self.exported_from:
            return ()
        key = self.exported_from[0]
        notice = (
            f"features have the tag @{key}; if they were exported from this Test "
            f"Execution, -D xray_test_execution={key} sends the results to it"
        )
        return (notice,)


def _may_name_run(place: Place, prefixes: Sequence[str]) -> bool:
    """Whether tags of a scenario or its containers may be settings of the run."""
    # Of the scenario's own tags, only those that look like calls.
    if "(" in "".join(place.scenario.tags):
        return True
    above = [tags.of_feature(each.tags, prefixes=prefixes) for each in place.containers]
    return any(map(_names_run, above))


def _names_run(found: tags.TagMeaning) -> bool:
    return bool(found.test_plans or found.test_executions or found.exported_from)


def settings_from_tags(
    features: Iterable[Feature], converter: Converter, selection: BehaveSelection
) -> TagSettings:
    """Read the tags of the selected scenarios; the first value wins."""
    meanings = [
        converter.read_tags(place)
        for feature in features
        for place in find_templates(feature)
        if _may_name_run(place, converter.prefixes) and selection.has(place.scenario)
    ]
    found = {
        "test_plan": unique(each.test_plans for each in meanings),
        "test_execution": unique(each.test_executions for each in meanings),
    }
    return TagSettings(
        settings={name: keys[0] for name, keys in found.items() if keys},
        notices=tuple(
            f"tags name several values of {name} ({', '.join(keys)}), but a run has "
            f"only one; {keys[0]} is used"
            for name, keys in found.items()
            if len(keys) > 1
        ),
        exported_from=unique(each.exported_from for each in meanings),
    )
