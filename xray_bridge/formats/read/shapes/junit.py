"""
JUnit XML.

Sources: Xray's manual, "Taking advantage of JUnit XML reports", for the properties;
files of the tools that are named (`docs/uploading-files.md`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.formats.read import repair, shape
from xray_bridge.formats.read.protocol import WORDS, Case, Totals
from xray_bridge.formats.read.shape import OUTSIDE, Change, Red, XmlShape
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.formats.read.shape import Element, Group

FAILURES = ("failure", "error")
WORDS_IN_ORDER = (*FAILURES, "skipped")
# Attributes that say whether a test ran.
STATUSES = ("result", "status")
# Elements that do not change the outcome of a test.
PLAIN = frozenset({"properties", "system-out", "system-err"})
KEY = frozenset({"test_key"})
PASSED = Outcome.PASSED


def _name_of(test: Element) -> str:
    """Return class and name of a test, or suite and name without a class."""
    scope = test.attributes.get("classname") or test.scope
    name = test.attributes.get("name", "")
    return f"{scope}.{name}" if scope else name


def _word_of(test: Element) -> str:
    """Return the tag of the element that says that the test did not pass."""
    for word in WORDS_IN_ORDER:
        if word in test.children:
            return word
    return "passed"


def _test_id(test: Element) -> str:
    """Return the ``test_id``, which wins over a key."""
    return test.properties.get("test_id", "").strip()


def _key_of(test: Element) -> tuple[str, bool]:
    key = test.properties.get("test_key", "").strip()
    return "" if _test_id(test) else key, True


def _plain_result(test: Element) -> Case | str:
    """Make the result of most tests, which have nothing that says more."""
    given = test.attributes
    name = given.get("name", "")
    if (
        (test.properties and not test.properties.keys() <= KEY)
        or not name.strip()
        or not PLAIN.issuperset(test.children)
        or "status" in given
        or "result" in given
    ):
        return ""
    scope = given.get("classname") or test.scope
    full = f"{scope}.{name}" if scope else name
    if not test.properties:
        return full
    return Case(name=full, outcome=PASSED, key=test.properties["test_key"].strip())


def _mend_test(test: Element, groups: Sequence[Group]) -> Iterator[Change]:
    if _is_only_an_attempt(test):
        yield Change(what=shape.NO_TESTS, is_removal=True)
        return
    yield from shape.name_unnamed(test, groups)
    is_red = any(each in test.children for each in FAILURES)
    if is_red and _is_expected(test.children.get("skipped")):
        joined = "\n\n".join(text for path, text in test.texts if path in FAILURES)
        for each in FAILURES:
            test.children.pop(each, None)
        child = shape.element_xml("system-out", {}, shape.text_xml(joined))
        yield Change(what=shape.EXPECTED, cut=FAILURES, child=child)
    elif not is_red and "skipped" not in test.children:
        yield from _by_status(test)
    elif not is_red and _is_not_started(test):
        test.children["failure"] = test.children.pop("skipped")
        child = shape.element_xml("failure", test.children["failure"])
        yield Change(what=shape.NOT_STARTED, cut=("skipped",), child=child)


def _is_only_an_attempt(test: Element) -> bool:
    """
    Whether pytest wrote it for an attempt that ended with its worker.

    The last attempt is a test of its own. Seen with pytest 9.2, pytest-xdist 3.8 and
    pytest-rerunfailures 16.7: ``findings/xdist-crash-reruns-without-names.sh``.
    """
    return not test.children and test.attributes.keys() <= {"time"}


def _is_expected(skipped: Mapping[str, str] | None) -> bool:
    """Whether it is Node's TODO or has Catch2's tags; any other failed skip failed."""
    if skipped is None:
        return False
    message = skipped.get("message", "")
    return skipped.get("type") == "todo" or message.endswith(EXPECTED_TAGS)


def _is_not_started(test: Element) -> bool:
    """
    Whether CTest could not start a test: no executable, or a failed fixture.

    CTest counts these as failed, but writes ``<skipped>``. The message of a requested
    skip is the name of its property. Source: the totals of CTest 3.25,
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
    """Mend tests of CTest and GoogleTest whose attributes say that they did not run."""
    given = (test.attributes.get(name, "") for name in STATUSES)
    for word in given:
        outcome = WORDS.get(word.strip().lower())
        if outcome is Outcome.SKIPPED:
            test.children["skipped"] = {}
            child = shape.element_xml("skipped", {"message": word})
            yield Change(what=shape.NOT_RUN, child=child)
            return
        if outcome is Outcome.FAILED:
            test.children["failure"] = {}
            child = shape.element_xml("failure", {"message": word})
            yield Change(what=shape.BY_STATUS, child=child)
            return


def _find_red(group: Group) -> Iterator[Red]:
    """Find errors in a suite itself, or only in its totals."""
    counted = shape.sum_counts(group.attributes, "failures", "errors") or 0
    if group.problems:
        yield Red(message="\n\n".join(filter(None, group.problems)) or "an error")
    elif counted > group.excused and not group.red:
        message = f"{counted} failed by its own count, but none of its tests failed"
        yield Red(message=message, is_counted_only=True)


def _failed_test(tag: str, name: str, message: str) -> str:
    failure = shape.element_xml("error", {"message": message})
    case = shape.element_xml("testcase", {"classname": name, "name": OUTSIDE}, failure)
    suite = shape.element_xml("testsuite", {"name": name}, case)
    return suite if tag == "testsuites" else case


def _read_totals(attributes: Mapping[str, str]) -> Totals | None:
    failed = shape.sum_counts(attributes, *[f"{each}s" for each in FAILURES])
    tests = shape.sum_counts(attributes, "tests")
    skipped = shape.sum_counts(attributes, "skipped")
    if tests is failed is None:
        return None
    return Totals(tests=tests, failed=failed, skipped=skipped)


SHAPE = XmlShape(
    test="testcase",
    name=_name_of,
    word=_word_of,
    definition=_test_id,
    key=_key_of,
    messages=FAILURES,
    groups=frozenset({"testsuite"}),
    mend=_mend_test,
    red=_find_red,
    problems=frozenset(FAILURES),
    failed_test=_failed_test,
    failures=frozenset(FAILURES),
    hollow=repair.TAG,
    plain=_plain_result,
    totals=_read_totals,
)
