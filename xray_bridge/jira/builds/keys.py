"""
Find the keys of issues in texts: branches, titles of pull requests, commit messages.
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING

from xray_bridge.model import keys


if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

# Jira's limit for the values of all associations of one build.
MOST = 500
# Characters of a key: more than any Jira allows.
LONGEST = 255
WHOLE = re.compile(keys.KEY)
UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
_P = re.escape(string.punctuation)
# Between blanks and punctuation, so that xABC-1 and ABC-1a are no keys. No number
# begins with 0.
KEY = re.compile(
    rf"(?:(?<=[\s{_P}])|^)([A-Z][A-Z0-9_]{{1,255}})-([1-9][0-9]{{0,17}})(?=[\s{_P}]|$)"
)


def find_keys(
    text: str, projects: Collection[str], *, any_case: bool = False
) -> Iterator[str]:
    """
    Yield the keys of these projects in a text, in order.

    Other words look like keys, too: UTF-8, SHA-256. ``any_case``: keys may be in lower
    case, as in the names of branches.
    """
    found = text.translate(UPPER) if any_case else text
    for each in KEY.finditer(found):
        if each[1] in projects:
            yield each[0]


def choose_keys(parts: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], int]:
    """
    Return each key once, the first MOST of them, and how many are left out.

    What is no key is left out: an empty one would make Jira reject all.
    """
    listed = (
        key
        for part in parts
        for key in part
        if len(key) <= LONGEST and WHOLE.fullmatch(key)
    )
    found = tuple(dict.fromkeys(listed))
    return found[:MOST], max(0, len(found) - MOST)
