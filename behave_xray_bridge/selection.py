"""
Which scenarios were selected, and which runner runs them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from behave_xray_bridge.convert import templates


if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

    from behave.configuration import Configuration
    from behave.model import Feature, Scenario


def running(config: Configuration) -> Any:
    """
    The runner that makes its formatters right now; ``None`` where none does.

    behave tells nobody: neither features nor an aborted run can be asked for
    otherwise, in either version.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the only way, see above
    while frame is not None:
        found = frame.f_locals.get("self")
        if getattr(found, "config", None) is config and hasattr(found, "features"):
            return found
        frame = frame.f_back
    return None


class Selection:
    """
    What tags, names and lines select.

    Lines leave scenarios out before the run begins, in the way in which a hook
    skips them later: so that is looked up now. Where no runner was found, what
    was skipped without a reason counts as left out.
    """

    def __init__(self, features: Iterable[Feature], config: Configuration) -> None:
        features = list(features)
        self._config = config
        self._saw_lines = bool(features)
        # Kept beside its id, so that no other scenario can have it.
        self._left_out: dict[int, Scenario] = {
            id(scenario): scenario
            for feature in features
            for place in templates(feature)
            for scenario in _made(place.scenario)
            if scenario.should_skip
        }

    def has(self, scenario: Scenario) -> bool:
        """Whether a scenario, or an outline by its own name and tags, is selected."""
        config = self._config
        # behave 1.3, else 1.2.6.
        tags = getattr(config, "tag_expression", config.tags)
        return (
            not self._is_left_out(scenario)
            and bool(tags.check(scenario.effective_tags))
            and bool(not config.name or config.name_re.search(scenario.name))
        )

    def _is_left_out(self, scenario: Scenario) -> bool:
        if self._saw_lines:
            return id(scenario) in self._left_out
        return scenario.should_skip and not getattr(scenario, "skip_reason", None)


def _made(scenario: Scenario) -> list[Scenario]:
    """The scenario itself, and what rows of it there are by now; makes none."""
    return [scenario, *getattr(scenario, "_scenarios", ())]
