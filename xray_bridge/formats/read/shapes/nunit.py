"""
NUnit 2 and 3.

Sources: Xray's manual, "Import Execution Results" (NUnit): a Test is a method of a
class, and its rows are one; the manuals of both versions' XML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xray_bridge.formats.read import shape
from xray_bridge.formats.read.protocol import Totals
from xray_bridge.formats.read.shape import OUTSIDE, Change, Red, XmlShape


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xray_bridge.formats.read.shape import Element, Group

# The innermost arguments of a name; a text may hold parentheses.
ARGUMENTS = re.compile(r"""\((?:[^()"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*\)""")
FAILED = frozenset({"failed", "failure", "error"})


def _name_of(test: Element) -> str:
    """Return the full name, which NUnit 2 has in ``name``."""
    return test.attributes.get("fullname") or test.attributes.get("name", "")


def _definition_of(test: Element) -> str:
    """Return class and method; NUnit 2 has both in the name, before arguments."""
    given = test.attributes
    if given.get("classname") and given.get("methodname"):
        return f"{given['classname']}.{given['methodname']}"
    name = _name_of(test)
    while (shorter := ARGUMENTS.sub("", name)) != name:
        name = shorter
    return name


def _word_of(test: Element) -> str:
    """Return the outcome's word; NUnit before 2.5 has no ``result``."""
    given = test.attributes
    if given.get("executed", "").lower() == "false":
        return given.get("result", "skipped")
    return given.get("result") or given.get("success", "")


def _mend_test(test: Element, groups: Sequence[Group]) -> Iterable[Change]:
    return () if _name_of(test).strip() else shape.name_unnamed(test, groups)


def _find_red(group: Group) -> Iterator[Red]:
    """Find failures after the tests of a suite, or before they are found."""
    given = group.attributes
    is_after = given.get("site") == "TearDown"
    if group.problems and (is_after or not group.red):
        yield Red(message="\n\n".join(filter(None, group.problems)) or "a failure")
        return
    counted = shape.sum_counts(given, "failed", "failures", "errors") or 0
    is_red = counted or given.get("result", "").lower() in FAILED
    if is_red and not group.red:
        yield Red(
            message="it failed, but none of its tests failed", is_counted_only=True
        )


def _failed_test(tag: str, name: str, message: str) -> str:
    inner = shape.element_xml("message", {}, shape.text_xml(message))
    full = f"{name}.{OUTSIDE}"
    given = {"name": full, "fullname": full, "classname": name, "methodname": OUTSIDE}
    given |= {"result": "Failed", "executed": "True", "success": "False"}
    case = shape.element_xml(
        "test-case", given, shape.element_xml("failure", {}, inner)
    )
    if tag == "test-suite":
        return case
    given = {"type": "TestFixture", "name": name, "result": "Failed"}
    return shape.element_xml("test-suite", given, case)


def _read_totals(attributes: Mapping[str, str]) -> Totals | None:
    """Read the totals; NUnit 2 counts tests that did not run separately."""
    tests = shape.sum_counts(attributes, "total", "not-run")
    failed = shape.sum_counts(attributes, "failed", "failures", "errors")
    return Totals(tests=tests, failed=failed) if tests else None


SHAPE = XmlShape(
    test="test-case",
    name=_name_of,
    word=_word_of,
    definition=_definition_of,
    messages=("failure/message",),
    groups=frozenset({"test-suite"}),
    mend=_mend_test,
    red=_find_red,
    problems=frozenset({"failure"}),
    failed_test=_failed_test,
    totals=_read_totals,
)
