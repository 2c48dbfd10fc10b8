"""
Select the collected tests that belong to the Tests of the setting ``select``.

With xdist each worker deselects the same tests, and the controller knows which Tests
have no code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import annotator, bdd, marks, options
from pytest_xray_bridge.guard import guard_hooks


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NAME = "xray-bridge-selection"
WORKER_INPUT = "xray_select"
# The selected keys that a worker found in code.
FOUND_IN_CODE = "xray_in_code"


def to_worker_input(keys: Iterable[str], prefixes: Sequence[str]) -> dict[str, Any]:
    """Make the input of ``make_in_worker`` in the controller; builtins only."""
    return {"keys": list(keys), "prefixes": list(prefixes)}


def make_in_worker(config: pytest.Config) -> KeySelection:
    """Make the selection of one of xdist's workers from the controller's input."""
    given = options.worker_input(config)[WORKER_INPUT]
    return KeySelection(config, given["keys"], given["prefixes"])


def find_keys(item: pytest.Item, prefixes: Sequence[str]) -> tuple[str, ...]:
    """
    Find the Test keys of a test in its marks, its tags and users' hooks.

    A malformed mark gives no key here; ``marks.find_problems`` refuses it.
    """
    try:
        found = tuple(marks.read(item).get("test_keys", ()))
    except ValueError:
        found = ()
    scenario = None if found else bdd.scenario_of(item, prefixes)
    if scenario is not None:
        found = bdd.meaning_of(scenario, prefixes).test_keys
    asked = item.ihook.pytest_xray_test_keys(item=item)
    more = (key for keys in asked for key in annotator.to_values(keys))
    return tuple(dict.fromkeys((*found, *more)))


@guard_hooks
class KeySelection:
    """Deselects tests that have none of the selected keys."""

    def __init__(
        self, config: pytest.Config, keys: Iterable[str], prefixes: Sequence[str]
    ) -> None:
        self._config = config
        self._keys = frozenset(keys)
        self._prefixes = tuple(prefixes)
        self.in_code: set[str] = set()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Any:
        """
        Find keys before ``-k`` and ``-m`` deselect anything; deselect tests last.
        """
        keys_of_items = {item: find_keys(item, self._prefixes) for item in items}
        self.in_code = {
            key for keys in keys_of_items.values() for key in keys
        } & self._keys
        if options.is_worker(self._config):
            found = sorted(self.in_code)
            self._config.workeroutput[FOUND_IN_CODE] = found  # type: ignore[attr-defined]
        yield
        chosen = {
            item for item, keys in keys_of_items.items() if self._keys & set(keys)
        }
        rest = [item for item in items if item not in chosen]
        if rest:
            items[:] = [item for item in items if item in chosen]
            self._config.hook.pytest_deselected(items=rest)
