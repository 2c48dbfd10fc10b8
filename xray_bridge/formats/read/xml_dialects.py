"""
Where each XML format keeps a test's name, outcome and message.

Sources: the schemas and manuals of JUnit, TestNG, NUnit 2 and 3, xUnit.net 2 and
Robot Framework; ``test_key``: Xray's manual, "Taking advantage of JUnit XML
reports".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(slots=True)
class Element:
    """
    A test's element while it is read.

    ``children`` are the attributes of what is directly below it, ``texts`` those
    texts that its shape asks for, by tag. ``scope`` are the names of the elements
    around it.
    """

    attributes: Mapping[str, str]
    scope: str = ""
    children: dict[str, Mapping[str, str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """
    One format.

    ``scopes`` are elements whose names belong to a test's. ``said`` are tags
    whose texts say why a test failed, and how deep below it they stand.
    """

    roots: frozenset[str]
    test: str
    name: Callable[[Element], str]
    word: Callable[[Element], str]
    scopes: frozenset[str] = frozenset()
    nested_scopes: bool = False
    said: Mapping[str, int] = field(default_factory=dict)
    ignored: tuple[str, str] = ("", "")


def _junit_name(test: Element) -> str:
    scope = test.attributes.get("classname") or test.scope
    name = test.attributes.get("name", "")
    return f"{scope}.{name}" if scope else name


def _junit_word(test: Element) -> str:
    order = ("failure", "error", "skipped")
    return next((each for each in order if each in test.children), "passed")


def _scoped_name(test: Element) -> str:
    name = test.attributes.get("name", "")
    return f"{test.scope}.{name}" if test.scope else name


def _full_name(test: Element) -> str:
    return test.attributes.get("fullname") or test.attributes.get("name", "")


def _nunit_word(test: Element) -> str:
    """NUnit before 2.5 has no ``result``."""
    given = test.attributes
    if given.get("executed", "").lower() == "false":
        return given.get("result", "skipped")
    return given.get("result") or given.get("success", "")


def _result(test: Element) -> str:
    return test.attributes.get("result", "")


def _status(test: Element) -> str:
    return test.attributes.get("status", "")


def _child_status(test: Element) -> str:
    return test.children.get("status", {}).get("status", "")


SHAPES: Mapping[str, Shape] = {
    "junit": Shape(
        roots=frozenset({"testsuites", "testsuite"}),
        test="testcase",
        name=_junit_name,
        word=_junit_word,
        scopes=frozenset({"testsuite"}),
        said={"failure": 1, "error": 1, "skipped": 1},
    ),
    "testng": Shape(
        roots=frozenset({"testng-results"}),
        test="test-method",
        name=_scoped_name,
        word=_status,
        scopes=frozenset({"class"}),
        said={"message": 2},
        ignored=("is-config", "true"),
    ),
    "nunit": Shape(
        roots=frozenset({"test-run", "test-results"}),
        test="test-case",
        name=_full_name,
        word=_nunit_word,
        said={"message": 2},
    ),
    "xunit": Shape(
        roots=frozenset({"assemblies", "assembly"}),
        test="test",
        name=_full_name,
        word=_result,
        said={"message": 2},
    ),
    "robot": Shape(
        roots=frozenset({"robot"}),
        test="test",
        name=_scoped_name,
        word=_child_status,
        scopes=frozenset({"suite"}),
        nested_scopes=True,
        said={"status": 1},
    ),
}
