"""
Attachments of an issue.

Source: Atlassian's REST reference, "Issue attachments": one part ``file``, with the
header ``X-Atlassian-Token: no-check``, which every request has.
"""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING
from urllib.parse import quote

from xray_bridge.client.request import Part, Request
from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.client.jira import Jira

UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Whether Jira takes attachments, and up to which size in bytes; 0: any."""

    is_enabled: bool
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """An attachment of an issue; ``size`` is in bytes."""

    id: str
    name: str
    size: int


def read_limits(jira: Jira) -> Limits:
    """Ask Jira whether it takes attachments."""
    found = jira.get_json("/rest/api/2/attachment/meta", dict)
    size = found.get("uploadLimit")
    return Limits(
        is_enabled=found.get("enabled") is not False,
        size=size if isinstance(size, int) and size > 0 else 0,
    )


def list_attachments(jira: Jira, key: str) -> tuple[Attachment, ...]:
    """List the attachments of an issue."""
    path = f"/rest/api/2/issue/{quote(key, safe='')}"
    fields = jira.get_json(path, dict, fields="attachment").get("fields")
    listed = fields.get("attachment") if isinstance(fields, dict) else None
    return tuple(
        Attachment(
            id=str(each.get("id", "")),
            name=str(each.get("filename", "")),
            size=each["size"] if isinstance(each.get("size"), int) else -1,
        )
        for each in listed or ()
        if isinstance(each, dict)
    )


def attach_file(jira: Jira, key: str, name: str, content: bytes | Path) -> None:
    """
    Attach a file to an issue.

    Raises AmbiguousError if it may have been attached: a second try would attach it
    twice.
    """
    media_type = mimetypes.guess_type(name)[0] or UNKNOWN_TYPE
    part = Part(name="file", filename=name, media_type=media_type, content=content)
    path = f"/rest/api/2/issue/{quote(key, safe='')}/attachments"
    jira.send(Request(method="POST", path=path, parts=(part,)))
