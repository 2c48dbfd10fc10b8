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


def _name(test: Element) -> str:
    return test.attributes.get("name", "")


def _word(test: Element) -> str:
    return test.attributes.get("result", "")


def _definition(test: Element) -> str:
    """The type and the method; the name of a row has its arguments, too."""
    given = test.attributes
    if given.get("type") and given.get("method"):
        return f"{given['type']}.{given['method']}"
    return ""


def _red(group: Group) -> Iterator[Red]:
    """Clean-up that failed stands in ``errors``, beside the tests."""
    if group.problems:
        yield Red(message="\n\n".join(filter(None, group.problems)) or "an error")
        return
    counted = shape.number(group.attributes, "failed", "errors") or 0
    if counted > group.excused and not group.red:
        message = f"{counted} failed by its own count, but none of its tests failed"
        yield Red(message=message, is_counted_only=True)


def _failed_test(tag: str, name: str, message: str) -> str:
    told = shape.element("message", {}, shape.text(message))
    full = f"{name}.{OUTSIDE}"
    given = {"name": full, "type": name, "method": OUTSIDE, "result": "Fail"}
    found = shape.element("test", given, shape.element("failure", {}, told))
    found = shape.element("collection", {"name": name}, found)
    return (
        shape.element("assembly", {"name": name}, found) if tag != "assembly" else found
    )


def _totals(attributes: Mapping[str, str]) -> Totals | None:
    tests = shape.number(attributes, "total")
    failed = shape.number(attributes, "failed", "errors")
    skipped = shape.number(attributes, "skipped")
    return Totals(tests=tests, failed=failed, skipped=skipped) if tests else None


SHAPE = XmlShape(
    test="test",
    name=_name,
    word=_word,
    definition=_definition,
    messages=("failure/message",),
    groups=frozenset({"assembly"}),
    mend=shape.named,
    red=_red,
    problems=frozenset({"errors/error"}),
    failed_test=_failed_test,
    totals=_totals,
)
