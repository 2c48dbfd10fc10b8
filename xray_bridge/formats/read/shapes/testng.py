"""
TestNG's own XML.

Sources: Xray's manual, "Import Execution Results" (TestNG): a Test is a method of a
class, its key an ``<attribute name="test">``; TestNG's manual of its XML report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.formats.read import shape
from xray_bridge.formats.read.protocol import Totals, verdict_of
from xray_bridge.formats.read.shape import OUTSIDE, Change, Red, XmlShape
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.formats.read.shape import Element, Group

CONFIGURATION = "failed configuration methods added as failed tests"
# Some invocations may fail, so it is neither a pass nor a failure.
TOLERATED = "SUCCESS_PERCENTAGE_FAILURE"
ATTRIBUTES = "attributes/attribute"


def _word_of(test: Element) -> str:
    return test.attributes.get("status", "")


def _is_test(test: Element) -> bool:
    return test.attributes.get("is-config") != "true"


def _key_of(test: Element) -> tuple[str, bool]:
    return test.properties.get("test", "").strip(), True


def _mend_test(test: Element, groups: Sequence[Group]) -> Iterator[Change]:
    yield from shape.name_unnamed(test, groups)
    if not _is_test(test) and verdict_of(_word_of(test)).outcome is Outcome.FAILED:
        del test.attributes["is-config"]
        yield Change(what=CONFIGURATION, attributes={"is-config": None})
    if _word_of(test).upper() == TOLERATED:
        test.attributes["status"] = "SKIP"
        what = f"results with the status {TOLERATED} marked as skipped"
        yield Change(what=what, attributes={"status": "SKIP"})


def _find_red(group: Group) -> Iterator[Red]:
    counted = shape.sum_counts(group.attributes, "failed") or 0
    if group.tag == "testng-results" and counted and not group.red:
        message = f"{counted} failed by its own count, but none of its tests failed"
        yield Red(message=message, is_counted_only=True)


def _failed_test(_: str, name: str, message: str) -> str:
    inner = shape.element_xml("message", {}, shape.text_xml(message))
    exception = shape.element_xml("exception", {"class": "failure"}, inner)
    given = {"name": OUTSIDE, "signature": f"{OUTSIDE}()", "status": "FAIL"}
    found = shape.element_xml("test-method", given, exception)
    for tag in ("class", "test", "suite"):
        found = shape.element_xml(tag, {"name": name}, found)
    return found


def _read_totals(attributes: Mapping[str, str]) -> Totals | None:
    tests = shape.sum_counts(attributes, "total")
    failed = shape.sum_counts(attributes, "failed")
    skipped = shape.sum_counts(attributes, "skipped")
    return Totals(tests=tests, failed=failed, skipped=skipped) if tests else None


SHAPE = XmlShape(
    test="test-method",
    name=shape.scoped_name,
    word=_word_of,
    key=_key_of,
    messages=("exception/message",),
    named_texts=frozenset({ATTRIBUTES}),
    groups=frozenset({"class"}),
    is_test=_is_test,
    mend=_mend_test,
    red=_find_red,
    failed_test=_failed_test,
    totals=_read_totals,
)
