"""
Read what is known of a test before it runs: the beginning of its journal line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import bdd, guests, marks, wire
from pytest_xray_bridge.names import ItemNames
from xray_bridge.runs import codec


if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_xray_bridge.wire import WireLine
    from xray_bridge.model.results import Scenario
    from xray_bridge.model.tags import TagMeaning
    from xray_bridge.runs.codec import Line


# What the rows of a dataset have instead of their parameters: names in Xray, and texts.
PARAMETERS: pytest.StashKey[tuple[tuple[str, str], ...]] = pytest.StashKey()


class LineReader:
    """Reads lines of tests; ``prefixes`` are those of Xray's tags."""

    def __init__(self, config: pytest.Config, prefixes: Sequence[str]) -> None:
        self._prefixes = tuple(prefixes)
        self._names = ItemNames(config)

    def read(self, item: pytest.Item, scenario: Scenario | None) -> WireLine:
        """
        Read names, marks, parameters and tags of a test.

        Raises ValueError for a malformed mark.
        """
        read: Any = marks.read(item)
        if names := self._names.read(item):
            read = {**names, **read}
        line: WireLine = read
        if "ignored" in line:
            return _ignored_line()
        if "test_keys" not in line and guests.is_no_test(item):
            return {"no_test": True}
        if parameters := read_parameters(item):
            line["parameters"] = parameters
        if scenario is not None:
            meaning = bdd.meaning_of(scenario, self._prefixes)
            if meaning.ignored:
                return _ignored_line()
            _add_tags(line, scenario, meaning)
        return line


def is_ignored(item: pytest.Item, prefixes: Sequence[str]) -> bool:
    """Whether a mark or a tag leaves a test out; a malformed mark does not."""
    try:
        if "ignored" in marks.read(item):
            return True
    except ValueError:
        return False
    scenario = bdd.scenario_of(item, prefixes)
    return scenario is not None and bool(bdd.meaning_of(scenario, prefixes).ignored)


def _ignored_line() -> WireLine:
    return {"no_test": True, "ignored": True}


def _add_tags(line: Line, scenario: Scenario, meaning: TagMeaning) -> None:
    """Add the meaning of a scenario's tags; keys in marks win over keys in tags."""
    line["scenario"] = codec.to_builtins(scenario)
    line["test_keys"] = line.get("test_keys") or meaning.test_keys
    line["requirements"] = (*line.get("requirements", ()), *meaning.requirements)
    line["labels"] = (*line.get("labels", ()), *meaning.labels)
    line["summary"] = line.get("summary") or scenario.name


def read_parameters(item: pytest.Item) -> tuple[tuple[str, str], ...]:
    """Read the parameters of a test: names and texts."""
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return ()
    if PARAMETERS in item.stash:
        return item.stash[PARAMETERS]
    example = bdd.example_of(item)
    if example:
        return tuple((name, str(value)) for name, value in example.items())
    return tuple(
        (name, wire.to_text(value))
        for name, value in callspec.params.items()
        # Plugins that repeat a test make parameters whose names begin so.
        if not name.startswith("__")
        if name != bdd.EXAMPLE
    )
