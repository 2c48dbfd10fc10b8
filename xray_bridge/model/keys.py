"""
The form of Jira's keys, as regular expressions.
"""

from __future__ import annotations


KEY = r"[A-Z][A-Z0-9_]+-[1-9][0-9]*"
PROJECT = r"[A-Z][A-Z0-9_]+"


def spell_key(key: str) -> str:
    """
    Write a user's key as Jira does, in upper case.

    Jira also finds an issue by ``calc-15``; Xray's imports and JUnit reports do not.
    """
    found = key.strip()
    # In upper case other letters may become two letters, or ASCII.
    return found.upper() if found.isascii() else found


def project_of(key: str) -> str:
    """Return the key of an issue's project; empty without a key."""
    return key.rpartition("-")[0]


def is_key(text: str) -> bool:
    """Whether a text is the key of an issue, also in lower case."""
    # Imported here: each start of pytest imports this module.
    import re

    return re.fullmatch(KEY, spell_key(text)) is not None
