"""
Where an XML report keeps a test's name, outcome and message, and what is mended.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from xray_bridge.formats.read.protocol import Source, Totals

# What red that is no test's is called, behind the name of its suite.
OUTSIDE = "(outside of tests)"
# What is said of changes; the number follows.
UNNAMED = "tests without a name named after their suites"
NOT_RUN = "tests that did not run marked as skipped"
NOT_STARTED = "tests that CTest could not start marked as failed"
BY_STATUS = "tests with a failed status marked as failed"
EXPECTED = "expected failures marked as skipped"
RED_OF_SUITES = "errors outside of tests added as failed tests"


@dataclass(slots=True)
class Element:
    """
    A test's element while it is read; rules for mending change it.

    ``scope`` are the names of the elements around it, ``children`` the attributes
    of those directly below it, by tag. ``texts`` are the paths that its shape asks
    for, with what stands there. ``properties`` are by name.
    """

    attributes: dict[str, str]
    scope: str = ""
    children: dict[str, dict[str, str]] = field(default_factory=dict)
    texts: list[tuple[str, str]] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Group:
    """
    An element around tests while it is read: the root, suites, classes.

    ``start`` is its place. ``path`` are the open elements between it and the next
    group or test. ``red`` is how many failures stand in it, ``excused`` how many of
    them were expected, which totals may count, ``problems`` what it says of those
    that are no test's. ``has_tests``: directly in it. ``claims`` are its totals,
    ``claims_below`` those of the groups in it. ``known`` is what ``look_ahead`` found.
    """

    tag: str
    attributes: Mapping[str, str]
    start: int
    path: list[str] = field(default_factory=list)
    red: int = 0
    excused: int = 0
    has_tests: bool = False
    problems: list[str] = field(default_factory=list)
    claims: Totals | None = None
    claims_below: Totals | None = None
    known: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.attributes.get("name", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    What is mended in an element of the copy that is sent.

    ``what`` says it. ``attributes`` get a value, or go where that is None; the
    children of the tags in ``cut`` go; ``child`` is XML put at the element's end.
    """

    what: str
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    cut: tuple[str, ...] = ()
    child: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Red:
    """A failure that is no test's; ``is_counted_only``: nothing but totals say so."""

    message: str
    is_counted_only: bool = False


def no_changes(_: Element, __: Sequence[Group]) -> Iterable[Change]:
    """Nothing is mended."""
    return ()


def no_red(_: Group) -> Iterable[Red]:
    """A group says nothing of its own."""
    return ()


def no_totals(_: Mapping[str, str]) -> Totals | None:
    """A group counts nothing."""
    return None


def not_settled(_: Element, __: Sequence[tuple[str, str]]) -> Iterable[Change]:
    """Groups do not decide of tests."""
    return ()


def no_look(_: Source) -> Mapping[int, tuple[str, str]]:
    """Nothing is to be known before tests are read."""
    return {}


def all_tests(_: Element) -> bool:
    """Each element is one."""
    return True


def own_key(_: Element) -> tuple[str, bool]:
    """There is no place for a key."""
    return "", True


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlShape:
    """
    The elements of a format, and what is mended in it.

    ``test`` is the tag of a test, ``name`` and ``word`` give its name and the
    report's word for its outcome, ``definition`` what Xray knows its Test by.
    ``key`` gives the Test key, and whether it is surely the Test's. ``messages``
    are paths below it to texts that explain a failure, ``texts`` to others,
    ``named_texts`` to those that are properties. ``groups`` are elements whose names
    belong to a test's: the innermost, or all of them with ``nested_groups``.
    ``is_test``: other elements of that tag are none.

    ``mend`` changes a test and says how. ``red`` gives failures of a group that are
    no test's, ``problems`` are the paths where it tells of them, and ``failed_test``
    is XML of a failed test: of a group's tag, a name, and a message. ``failures`` are
    elements that stand for one failure each. ``totals`` are those that the attributes
    of a group have, or of the element at ``totals_path``; ``counts_mended``: they
    count what is mended, too. ``look_ahead`` gives words and texts of groups, by
    number, which decide of all tests in them: ``settle`` changes a test by those of
    the groups around it, the innermost first.
    """

    test: str
    name: Callable[[Element], str]
    word: Callable[[Element], str]
    failed_test: Callable[[str, str, str], str]
    definition: Callable[[Element], str] = field(default=lambda _: "")
    key: Callable[[Element], tuple[str, bool]] = own_key
    messages: tuple[str, ...] = ()
    texts: frozenset[str] = frozenset()
    named_texts: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    nested_groups: bool = False
    is_test: Callable[[Element], bool] = all_tests
    mend: Callable[[Element, Sequence[Group]], Iterable[Change]] = no_changes
    red: Callable[[Group], Iterable[Red]] = no_red
    problems: frozenset[str] = frozenset()
    failures: frozenset[str] = frozenset()
    totals: Callable[[Mapping[str, str]], Totals | None] = no_totals
    totals_path: str = ""
    counts_mended: bool = False
    look_ahead: Callable[[Source], Mapping[int, tuple[str, str]]] = no_look
    settle: Callable[[Element, Sequence[tuple[str, str]]], Iterable[Change]] = (
        not_settled
    )

    @property
    def captured(self) -> frozenset[str]:
        """Paths of all texts."""
        return frozenset(self.messages) | self.texts | self.named_texts


def scoped_name(test: Element) -> str:
    """The scope and the name."""
    name = test.attributes.get("name", "")
    return f"{test.scope}.{name}" if test.scope else name


def name_unnamed(test: Element, groups: Sequence[Group]) -> Iterator[Change]:
    """A name for a test that has none: Xray refuses the whole report for one."""
    if test.attributes.get("name", "").strip():
        return
    names = (group.name for group in reversed(groups))
    name = next((name for name in names if name.strip()), "unnamed")
    test.attributes["name"] = name
    yield Change(what=UNNAMED, attributes={"name": name})


def element_xml(tag: str, attributes: Mapping[str, str], inside: str = "") -> str:
    """XML of an element; ``inside`` is XML already."""
    given = "".join(f" {name}={quoteattr(v)}" for name, v in attributes.items())
    return f"<{tag}{given}>{inside}</{tag}>" if inside else f"<{tag}{given}/>"


def text_xml(found: str) -> str:
    """XML of a text."""
    return escape(found)


def sum_counts(attributes: Mapping[str, str], *names: str) -> int | None:
    """The sum of those attributes that count something; None where none does."""
    found = [attributes.get(name, "") for name in names]
    # mocha-junit-reporter counts below zero.
    counts = [int(each) for each in found if each.isascii() and each.isdigit()]
    return sum(counts) if counts else None
