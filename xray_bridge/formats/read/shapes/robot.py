"""
Robot Framework's output.

Sources: Xray's manual, "Import Execution Results" (Robot Framework): a tag that is
the key of a Test names it; Robot's user guide: a suite teardown that fails, fails all
tests of the suite, which its output does not show.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from xray_bridge.formats.read import shape
from xray_bridge.formats.read.protocol import Totals
from xray_bridge.formats.read.shape import OUTSIDE, Change, Red, XmlShape
from xray_bridge.formats.read.xml import feed_parser, make_parser, strip_prefix
from xray_bridge.model.keys import KEY


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.formats.read.protocol import Source
    from xray_bridge.formats.read.shape import Element, Group

A_KEY = re.compile(KEY)
# Directly below a test since Robot 4.
TAGS = frozenset({"tag", "tags/tag"})
NOT_PASSED = ("FAIL", "SKIP")
TEARDOWN = "tests that got the status of their suite teardown"


def _word_of(test: Element) -> str:
    return test.children.get("status", {}).get("status", "")


def _key_of(test: Element) -> tuple[str, bool]:
    """Return the only key in the tags, which may be that of a requirement."""
    tags = {text for path, text in test.texts if path in TAGS}
    keys = [tag for tag in tags if A_KEY.fullmatch(tag)]
    return keys[0] if len(keys) == 1 else "", False


def _settle_test(test: Element, known: Sequence[tuple[str, str]]) -> Iterator[Change]:
    """Change a test as Robot does: a skipped suite teardown skips its tests."""
    status = dict(test.children.get("status", {}))
    texts = [text for path, text in test.texts if path == "status"]
    word, lines = status.get("status", ""), list(filter(None, texts))
    for of_suite, text in known:
        if of_suite == "FAIL" and word != "SKIP":
            status["status"] = "FAIL"
        elif of_suite == "SKIP":
            status["status"] = "SKIP"
        word = status.get("status", "")
        lines.append(f"Parent suite teardown ended with {of_suite}:\n{text}".strip())
    if word == test.children.get("status", {}).get("status", ""):
        return
    message = "\n\n".join(lines)
    test.children["status"] = status
    test.texts = [each for each in test.texts if each[0] != "status"]
    test.texts.append(("status", message))
    child = shape.element_xml("status", status, shape.text_xml(message))
    yield Change(what=TEARDOWN, cut=("status",), child=child)


def _mend_test(test: Element, groups: Sequence[Group]) -> Iterator[Change]:
    test.texts = [(path, without_html(text)) for path, text in test.texts]
    return shape.name_unnamed(test, groups)


def _find_red(group: Group) -> Iterator[Red]:
    """Find a failed teardown of a suite without tests, or failures only in totals."""
    if group.known and group.known[0] == "FAIL" and not group.red:
        yield Red(message=f"Suite teardown failed:\n{group.known[1]}")
        return
    claims = group.claims
    if claims and claims.failed and not group.red:
        message = (
            f"{claims.failed} failed by its own count, but none of its tests failed"
        )
        yield Red(message=message, is_counted_only=True)


def _failed_test(_: str, name: str, message: str) -> str:
    status = shape.element_xml("status", {"status": "FAIL"}, shape.text_xml(message))
    test = shape.element_xml("test", {"name": OUTSIDE}, status)
    return shape.element_xml("suite", {"name": name}, test)


def _read_totals(attributes: Mapping[str, str]) -> Totals | None:
    found = {
        name: shape.sum_counts(attributes, name) for name in ("pass", "fail", "skip")
    }
    if found["fail"] is None:
        return None
    tests = sum(each or 0 for each in found.values())
    return Totals(tests=tests, failed=found["fail"], skipped=found["skip"])


class _Teardowns:
    """Finds suites whose teardown did not pass, by number, with word and text."""

    def __init__(self, source: Source) -> None:
        self.found: dict[int, tuple[str, str]] = {}
        self._parser = make_parser(source)
        self._path: list[str] = []
        self._groups: list[int] = [0]
        self._number = 0
        self._word = ""
        self._texts: list[str] = []
        self._parser.StartElementHandler = self._start_element
        self._parser.EndElementHandler = self._end_element
        for _ in feed_parser(self._parser, source):
            pass

    def _start_element(self, tag: str, attributes: Mapping[str, str]) -> None:
        tag = strip_prefix(tag)
        if tag == "suite":
            self._number += 1
            self._groups.append(self._number)
        elif tag == "kw" and self._path[-1:] == ["suite"]:
            tag = f"kw {attributes.get('type', '').lower()}"
        elif tag == "status" and self._path[-2:] == ["suite", "kw teardown"]:
            self._word = attributes.get("status", "")
            self._parser.CharacterDataHandler = self._texts.append
        self._path.append(tag)

    def _end_element(self, _: str) -> None:
        tag = self._path.pop()
        if tag == "status" and self._word:
            if self._word in NOT_PASSED:
                self.found[self._groups[-1]] = (self._word, "".join(self._texts))
            self._word, self._texts = "", []
            self._parser.CharacterDataHandler = None
        elif tag == "suite":
            self._groups.pop()


def _look_ahead(source: Source) -> Mapping[int, tuple[str, str]]:
    return _Teardowns(source).found


def without_html(message: str) -> str:
    """Convert a message that is HTML to text."""
    if not message.startswith("*HTML*"):
        return message
    return html.unescape(re.sub(r"<[^>]*>", "", message.removeprefix("*HTML*"))).strip()


SHAPE = XmlShape(
    test="test",
    name=shape.scoped_name,
    word=_word_of,
    key=_key_of,
    messages=("status",),
    texts=TAGS,
    groups=frozenset({"suite"}),
    nested_groups=True,
    mend=_mend_test,
    red=_find_red,
    failed_test=_failed_test,
    totals=_read_totals,
    totals_path="statistics/total/stat",
    counts_mended=True,
    look_ahead=_look_ahead,
    settle=_settle_test,
)
