"""
JUnit XML.

Sources: Xray's manual, "Taking advantage of JUnit XML reports", for the properties;
files of the tools that are named (`docs/uploading-files.md`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.formats.read import shape
from xray_bridge.formats.read.protocol import WORDS, Totals
from xray_bridge.formats.read.shape import OUTSIDE, Change, Red, XmlShape
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.formats.read.shape import Element, Group

FAILURES = ("failure", "error")


def _name(test: Element) -> str:
    """The class and the name; the suite where there is no class."""
    scope = test.attributes.get("classname") or test.scope
    name = test.attributes.get("name", "")
    return f"{scope}.{name}" if scope else name


def _word(test: Element) -> str:
    """The element that says that the test did not pass."""
    order = (*FAILURES, "skipped")
    return next((each for each in order if each in test.children), "passed")


def _id(test: Element) -> str:
    """A ``test_id`` counts before a key."""
    return test.properties.get("test_id", "").strip()


def _key(test: Element) -> tuple[str, bool]:
    key = test.properties.get("test_key", "").strip()
    return "" if _id(test) else key, True


def _mend(test: Element, groups: Sequence[Group]) -> Iterator[Change]:
    yield from shape.named(test, groups)
    is_red = any(each in test.children for each in FAILURES)
    if is_red and _is_expected(test.children.get("skipped")):
        told = "\n\n".join(text for path, text in test.texts if path in FAILURES)
        for each in FAILURES:
            test.children.pop(each, None)
        child = shape.element("system-out", {}, shape.text(told))
        yield Change(what=shape.EXPECTED, cut=FAILURES, child=child)
    elif not is_red and "skipped" not in test.children:
        yield from _by_status(test)
    elif not is_red and _is_not_started(test):
        test.children["failure"] = test.children.pop("skipped")
        child = shape.element("failure", test.children["failure"])
        yield Change(what=shape.NOT_STARTED, cut=("skipped",), child=child)


def _is_expected(skipped: Mapping[str, str] | None) -> bool:
    """Node's TODO and Catch2's tags; elsewhere a skip that failed has failed."""
    if skipped is None:
        return False
    message = skipped.get("message", "")
    return skipped.get("type") == "todo" or message.endswith(EXPECTED_TAGS)


def _is_not_started(test: Element) -> bool:
    """
    CTest counts as failed what has no executable, or whose fixture failed.

    It writes ``<skipped>`` for these, too; for skips that were asked for, the name
    of the property is the message. Source: what CTest 3.25 itself counts,
    ``findings/ctest-not-run-is-skipped-in-junit.sh``.
    """
    given = test.attributes
    is_of_ctest = (
        given.get("name", "") == given.get("classname")
        and given.get("status") == "notrun"
        and "result" not in given
    )
    message = test.children.get("skipped", {}).get("message", "")
    asked_for = ("", "Disabled")
    return is_of_ctest and message not in asked_for and not message.startswith("SKIP_")


EXPECTED_TAGS = ("tagged with !mayfail", "tagged with !shouldfail")


def _by_status(test: Element) -> Iterator[Change]:
    """CTest and GoogleTest say in attributes that a test did not run."""
    given = (test.attributes.get(name, "") for name in ("result", "status"))
    for word in given:
        outcome = WORDS.get(word.strip().lower())
        if outcome is Outcome.SKIPPED:
            test.children["skipped"] = {}
            child = shape.element("skipped", {"message": word})
            yield Change(what=shape.NOT_RUN, child=child)
            return
        if outcome is Outcome.FAILED:
            test.children["failure"] = {}
            child = shape.element("failure", {"message": word})
            yield Change(what=shape.BY_STATUS, child=child)
            return


def _red(group: Group) -> Iterator[Red]:
    """Errors that stand in a suite itself, or in its totals only."""
    counted = shape.number(group.attributes, "failures", "errors") or 0
    if group.problems:
        yield Red(message="\n\n".join(filter(None, group.problems)) or "an error")
    elif counted > group.excused and not group.red:
        message = f"{counted} failed by its own count, but none of its tests failed"
        yield Red(message=message, is_counted_only=True)


def _failed_test(tag: str, name: str, message: str) -> str:
    failure = shape.element("error", {"message": message})
    case = shape.element("testcase", {"classname": name, "name": OUTSIDE}, failure)
    suite = shape.element("testsuite", {"name": name}, case)
    return suite if tag == "testsuites" else case


def _totals(attributes: Mapping[str, str]) -> Totals | None:
    failed = shape.number(attributes, *[f"{each}s" for each in FAILURES])
    tests = shape.number(attributes, "tests")
    skipped = shape.number(attributes, "skipped")
    if tests is failed is None:
        return None
    return Totals(tests=tests, failed=failed, skipped=skipped)


SHAPE = XmlShape(
    test="testcase",
    name=_name,
    word=_word,
    definition=_id,
    key=_key,
    messages=FAILURES,
    groups=frozenset({"testsuite"}),
    mend=_mend,
    red=_red,
    problems=frozenset(FAILURES),
    failed_test=_failed_test,
    failures=frozenset(FAILURES),
    totals=_totals,
)
