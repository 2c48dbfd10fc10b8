"""
Write tags with Test keys into feature files, and remove them; files are bytes here.

Everything else stays as it is: line ends, indentation, encoding, comments.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_COMMENT = re.compile(rb"\s+#.*", re.DOTALL)
# A tag with the blanks before it; calls such as ``@jira.testcase('CALC-1')`` are one.
_TAG = re.compile(rb"(\s*)@([^\s@]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioKey:
    """A key for the scenario of this name."""

    name: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioKeys:
    """The keys of the scenario of this name."""

    name: str
    keys: tuple[str, ...]


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


def remove_tags(
    content: bytes, keys: Mapping[int, ScenarioKeys], is_key: Callable[[str], str]
) -> tuple[bytes, list[int]]:
    """
    Take tags with Test keys off scenarios, which are given by their lines, from 1.

    ``is_key`` returns the Test key of a tag, which is empty for others. Also returns
    the lines of scenarios whose keys are not all in tags of their own: they stay as
    they are. Raises ValueError if there is another scenario on a line.
    """
    lines: list[bytes | None] = [*content.split(b"\n")]
    left: list[int] = []
    for number, scenario in keys.items():
        keyword = lines[number - 1] if 0 < number <= len(lines) else b""
        if keyword is None or scenario.name.encode() not in keyword:
            msg = f"line {number} is not the scenario {scenario.name!r}"
            raise ValueError(msg)
        changed = dict(_without_keys(lines, number - 1, is_key))
        removed = {key for _, found in changed.values() for key in found}
        if not removed.issuperset(scenario.keys):
            left.append(number)
            continue
        for index, (line, _) in changed.items():
            lines[index] = line
    return b"\n".join(line for line in lines if line is not None), left


def _without_keys(
    lines: Sequence[bytes | None], at: int, is_key: Callable[[str], str]
) -> Iterator[tuple[int, tuple[bytes | None, list[str]]]]:
    """Yield index, new text and removed keys of the tag lines above a scenario."""
    for index in range(at - 1, -1, -1):
        line = lines[index] or b""
        bare = line.strip()
        if bare.startswith(b"@"):
            yield index, _split_line(line, is_key)
        elif bare and not bare.startswith(b"#"):
            return


def _split_line(
    line: bytes, is_key: Callable[[str], str]
) -> tuple[bytes | None, list[str]]:
    """Return a line without its keys, None if nothing is left of it, and the keys."""
    comment = _COMMENT.search(line)
    rest = line[comment.start() :] if comment else line[len(line.rstrip()) :]
    tags = line[: len(line) - len(rest)]
    found: list[str] = []

    def replace(match: re.Match[bytes]) -> bytes:
        key = is_key(match[2].decode("utf-8", "replace"))
        if not key:
            return match[0]
        found.append(key)
        return b""

    kept = _TAG.sub(replace, tags)
    if not found:
        return line, found
    indentation = tags[: len(tags) - len(tags.lstrip())]
    if kept.strip():
        return indentation + kept.strip() + rest, found
    return (indentation + rest.strip() + _end(rest) if comment else None), found


def _end(rest: bytes) -> bytes:
    return b"\r" if rest.endswith(b"\r") else b""
