"""Issues in the shape of Jira's REST API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xray_sandbox.read import fields
from xray_sandbox.read.info import ISSUE_TYPES
from xray_sandbox.store.rows import IssueRow
from xray_sandbox.web.site import Site


_TYPE_IDS = {name: id_ for id_, name in ISSUE_TYPES.items()}


def issue_json(
    site: Site, issue: IssueRow, wanted: Sequence[str] = ("*all",)
) -> dict[str, Any]:
    """Id, key, link and the wanted fields."""
    found = fields_json(site, issue)
    everything = not wanted or bool({"*all", "*navigable"} & set(wanted))
    chosen = {k: v for k, v in found.items() if everything or k in wanted}
    return {**site.reference(issue), "fields": chosen}


def fields_json(site: Site, issue: IssueRow) -> dict[str, Any]:
    """All fields of an issue."""
    project_id = str(site.store.project_id(issue.project))
    known = {name: str(id_) for id_, name in site.store.versions(issue.project)}
    return {
        **{key: value for key, value in issue.fields.items() if key in _SHOWN},
        "summary": issue.summary,
        "description": issue.description or None,
        "labels": list(issue.labels),
        "issuetype": {"id": _TYPE_IDS.get(issue.type, "10001"), "name": issue.type},
        "project": {"id": project_id, "key": issue.project},
        "fixVersions": [
            {"id": known.get(name, ""), "name": name} for name in issue.fix_versions
        ],
        "status": {"name": "Open", "statusCategory": {"key": "new"}},
        "created": issue.created,
        fields.ENVIRONMENTS.id: list(issue.environments),
        fields.TEST_PLAN.id: list(site.store.plans_of(issue.id)),
        fields.REVISION.id: issue.revision or None,
    }


_SHOWN = frozenset(
    {fields.BEGIN_DATE.id, fields.END_DATE.id, "assignee", "components", "priority"}
)
