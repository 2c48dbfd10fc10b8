"""
TestNG, NUnit, xUnit and Robot reports, read only as far as names and outcomes go.

Source: the root and test elements that each framework's own manual gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO
from xml.etree.ElementTree import Element

from xray_sandbox.errors import RefusedError
from xray_sandbox.product import Product
from xray_sandbox.read.documents import read_xml
from xray_sandbox.read.submission import NewTest, Result, Submission


@dataclass(frozen=True)
class Shape:
    """Where a format keeps a test's name and outcome."""

    title: str
    roots: frozenset[str]
    test: str
    names: tuple[str, ...]
    outcome: tuple[str, ...]
    status_child: str = ""
    ignored: Mapping[str, str] = field(default_factory=dict)


TESTNG = Shape(
    title="TestNG",
    roots=frozenset({"testng-results"}),
    test="test-method",
    names=("signature", "name"),
    outcome=("status",),
    ignored={"is-config": "true"},
)
NUNIT = Shape(
    title="NUnit",
    roots=frozenset({"test-run", "test-results"}),
    test="test-case",
    names=("fullname", "name"),
    outcome=("result",),
)
XUNIT = Shape(
    title="xUnit",
    roots=frozenset({"assemblies", "assembly"}),
    test="test",
    names=("name",),
    outcome=("result",),
)
ROBOT = Shape(
    title="Robot",
    roots=frozenset({"robot"}),
    test="test",
    names=("name",),
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
            _result(element, shape, product)
            for element in root.iter(shape.test)
            if not any(element.get(k) == v for k, v in shape.ignored.items())
        )
        return Submission(tuple(results), targets_generic=True)

    return read


def _result(element: Element, shape: Shape, product: Product) -> Result:
    name = _first(element, shape.names)
    holder = element.find(shape.status_child) if shape.status_child else element
    word = "" if holder is None else _first(holder, shape.outcome).lower()
    status = product.todo
    if word in _PASSED:
        status = product.passed
    elif word in _FAILED:
        status = product.failed
    return Result(status, test=NewTest("Generic", summary=name, definition=name))


def _first(element: Element, names: tuple[str, ...]) -> str:
    return next((element.get(name, "") for name in names if element.get(name)), "")
