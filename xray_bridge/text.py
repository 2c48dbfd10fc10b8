"""
Format texts for people and for reports: readable, on one line, counted, listed.
"""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHOWN_NAMES = 3
# On Windows, what is written without quotes: cmd knows no single ones.
BARE = re.compile(r"[\w@%+=:,./\\-]+", re.ASCII) if os.sep == "\\" else None
# CSI and OSC sequences: colours, cursor movements, titles, links.
ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])"
)
# Characters that XML 1.0 forbids or JSON readers may reject:
# control characters, lone surrogates, non-characters.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def readable(text: str) -> str:
    """
    Return text that every reader accepts: no colours, no control characters.

    A forbidden character becomes an escape such as ``\\x1b``.
    """
    if text.isascii() and text.isprintable():
        # The usual case.
        return text
    text = ANSI.sub("", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return UNPRINTABLE.sub(_escape_character, text)


def one_line(text: str) -> str:
    """Return a readable text without line ends, such as the summary of an issue."""
    return " ".join(readable(text).split())


def count(number: int, what: str) -> str:
    """``1 result``, ``2 results``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def quote_command(*words: str, flags: str = "") -> str:
    """
    Return a command to copy into a shell, with quotes around words that need them.

    ``flags`` are quoted already.
    """
    is_bare = (lambda _: None) if BARE is None else BARE.fullmatch
    quoted = [each if is_bare(each) else shlex.quote(each) for each in words]
    return " ".join(filter(None, (*quoted, flags)))


def join_words(words: Sequence[str]) -> str:
    """``one``, ``one and two``, ``one, two and three``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def format_table(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return one text for each line, with cells of equal width in each column."""
    if not lines:
        return []
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]


def first_names(names: Sequence[str]) -> str:
    """Join the first three names; dots if there are more."""
    between = "; " if any(", " in name for name in names) else ", "
    more = f"{between}..." if len(names) > SHOWN_NAMES else ""
    return f"{between.join(names[:SHOWN_NAMES])}{more}"


def similar_word(wrong: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the known word that was probably meant; empty if there is none."""
    # Imported here, because words are rarely misspelt.
    from difflib import get_close_matches

    return next(iter(get_close_matches(wrong, [*known], 1, cutoff)), "")


def describe_unknown(names: Iterable[str], known: Iterable[str]) -> str:
    """Describe arguments that do not exist, with the one that was probably meant."""
    given, words = [*names], [*known]
    text = f"unknown argument: {', '.join(given)}="
    similar = filter(None, (similar_word(name, words) for name in given))
    return next((f"{text} (did you mean {word}=?)" for word in similar), text)


def list_section(title: str, items: Iterable[str]) -> list[str]:
    """Return a title with the number of items, and an indented line for each."""
    found = [f"  {item}" for item in items]
    return [f"{title}: {len(found)}", *found] if found else []


def unique(parts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return the texts of all parts, each once, in order of first appearance."""
    return tuple(dict.fromkeys(text for part in parts for text in part))


def merge_lines(parts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """
    Return the lines of all parts in order; a line of an earlier part is not repeated.

    A line that one part has twice stays twice: two tests may be refused with the
    same words, and JSON has many lines with ``},``.
    """
    found: list[str] = []
    for part in parts:
        known = frozenset(found)
        found += (line for line in part if line not in known)
    return tuple(found)


def _escape_character(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004
