"""Colours and links for people at a terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from xray_bridge.terminal import RED, YELLOW, choose_colour, decorate, has_colours


if TYPE_CHECKING:
    from collections.abc import Mapping

BROKEN = "NOT DELIVERED: no answer from https://jira.example.com/rest. [unreachable]"
FINE = "Test Execution: CALC-1 https://jira.example.com/browse/CALC-1"
LINKS = {"TERM": "xterm-kitty"}


class Terminal(io.StringIO):
    """A terminal of a person."""

    def isatty(self) -> bool:
        """It is one, unless it is closed."""
        super().isatty()
        return True


@pytest.mark.parametrize(
    ("line", "colour"),
    [
        (BROKEN, RED),
        ("UNKNOWN: Xray may or may not have received the results: x", RED),
        ("Refused by Xray: CALC-1: no", RED),
        ("WRONG  project", RED),
        ("Incomplete: a worker crashed", YELLOW),
        ("Left out: 2 results", YELLOW),
        ("Note: all is well", ""),
        (FINE, ""),
    ],
)
def test_what_went_wrong_has_a_colour(line: str, colour: str) -> None:
    """Lines are told apart by how they begin."""
    assert choose_colour(line) == colour


@pytest.mark.parametrize(
    ("environ", "terminal", "file"),
    [
        ({}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_who_gets_colours(
    environ: Mapping[str, str], terminal: bool, file: bool
) -> None:
    """The variables decide first, then whether it is a terminal."""
    assert has_colours(Terminal(), environ) is terminal
    assert has_colours(io.StringIO(), environ) is file


@pytest.mark.parametrize(
    "environ",
    [
        LINKS,
        {"TERM_PROGRAM": "iTerm.app"},
        {"VTE_VERSION": "7200"},
        {"WT_SESSION": "x"},
    ],
)
def test_links(environ: Mapping[str, str]) -> None:
    """The address is the text of the link; a full stop does not belong to it."""
    found = decorate(BROKEN, Terminal(), {**environ, "NO_COLOR": "1"})

    address = "https://jira.example.com/rest"
    link = f"\x1b]8;;{address}\x1b\\{address}\x1b]8;;\x1b\\"
    assert found == BROKEN.replace(address, link)


@pytest.mark.parametrize("environ", [{}, {"VTE_VERSION": "4999"}, {"TERM": "dumb"}])
def test_no_links(environ: Mapping[str, str]) -> None:
    """Other terminals, and files, get the line as it is."""
    assert decorate(FINE, Terminal(), environ) == FINE
    assert decorate(FINE, io.StringIO(), LINKS) == FINE


def test_link_ends_before_a_control_character() -> None:
    """A text of a server cannot end the link early."""
    found = decorate("Note: https://a.example\x1b]8;;https://evil", Terminal(), LINKS)

    assert found.count("\x1b\\https://a.example\x1b]8;;\x1b\\") == 1


def test_closed_file() -> None:
    """Nothing is asked of it."""
    closed = Terminal()
    closed.close()

    assert decorate(FINE, closed, LINKS) == FINE
