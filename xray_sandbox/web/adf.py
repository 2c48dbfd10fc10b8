"""
Convert texts to and from documents, which version 3 of Jira Cloud's API uses.

Source: Atlassian's 'Atlassian Document Format'.
"""

from __future__ import annotations

from typing import Any

from xray_sandbox.errors import RefusedError


def to_document(text: str) -> dict[str, Any]:
    """Convert a text to a document with a paragraph for each line."""
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}]}
        for line in text.splitlines()
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


def from_document(found: Any) -> str:
    """Return the text of a document; refuse anything else."""
    if found is None:
        return ""
    if not isinstance(found, dict) or found.get("type") != "doc":
        raise RefusedError("description: Operation value must be an Atlassian Document")
    paragraphs = found.get("content") or []
    return "\n".join(
        "".join(str(piece.get("text", "")) for piece in each.get("content") or [])
        for each in paragraphs
    )
