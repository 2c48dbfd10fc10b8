"""
xUnit.net 2.

Sources: Xray's manual, "Import Execution Results" (xUnit); xUnit.net's page on its XML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.formats.read import shape
from xray_bridge.formats.read.protocol import Totals
from xray_bridge.formats.read.shape import OUTSIDE, Red, XmlShape


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xray_bridge.formats.read.shape import Element, Group


def _name_of(test: Element) -> str:
    return test.attributes.get("name", "")


def _word_of(test: Element) -> str:
    return test.attributes.get("result", "")


def _definition_of(test: Element) -> str:
    """Return type and method, because the name of a row has its arguments, too."""
    given = test.attributes
    if given.get("type") and given.get("method"):
        return f"{given['type']}.{given['method']}"
    return ""


def _find_red(group: Group) -> Iterator[Red]:
    """Find failed clean-ups in ``errors``, beside the tests."""
    if group.problems:
        yield Red(message="\n\n".join(filter(None, group.problems)) or "an error")
        return
    counted = shape.sum_counts(group.attributes, "failed", "errors") or 0
    if counted > group.excused and not group.red:
        message = f"{counted} failed by its own count, but none of its tests failed"
        yield Red(message=message, is_counted_only=True)


def _failed_test(tag: str, name: str, message: str) -> str:
    inner = shape.element_xml("message", {}, shape.text_xml(message))
    full = f"{name}.{OUTSIDE}"
    given = {"name": full, "type": name, "method": OUTSIDE, "result": "Fail"}
    found = shape.element_xml("test", given, shape.element_xml("failure", {}, inner))
    found = shape.element_xml("collection", {"name": name}, found)
    return (
        shape.element_xml("assembly", {"name": name}, found)
        if tag != "assembly"
        else found
    )


def _read_totals(attributes: Mapping[str, str]) -> Totals | None:
    tests = shape.sum_counts(attributes, "total")
    failed = shape.sum_counts(attributes, "failed", "errors")
    skipped = shape.sum_counts(attributes, "skipped")
    return Totals(tests=tests, failed=failed, skipped=skipped) if tests else None


SHAPE = XmlShape(
    test="test",
    name=_name_of,
    word=_word_of,
    definition=_definition_of,
    messages=("failure/message",),
    groups=frozenset({"assembly"}),
    mend=shape.name_unnamed,
    red=_find_red,
    problems=frozenset({"errors/error"}),
    failed_test=_failed_test,
    totals=_read_totals,
)
