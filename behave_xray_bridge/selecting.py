"""
Which scenarios run: those of the Tests that ``xray_select`` means.

Others are left out the way behave itself leaves out what ``file:line`` does not
name, so they are no results.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from behave_xray_bridge.convert import templates


if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from behave.model import Feature

    from behave_xray_bridge.convert import Place, Recorder
    from behave_xray_bridge.hooks import Plugins


def leave_out(
    features: Iterable[Feature],
    recorder: Recorder,
    plugins: Plugins,
    keys: Container[str],
) -> set[str]:
    """Skip scenarios that carry none of the keys; the keys that some carry."""
    in_code: set[str] = set()
    for feature in features:
        for place in _decidable(feature):
            found = list(recorder.meaning(place).test_keys)
            plugins.test_keys(place.scenario, found.append)
            chosen = {key for key in found if key in keys}
            in_code |= chosen
            if not chosen:
                place.scenario.mark_skipped()
    return in_code


def _decidable(feature: Feature) -> Iterator[Place]:
    """Scenarios, and outlines as a whole unless their tables have tags."""
    for place in templates(feature):
        outline = place.scenario
        if any(table.tags for table in getattr(outline, "examples", ())):
            for row, scenario in enumerate(outline.scenarios, start=1):
                yield replace(place, scenario=scenario, outline=outline, row=row)
        else:
            yield place
