"""What the page of an issue shows beside its own fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xray_sandbox.store import workflow
from xray_sandbox.store.datasets import read_dataset
from xray_sandbox.store.documents import (
    ATTACHMENT,
    BUILD,
    COMMENT,
    DEPLOYMENT,
    REMOTE_LINK,
    SPRINT,
)
from xray_sandbox.store.planning import SPRINT_FIELD
from xray_sandbox.store.rows import IssueRow
from xray_sandbox.web.issue_json import link_type_json
from xray_sandbox.web.site import Site


def show_parts(site: Site, issue: IssueRow) -> dict[str, Any]:
    """Status, fields, links, comments, attachments, builds and deployments."""
    store = site.store
    return {
        "status": workflow.status_of(issue.fields.get("status")).name,
        "fields": dict(_fields(site, issue)),
        "links": list(_links(site, issue)),
        "remote_links": [
            {
                "title": each.content["object"]["title"],
                "url": _web_address(each.content["object"]["url"]),
                "relationship": each.content.get("relationship") or "",
            }
            for each in store.documents(REMOTE_LINK, issue.id)
        ],
        "comments": [each.content for each in store.documents(COMMENT, issue.id)],
        "attachments": [
            {"id": each.id, "name": each.name, "size": each.content["size"]}
            for each in store.documents(ATTACHMENT, issue.id)
        ],
        "builds": list(_items(site, issue, BUILD)),
        "deployments": list(_items(site, issue, DEPLOYMENT)),
        "dataset": _dataset(site, issue),
    }


def _dataset(site: Site, issue: IssueRow) -> dict[str, Any] | None:
    found = read_dataset(site.store, issue.id)
    if found is None:
        return None
    names = [each.name for each in found.parameters]
    return {"parameters": names, "rows": found.iterations()}


def _fields(site: Site, issue: IssueRow) -> Iterator[tuple[str, str]]:
    given = issue.fields
    if given.get("resolution"):
        yield "Resolution", str(given["resolution"])
    if isinstance(given.get("priority"), dict):
        yield "Priority", str(given["priority"].get("name"))
    if issue.fix_versions:
        yield "Fix versions", ", ".join(issue.fix_versions)
    if isinstance(given.get("parent"), dict):
        yield "Parent", str(given["parent"].get("key"))
    found = (site.store.document(SPRINT, id_) for id_ in given.get(SPRINT_FIELD) or ())
    if names := [each.name for each in found if each]:
        yield "Sprints", ", ".join(names)


def _links(site: Site, issue: IssueRow) -> Iterator[dict[str, str]]:
    for each in site.store.links_of(issue):
        is_source = each.source == issue.id
        other = site.store.issue(each.destination if is_source else each.source)
        words = link_type_json(each.type)["outward" if is_source else "inward"]
        if other:
            yield {"words": words, "key": other.key, "summary": other.summary}


def _items(site: Site, issue: IssueRow, kind: str) -> Iterator[dict[str, Any]]:
    """Builds or deployments of an issue, as a table shows them."""
    for each in site.store.documents(kind):
        if issue.id not in each.content["issues"]:
            continue
        item = each.content["item"]
        environment = item.get("environment") or {}
        yield {
            "name": item["displayName"],
            "number": item.get("buildNumber", item.get("deploymentSequenceNumber")),
            "state": item["state"],
            "url": _web_address(item["url"]),
            "description": item.get("description", ""),
            "updated": item["lastUpdated"],
            "environment": environment.get("displayName", ""),
            "tests": item.get("testInfo"),
        }


def _web_address(url: object) -> str:
    """An address that a page may link to; empty for scripts and the like."""
    text = str(url)
    return text if text.startswith(("http://", "https://")) else ""
