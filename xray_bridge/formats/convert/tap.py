"""
Convert TAP 13 and 14, the Test Anything Protocol.

Source: testanything.org's specifications, and the results of ``prove`` for the same
files. The indented points of a subtest do not count beside their parent's; but for a
suite of Node's test runner, which says that it is a suite, they count in its place.
"""

from __future__ import annotations

import re
from dataclasses import field, replace
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.formats.convert.documents import read_lines
from xray_bridge.formats.convert.protocol import Converted, Red, Totals, has_failed
from xray_bridge.formats.convert.values import join_parts, short_path
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source

_POINT = re.compile(r"(not )?ok\b(?:\s+(\d+)\b)?(?:\s+-(?=\s|$))?\s*(.*)")
_PLAN = re.compile(r"1\.\.(\d+)(?:\s*#.*)?\s*")
_BAIL = re.compile(r"Bail out!\s*(.*)", re.IGNORECASE)
_COUNT = re.compile(r"# (fail|cancelled)\s+(\d+)\s*")
# Anything else is a comment: pytest-tap's reasons, the times of node-tap.
_COMMENT = re.compile(r"(?<!\\)(?:\\\\)*#")
_DIRECTIVE = re.compile(r"\s*(skip|todo)\S*\s*(.*)", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([\\#])")
_SUITE = re.compile(r"type: '?suite'?\s*")
_MESSAGE = re.compile(r"(?:message|error):\s*(\S.*)")
# Node uses the path of a file that cannot be loaded as a name.
_FILE = re.compile(r"(?:[A-Za-z]:)?[\\/]\S+\.(?:[cm]?[jt]sx?|t|py|rb|sh|bats)")
# Spaces before each level of subtests.
INDENT = 4
DEEPEST = 50
# Lines below a point that are kept.
MOST_LINES = 200


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield the points, and failures for bad or missing plans and bail-outs."""
    reader = _Reader(keys)
    for _, line in read_lines(source):
        yield from reader.read_line(line)
    yield from reader.finish()


@dataclass(slots=True)
class _Point:
    """A test line, the lines below it, and the points of its subtest."""

    is_ok: bool
    number: str
    text: str
    below: list[str] = field(default_factory=list)
    is_suite: bool = False
    inner: list[Converted | Red] = field(default_factory=list)


@dataclass(slots=True)
class _Level:
    """A level of subtests: the open point, and those that have ended."""

    point: _Point | None = None
    ended: list[Converted | Red] = field(default_factory=list)


class _Reader:
    """Holds points back until all their lines have been read."""

    def __init__(self, keys: KeyFinder) -> None:
        self._keys = keys
        self._levels = [_Level()]
        self._yaml = ""
        self._points = 0
        self._failed = False
        self._planned: int | None = None
        self._is_left = False
        self._failures: int | None = None

    def read_line(self, line: str) -> Iterator[Item]:
        """Read a line; yield the items that it completes at the outermost level."""
        text = line.lstrip(" \t")
        indent = line[: len(line) - len(text)]
        depth = min(len(indent.expandtabs(INDENT)) // INDENT, DEEPEST)
        match = _POINT.fullmatch(text)
        if self._yaml and (indent or not match):
            self._note_yaml(line)
        elif match:
            self._yaml = ""
            self._begin_point(depth, match)
        elif text.rstrip() == "---" and self._levels[-1].point:
            self._yaml = f"{indent}..."
        elif text.rstrip() == "}":
            # The end of a subtest below its parent's point.
            self._close_levels(depth + 1)
            del self._levels[depth + 1 :]
        elif not indent:
            yield from self._read_outer_line(line)
        yield from self._take_ended()

    def _read_outer_line(self, line: str) -> Iterator[Item]:
        if match := _PLAN.fullmatch(line):
            # At the end of the file, the next comments are about the whole run.
            self._close_levels(0)
            self._planned = int(match[1][:18])
        elif match := _BAIL.fullmatch(line):
            self._close_levels(0)
            self._is_left = True
            yield from self._take_ended()
            yield Red(name="Bail out!", message=match[1])
        elif match := _COUNT.fullmatch(line):
            self._failures = (self._failures or 0) + int(match[2][:18])
        elif line.startswith("#") and not line.startswith("# Subtest"):
            self._note_line(line[1:].removeprefix(" "))

    def _begin_point(self, depth: int, match: re.Match[str]) -> None:
        # Levels of subtests that have no parent.
        while len(self._levels) <= depth:
            self._levels.append(_Level())
        self._close_levels(depth)
        self._points += not depth
        point = _Point(not match[1], match[2] or str(self._points), match[3])
        for level in self._levels[depth + 1 :]:
            point.inner += level.ended
        del self._levels[depth + 1 :]
        self._levels[depth].point = point

    def _close_levels(self, depth: int) -> None:
        """End the open points at this depth and deeper."""
        for level in reversed(self._levels[depth:]):
            if level.point:
                level.ended += self._convert_point(level.point)
                level.point = None

    def _take_ended(self) -> Iterator[Item]:
        found, self._levels[0].ended = self._levels[0].ended, []
        for each in found:
            self._failed |= has_failed(each)
            yield each

    def _note_yaml(self, line: str) -> None:
        if line.rstrip() == self._yaml:
            self._yaml = ""
            return
        text = line.removeprefix(self._yaml[:-3])
        point = self._levels[-1].point
        if point and _SUITE.fullmatch(text):
            point.is_suite = True
        self._note_line(text)

    def _note_line(self, line: str) -> None:
        point = self._levels[-1].point
        if point and len(point.below) < MOST_LINES:
            point.below.append(line)

    def _convert_point(self, point: _Point) -> Iterator[Converted | Red]:
        """Yield the items of a suite, or the point itself; a suite may fail alone."""
        own = self._make_result(point)
        if not (point.is_suite and point.inner):
            yield own
            return
        is_green = True
        for each in point.inner:
            is_green &= not has_failed(each)
            if isinstance(each, Red):
                yield replace(each, name=join_parts(own.name, each.name))
            else:
                names = join_parts(own.name, each.classname)
                yield replace(each, classname=names, key=each.key or own.key)
        if own.outcome is Outcome.FAILED and is_green:
            yield Red(name=own.name, message=own.message)

    def _make_result(self, point: _Point) -> Converted:
        text = point.text
        found = _COMMENT.search(text)
        comment = text[found.end() :] if found else ""
        directive = _DIRECTIVE.fullmatch(comment)
        name = text[: found.end() - 1] if found else text
        name = _ESCAPED.sub(r"\1", name).strip().removesuffix(" {")
        name = short_path(name) if _FILE.fullmatch(name) else name
        word = directive[1].lower() if directive else ""
        # For ``prove``, too, a skip that is not ok has failed.
        is_skipped = word == "todo" or (word == "skip" and point.is_ok)
        outcome = Outcome.PASSED if point.is_ok else Outcome.FAILED
        outcome = Outcome.SKIPPED if is_skipped else outcome
        reason = (directive[2] if directive else comment).strip()
        below = (*_list_failed(point), _find_headline(point.below), *point.below)
        parts = [reason] if is_skipped else filter(None, (reason, *below))
        return Converted(
            name=name or f"test {point.number}",
            outcome=outcome,
            key=self._keys.of_title(name),
            message="" if outcome is Outcome.PASSED else "\n".join(parts).strip(),
        )

    def finish(self) -> Iterator[Item]:
        """Yield the last points, the totals, and a failure of the plan."""
        self._close_levels(0)
        yield from self._take_ended()
        if self._failures is not None:
            yield Totals(failed=self._failures)
        if what := self._find_trouble():
            yield Red(name="plan", message=what)

    def _find_trouble(self) -> str:
        if self._is_left:
            return ""
        planned, ran = self._planned, self._points
        if planned is None:
            return (
                f"there is no plan, so it is unknown whether all tests ran ({ran} did)"
            )
        if ran < planned:
            return f"planned {planned} tests but ran {ran}"
        if any(level.ended for level in self._levels[1:]):
            return "the last subtest did not finish"
        if ran > planned and not self._failed:
            return f"planned {planned} tests but ran {ran}"
        return ""


def _find_headline(below: list[str]) -> str:
    """Find the message in the YAML lines."""
    for number, line in enumerate(below, 1):
        if match := _MESSAGE.fullmatch(line):
            is_block = match[1][:1] in {"|", ">"}
            text = "".join(below[number : number + 1]) if is_block else match[1]
            return text.strip().strip("'\"")
    return ""


def _list_failed(point: _Point) -> Iterator[str]:
    """Yield lines about failed points of a subtest, for its parent's message."""
    for each in point.inner[:MOST_LINES]:
        if has_failed(each):
            yield f"not ok {each.name}"
