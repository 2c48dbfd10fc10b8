"""
Colours and links for lines that a person reads on a terminal.

Sources: no-color.org, force-color.org, and the list of terminals that know OSC 8,
"Hyperlinks in terminal emulators".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TextIO


if TYPE_CHECKING:
    from collections.abc import Mapping

RED, YELLOW = "red", "yellow"
CODES = {RED: "\x1b[31m", YELLOW: "\x1b[33m"}
RESET = "\x1b[0m"
# Lines about what went wrong, by how they begin.
COLOURS = {
    "NOT DELIVERED": RED,
    "UNKNOWN": RED,
    "ERROR": RED,
    "Refused by Xray": RED,
    "xray-bridge: error": RED,
    "WRONG": RED,
    "Incomplete": YELLOW,
    "Left out": YELLOW,
}
ADDRESS = re.compile(r"https?://[^\s\x00-\x1f\x7f-\x9f<>\"'`()]+")
# Variables of terminals that show links, and values of TERM_PROGRAM and TERM.
LINKING_VARIABLES = ("WT_SESSION", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "DOMTERM")
LINKING = ("iTerm", "WezTerm", "vscode", "ghostty", "Hyper", "xterm-kitty", "alacritty")
# The first version of VTE, which GNOME Terminal and others use.
LINKING_VTE = 5000


def choose_colour(line: str) -> str:
    """Return the colour of a line; empty for one that nobody has to notice."""
    return next((c for start, c in COLOURS.items() if line.startswith(start)), "")


def has_colours(file: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether colours are wanted: by the variables, or else by a terminal."""
    if environ.get("NO_COLOR"):
        return False
    return bool(environ.get("FORCE_COLOR")) or _is_terminal(file, environ)


def has_links(file: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether this is a terminal that shows OSC 8 as a link."""
    if not _is_terminal(file, environ):
        return False
    vte = environ.get("VTE_VERSION", "")
    name = environ.get("TERM_PROGRAM") or environ.get("TERM", "")
    return (
        any(map(environ.get, LINKING_VARIABLES))
        or name.startswith(LINKING)
        or (vte.isdecimal() and int(vte) >= LINKING_VTE)
    )


def add_links(line: str) -> str:
    """Return the line with its web addresses as links."""
    return ADDRESS.sub(_link, line)


def decorate(line: str, file: TextIO, environ: Mapping[str, str]) -> str:
    """Return the line as this file shows it best, without looking for controls."""
    colour = choose_colour(line)
    if has_links(file, environ):
        line = add_links(line)
    if colour and has_colours(file, environ):
        line = f"{CODES[colour]}{line}{RESET}"
    return line


def _link(found: re.Match[str]) -> str:
    address = found[0].rstrip(".,;:")
    rest = found[0][len(address) :]
    return f"\x1b]8;;{address}\x1b\\{address}\x1b]8;;\x1b\\{rest}"


def _is_terminal(file: TextIO, environ: Mapping[str, str]) -> bool:
    try:
        return file.isatty() and environ.get("TERM") != "dumb"
    except ValueError:
        return False
