"""
A requirement, as Jira describes it, and its release date.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xray_bridge.client.issue_links import is_tests_link
from xray_bridge.client.issues import type_name
from xray_bridge.dataclass import dataclass
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xray_bridge.client.jira import Jira

# The types of Jira Software's custom fields.
SPRINT = "com.pyxis.greenhopper.jira:gh-sprint"
EPIC_LINK = "com.pyxis.greenhopper.jira:gh-epic-link"
EPIC = "epic"
DONE = "done"
# Data Center shows a sprint as the text of a Java object.
END_OF_SPRINT = re.compile(r"[\[,]endDate=(\d{4}-\d\d-\d\d)")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
FIELDS = (
    "summary",
    "issuetype",
    "status",
    "parent",
    "fixVersions",
    "resolutiondate",
    "issuelinks",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomIds:
    """The ids of Jira Software's fields in one Jira; empty if it has none."""

    sprint: str = ""
    epic_link: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The ids that there are."""
        return tuple(filter(None, (self.sprint, self.epic_link)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedIssue:
    """An issue that a link names; ``is_open`` depends on the status's category."""

    key: str
    type: str = ""
    status: str = ""
    summary: str = ""
    is_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """
    An issue that Tests can cover.

    ``releases`` are its fix versions, ``release_date`` is ``yyyy-mm-dd`` or empty.
    ``parent`` is the key of its Epic. ``tests`` are issues that are linked as its
    Tests, ``others`` all other linked issues.
    """

    key: str
    id: str = ""
    summary: str = ""
    type: str = ""
    status: str = ""
    is_closed: bool = False
    is_epic: bool = False
    parent: str = ""
    releases: tuple[str, ...] = ()
    release_date: str = ""
    tests: tuple[str, ...] = ()
    others: tuple[LinkedIssue, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the members of the local list."""
        names = ("key", "id", "summary", "type", "status", "is_closed", "parent")
        found: dict[str, Any] = {name: getattr(self, name) for name in names}
        releases = {"releases": self.releases, "release_date": self.release_date}
        return {**found, **releases}


def find_custom_ids(jira: Jira) -> CustomIds:
    """Find the ids of the fields for sprints and Epics."""
    by_type = {
        str(_object_in(each, "schema").get("custom")): str(each.get("id", ""))
        for each in jira.list_fields()
        if isinstance(each, dict)
    }
    return CustomIds(
        sprint=by_type.get(SPRINT, ""), epic_link=by_type.get(EPIC_LINK, "")
    )


def read_requirement(
    issue: Mapping[str, Any], ids: CustomIds, date_fields: Sequence[str]
) -> Requirement:
    """Read an issue of a search; ``date_fields`` are those of ``release_date``."""
    fields = issue["fields"]
    status = _object_in(fields, "status")
    parent = str(_object_in(fields, "parent").get("key") or "")
    epic = fields.get(ids.epic_link) if ids.epic_link else ""
    versions = [e for e in _list_in(fields, "fixVersions") if isinstance(e, dict)]
    tests, others = read_links(fields.get("issuelinks"))
    kind = _object_in(fields, "issuetype")
    return Requirement(
        key=str(issue["key"]),
        id=str(issue.get("id", "")),
        summary=one_line(str(fields.get("summary") or "")),
        type=type_name(fields),
        status=str(status.get("name") or ""),
        is_closed=_category_of(status) == DONE,
        is_epic=type_name(fields).casefold() == EPIC or kind.get("hierarchyLevel") == 1,
        parent=parent or (epic if isinstance(epic, str) else ""),
        releases=tuple(str(e["name"]) for e in versions if e.get("name")),
        release_date=_find_date(fields, versions, ids.sprint, date_fields),
        tests=tests,
        others=others,
    )


def read_links(found: Any) -> tuple[tuple[str, ...], tuple[LinkedIssue, ...]]:
    """Read the links of an issue: the keys of its Tests, and the other issues."""
    tests: dict[str, None] = {}
    others: dict[str, LinkedIssue] = {}
    for link in found if isinstance(found, list) else ():
        if not isinstance(link, dict):
            continue
        for side in ("inwardIssue", "outwardIssue"):
            other = link.get(side)
            if not isinstance(other, dict) or not other.get("key"):
                continue
            linked = read_linked_issue(other)
            # The Test is the source of the link, so the requirement sees it inward.
            if side == "inwardIssue" and is_tests_link(link.get("type")):
                tests[linked.key] = None
            else:
                others[linked.key] = linked
    return tuple(tests), tuple(others.values())


def read_linked_issue(found: Mapping[str, Any]) -> LinkedIssue:
    """Read an issue in a link, or in a search with the same fields."""
    fields = _object_in(found, "fields")
    status = _object_in(fields, "status")
    return LinkedIssue(
        key=str(found["key"]),
        type=type_name(fields),
        status=str(status.get("name") or ""),
        summary=one_line(str(fields.get("summary") or "")),
        is_open=_category_of(status) != DONE,
    )


def _category_of(status: Mapping[str, Any]) -> str:
    return str(_object_in(status, "statusCategory").get("key") or "")


def _find_date(
    fields: Mapping[str, Any],
    versions: Iterable[Mapping[str, Any]],
    sprint: str,
    date_fields: Sequence[str],
) -> str:
    """Return the first release date that is set, in the order of the setting."""
    releases = sorted(str(e["releaseDate"]) for e in versions if e.get("releaseDate"))
    found = {
        "fixVersion": releases[0] if releases else "",
        "sprintEnd": max(map(_end_of, _list_in(fields, sprint)), default=""),
        "resolutiondate": str(fields.get("resolutiondate") or ""),
    }
    for name in date_fields:
        if date := DATE.match(found.get(name, "")):
            return date[0]
    return ""


def _end_of(sprint: Any) -> str:
    """Return the end of a sprint, from an object or from Data Center's text."""
    if isinstance(sprint, dict):
        return str(sprint.get("endDate") or "")
    found = END_OF_SPRINT.search(sprint) if isinstance(sprint, str) else None
    return found[1] if found else ""


def _object_in(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    inner = found.get(name)
    return inner if isinstance(inner, dict) else {}


def _list_in(found: Mapping[str, Any], name: str) -> list[Any]:
    inner = found.get(name) if name else None
    return inner if isinstance(inner, list) else []
