"""
What keys of Jira look like, as regular expressions.
"""

from __future__ import annotations


KEY = r"[A-Z][A-Z0-9_]+-[1-9][0-9]*"
PROJECT = r"[A-Z][A-Z0-9_]+"


def spell_key(key: str) -> str:
    """
    A key that a person has written, as Jira spells it: in upper case.

    Jira finds an issue by ``calc-15``, too; Xray's imports and JUnit reports do not.
    """
    found = key.strip()
    # Other letters may become two, or one that is ASCII.
    return found.upper() if found.isascii() else found
