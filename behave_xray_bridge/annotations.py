"""
``behave_xray_bridge.xray``: hooks and steps add to the result of a scenario.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.recording.annotations import Annotations


if TYPE_CHECKING:
    from behave.runner import Context


class AnnotationSource:
    """The reporter of behave that keeps the annotations of scenarios."""

    def annotations(self, context: Context) -> Annotations:
        """Return the annotations of the scenario that ``context`` is in."""
        raise NotImplementedError


def xray(context: Context) -> Annotations:
    """
    Return the annotations of the scenario that ``context`` is in, for hooks and steps.

    Call it in each scenario, because each has annotations of its own. Evidence that
    is attached while a step runs goes to that step. If nothing is recorded, and
    outside of scenarios, it accepts everything and keeps nothing::

        def after_step(context, step):
            if step.status.name in {"failed", "error"}:
                shot = context.browser.get_screenshot_as_png()
                xray(context).attach(shot, "screen.png", "image/png")
    """
    config = getattr(context, "config", None)
    for reporter in getattr(config, "reporters", ()):
        if isinstance(reporter, AnnotationSource):
            return reporter.annotations(context)
    return Annotations()
