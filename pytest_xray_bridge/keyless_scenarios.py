"""
Ends a session of scenarios that nothing would take, before the first of them runs.

Whether there is a place for scenarios without a Test key, the settings tell before
collection; whether they all have none, only the collection does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_xray_bridge import bdd, marks, options
from pytest_xray_bridge.guard import guard_hooks


if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What a worker says of it, in its output.
PROBLEMS = "xray_keyless"
# The format of a session of nothing but scenarios.
FORMAT = "cucumber"


@guard_hooks
class KeylessScenarios:
    """``find_refusal``: why nothing would take them; empty if something does."""

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
        """Look at what was selected."""
        refusal = self._find_refusal()
        gives_keys = self._config.hook.pytest_xray_test_keys.get_hookimpls()
        if not refusal or not items or gives_keys:
            return
        if not all(map(self._is_keyless, items)):
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
