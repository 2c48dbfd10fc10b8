"""
Texts as long as Jira takes them, which counts in UTF-16 units.
"""

from __future__ import annotations


LONGEST_SUMMARY = 255
# Of the 32,767 that Jira takes: a revision may follow.
LONGEST_DESCRIPTION = 32_000


def length(text: str) -> int:
    """In UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shorten(text: str, longest: int) -> str:
    """The text, or its start and dots; no character is cut in two."""
    if length(text) <= longest:
        return text
    # Half a pair at the end is left out.
    content = text.encode("utf-16-le")[: 2 * (longest - 3)]
    return f"{content.decode('utf-16-le', 'ignore')}..."
