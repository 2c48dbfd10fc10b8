"""
Texts as documents, in which version 3 of Jira Cloud's API has them.

Source: Atlassian's 'Atlassian Document Format'.
"""

from __future__ import annotations

from typing import Any

from xray_sandbox.errors import RefusedError


def document(text: str) -> dict[str, Any]:
    """A paragraph for each line."""
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}]}
        for line in text.splitlines()
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


def words(found: Any) -> str:
    """The text of such a document; anything else is refused."""
    if found is None:
        return ""
    if not isinstance(found, dict) or found.get("type") != "doc":
        raise RefusedError("description: Operation value must be an Atlassian Document")
    paragraphs = found.get("content") or []
    return "\n".join(
        "".join(str(piece.get("text", "")) for piece in each.get("content") or [])
        for each in paragraphs
    )
