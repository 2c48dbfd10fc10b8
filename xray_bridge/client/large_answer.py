"""
Reads an import's answer that is too large to be parsed in memory.

Server lists each Test: 200,000 of them are 40 MB. Only their keys are kept.
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
    Return the content without the Tests that were taken, and the keys of these.

    The keys are None if there is no list of them; the content is None if it is not
    JSON.
    """
    keys: list[str] = []
    builder = ijson.ObjectBuilder()
    is_list = False
    try:
        for prefix, event, value in ijson.parse(file, use_float=True):
            if prefix == TAKEN:
                is_list = is_list or event == "start_array"
            elif prefix.startswith(TAKEN):
                keys += _read_key(prefix, event, value)
            elif _is_kept(prefix, event, value):
                builder.event(event, value)
    except (ijson.JSONError, UnicodeDecodeError, RecursionError):
        return None, None
    return builder.value, tuple(keys) if is_list else None


def _read_key(prefix: str, event: str, value: Any) -> Iterator[str]:
    if event == "string" and prefix in {f"{TAKEN}.item", f"{TAKEN}.item.key"}:
        yield str(value)


def _is_kept(prefix: str, event: str, value: Any) -> bool:
    """Whether a member is kept; its name is dropped with its value."""
    if event == "map_key":
        name = f"{prefix}.{value}" if prefix else str(value)
        return name != TAKEN and name.partition(".")[0] in KEPT
    return not prefix or prefix.partition(".")[0] in KEPT
