"""
The body with which Jira edits the texts and labels of a Test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from xray_bridge.client.test_editor import TestChanges


def edit_body(changes: TestChanges) -> dict[str, Any]:
    """Make the body; labels of people stay, because only ours are added or removed."""
    texts = {"summary": changes.summary, "description": changes.description}
    labels = [
        *({"add": each} for each in changes.add_labels),
        *({"remove": each} for each in changes.remove_labels),
    ]
    return {
        "fields": {name: text for name, text in texts.items() if text is not None},
        "update": {"labels": labels} if labels else {},
    }
