"""
Describe an XML format: where names, outcomes and messages are, and what is mended.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from xray_bridge.formats.read.protocol import Case, Source, Totals

# The name of a failure outside of tests, after the name of its suite.
OUTSIDE = "(outside of tests)"
# The texts about changes; a number follows.
UNNAMED = "tests without a name named after their suites"
NO_TESTS = "attempts without name and result left out"
NOT_RUN = "tests that did not run marked as skipped"
NOT_STARTED = "tests that CTest could not start marked as failed"
BY_STATUS = "tests with a failed status marked as failed"
EXPECTED = "expected failures marked as skipped"
RED_OF_SUITES = "errors outside of tests added as failed tests"


@dataclass(slots=True)
class Element:
    """
    A test's element while it is read; the rules for mending change it.

    ``scope`` are the names of the elements around it, ``children`` the attributes of
    elements directly below it, by tag. ``texts`` are the paths that its shape asks for,
    with their texts. ``properties`` are by name.
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

    ``start`` is its place in bytes. ``path`` are the open elements between it and the
    next group or test. ``red`` counts the failures in it, ``excused`` those that were
    expected, which totals may count, and ``problems`` are the texts of failures outside
    of tests. ``has_tests`` says that tests are directly in it. ``claims`` are its
    totals, ``claims_below`` those of the groups in it. ``known`` is the finding of
    ``look_ahead``.
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
        """The name of the group."""
        return self.attributes.get("name", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    A change to an element of the copy that is sent.

    ``what`` describes it. ``attributes`` get a value, or are removed if it is None;
    children with the tags in ``cut`` are removed; ``child`` is XML added at the end.
    ``is_removal``: the element is no test, and is left out.
    """

    what: str
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    cut: tuple[str, ...] = ()
    child: str = ""
    is_removal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Red:
    """A failure outside of tests; ``is_counted_only``: only totals show it."""

    message: str
    is_counted_only: bool = False


def no_changes(_: Element, __: Sequence[Group]) -> Iterable[Change]:
    """Mend nothing."""
    return ()


def no_red(_: Group) -> Iterable[Red]:
    """Find no failure in a group."""
    return ()


def no_totals(_: Mapping[str, str]) -> Totals | None:
    """Find no totals in a group."""
    return None


def not_settled(_: Element, __: Sequence[tuple[str, str]]) -> Iterable[Change]:
    """Change no test because of its groups."""
    return ()


def no_look(_: Source) -> Mapping[int, tuple[str, str]]:
    """Nothing is to be known before tests are read."""
    return {}


def not_plain(_: Element) -> str:
    """Be sure of no test at first sight."""
    return ""


def all_tests(_: Element) -> bool:
    """Each element is one."""
    return True


def own_key(_: Element) -> tuple[str, bool]:
    """Find no key: the format has no place for it."""
    return "", True


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlShape:
    """
    The elements of a format, and what is mended in it.

    ``test`` is the tag of a test. ``name`` and ``word`` return its name and the
    report's word for its outcome, ``definition`` the text by which Xray knows its Test.
    ``key`` returns the Test key, and whether it is surely that of the Test.
    ``messages`` are paths below the test to texts that explain a failure, ``texts``
    paths to other texts, ``named_texts`` paths to properties. ``groups`` are elements
    whose names belong to the name of a test: the innermost, or all with
    ``nested_groups``. ``is_test`` says which elements with that tag are tests.

    ``mend`` changes a test and returns the changes. ``red`` returns failures of a group
    outside of tests, ``problems`` are the paths to their texts, and ``failed_test``
    makes the XML of a failed test from a group's tag, a name and a message.
    ``hollow`` is the tag of elements that must not be empty. ``plain`` makes the
    result of a test if it is sure at first sight that it passed and needs no rule: its
    name, or a case if it has a key.
    ``failures`` are elements that stand for one failure each. ``totals`` reads the
    attributes of a group, or of the element at ``totals_path``; ``counts_mended`` says
    that they count mended tests, too. ``look_ahead`` returns words and texts of groups,
    by number, which change all tests in them: ``settle`` changes a test by those of the
    groups around it, the innermost first.
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
    hollow: str = ""
    plain: Callable[[Element], Case | str] = not_plain
    totals: Callable[[Mapping[str, str]], Totals | None] = no_totals
    totals_path: str = ""
    counts_mended: bool = False
    look_ahead: Callable[[Source], Mapping[int, tuple[str, str]]] = no_look
    settle: Callable[[Element, Sequence[tuple[str, str]]], Iterable[Change]] = (
        not_settled
    )

    @property
    def captured(self) -> frozenset[str]:
        """The paths of all texts."""
        return frozenset(self.messages) | self.texts | self.named_texts


def scoped_name(test: Element) -> str:
    """Return the scope and the name of a test."""
    name = test.attributes.get("name", "")
    return f"{test.scope}.{name}" if test.scope else name


def name_unnamed(test: Element, groups: Sequence[Group]) -> Iterator[Change]:
    """Name a test without a name, because Xray would refuse the report."""
    if test.attributes.get("name", "").strip():
        return
    names = (group.name for group in reversed(groups))
    name = next((name for name in names if name.strip()), "unnamed")
    test.attributes["name"] = name
    yield Change(what=UNNAMED, attributes={"name": name})


def element_xml(tag: str, attributes: Mapping[str, str], inside: str = "") -> str:
    """Make the XML of an element; ``inside`` is XML already."""
    given = "".join(f" {name}={quoteattr(v)}" for name, v in attributes.items())
    return f"<{tag}{given}>{inside}</{tag}>" if inside else f"<{tag}{given}/>"


def text_xml(found: str) -> str:
    """Make the XML of a text."""
    return escape(found)


def sum_counts(attributes: Mapping[str, str], *names: str) -> int | None:
    """Add the attributes that are counts; None if there is none."""
    found = [attributes.get(name, "") for name in names]
    # mocha-junit-reporter counts below zero.
    counts = [int(each) for each in found if each.isascii() and each.isdigit()]
    return sum(counts) if counts else None
