"""
TAP 13 and 14, the Test Anything Protocol.

Source: testanything.org's specifications, and what ``prove`` makes of the same files.
The points of a subtest, which are indented, stand for nothing beside their parent's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xray_bridge.formats.convert.documents import lines
from xray_bridge.formats.convert.protocol import Converted, Red, Totals
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source

_POINT = re.compile(r"(not )?ok\b(?:\s+(\d+)\b)?(?:\s+-(?=\s|$))?\s*(.*)")
_PLAN = re.compile(r"1\.\.(\d+)(?:\s*#.*)?\s*")
_BAIL = re.compile(r"Bail out!\s*(.*)", re.IGNORECASE)
_COUNT = re.compile(r"# (tests|fail)\s+(\d+)\s*")
# What is no directive is a comment: pytest-tap's reasons, the times of node-tap.
_COMMENT = re.compile(r"(?<!\\)(?:\\\\)*#")
_DIRECTIVE = re.compile(r"\s*(skip|todo)\S*\s*(.*)", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([\\#])")
# Of what stands below a point.
MOST_LINES = 200


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """The points; a plan that is short, or missing, and a bail-out are red."""
    reader = _Reader(keys)
    for number, line in lines(source):
        yield from reader.take(line)
        if number == 1 and "\x00" in line:
            raise source.broken("is no TAP", number)
    yield from reader.finish()


class _Reader:
    """Holds a point back until all that belongs to it has been read."""

    def __init__(self, keys: KeyFinder) -> None:
        self._keys = keys
        self._point: tuple[bool, str, str] | None = None
        self._below: list[str] = []
        self._yaml = ""
        self._points = 0
        self._failed = 0
        self._planned: int | None = None
        self._is_left = False
        self._counts: dict[str, int] = {}
        # Of the subtest that has no parent's point yet.
        self._has_subtest = False
        self._subtest: list[str] = []

    def take(self, line: str) -> Iterator[Item]:
        """What a line ends."""
        if match := _POINT.fullmatch(line):
            yield from self._end_point()
            self._yaml, self._has_subtest = "", False
            self._points += 1
            self._below, self._subtest = self._subtest, []
            self._point = (not match[1], match[2] or str(self._points), match[3])
        elif self._yaml or line.strip() == "---":
            self._note_yaml(line)
        elif line.startswith((" ", "\t")):
            self._note_subtest(line.strip())
        elif line.rstrip() == "}":
            # Of a subtest that stands below its parent's point.
            self._has_subtest, self._subtest = False, []
        elif match := _PLAN.fullmatch(line):
            self._planned = int(match[1][:18])
        elif match := _BAIL.fullmatch(line):
            yield from self._end_point()
            self._is_left = True
            yield Red(name="Bail out!", message=match[1])
        elif line.startswith("#"):
            self._note_comment(line)

    def _note_subtest(self, line: str) -> None:
        if match := _POINT.fullmatch(line):
            self._has_subtest = True
            if match[1] and len(self._subtest) < MOST_LINES:
                self._subtest.append(line)

    def _note_yaml(self, line: str) -> None:
        indent = line[: len(line) - len(line.lstrip())]
        if not self._yaml:
            self._yaml = f"{indent}..."
        elif line.rstrip() == self._yaml:
            self._yaml = ""
        elif len(self._below) < MOST_LINES:
            self._below.append(line.removeprefix(self._yaml[:-3]))

    def _note_comment(self, line: str) -> None:
        if match := _COUNT.fullmatch(line):
            self._counts[match[1]] = int(match[2][:18])
        elif len(self._below) < MOST_LINES and not line.startswith("# Subtest"):
            self._below.append(line[1:].removeprefix(" "))

    def _end_point(self) -> Iterator[Converted]:
        below, self._below = self._below, []
        if self._point is None:
            return
        is_ok, number, text = self._point
        self._point = None
        found = _COMMENT.search(text)
        directive = _DIRECTIVE.fullmatch(text[found.end() :]) if found else None
        name = text[: found.end() - 1] if found else text
        name = _ESCAPED.sub(r"\1", name).strip().removesuffix(" {") or f"test {number}"
        word = directive[1].lower() if directive else ""
        # A skip that is not ok has failed, for ``prove``, too.
        is_skipped = word == "todo" or (word == "skip" and is_ok)
        outcome = Outcome.PASSED if is_ok else Outcome.FAILED
        outcome = Outcome.SKIPPED if is_skipped else outcome
        self._failed += outcome is Outcome.FAILED
        reason = directive[2] if directive else text[found.end() :] if found else ""
        parts = [reason] if is_skipped else [reason, *below]
        yield Converted(
            name=name,
            outcome=outcome,
            key=self._keys.of_title(name),
            message="" if outcome is Outcome.PASSED else "\n".join(parts).strip(),
        )

    def finish(self) -> Iterator[Item]:
        """The last point, and whether this is the end."""
        yield from self._end_point()
        if self._counts:
            yield Totals(failed=self._counts.get("fail"))
        if what := self._trouble():
            yield Red(name="plan", message=what)

    def _trouble(self) -> str:
        if self._is_left:
            return ""
        planned, ran = self._planned, self._points
        if planned is None:
            return f"there is no plan: {ran} ran, and how many should have is not known"
        if ran < planned:
            return f"planned {planned} tests but ran {ran}"
        if self._has_subtest:
            return "the last subtest has no end"
        if ran > planned and not self._failed:
            return f"planned {planned} tests but ran {ran}"
        return ""
