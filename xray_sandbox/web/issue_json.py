"""Issues in the shape of Jira's REST API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from xray_sandbox.read import fields
from xray_sandbox.read.info import ISSUE_TYPES, SUBTASK
from xray_sandbox.read.test_fields import steps_of
from xray_sandbox.store import workflow
from xray_sandbox.store.documents import ATTACHMENT, COMMENT, SPRINT, Document
from xray_sandbox.store.planning import SPRINT_FIELD, TESTS, Link, Version
from xray_sandbox.store.repository import folder_of
from xray_sandbox.store.rows import IssueRow
from xray_sandbox.web.auth import CREDENTIALS
from xray_sandbox.web.door import CLOUD_PREFIX, current_door, is_cloud
from xray_sandbox.web.site import Site


_TYPE_IDS = {name: id_ for id_, name in ISSUE_TYPES.items()}
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{3})?\d*([+-]\d\d):?(\d\d)")
_LINK_TYPES = {
    "Blocks": ("10000", "is blocked by", "blocks"),
    "Cloners": ("10001", "is cloned by", "clones"),
    "Duplicate": ("10002", "is duplicated by", "duplicates"),
    "Relates": ("10003", "relates to", "relates to"),
    TESTS: ("10100", "is tested by", "tests"),
    "Defect": ("10101", "created by", "created"),
}
# Fields that a search gives only if they are named.
_NOT_NAVIGABLE = frozenset({"comment", "attachment"})


def issue_json(
    site: Site, issue: IssueRow, wanted: Sequence[str] = ("*all",)
) -> dict[str, Any]:
    """Id, key, link and the wanted fields."""
    return {**site.reference(issue), "fields": fields_json(site, issue, wanted)}


def fields_json(
    site: Site, issue: IssueRow, wanted: Sequence[str] = ("*navigable",)
) -> dict[str, Any]:
    """The wanted fields of an issue; a name with a minus is left out."""
    found = _own_fields(issue)
    readers = {**dict.fromkeys(found, None), **_COMPUTED}
    without = {name[1:] for name in wanted if name.startswith("-")}
    named = {name for name in wanted if not name.startswith("-")}
    if not named or "*all" in named:
        named = set(readers)
    elif "*navigable" in named:
        named |= readers.keys() - _NOT_NAVIGABLE
    chosen = named - without
    if is_cloud():
        chosen -= {each.id for each in fields.ON_SERVER_ONLY}
    computed = {
        name: reader(site, issue)
        for name, reader in _COMPUTED.items()
        if name in chosen
    }
    return {**{k: v for k, v in found.items() if k in chosen}, **computed}


def _own_fields(issue: IssueRow) -> dict[str, Any]:
    """The fields that need no look at other issues."""
    given = issue.fields
    resolution = given.get("resolution")
    return {
        **{
            name: value
            for name, value in given.items()
            if name.startswith("customfield_") or name in _AS_GIVEN
        },
        "summary": issue.summary,
        "description": issue.description or None,
        "labels": list(issue.labels),
        "issuetype": type_json(issue.type),
        "priority": given.get("priority") or _priority_json(),
        "components": given.get("components") or [],
        "status": status_json(workflow.status_of(given.get("status"))),
        "resolution": {"name": resolution} if resolution else None,
        "resolutiondate": show_time(given.get("resolutiondate")),
        "created": show_time(issue.created),
        "updated": show_time(given.get("updated") or issue.created),
        "creator": current_door().user_json(CREDENTIALS.user),
        "reporter": _user_json(given.get("reporter") or {"name": CREDENTIALS.user}),
        "assignee": _user_json(given.get("assignee")),
        fields.REVISION.id: issue.revision or None,
        fields.ENVIRONMENTS.id: list(issue.environments),
        fields.DEFINITION.id: issue.definition or None,
        fields.TEST_TYPE.id: {"value": issue.kind} if issue.kind else None,
        fields.SCENARIO.id: steps_of(issue.scenario) or None,
        fields.REPOSITORY_PATH.id: folder_of(issue) or None,
    }


_AS_GIVEN = frozenset({"environment", "duedate"})


def _user_json(given: Any) -> dict[str, Any] | None:
    if not isinstance(given, dict):
        return None
    name = str(given.get("name") or given.get("accountId"))
    return current_door().user_json(name)


def _priority_json() -> dict[str, str]:
    number = workflow.PRIORITIES.index(workflow.DEFAULT_PRIORITY) + 1
    return {"id": str(number), "name": workflow.DEFAULT_PRIORITY}


def _project_json(site: Site, issue: IssueRow) -> dict[str, Any]:
    id_ = str(site.store.project_id(issue.project))
    return {"id": id_, "key": issue.project}


def _fix_versions(site: Site, issue: IssueRow) -> list[dict[str, Any]]:
    return _named_versions(site, issue, issue.fix_versions)


def _versions(site: Site, issue: IssueRow) -> list[dict[str, Any]]:
    return _named_versions(site, issue, issue.fields.get("versions") or ())


def _named_versions(
    site: Site, issue: IssueRow, given: Sequence[Any]
) -> list[dict[str, Any]]:
    if not given:
        return []
    names = [each["name"] if isinstance(each, dict) else each for each in given]
    known = {each.name: each for each in site.store.version_rows(issue.project)}
    return [
        version_json(site, known[name]) if name in known else {"id": "", "name": name}
        for name in names
    ]


def version_json(site: Site, version: Version) -> dict[str, Any]:
    """A version of a project."""
    found: dict[str, Any] = {
        "self": site.link(f"rest/api/2/version/{version.id}"),
        "id": str(version.id),
        "name": version.name,
        "released": version.released,
        "archived": version.archived,
    }
    if version.release_date:
        found["releaseDate"] = version.release_date
    return found


def _test_plans(site: Site, issue: IssueRow) -> list[str]:
    return list(site.store.plans_of(issue.id))


def _parent(site: Site, issue: IssueRow) -> dict[str, Any] | None:
    given = issue.fields.get("parent")
    found = site.store.issue(int(given["id"])) if given else None
    return short_json(site, found) if found else None


def _sprints(site: Site, issue: IssueRow) -> list[dict[str, Any]] | None:
    ids = issue.fields.get(SPRINT_FIELD) or ()
    found = [site.store.document(SPRINT, id_) for id_ in ids]
    return [sprint_json(each) for each in found if each] or None


def sprint_json(sprint: Document) -> dict[str, Any]:
    """A sprint; without dates unless it has them."""
    content: Mapping[str, Any] = sprint.content
    dates = {k: v for k, v in content.items() if k.endswith("Date") and v}
    return {
        "id": sprint.id,
        "name": sprint.name,
        "state": content["state"],
        "originBoardId": sprint.owner,
        **dates,
    }


def _links(site: Site, issue: IssueRow) -> list[dict[str, Any]]:
    found = (link_json(site, each, issue) for each in site.store.links_of(issue))
    return [each for each in found if each]


def link_json(
    site: Site, link: Link, issue: IssueRow | None = None
) -> dict[str, Any] | None:
    """A link as one of its issues shows it, or with both issues."""
    source = site.store.issue(link.source)
    destination = site.store.issue(link.destination)
    if source is None or destination is None:
        return None
    found: dict[str, Any] = {"id": str(link.id), "type": link_type_json(link.type)}
    if issue is None or issue.id == link.source:
        found["outwardIssue"] = short_json(site, destination)
    if issue is None or issue.id == link.destination:
        found["inwardIssue"] = short_json(site, source)
    return found


def link_type_json(name: str) -> dict[str, str]:
    """A type of links, with its words for both directions."""
    id_, inward, outward = _LINK_TYPES[name]
    return {"id": id_, "name": name, "inward": inward, "outward": outward}


def link_types() -> list[dict[str, str]]:
    """All types of links."""
    return [link_type_json(name) for name in _LINK_TYPES]


def short_json(site: Site, issue: IssueRow) -> dict[str, Any]:
    """An issue within another one."""
    status = workflow.status_of(issue.fields.get("status"))
    return {
        **site.reference(issue),
        "fields": {
            "summary": issue.summary,
            "status": status_json(status),
            "issuetype": type_json(issue.type),
        },
    }


def type_json(name: str) -> dict[str, Any]:
    """An issue type."""
    id_ = _TYPE_IDS.get(name, _TYPE_IDS["Story"])
    return {"id": id_, "name": name, "subtask": name == SUBTASK}


def status_json(status: workflow.Status) -> dict[str, Any]:
    """A status with its category."""
    category = {"key": status.category, "name": status.category_name}
    return {"id": status.id, "name": status.name, "statusCategory": category}


def show_time(text: object) -> str | None:
    """A time as Jira writes it."""
    match = _TIME.fullmatch(str(text))
    if match is None:
        return None
    return f"{match[1]}{match[2] or '.000'}{match[3]}{match[4]}"


def comment_json(site: Site, comment: Document) -> dict[str, Any]:
    """A comment; the text is a text, which version 3 makes a document."""
    found = comment.content
    author = current_door().user_json(found["author"])
    path = f"rest/api/2/issue/{comment.owner}/comment/{comment.id}"
    return {
        "self": site.link(path),
        "id": str(comment.id),
        "body": found["body"],
        "author": author,
        "updateAuthor": author,
        "created": show_time(found["created"]),
        "updated": show_time(found["updated"]),
    }


def _comments(site: Site, issue: IssueRow) -> dict[str, Any]:
    found = site.store.documents(COMMENT, issue.id)
    shown = [comment_json(site, each) for each in found]
    count = len(shown)
    return {"comments": shown, "maxResults": count, "total": count, "startAt": 0}


def attachment_json(site: Site, attachment: Document) -> dict[str, Any]:
    """An attachment with the link to its content, which is at the site."""
    found = attachment.content
    content = (
        site.site_link(f"rest/api/2/attachment/content/{attachment.id}", CLOUD_PREFIX)
        if is_cloud()
        else site.link(f"secure/attachment/{attachment.id}/{quote(attachment.name)}")
    )
    return {
        "self": site.link(f"rest/api/2/attachment/{attachment.id}"),
        "id": str(attachment.id),
        "filename": attachment.name,
        "author": current_door().user_json(found["author"]),
        "created": show_time(found["created"]),
        "size": found["size"],
        "mimeType": found["mimeType"],
        "content": content,
    }


def _attachments(site: Site, issue: IssueRow) -> list[dict[str, Any]]:
    found = site.store.documents(ATTACHMENT, issue.id)
    return [attachment_json(site, each) for each in found]


_COMPUTED: Mapping[str, Callable[[Site, IssueRow], Any]] = {
    "project": _project_json,
    "fixVersions": _fix_versions,
    "versions": _versions,
    "parent": _parent,
    "issuelinks": _links,
    "comment": _comments,
    "attachment": _attachments,
    SPRINT_FIELD: _sprints,
    fields.TEST_PLAN.id: _test_plans,
}
