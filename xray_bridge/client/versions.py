"""
Versions of a project.

Source: Atlassian's REST references, "Project versions" of both products.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xray_bridge.client.request import JSON, Request
from xray_bridge.client.response import is_id
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import AmbiguousError, NotXrayError, RefusedError, UsageError


if TYPE_CHECKING:
    from xray_bridge.client.jira import Jira

LONGEST_NAME = 255
# Cloud answers 404 without the permission.
FORBIDDEN = frozenset({401, 403, 404})
NOT_FOUND = 404
NEEDS_ADMIN = "creating a version needs the permission Administer Projects"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version; the dates are ``yyyy-mm-dd``, empty if they are not set."""

    name: str
    id: str = ""
    is_released: bool = False
    is_archived: bool = False
    start: str = ""
    release: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is still to be released."""
        return not (self.is_released or self.is_archived)


def read_versions(found: Any) -> tuple[Version, ...]:
    """Read Jira's list of versions, in its order."""
    listed = found if isinstance(found, list) else []
    return tuple(
        Version(
            name=each["name"],
            id=str(each.get("id", "")),
            is_released=bool(each.get("released")),
            is_archived=bool(each.get("archived")),
            start=str(each.get("startDate") or ""),
            release=str(each.get("releaseDate") or ""),
        )
        for each in listed
        if isinstance(each, dict) and isinstance(each.get("name"), str)
    )


def list_versions(jira: Jira, project: str) -> tuple[Version, ...]:
    """
    List the versions of a project, in the order of its page.

    Raises UsageError if there is no such project, and RefusedError.
    """
    path = f"/rest/api/2/project/{quote(project, safe='')}/versions"
    try:
        return read_versions(jira.get_json(path, list))
    except RefusedError as error:
        if error.status != NOT_FOUND:
            raise
        msg = f"there is no {jira.dialect.project_word} {project}"
        hint = "check that xray_project is its key and the account may see it"
        raise UsageError(msg, hint=hint) from None


def create_version(jira: Jira, project: str, name: str) -> None:
    """
    Create a version; another job may create it at the same time.

    Raises RefusedError without the permission; AmbiguousError if the answer is lost,
    and Jira does not show the version.
    """
    path = f"/rest/api/2/project/{quote(project, safe='')}"
    project_id = str(jira.get_json(path, dict).get("id", ""))
    if not is_id(project_id):
        msg = f"Jira does not tell the id of {project}"
        raise NotXrayError(msg, hint="check xray_url")
    content = json.dumps({"name": name, "projectId": int(project_id)}).encode()
    request = Request(
        method="POST", path="/rest/api/2/version", content=content, media_type=JSON
    )
    try:
        jira.send(request)
    except (AmbiguousError, RefusedError) as error:
        if any(each.name == name for each in list_versions(jira, project)):
            return
        if isinstance(error, RefusedError) and error.status in FORBIDDEN:
            error.hint = f"{NEEDS_ADMIN} in {project}"
        raise
