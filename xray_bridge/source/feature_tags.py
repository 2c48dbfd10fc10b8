"""
Write tags with Test keys into feature files, which are edited as bytes.

Everything else stays as it is: line ends, indentation, encoding, comments.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COMMENT = re.compile(rb"\s+#.*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioKey:
    """A key for the scenario of this name."""

    name: str
    key: str


def add_tags(content: bytes, keys: Mapping[int, ScenarioKey]) -> bytes:
    """
    Add a tag to each of the scenarios, which are given by their lines, from 1.

    Raises ValueError if there is another scenario on a line.
    """
    lines = content.split(b"\n")
    # From the end, so that the numbers of lines stay right.
    for number, scenario in sorted(keys.items(), reverse=True):
        keyword = lines[number - 1] if 0 < number <= len(lines) else b""
        if scenario.name.encode() not in keyword:
            msg = f"line {number} is not the scenario {scenario.name!r}"
            raise ValueError(msg)
        _add_tag(lines, number - 1, f"@{scenario.key}".encode())
    return b"\n".join(lines)


def _add_tag(lines: list[bytes], at: int, tag: bytes) -> None:
    """Add it to the line of tags above; pytest-bdd 7 reads no second one."""
    above = _find_tags(lines, at)
    if above is not None:
        line = lines[above]
        end = _COMMENT.search(line)
        rest = line[end.start() :] if end else line[len(line.rstrip()) :]
        tags = line[: len(line) - len(rest)].rstrip()
        lines[above] = tags + b" " + tag + rest
        return
    keyword = lines[at]
    indentation = keyword[: len(keyword) - len(keyword.lstrip())]
    end_of_line = b"\r" if keyword.endswith(b"\r") else b""
    lines.insert(at, indentation + tag + end_of_line)


def _find_tags(lines: Sequence[bytes], at: int) -> int | None:
    """Return the closest line of tags above a scenario, beyond comments."""
    for index in range(at - 1, -1, -1):
        line = lines[index].strip()
        if line.startswith(b"@"):
            return index
        if line and not line.startswith(b"#"):
            return None
    return None
