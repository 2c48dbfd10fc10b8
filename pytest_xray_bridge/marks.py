"""
Read the ``xray`` marks of a test, from the test itself up to its module.
"""

from __future__ import annotations

import functools
import itertools
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import pytest

from xray_bridge.model import keys
from xray_bridge.text import describe_unknown


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_xray_bridge.wire import WireLine

NAME = "xray"
KEY = re.compile(keys.KEY)
# What a mark may say besides keys.
ARGUMENTS = (
    "requirements",
    "defects",
    "labels",
    "summary",
    "description",
    "custom_fields",
    "ignore",
    "dataset",
)


def read(item: pytest.Item) -> WireLine:
    """
    Read the fields that a test's marks add to its journal line; empty without marks.

    The closest mark with keys decides the keys; requirements, defects and
    labels add up; for other fields the closest mark wins. ``ignored`` says that the
    test is not reported. Raises ValueError for a malformed mark.
    """
    found_marks = _closest_first(item)
    if not found_marks:
        return {}
    first = _parse_once(found_marks[0])
    if len(found_marks) == 1 and first.has_keys_only:
        # Nearly all marks have only keys, and this runs for every test.
        return {"test_keys": first.keys}
    marks = [first, *map(_parse_once, found_marks[1:])]
    fields: dict[str, str] = {}
    for mark in reversed(marks):
        fields |= mark.custom_fields
    found: WireLine = {
        "test_keys": next((mark.keys for mark in marks if mark.keys), ()),
        "requirements": _join_unique(mark.requirements for mark in marks),
        "defects": _join_unique(mark.defects for mark in marks),
        "labels": _join_unique(mark.labels for mark in marks),
        "summary": next((mark.summary for mark in marks if mark.summary), ""),
        "description": next((m.description for m in marks if m.description), ""),
        "custom_fields": tuple(fields.items()),
    }
    if next((mark.ignore for mark in marks if mark.ignore is not None), False):
        found["ignored"] = True
    return found


def find_dataset(item: pytest.Item) -> str:
    """
    Return the key of the Test whose dataset gives the rows; empty without one.

    The closest mark with ``dataset`` decides; ``True`` is the dataset of the test's own
    Test. Raises ValueError if it has none or several, and for a malformed mark.
    """
    marks = [*map(_parse_once, _closest_first(item))]
    given = next((e.dataset for e in marks if e.dataset is not None), None)
    if not given or isinstance(given, str):
        return given or ""
    keys = next((mark.keys for mark in marks if mark.keys), ())
    if len(keys) != 1:
        has = f"the test has the keys {', '.join(keys)}" if keys else "there is no key"
        raise _mark_error(f"dataset=True, but {has}; name the Test: dataset='CALC-5'")
    return keys[0]


def find_doubled(item: pytest.Item) -> tuple[str, ...]:
    """
    Return the keys of a function that has several marks with keys, as after a merge.

    Only the closest mark counts. A row's mark is none of them.
    """
    callspec = getattr(item, "callspec", None)
    of_row = [id(mark) for mark in callspec.marks] if callspec else []
    own = [m for m in item.own_markers if m.name == NAME and id(m) not in of_row]
    try:
        found = [mark.keys for mark in map(_parse_once, own) if mark.keys]
    except ValueError:
        return ()
    return _join_unique(found) if len(found) > 1 else ()


def has_own_keys(item: pytest.Item) -> bool:
    """Whether a mark of a function or of its row has keys, not one of its class."""
    try:
        own = [_parse_once(mark) for mark in item.own_markers if mark.name == NAME]
    except ValueError:
        return True
    return any(mark.keys for mark in own)


def _closest_first(item: pytest.Item) -> list[pytest.Mark]:
    """
    Return the marks of a test, the closest first.

    Within one node pytest has another order: a row's after the function's, and those
    of a base class before those of its subclass.
    """
    own, parent = item.own_markers, item.parent
    if parent is None or not _has_marks(parent):
        mine = [mark for mark in own if mark.name == NAME]
        if len(mine) < 2:  # noqa: PLR2004
            return mine
    found = list(item.iter_markers_with_node(NAME))
    if len(found) < 2:  # noqa: PLR2004
        return [mark for _, mark in found]
    callspec = getattr(item, "callspec", None)
    of_row = [mark for mark in callspec.marks if mark.name == NAME] if callspec else []
    ordered = list(of_row)
    for node, group in itertools.groupby(found, key=lambda each: each[0]):
        marks = [mark for _, mark in group if not any(mark is row for row in of_row)]
        ordered += reversed(marks) if isinstance(node, pytest.Class) else marks
    return ordered


@functools.lru_cache(maxsize=8)
def _has_marks(collector: pytest.Collector) -> bool:
    """Whether a class, file or folder has marks; tests come file by file."""
    return collector.get_closest_marker(NAME) is not None


def find_problems(items: Iterable[pytest.Item]) -> Iterator[str]:
    """Yield one line for each malformed mark; rows of one test share its mark."""
    found = set()
    seen: set[pytest.Collector] = set()
    for item in items:
        marks = item.own_markers
        parent = item.parent
        if parent is not None and parent not in seen:
            # The others are the same for all tests of a file or class.
            seen.add(parent)
            marks = [*item.iter_markers(NAME)]
        for mark in marks:
            try:
                if mark.name == NAME and _parse_once(mark).dataset:
                    _refuse_unittest(item)
            except ValueError as error:
                path, line, _ = item.location
                text = f"{path}:{(line or 0) + 1}: {error}"
                if text not in found:
                    found.add(text)
                    yield text


def _refuse_unittest(item: pytest.Item) -> None:
    """Raise ValueError for a test that pytest does not parametrize."""
    if any(each.__name__ == "TestCaseFunction" for each in type(item).__mro__):
        raise _mark_error(
            "dataset= has no effect in a unittest.TestCase; use xray_bridge.dataset()"
        )


class _Mark(NamedTuple):
    """One checked mark; a tuple because a session makes thousands."""

    keys: tuple[str, ...]
    requirements: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    summary: str = ""
    description: str = ""
    custom_fields: Mapping[str, str] = MappingProxyType({})
    # None: another mark decides.
    ignore: bool | None = None
    # None: another mark decides; a text is the key of another Test.
    dataset: bool | str | None = None
    has_keys_only: bool = False


# Marks do not change, and each is read at the collection and when its test begins. They
# are kept, so that no other mark gets the id of one.
_PARSED: dict[int, tuple[_Mark, pytest.Mark]] = {}


def _parse_once(mark: pytest.Mark) -> _Mark:
    known = _PARSED.get(id(mark))
    if known is None:
        known = _PARSED[id(mark)] = (_parse_mark(mark), mark)
    return known[0]


def _parse_mark(mark: pytest.Mark) -> _Mark:
    keys = _parse_keys(mark.args, "a Test key")
    if keys and not mark.kwargs:
        return _Mark(keys, has_keys_only=True)
    given = dict(mark.kwargs)
    fields = given.pop("custom_fields", {})
    if not isinstance(fields, dict):
        raise _mark_error(f"custom_fields={fields!r} is not a dict")
    found = _Mark(
        keys,
        requirements=_parse_keys((given.pop("requirements", ()),), "in requirements="),
        defects=_parse_keys((given.pop("defects", ()),), "in defects="),
        labels=tuple(_parse_texts(given.pop("labels", ()), "labels")),
        summary=_parse_text(given.pop("summary", ""), "summary"),
        description=_parse_text(given.pop("description", ""), "description"),
        custom_fields={str(name): str(value) for name, value in fields.items()},
        ignore=_parse_switch(given.pop("ignore", None), "ignore"),
        dataset=_parse_dataset(given.pop("dataset", None)),
    )
    if given:
        raise _mark_error(describe_unknown(given, ARGUMENTS))
    if found.ignore is None and found.dataset is None and not any(found):
        raise _mark_error("the mark is empty; give a Test key, such as CALC-1")
    return found


def _parse_keys(given: Iterable[object], what: str) -> tuple[str, ...]:
    found = []
    for value in given:
        for text in _parse_texts(value, what):
            key = keys.spell_key(text)
            if not KEY.fullmatch(key):
                raise _mark_error(
                    f"{what}: {text!r} is not an issue key; keys look like CALC-15"
                )
            found.append(key)
    return tuple(dict.fromkeys(found))


def _parse_texts(value: object, what: str) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_parse_text(each, what) for each in value]
    raise _mark_error(f"{what}: {value!r} is not text")


def _parse_text(value: object, what: str) -> str:
    if isinstance(value, str):
        return value
    raise _mark_error(f"{what}: {value!r} is not text")


def _parse_switch(value: object, name: str) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise _mark_error(f"{name}={value!r} is neither True nor False")


def _parse_dataset(value: object) -> bool | str | None:
    if isinstance(value, str):
        return _parse_keys((value,), "in dataset=")[0]
    return _parse_switch(value, "dataset")


def _mark_error(text: str) -> ValueError:
    return ValueError(f"@pytest.mark.{NAME}: {text}")


def _join_unique(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for part in parts for value in part))
