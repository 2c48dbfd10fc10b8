"""
What the tags of features say about the whole run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from behave_xray_bridge.convert import templates
from xray_bridge.text import unique


if TYPE_CHECKING:
    from collections.abc import Iterable

    from behave.model import Feature

    from behave_xray_bridge.convert import Recorder
    from behave_xray_bridge.selection import Selection
from xray_bridge.config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidByTags:
    """
    Settings that tags hold, as ``jira.test_plan('CALC-15')`` does.

    ``exported_from`` are the Test Executions that feature files came from.
    """

    settings: dict[str, str]
    notices: tuple[str, ...]
    exported_from: tuple[str, ...]

    def unused(self, settings: Settings) -> tuple[str, ...]:
        """A hint for who exported features and may want results to go back."""
        if settings.test_execution or not self.exported_from:
            return ()
        key = self.exported_from[0]
        notice = (
            f"features carry the tag @{key}; if they were exported from this Test "
            f"Execution, results go to it with -D xray_test_execution={key}"
        )
        return (notice,)


def by_tags(
    features: Iterable[Feature], recorder: Recorder, selection: Selection
) -> SaidByTags:
    """What the tags of the selected scenarios say; the first one wins."""
    meanings = [
        recorder.meaning(place)
        for feature in features
        for place in templates(feature)
        if selection.has(place.scenario)
    ]
    found = {
        "test_plan": unique(each.test_plans for each in meanings),
        "test_execution": unique(each.test_executions for each in meanings),
    }
    return SaidByTags(
        settings={name: keys[0] for name, keys in found.items() if keys},
        notices=tuple(
            f"tags name several values of {name}: {', '.join(keys)}; one run has one, "
            f"which is {keys[0]}"
            for name, keys in found.items()
            if len(keys) > 1
        ),
        exported_from=unique(each.exported_from for each in meanings),
    )
