"""
Where an XML report keeps a test's name, outcome and message.
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

    ``scope`` are the names of the elements around it, ``children`` the attributes
    of those directly below it, by tag. ``texts`` are those that its shape asks for,
    ``properties`` what its ``property`` elements say.
    """

    attributes: Mapping[str, str]
    scope: str = ""
    children: dict[str, Mapping[str, str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlShape:
    """
    The elements of a format.

    ``test`` is the tag of a test, ``name`` and ``word`` give its name and the
    report's word for its outcome. ``messages`` are the tags below it whose texts
    explain a failure, and how deep they stand. ``scopes`` are elements whose names
    belong to a test's: the innermost, or all of them with ``nested_scopes``. A test
    whose attribute has the value in ``ignored`` is none.
    """

    test: str
    name: Callable[[Element], str]
    word: Callable[[Element], str]
    messages: Mapping[str, int] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()
    nested_scopes: bool = False
    ignored: tuple[str, str] = ("", "")


def attribute(name: str) -> Callable[[Element], str]:
    """What an attribute of the test says."""
    return lambda test: test.attributes.get(name, "")


def child_attribute(tag: str, name: str) -> Callable[[Element], str]:
    """What an attribute of the element directly below the test says."""
    return lambda test: test.children.get(tag, {}).get(name, "")


def scoped_name(test: Element) -> str:
    """The scope and the name."""
    name = test.attributes.get("name", "")
    return f"{test.scope}.{name}" if test.scope else name


def junit_name(test: Element) -> str:
    """The class and the name; the suite where there is no class."""
    scope = test.attributes.get("classname") or test.scope
    name = test.attributes.get("name", "")
    return f"{scope}.{name}" if scope else name


def junit_word(test: Element) -> str:
    """The element that says that the test did not pass."""
    order = ("failure", "error", "skipped")
    return next((each for each in order if each in test.children), "passed")


def nunit_name(test: Element) -> str:
    """NUnit 2 has the whole name in ``name``."""
    return test.attributes.get("fullname") or test.attributes.get("name", "")


def nunit_word(test: Element) -> str:
    """NUnit before 2.5 has no ``result``."""
    given = test.attributes
    if given.get("executed", "").lower() == "false":
        return given.get("result", "skipped")
    return given.get("result") or given.get("success", "")
