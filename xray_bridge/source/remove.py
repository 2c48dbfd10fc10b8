"""
Take the Test keys out of the marks and tags of collected tests, in memory.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.model import tags
from xray_bridge.source.edit import edit_files
from xray_bridge.source.feature_tags import ScenarioKeys, remove_tags
from xray_bridge.source.python_unmark import remove_marks
from xray_bridge.text import unique


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xray_bridge.source.edit import Edits
    from xray_bridge.source.files import Checkout
    from xray_bridge.source.places import TestPlace

NOT_OWN = (
    "its key is not a text in a mark or tag of its own: it is one of its class, file, "
    "feature or row, comes from a hook, or has a comment in it; remove it by hand"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OldKeys:
    """A test and the keys that are taken out of its code."""

    place: TestPlace
    keys: tuple[str, ...]

    def __str__(self) -> str:
        """Place, name and keys."""
        return f"{self.place}: {', '.join(self.keys)}"


def make_removals(
    places: Iterable[TestPlace], checkout: Checkout, prefixes: Sequence[str]
) -> tuple[Edits, tuple[OldKeys, ...]]:
    """
    Read the files of tests with keys, and take the keys out.

    Returns the edits, and what they remove. ``prefixes`` are those of Xray's tags.
    """
    by_file: dict[Path, list[OldKeys]] = {}
    refused: dict[str, str] = {}
    for old in _find_keys(places):
        if old.place.generated:
            refused[str(old.place)] = old.place.generated
        else:
            by_file.setdefault(Path(old.place.file).resolve(), []).append(old)
    edit = partial(_edit_file, prefixes=prefixes)
    edits, removed, left = edit_files(by_file, checkout, edit)
    refused |= {str(each.place): NOT_OWN for each in left}
    return replace(edits, refused=refused), tuple(removed)


def _find_keys(places: Iterable[TestPlace]) -> list[OldKeys]:
    """Return the tests with keys, each once, with the keys of all rows."""
    tests: dict[object, list[TestPlace]] = {}
    for place in places:
        tests.setdefault(place.test, []).append(place)
    keys = {test: unique(e.keys or () for e in rows) for test, rows in tests.items()}
    doubled = {test: unique(e.doubled for e in rows) for test, rows in tests.items()}
    return [
        OldKeys(place=rows[0], keys=unique((keys[test], doubled[test])))
        for test, rows in tests.items()
        if keys[test]
    ]


def _edit_file(
    content: bytes, found: Sequence[OldKeys], prefixes: Sequence[str]
) -> tuple[bytes, list[OldKeys]]:
    """Return the new content, and the tests that keep their keys."""
    if found[0].place.is_scenario:
        by_line = {each.place.line: each for each in found}
        scenarios = {
            line: ScenarioKeys(name=each.place.xray_name, keys=each.keys)
            for line, each in by_line.items()
        }

        def find_key(tag: str) -> str:
            return next(iter(tags.read([tag], prefixes=prefixes).test_keys), "")

        edited, lines = remove_tags(content, scenarios, find_key)
        return edited, [by_line[each] for each in lines]
    unmarked = remove_marks(content, {e.place.function: e.keys for e in found})
    left = [each for each in found if each.place.function in unmarked.left]
    return unmarked.content, left
