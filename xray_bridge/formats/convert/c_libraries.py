"""
Convert the XML of C and C++ test libraries: Check, CppUnit, UnitTest++.

Sources: Check's ``check_log.c``, CppUnit's ``XmlOutputter``, UnitTest++'s
``XmlTestReporter``, and their files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.formats.convert.protocol import Converted, Totals
from xray_bridge.formats.convert.values import (
    join_paragraphs,
    to_count,
    to_number,
    verdict_from,
)
from xray_bridge.formats.read.xml import read_elements, root_attributes
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source


def convert_check(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield Check's tests, by suite and test case; runs of a loop are one Test."""
    for suite in read_elements(source, {"suite"}):
        title = _text_at(suite, "title")
        for test in suite.iterfind("test"):
            yield _of_check(test, title, keys)


def _of_check(test: Element, suite: str, keys: KeyFinder) -> Converted:
    found = verdict_from(test.get("result", ""), {})
    name, case = _text_at(test, "id"), _text_at(test, "description")
    place, text = _text_at(test, "fn"), _text_at(test, "message")
    number_of_loop = _text_at(test, "iteration")
    loop = f"iteration {number_of_loop}" if number_of_loop not in {"", "0"} else ""
    message = f"{place}: {text}" if place else text
    return Converted(
        classname=".".join(filter(None, (suite, case))),
        name=name,
        outcome=found.outcome,
        key=keys.of_title(name),
        message=""
        if found.outcome is Outcome.PASSED
        else join_paragraphs(message, loop),
        duration=to_number(_text_at(test, "duration")),
        word=found.word,
    )


def convert_cppunit(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield CppUnit's tests; it counts failures, and a test can have several."""
    is_empty = True
    for each in read_elements(source, {"FailedTest", "Test", "Statistics"}):
        is_empty = False
        if each.tag == "Statistics":
            yield Totals(
                tests=to_count(_text_at(each, "Tests") or None),
                failed=to_count(_text_at(each, "FailuresTotal") or None),
            )
        else:
            yield _of_cppunit(each, keys)
    if is_empty:
        raise source.broken("is neither a report of CppUnit nor TRX")


def _of_cppunit(test: Element, keys: KeyFinder) -> Converted:
    classname, _, name = _text_at(test, "Name").rpartition("::")
    is_failed = test.tag == "FailedTest"
    file, line = _text_at(test, "Location/File"), _text_at(test, "Location/Line")
    place = f"{file}:{line}" if file else ""
    return Converted(
        classname=classname,
        name=name,
        outcome=Outcome.FAILED if is_failed else Outcome.PASSED,
        key=keys.of_title(name),
        message=join_paragraphs(_text_at(test, "Message"), place),
    )


def convert_unittest_pp(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield UnitTest++'s tests, which may have several failures each."""
    root = root_attributes(source)
    yield Totals(
        tests=to_count(root.get("tests")), failed=to_count(root.get("failedtests"))
    )
    for test in read_elements(source, {"test"}):
        failures = [each.get("message", "") for each in test.iterfind("failure")]
        name = test.get("name", "")
        yield Converted(
            classname=test.get("suite", ""),
            name=name,
            outcome=Outcome.FAILED if failures else Outcome.PASSED,
            key=keys.of_title(name),
            message=join_paragraphs(*failures),
            duration=to_number(test.get("time")),
        )


def _text_at(found: Element, path: str) -> str:
    return (found.findtext(path) or "").strip()
