"""
Names of feature files: which are valid on all systems, and how to print them.

Source: Microsoft's "Naming Files, Paths, and Namespaces".
"""

from __future__ import annotations

import os
import re
import unicodedata
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Callable

INDEX_NAME = ".xray-features.json"
SUFFIX = ".feature"
_SHOWN_CHARS = 120

_BIDI = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DRIVE = re.compile(r"[A-Za-z]:")
_FORBIDDEN_HERE = frozenset('<>:"|?*' if os.name == "nt" else "")
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])",
    re.IGNORECASE,
)


def show_name(name: str) -> str:
    """Return a name for messages: quoted, escaped and shortened."""
    return ascii(name[:_SHOWN_CHARS]) + "..." * (len(name) > _SHOWN_CHARS)


def fold_name(name: str) -> str:
    """Fold a name: names with the same result are one file on some systems."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _is_control(char: str) -> bool:
    return char in _BIDI or unicodedata.category(char) in _CONTROL


def _is_reserved(part: str) -> bool:
    return _RESERVED.fullmatch(part.partition(".")[0].rstrip(" ")) is not None


_NAME_CHECKS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda name: not name, "is empty"),
    (lambda name: any(map(_is_control, name)), "has a control character"),
    (lambda name: "\\" in name, "has a backslash"),
    (lambda name: name.startswith("/"), "is absolute"),
    (lambda name: _DRIVE.match(name) is not None, "has a drive"),
    (lambda name: not _FORBIDDEN_HERE.isdisjoint(name), "has what Windows forbids"),
)
_PART_CHECKS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda part: not part, "has an empty part"),
    (lambda part: part in {".", ".."}, "has a relative part"),
    (lambda part: part.endswith((".", " ")), "has a dot or a space at an end"),
    (_is_reserved, "has a part that Windows reserves"),
    (lambda part: fold_name(part) == INDEX_NAME, "is the name of the index"),
)


def name_fault(name: str) -> str:
    """Return why a path inside an export cannot be used; empty if it can."""
    for is_bad, reason in _NAME_CHECKS:
        if is_bad(name):
            return reason
    parts = name.split("/")
    return next(
        (reason for is_bad, reason in _PART_CHECKS if any(map(is_bad, parts))), ""
    )
