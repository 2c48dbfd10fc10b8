"""
Find the defects of failures: by label, in one search for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.client.jql import search_issues
from xray_bridge.client.response import is_id
from xray_bridge.dataclass import dataclass
from xray_bridge.jira.defects.rules import OPEN
from xray_bridge.model.fingerprint import FLAKY, OURS


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xray_bridge.client.jira import Jira
    from xray_bridge.jira.defects.rules import Rules

# Labels in one search: the query stays short.
CHUNK = 50
FIELDS = ("summary", "status", "labels", "resolution", "created")
DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """
    An issue for a failure.

    It is named by ``id``, which stays the same if it is moved. ``resolution`` is empty
    while it has none.
    """

    id: str
    key: str
    labels: tuple[str, ...] = ()
    status: str = ""
    is_open: bool = True
    resolution: str = ""
    summary: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether xray-bridge has created it."""
        return OURS in self.labels

    @property
    def is_flaky(self) -> bool:
        """Whether it was closed and reopened so often that it is left to people."""
        return self.is_ours and FLAKY in self.labels


def find_by_labels(
    jira: Jira,
    labels: Sequence[str],
    rules: Rules,
    *,
    known: Iterable[str] = (),
) -> dict[str, list[Defect]]:
    """
    Find the defects of each label: open ones first, then the newest.

    ``known`` are ids of issues that were just created: the search may not show them.
    """
    found: dict[str, list[Defect]] = {label: [] for label in labels}
    for at in range(0, len(labels), CHUNK):
        quoted = ", ".join(f'"{label}"' for label in labels[at : at + CHUNK])
        jql = f"labels in ({quoted}) ORDER BY created DESC"
        for issue in search_issues(jira, jql, FIELDS, changed=known):
            defect = read_defect(issue, rules)
            for label in defect.labels:
                if label in found:
                    found[label].append(defect)
    for defects in found.values():
        defects.sort(key=_in_order)
    return found


def find_open(jira: Jira, rules: Rules) -> list[Defect]:
    """Find all open defects of the project that xray-bridge has created."""
    jql = f'project = "{rules.project}" AND labels = "{OURS}"'
    if not rules.status:
        jql += " AND statusCategory != Done"
    found = search_issues(jira, f"{jql} ORDER BY created DESC", FIELDS)
    return [each for each in (read_defect(e, rules) for e in found) if each.is_open]


def read_defect(issue: Mapping[str, Any], rules: Rules) -> Defect:
    """Read an issue of a search."""
    fields = issue["fields"]
    status = fields.get("status")
    status = status if isinstance(status, dict) else {}
    resolution = fields.get("resolution")
    labels = fields.get("labels")
    return Defect(
        id=str(issue.get("id") or issue["key"]),
        key=str(issue["key"]),
        labels=tuple(map(str, labels)) if isinstance(labels, list) else (),
        status=str(status.get("name") or ""),
        is_open=_is_open(status, rules),
        resolution=_name_of(resolution),
        summary=str(fields.get("summary") or ""),
    )


def _is_open(status: Mapping[str, Any], rules: Rules) -> bool:
    """
    Whether a status is open: as the rules say, or else by its category.

    Names of statuses are translated; the keys of the categories are not.
    """
    chosen = rules.status.get(str(status.get("name")).lower())
    if chosen is not None:
        return chosen == OPEN
    category = status.get("statusCategory")
    return not (isinstance(category, dict) and category.get("key") == DONE)


def _name_of(found: Any) -> str:
    return str(found.get("name") or "") if isinstance(found, dict) else ""


def _in_order(defect: Defect) -> tuple[bool, int]:
    """Sort open defects before closed ones; the oldest open, the newest closed."""
    number = int(defect.id) if is_id(defect.id) else 0
    return not defect.is_open, number if defect.is_open else -number
