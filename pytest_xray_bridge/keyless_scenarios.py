"""
End a session before its first test if Xray could not take any of its results.

The settings tell before the collection whether scenarios without a Test key can be
sent. The collection tells whether all tests are such scenarios.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_xray_bridge import bdd, marks, options
from pytest_xray_bridge.guard import guard_hooks
from pytest_xray_bridge.line_reader import is_ignored


if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# The key of a refusal in the output of a worker.
PROBLEMS = "xray_keyless"
# The format of a session that has only scenarios.
FORMAT = "cucumber"


@guard_hooks
class KeylessScenarios:
    """Refuse such a session; ``find_refusal`` returns why, or an empty text."""

    NAME = "xray-bridge-keyless"

    def __init__(
        self,
        config: pytest.Config,
        prefixes: Sequence[str],
        find_refusal: Callable[[], str],
    ) -> None:
        self._config = config
        self._prefixes = prefixes
        self._find_refusal = find_refusal

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Check the selected tests."""
        refusal = self._find_refusal()
        gives_keys = self._config.hook.pytest_xray_test_keys.get_hookimpls()
        if not refusal or gives_keys:
            return
        reported = [item for item in items if not is_ignored(item, self._prefixes)]
        if not reported or not all(map(self._is_keyless, reported)):
            return
        if not options.is_worker(self._config):
            raise pytest.UsageError(f"xray-bridge: {refusal}")
        # For xdist an error in a worker is a crash; the controller reports it.
        self._config.workeroutput[PROBLEMS] = [refusal]  # type: ignore[attr-defined]
        items.clear()

    def _is_keyless(self, item: pytest.Item) -> bool:
        scenario = bdd.scenario_of(item, self._prefixes)
        if scenario is None or marks.read(item).get("test_keys"):
            return False
        return not bdd.meaning_of(scenario, self._prefixes).test_keys
