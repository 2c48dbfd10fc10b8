"""
TestNG, NUnit, xUnit and Robot reports: names, outcomes, and which Test each is of.

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
    """Where a format keeps a test's outcome; `test_of` gives its key and its Test."""

    title: str
    roots: frozenset[str]
    test: str
    test_of: Callable[[Element, tuple[Element, ...]], tuple[str, str]]
    outcome: tuple[str, ...]
    status_child: str = ""
    ignored: Mapping[str, str] = field(default_factory=dict)


def _testng(method: Element, around: tuple[Element, ...]) -> tuple[str, str]:
    """The class stands around its methods."""
    marked = (
        (one.text or "").strip()
        for one in method.iterfind("attributes/attribute")
        if one.get("name") == "test"
    )
    owner = next((e.get("name", "") for e in around if e.tag == "class"), "")
    return next(marked, ""), _joined(owner, method.get("name", ""))


def _nunit(case: Element, _: tuple[Element, ...]) -> tuple[str, str]:
    """NUnit 3 has class and method apart; NUnit 2 one name with arguments."""
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


def _xunit(test: Element, _: tuple[Element, ...]) -> tuple[str, str]:
    if test.get("type") and test.get("method"):
        return "", f"{test.get('type')}.{test.get('method')}"
    return "", test.get("name", "")


def _robot(test: Element, around: tuple[Element, ...]) -> tuple[str, str]:
    """Suites from the outermost; one key among the tags is taken for the Test's."""
    suites = [each.get("name", "") for each in reversed(around) if each.tag == "suite"]
    tags = {(each.text or "").strip() for each in test.findall("tag")}
    tags |= {(each.text or "").strip() for each in test.findall("tags/tag")}
    keys = [tag for tag in sorted(tags) if _ISSUE_KEY.fullmatch(tag)]
    name = ".".join((*filter(None, suites), test.get("name", "")))
    return keys[0] if len(keys) == 1 else "", name


def _joined(owner: str, name: str) -> str:
    return f"{owner}.{name}" if owner else name


TESTNG = Shape(
    title="TestNG",
    roots=frozenset({"testng-results"}),
    test="test-method",
    test_of=_testng,
    outcome=("status",),
    ignored={"is-config": "true"},
)
NUNIT = Shape(
    title="NUnit",
    roots=frozenset({"test-run", "test-results"}),
    test="test-case",
    test_of=_nunit,
    outcome=("result",),
)
XUNIT = Shape(
    title="xUnit",
    roots=frozenset({"assemblies", "assembly"}),
    test="test",
    test_of=_xunit,
    outcome=("result",),
)
ROBOT = Shape(
    title="Robot",
    roots=frozenset({"robot"}),
    test="test",
    test_of=_robot,
    outcome=("status",),
    status_child="status",
)

_PASSED = frozenset({"pass", "passed", "success"})
_FAILED = frozenset({"fail", "failed", "failure", "error"})


def reader(shape: Shape) -> Callable[[IO[bytes], Product], Submission]:
    """What reads reports of this shape."""

    def read(file: IO[bytes], product: Product) -> Submission:
        root = read_xml(file)
        if root.tag not in shape.roots:
            raise RefusedError(f"Invalid {shape.title} xml file: root {root.tag}")
        results = (
            _result(element, around, shape, product)
            for element, around in _tests(root, (), shape.test)
            if not any(element.get(k) == v for k, v in shape.ignored.items())
        )
        return Submission(tuple(results), targets_generic=True)

    return read


def _tests(
    element: Element, around: tuple[Element, ...], tag: str
) -> Iterator[tuple[Element, tuple[Element, ...]]]:
    """Tests, and what stands around each, the innermost first."""
    for child in element:
        inside = (element, *around)
        if child.tag == tag:
            yield child, inside
        else:
            yield from _tests(child, inside, tag)


def _result(
    element: Element, around: tuple[Element, ...], shape: Shape, product: Product
) -> Result:
    key, definition = shape.test_of(element, around)
    holder = element.find(shape.status_child) if shape.status_child else element
    word = "" if holder is None else _first(holder, shape.outcome).lower()
    status = product.todo
    if word in _PASSED:
        status = product.passed
    elif word in _FAILED:
        status = product.failed
    name = element.get("name") or definition
    test = NewTest("Generic", summary=name, definition=definition)
    return Result(status, test_key=key, test=test)


def _first(element: Element, names: tuple[str, ...]) -> str:
    return next((element.get(name, "") for name in names if element.get(name)), "")
