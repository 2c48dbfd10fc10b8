"""
Find faults that happen after the scenarios, and that no result shows.

Hooks and cleanup functions of a feature, and of the run, may fail when all scenarios
have their results. behave counts these faults, in both versions, and keeps no message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Iterable

    from behave.model import Scenario


class LateFaults:
    """Counts the faults of behave's runner since the last question."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self._cleanups = 0
        self._hooks = 0

    def forget(self) -> None:
        """Forget the faults so far: a result shows them."""
        self._cleanups, self._hooks = self._counted_cleanups, self._counted_hooks

    def of_feature(self, scenarios: Iterable[Scenario]) -> str:
        """Describe failed cleanups of a feature; empty if none failed."""
        number = self._counted_cleanups - self._cleanups
        # A failed cleanup of the last scenario has failed that scenario.
        number -= any(map(_failed_in_cleanup, scenarios))
        self.forget()
        functions = count(number, "cleanup function")
        return f"{functions} failed after the feature" if number > 0 else ""

    def of_run(self) -> list[str]:
        """Describe what failed after the last feature."""
        found = []
        if self._counted_hooks > self._hooks:
            found.append("after_all failed")
        number = self._counted_cleanups - self._cleanups
        if number > 0:
            found.append(f"{count(number, 'cleanup function')} failed after the run")
        return found

    @property
    def _counted_cleanups(self) -> int:
        context = getattr(self._runner, "context", None)
        found: int = getattr(context, "_root", {}).get("cleanup_errors", 0)
        return found

    @property
    def _counted_hooks(self) -> int:
        return getattr(self._runner, "hook_failures", 0)


def _failed_in_cleanup(scenario: Scenario) -> bool:
    if scenario.status.name == "cleanup_error":
        return True
    is_failed = scenario.status.name == "failed" and not scenario.hook_failed
    return is_failed and all(s.status.name == "passed" for s in scenario.all_steps)
