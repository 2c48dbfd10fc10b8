"""
Which of the collected tests run: those of the Tests that ``select`` means.

In xdist each worker leaves out the same tests, and the controller knows which
Tests have no code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import annotator, bdd, marks, options


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NAME = "xray-bridge-selection"
TOLD = "xray_select"
# What workers found in code, of what was selected.
IN_CODE = "xray_in_code"


def as_worker_input(keys: Iterable[str], prefixes: Sequence[str]) -> dict[str, Any]:
    """What ``in_worker`` needs to be told; builtins only."""
    return {"keys": list(keys), "prefixes": list(prefixes)}


def in_worker(config: pytest.Config) -> Selector:
    """The selector of one of xdist's workers, as the controller told it."""
    told = options.worker_input(config)[TOLD]
    return Selector(config, told["keys"], told["prefixes"])


def keys_of(item: pytest.Item, prefixes: Sequence[str]) -> tuple[str, ...]:
    """
    The Test keys of a test: of its marks, its tags, and users' hooks.

    A malformed mark has none here; it is refused elsewhere.
    """
    try:
        found = tuple(marks.read(item).get("test_keys", ()))
    except ValueError:
        found = ()
    scenario = None if found else bdd.scenario_of(item, prefixes)
    if scenario is not None:
        found = bdd.meaning_of(scenario, prefixes).test_keys
    asked = item.ihook.pytest_xray_test_keys(item=item)
    more = (key for keys in asked for key in annotator.listed(keys))
    return tuple(dict.fromkeys((*found, *more)))


class Selector:
    """Leaves out tests that carry none of the selected keys."""

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
        What is in code is known before ``-k`` and ``-m`` leave anything out; what
        does not run, after everybody else has had their say.
        """
        carried = {item: keys_of(item, self._prefixes) for item in items}
        self.in_code = {key for keys in carried.values() for key in keys} & self._keys
        if options.is_worker(self._config):
            found = sorted(self.in_code)
            self._config.workeroutput[IN_CODE] = found  # type: ignore[attr-defined]
        yield
        chosen = {item for item, keys in carried.items() if self._keys & set(keys)}
        rest = [item for item in items if item not in chosen]
        if rest:
            items[:] = [item for item in items if item in chosen]
            self._config.hook.pytest_deselected(items=rest)
