"""
``behave_xray_bridge.xray``: what hooks and steps say of the scenario under way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.recording.annotations import Annotations


if TYPE_CHECKING:
    from behave.runner import Context


class Annotating:
    """Among behave's reporters, the one that knows which scenario is under way."""

    def annotations(self, context: Context) -> Annotations:
        """Those of the scenario under way."""
        raise NotImplementedError


def xray(context: Context) -> Annotations:
    """
    The annotations of the scenario that ``context`` is in, for hooks and steps.

    Ask for them in each scenario: they are not those of the next one. Evidence
    that is attached while a step runs goes to that step. Where nothing is
    recorded, and outside of scenarios, they take everything and keep nothing::

        def after_step(context, step):
            if step.status.name in {"failed", "error"}:
                shot = context.browser.get_screenshot_as_png()
                xray(context).attach(shot, "screen.png", "image/png")
    """
    config = getattr(context, "config", None)
    for reporter in getattr(config, "reporters", ()):
        if isinstance(reporter, Annotating):
            return reporter.annotations(context)
    return Annotations()
