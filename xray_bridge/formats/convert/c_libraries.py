"""
The XML of unit test libraries for C and C++: Check, CppUnit, UnitTest++.

Sources: Check's ``check_log.c``, CppUnit's ``XmlOutputter``, UnitTest++'s
``XmlTestReporter``, and their files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.formats.convert.protocol import Converted, Totals
from xray_bridge.formats.convert.values import known, number, paragraphs, whole
from xray_bridge.formats.read.xml import elements, root_attributes
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source


def check(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Check's tests, by suite and test case; the runs of a loop are one Test."""
    for suite in elements(source, {"suite"}):
        title = _text(suite, "title")
        for test in suite.iterfind("test"):
            yield _of_check(test, title, keys)


def _of_check(test: Element, suite: str, keys: KeyFinder) -> Converted:
    found = known(test.get("result", ""), {})
    name, case = _text(test, "id"), _text(test, "description")
    place, said = _text(test, "fn"), _text(test, "message")
    number_of_loop = _text(test, "iteration")
    loop = f"iteration {number_of_loop}" if number_of_loop not in {"", "0"} else ""
    message = f"{place}: {said}" if place else said
    return Converted(
        classname=".".join(filter(None, (suite, case))),
        name=name,
        outcome=found.outcome,
        key=keys.of_title(name),
        message="" if found.outcome is Outcome.PASSED else paragraphs(message, loop),
        duration=number(_text(test, "duration")),
        word=found.word,
    )


def cppunit(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """CppUnit's tests; it counts failures, of which a test can have several."""
    is_empty = True
    for each in elements(source, {"FailedTest", "Test", "Statistics"}):
        is_empty = False
        if each.tag == "Statistics":
            yield Totals(
                tests=whole(_text(each, "Tests") or None),
                failed=whole(_text(each, "FailuresTotal") or None),
            )
        else:
            yield _of_cppunit(each, keys)
    if is_empty:
        raise source.broken("is neither a report of CppUnit nor TRX")


def _of_cppunit(test: Element, keys: KeyFinder) -> Converted:
    classname, _, name = _text(test, "Name").rpartition("::")
    is_failed = test.tag == "FailedTest"
    file, line = _text(test, "Location/File"), _text(test, "Location/Line")
    place = f"{file}:{line}" if file else ""
    return Converted(
        classname=classname,
        name=name,
        outcome=Outcome.FAILED if is_failed else Outcome.PASSED,
        key=keys.of_title(name),
        message=paragraphs(_text(test, "Message"), place),
    )


def unittest_pp(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """UnitTest++'s tests, which may have several failures each."""
    root = root_attributes(source)
    yield Totals(tests=whole(root.get("tests")), failed=whole(root.get("failedtests")))
    for test in elements(source, {"test"}):
        failures = [each.get("message", "") for each in test.iterfind("failure")]
        name = test.get("name", "")
        yield Converted(
            classname=test.get("suite", ""),
            name=name,
            outcome=Outcome.FAILED if failures else Outcome.PASSED,
            key=keys.of_title(name),
            message=paragraphs(*failures),
            duration=number(test.get("time")),
        )


def _text(found: Element, path: str) -> str:
    return (found.findtext(path) or "").strip()
