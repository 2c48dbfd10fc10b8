"""
Links from an issue to pages outside of Jira.

A link has a global id: a second link with the same id replaces the first one. Sources:
Atlassian's "Issue remote links" for Cloud, "Remote issue links" for Data Center.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from xray_bridge.client.jira import Jira

# Jira groups links by the application that made them.
APPLICATION = {"type": "com.xray-bridge", "name": "xray-bridge"}
LONGEST_ID = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteLink:
    """
    A link to a page; ``global_id`` has at most LONGEST_ID characters.

    ``relationship`` is the heading above the link. ``is_resolved``: its title is
    crossed out.
    """

    global_id: str
    url: str
    title: str
    summary: str = ""
    relationship: str = ""
    is_resolved: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the body of the request; Jira clears what is left out."""
        shown: dict[str, Any] = {"url": self.url, "title": self.title}
        if self.summary:
            shown["summary"] = self.summary
        if self.is_resolved:
            shown["status"] = {"resolved": True}
        found: dict[str, Any] = {
            "globalId": self.global_id,
            "application": APPLICATION,
            "object": shown,
        }
        if self.relationship:
            found["relationship"] = self.relationship
        return found


def set_link(jira: Jira, key: str, link: RemoteLink) -> None:
    """
    Create or replace the link of an issue.

    It is repeatable because of the global id. Raises RefusedError: with status 404 if
    there is no such issue, or the account may not see it; with 403 if it may not link
    issues.
    """
    path = f"/rest/api/2/issue/{quote(key, safe='')}/remotelink"
    jira.send_json("POST", path, link.to_json(), repeatable=True)
