"""
Cut texts to the length that Jira accepts; Jira counts UTF-16 units.
"""

from __future__ import annotations


LONGEST_SUMMARY = 255
# Jira accepts 32,767; a revision may be added.
LONGEST_DESCRIPTION = 32_000


def jira_length(text: str) -> int:
    """Return the length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shorten(text: str, longest: int) -> str:
    """Return the text, or its start and dots; no character is split."""
    if jira_length(text) <= longest:
        return text
    # A surrogate without its partner is dropped.
    content = text.encode("utf-16-le", "surrogatepass")[: 2 * (longest - 3)]
    return f"{content.decode('utf-16-le', 'ignore')}..."
