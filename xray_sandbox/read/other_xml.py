"""
Read TestNG, NUnit, xUnit and Robot reports: names, outcomes and Tests.

Source: Xray's manual, 'Import Execution Results': a TestNG, NUnit or xUnit Test is a
method of a class, whatever its arguments are; a TestNG attribute `test` is a key;
a Robot Test is a test in its suites, and a tag that is a Test's key names it. The
root and test elements are those of each framework's own manual.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO
from xml.etree.ElementTree import Element

from xray_sandbox.errors import RefusedError
from xray_sandbox.product import Product
from xray_sandbox.read.documents import read_xml
from xray_sandbox.read.submission import NewTest, Result, Submission


_ISSUE_KEY = re.compile(r"[A-Z][A-Z0-9_]+-[1-9]\d*")


@dataclass(frozen=True)
class Shape:
    """The place of a test's outcome; `test_of` returns its key and its definition."""

    title: str
    roots: frozenset[str]
    test: str
    test_of: Callable[[Element, tuple[Element, ...]], tuple[str, str]]
    outcome: tuple[str, ...]
    status_child: str = ""
    ignored: Mapping[str, str] = field(default_factory=dict)


def _testng_names(method: Element, around: tuple[Element, ...]) -> tuple[str, str]:
    """The key in the attribute `test`; class and method."""
    marked = (
        (one.text or "").strip()
        for one in method.iterfind("attributes/attribute")
        if one.get("name") == "test"
    )
    owner = next((e.get("name", "") for e in around if e.tag == "class"), "")
    return next(marked, ""), _join_name(owner, method.get("name", ""))


def _nunit_names(case: Element, _: tuple[Element, ...]) -> tuple[str, str]:
    """Class and method in NUnit 3; in NUnit 2, the full name without arguments."""
    if case.get("classname") and case.get("methodname"):
        return "", f"{case.get('classname')}.{case.get('methodname')}"
    whole = case.get("fullname", "") or case.get("name", "")
    return "", "".join(_outside_parentheses(whole))


def _outside_parentheses(name: str) -> Iterator[str]:
    depth, quote, previous = 0, "", ""
    for character in name:
        if quote:
            if character == quote and previous != "\\":
                quote = ""
        elif depth and character in "\"'":
            quote = character
        elif character == "(":
            depth += 1
        elif character == ")" and depth:
            depth -= 1
        elif not depth:
            yield character
        previous = character


def _xunit_names(test: Element, _: tuple[Element, ...]) -> tuple[str, str]:
    if test.get("type") and test.get("method"):
        return "", f"{test.get('type')}.{test.get('method')}"
    return "", test.get("name", "")


def _robot_names(test: Element, around: tuple[Element, ...]) -> tuple[str, str]:
    """The key, if exactly one tag is a key; the suites from the outermost, the name."""
    suites = [each.get("name", "") for each in reversed(around) if each.tag == "suite"]
    tags = {(each.text or "").strip() for each in test.findall("tag")}
    tags |= {(each.text or "").strip() for each in test.findall("tags/tag")}
    keys = [tag for tag in sorted(tags) if _ISSUE_KEY.fullmatch(tag)]
    name = ".".join((*filter(None, suites), test.get("name", "")))
    return keys[0] if len(keys) == 1 else "", name


def _join_name(owner: str, name: str) -> str:
    return f"{owner}.{name}" if owner else name


TESTNG = Shape(
    title="TestNG",
    roots=frozenset({"testng-results"}),
    test="test-method",
    test_of=_testng_names,
    outcome=("status",),
    ignored={"is-config": "true"},
)
NUNIT = Shape(
    title="NUnit",
    roots=frozenset({"test-run", "test-results"}),
    test="test-case",
    test_of=_nunit_names,
    outcome=("result",),
)
XUNIT = Shape(
    title="xUnit",
    roots=frozenset({"assemblies", "assembly"}),
    test="test",
    test_of=_xunit_names,
    outcome=("result",),
)
ROBOT = Shape(
    title="Robot",
    roots=frozenset({"robot"}),
    test="test",
    test_of=_robot_names,
    outcome=("status",),
    status_child="status",
)

_PASSED = frozenset({"pass", "passed", "success"})
_FAILED = frozenset({"fail", "failed", "failure", "error"})


def make_reader(shape: Shape) -> Callable[[IO[bytes], Product], Submission]:
    """Return a function that reads reports of this shape."""

    def read(file: IO[bytes], product: Product) -> Submission:
        root = read_xml(file)
        if root.tag not in shape.roots:
            raise RefusedError(f"Invalid {shape.title} xml file: root {root.tag}")
        results = (
            _read_test(element, around, shape, product)
            for element, around in _iter_tests(root, (), shape.test)
            if not any(element.get(k) == v for k, v in shape.ignored.items())
        )
        return Submission(tuple(results), targets_generic=True)

    return read


def _iter_tests(
    element: Element, around: tuple[Element, ...], tag: str
) -> Iterator[tuple[Element, tuple[Element, ...]]]:
    """Yield each test with its enclosing elements, the innermost first."""
    for child in element:
        inside = (element, *around)
        if child.tag == tag:
            yield child, inside
        else:
            yield from _iter_tests(child, inside, tag)


def _read_test(
    element: Element, around: tuple[Element, ...], shape: Shape, product: Product
) -> Result:
    key, definition = shape.test_of(element, around)
    holder = element.find(shape.status_child) if shape.status_child else element
    word = "" if holder is None else _first_attribute(holder, shape.outcome).lower()
    status = product.todo
    if word in _PASSED:
        status = product.passed
    elif word in _FAILED:
        status = product.failed
    name = element.get("name") or definition
    test = NewTest("Generic", summary=name, definition=definition)
    return Result(status, test_key=key, test=test)


def _first_attribute(element: Element, names: tuple[str, ...]) -> str:
    return next((element.get(name, "") for name in names if element.get(name)), "")
