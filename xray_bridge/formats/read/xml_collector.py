"""
Collect the tests of an XML report while expat reads it.

Only the open test is in memory. Handlers do as little as they can: they are called for
each element of files that may have millions.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from xray_bridge.formats.read import repair
from xray_bridge.formats.read.protocol import Case, Totals, verdict_of
from xray_bridge.formats.read.shape import (
    OUTSIDE,
    RED_OF_SUITES,
    Change,
    Element,
    Group,
)
from xray_bridge.formats.read.xml import LONGEST_MESSAGE, make_parser, strip_prefix
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xray_bridge.formats.read.protocol import Source
    from xray_bridge.formats.read.shape import Red, XmlShape
    from xray_bridge.formats.read.xml_editor import Editor

STRIPPED = "properties of suites left out"
SECRET = re.compile(
    r"(?i)(token|secret|passw(or)?d|passphrase|api_?key|private_?key|credential)"
)


@lru_cache(maxsize=1000)
def _is_secret(name: str) -> bool:
    return SECRET.search(name) is not None


class XmlCollector:
    """Collects tests as their elements end; the caller empties ``done``."""

    def __init__(
        self,
        source: Source,
        shape: XmlShape,
        known: Mapping[int, tuple[str, str]],
        editor: Editor | None,
        *,
        strip: bool,
    ) -> None:
        self.done: list[Case | str] = []
        self.changes: Counter[str] = Counter()
        self.counted_only: list[str] = []
        self.secrets: dict[str, None] = {}
        self.claims: Totals | None = None
        self._tests = self._failed = self._skipped = 0
        # Counts elements: a test may have several failures.
        self.failures = 0
        self.parser = parser = make_parser(source)
        self._source = source
        self._shape = shape
        self._test_tag = shape.test
        self._hollow_tag = shape.hollow
        self._find_plain = shape.plain
        self._captured = shape.captured
        self._known = known
        self._editor = editor
        self._strip = strip
        self._groups: list[Group] = []
        # The names of the groups around a test; None if not known.
        self._scope: str | None = None
        self._number = 0
        self._test: Element | None = None
        self._spare: Element | None = None
        self._start_of_test = 0
        self._depth = 0
        self._first = ""
        self._failures_of_test = 0
        self._ranges: list[tuple[str, int, int]] = []
        self._start_of_child = 0
        # The place of an element that may be hollow: it began last; or -1.
        self._maybe_hollow = -1
        self.has_hollow = False
        # The captured element: its path, attributes and depth below the test.
        self._texts: list[str] | None = None
        self._size = 0
        self._capturing: tuple[str, Mapping[str, str], int] = ("", {}, 0)
        parser.StartElementHandler = self._start_element
        parser.EndElementHandler = self._end_element

    def _start_element(self, tag: str, attributes: dict[str, str]) -> None:
        if ":" in tag:
            tag = strip_prefix(tag)
        self._maybe_hollow = self._place if tag == self._hollow_tag else -1
        if tag == "property" and _is_secret(attributes.get("name", "")):
            self._note_secret(attributes)
        if self._test is not None:
            self._start_within(self._test, tag, attributes)
        elif tag == self._test_tag:
            if self._scope is None:
                self._scope = self._join_names()
            test = self._spare or Element(attributes, "")
            test.attributes, test.scope = attributes, self._scope
            self._test, self._spare, self._depth = test, None, 0
            self._failures_of_test = 0
            if self._editor:
                self._start_of_test = self._place
                self._ranges = []
        elif not self._groups or tag in self._shape.groups:
            known = self._known.get(self._number)
            self._groups.append(Group(tag, attributes, self._place, known=known))
            self._scope = None
            self._number += 1
        else:
            self._start_beside(self._groups[-1], tag, attributes)

    @property
    def _place(self) -> int:
        """Where the element begins whose handler is called; or its end tag."""
        return self.parser.CurrentByteIndex

    def _join_names(self) -> str:
        named = self._groups if self._shape.nested_groups else self._groups[-1:]
        return ".".join(each.name for each in named if self._has_name(each))

    def _has_name(self, group: Group) -> bool:
        """Whether the name of a group belongs to the names of its tests."""
        return bool(group.name) and group.tag in self._shape.groups

    def _note_secret(self, attributes: Mapping[str, str]) -> None:
        value = attributes.get("value", "")
        if value and set(value) != {"*"}:
            self.secrets[attributes["name"]] = None

    def _start_beside(
        self, group: Group, tag: str, attributes: Mapping[str, str]
    ) -> None:
        """Read an element in a group that is not a test."""
        group.path.append(tag)
        path = "/".join(group.path)
        if path == "properties":
            self._start_of_child = self._place
        if path == self._shape.totals_path:
            # The last one is that of all tests.
            group.claims = self._shape.totals(attributes)
        if path in self._shape.problems and self._texts is None:
            self._start_capture(path, attributes, len(group.path))

    def _start_within(
        self, test: Element, tag: str, attributes: dict[str, str]
    ) -> None:
        self._depth += 1
        if self._depth == 1:
            self._first = path = tag
            test.children[tag] = attributes
            if self._editor:
                self._start_of_child = self._place
            if tag in self._shape.failures:
                self._failures_of_test += 1
        elif self._depth == 2:  # noqa: PLR2004 - deeper elements are ignored
            path = f"{self._first}/{tag}"
            if tag == "property" and "name" in attributes:
                test.properties[attributes["name"]] = attributes.get("value", "")
        else:
            return
        if path in self._captured and self._texts is None:
            self._start_capture(path, attributes, self._depth)

    def _start_capture(
        self, path: str, attributes: Mapping[str, str], depth: int
    ) -> None:
        self._texts, self._size = [], 0
        self._capturing = (path, attributes, depth)
        self.parser.CharacterDataHandler = self._note_text

    def _note_text(self, text: str) -> None:
        if self._texts is not None and self._size < LONGEST_MESSAGE:
            self._texts.append(text)
            self._size += len(text)

    def _captured_text(self) -> tuple[str, str, Mapping[str, str]]:
        """Return path, text and attributes of the captured element."""
        path, attributes, _ = self._capturing
        text = "".join(self._texts or ())[:LONGEST_MESSAGE].strip()
        self._texts = None
        self.parser.CharacterDataHandler = None
        return path, text, attributes

    def _end_element(self, _: str) -> None:
        is_hollow = self._maybe_hollow >= 0 and self._check_hollow()
        test = self._test
        if test is None:
            self._end_outside(is_hollow=is_hollow)
        elif self._depth:
            self._end_within(test)
        else:
            self._test = None
            plain = self._find_plain(test)
            if plain and not self._known:
                self._groups[-1].has_tests = True
                self._tests += 1
                self.done.append(plain)
                # Filling it again is cheaper than making another one.
                test.children.clear()
                test.properties.clear()
                self._spare = test
            else:
                self._finish_test(test)

    def _end_outside(self, *, is_hollow: bool) -> None:
        if self._groups[-1].path:
            self._end_beside(self._groups[-1], is_hollow=is_hollow)
        else:
            self._scope = None
            self._end_of_group(self._groups.pop())

    def _check_hollow(self) -> bool:
        """Look at the bytes of an element without elements in it."""
        place, self._maybe_hollow = self._maybe_hollow, -1
        if self.has_hollow and not self._strip:
            # One is enough to know.
            return True
        is_hollow = repair.is_empty_element(self._source, place)
        self.has_hollow = self.has_hollow or is_hollow
        return is_hollow

    def _end_beside(self, group: Group, *, is_hollow: bool) -> None:
        if self._texts is not None and len(group.path) == self._capturing[2]:
            _, text, attributes = self._captured_text()
            group.problems.append(_join_message(attributes, text))
        if self._strip and group.path == ["properties"] and not is_hollow:
            self.changes[STRIPPED] += 1
            if self._editor:
                self._editor.cut_element(self._start_of_child, self._place)
        group.path.pop()

    def _end_within(self, test: Element) -> None:
        if self._texts is not None and self._depth == self._capturing[2]:
            path, text, attributes = self._captured_text()
            if path in self._shape.named_texts:
                test.properties[attributes.get("name", "")] = text
            elif path in self._shape.messages:
                test.texts.append((path, _join_message(attributes, text)))
            else:
                test.texts.append((path, text))
        if self._depth == 1 and self._editor:
            end = self._place
            self._ranges.append((self._first, self._start_of_child, end))
        self._depth -= 1

    def _finish_test(self, test: Element) -> None:
        shape = self._shape
        is_counted = shape.is_test(test)
        found = before = verdict_of(shape.word(test))
        changes = [*self._settle_test(test)] if self._known else []
        changes += shape.mend(test, self._groups)
        if changes:
            self.changes.update(change.what for change in changes)
            if any(change.is_removal for change in changes):
                if self._editor:
                    self._editor.cut_element(self._start_of_test, self._place)
                return
            found = verdict_of(shape.word(test))
            if self._editor:
                self._editor.change_element(
                    self._start_of_test, self._place, changes, self._ranges
                )
            if not shape.is_test(test):
                return
        elif not is_counted:
            return
        group = self._groups[-1]
        group.has_tests = True
        if is_counted:
            self._note_shown(found.outcome if shape.counts_mended else before.outcome)
        if found.outcome is Outcome.FAILED:
            group.red += 1
        elif before.outcome is Outcome.FAILED:
            group.excused += max(self._failures_of_test, 1)
        key, is_sure = shape.key(test)
        self.done.append(
            Case(
                name=shape.name(test),
                outcome=found.outcome,
                key=key,
                message=self._message_of(test, found.outcome),
                word=found.word,
                definition=shape.definition(test),
                is_key_sure=is_sure,
            )
        )

    def _settle_test(self, test: Element) -> Iterable[Change]:
        """Change a test by what ``look_ahead`` found about its groups."""
        known = [each.known for each in reversed(self._groups) if each.known]
        return self._shape.settle(test, known) if known else ()

    def _note_shown(self, outcome: Outcome) -> None:
        self._tests += 1
        if outcome is Outcome.SKIPPED:
            self._skipped += 1
        elif outcome is Outcome.FAILED:
            self._failed += 1
            self.failures += max(self._failures_of_test, 1)
            return
        self.failures += self._failures_of_test

    @property
    def shown(self) -> Totals:
        """The tests that were read, to compare with the report's totals."""
        return Totals(tests=self._tests, failed=self._failed, skipped=self._skipped)

    def _message_of(self, test: Element, outcome: Outcome) -> str:
        """Return the message of a failure; the reason of a skip is not one."""
        if outcome is not Outcome.FAILED:
            return ""
        texts = [text for path, text in test.texts if path in self._shape.messages]
        return next(filter(None, texts), "")

    def _end_of_group(self, group: Group) -> None:
        shape = self._shape
        children = []
        for red in shape.red(group):
            name = group.name or OUTSIDE
            self._note_red(group, name, red)
            children.append(shape.failed_test(group.tag, name, red.message))
        if self._editor and children:
            changes = [Change(what="", child=child) for child in children]
            self._editor.change_element(
                group.start, self.parser.CurrentByteIndex, changes
            )
        own = group.claims or shape.totals(group.attributes)
        # The sum of its suites does not count its own tests.
        own = own or (None if group.has_tests else group.claims_below)
        if self._groups:
            above = self._groups[-1]
            above.red += group.red
            above.excused += group.excused
            above.claims_below = (
                own.plus(above.claims_below) if own else above.claims_below
            )
        else:
            self.claims = own

    def _note_red(self, group: Group, name: str, red: Red) -> None:
        group.red += 1
        self.changes[RED_OF_SUITES] += 1
        self.failures += 1
        if red.is_counted_only:
            self.counted_only.append(f"{name}: {red.message}")
        full = f"{name}.{OUTSIDE}" if name != OUTSIDE else name
        self.done.append(Case(name=full, outcome=Outcome.FAILED, message=red.message))


def _join_message(attributes: Mapping[str, str], text: str) -> str:
    """
    Join the message of an element and its text, unless the text repeats it.

    LuaUnit has the message in ``type``, above a trace.
    """
    message = attributes.get("message", "")
    first = text.partition("\n")[0].strip().lower()
    if not message and first in TRACES:
        message = attributes.get("type", "")
    return text if message in text else f"{message}\n{text}".strip()


# First lines that have no information.
TRACES = ("stack traceback:", "traceback (most recent call last):")
