"""
An import's answer that lists more Tests than should be in memory as JSON.

Server lists every Test: 200,000 of them are 40 MB. Only their keys are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import ijson


if TYPE_CHECKING:
    from collections.abc import Iterator

TAKEN = "testIssues.success"
KEPT = frozenset(
    {"testExecIssue", "testIssues", "key", "id", "self", "error", "errors"}
)


def read_large_answer(file: BinaryIO) -> tuple[Any, tuple[str, ...] | None]:
    """
    The content without the Tests that were taken, and the keys of these.

    The keys are None where there is no list of them, and the content is None where
    it is not JSON.
    """
    keys: list[str] = []
    builder = ijson.ObjectBuilder()
    is_list = False
    try:
        for prefix, event, value in ijson.parse(file, use_float=True):
            if prefix == TAKEN:
                is_list = is_list or event == "start_array"
            elif prefix.startswith(TAKEN):
                keys += _key(prefix, event, value)
            elif _is_kept(prefix, event, value):
                builder.event(event, value)
    except (ijson.JSONError, UnicodeDecodeError, RecursionError):
        return None, None
    return builder.value, tuple(keys) if is_list else None


def _key(prefix: str, event: str, value: Any) -> Iterator[str]:
    if event == "string" and prefix in {f"{TAKEN}.item", f"{TAKEN}.item.key"}:
        yield str(value)


def _is_kept(prefix: str, event: str, value: Any) -> bool:
    """A member that is left out takes its name with it."""
    if event == "map_key":
        name = f"{prefix}.{value}" if prefix else str(value)
        return name != TAKEN and name.partition(".")[0] in KEPT
    return not prefix or prefix.partition(".")[0] in KEPT
