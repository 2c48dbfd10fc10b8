"""
Issues in search results, and how to tell Tests from other issues.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import SelectionError


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# English names of Xray's issue types; Jira may translate them.
ISSUE_TYPES = frozenset(
    {
        "test",
        "test set",
        "test plan",
        "test execution",
        "sub test execution",
        "pre-condition",
        "precondition",
    }
)
# English names of Jira's own.
JIRA_TYPES = frozenset(
    {"bug", "epic", "improvement", "new feature", "story", "sub-task", "task"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """
    A Test or a Precondition in Jira.

    ``assignee`` is a person's name, ``due`` a date such as ``2026-12-31``; both are
    empty unless they were asked for.
    """

    key: str
    summary: str = ""
    labels: tuple[str, ...] = ()
    assignee: str = ""
    due: str = ""

    def __str__(self) -> str:
        """Return key and summary, quoted to be safe for a terminal."""
        return f"{self.key} {self.summary!r}" if self.summary else self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueKind:
    """
    A kind of issue to search for.

    ``cloud_list`` is the GraphQL list on Cloud that holds only this kind. Jira's own
    search finds issues of all types: those of ``other_types`` are certainly not of
    this kind. ``fields`` are read from each issue.
    """

    cloud_list: str
    other_types: frozenset[str]
    fields: tuple[str, ...]


TESTS = IssueKind(
    cloud_list="getTests",
    other_types=(ISSUE_TYPES | JIRA_TYPES) - {"test"},
    fields=("summary",),
)


# Xray's settings say which types can be requirements; its own never are.
REQUIREMENTS = IssueKind(
    cloud_list="getCoverableIssues", other_types=ISSUE_TYPES, fields=("summary",)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Issues by key; ``others`` maps keys of another kind to a description."""

    issues: dict[str, Issue]
    others: dict[str, str] = field(default_factory=dict)


def type_name(fields: Mapping[str, Any]) -> str:
    """Return the name of an issue's type, in Jira's language; empty if unknown."""
    kind = fields.get("issuetype")
    return str(kind.get("name", "")) if isinstance(kind, dict) else ""


def read_issue(key: str, fields: Mapping[str, Any]) -> Issue:
    """Make an issue from the fields in Jira's answer."""
    labels, assignee = fields.get("labels"), fields.get("assignee")
    named = assignee if isinstance(assignee, dict) else {}
    return Issue(
        key=key,
        summary=str(fields.get("summary") or ""),
        labels=tuple(map(str, labels)) if isinstance(labels, list) else (),
        assignee=str(named.get("displayName") or named.get("name") or ""),
        due=str(fields.get("duedate") or ""),
    )


def plain_text(found: Any) -> str:
    """
    Return the words of a text, which may be a document on Cloud.

    Source: Atlassian's "Atlassian Document Format".
    """
    if isinstance(found, str):
        return found
    if not isinstance(found, dict):
        return ""
    inner = found.get("content")
    parts = [plain_text(each) for each in inner] if isinstance(inner, list) else []
    return " ".join(filter(None, (str(found.get("text") or ""), *parts)))


def text_lines(found: Any) -> list[str]:
    """Return the lines of a text, which may be a document on Cloud."""
    return _text_of(found).split("\n")


def _text_of(found: Any) -> str:
    if isinstance(found, str):
        return found
    if not isinstance(found, dict):
        return ""
    if found.get("type") == "hardBreak":
        return "\n"
    inner = found.get("content")
    if not isinstance(inner, list):
        return str(found.get("text") or "")
    has_blocks = any(isinstance(each, dict) and "content" in each for each in inner)
    return ("\n" if has_blocks else "").join(map(_text_of, inner))


def words_jql(label: str, field: str) -> str:
    """Make a JQL that finds issues with a label in a text field, and maybe others."""
    return f'{field} ~ "\\"{label}\\""'


def keys_mentioning(
    issues: Iterable[Mapping[str, Any]], label: str, field: str
) -> list[str]:
    """Return the keys of the issues in which the field has the complete label."""
    label_pattern = re.compile(rf"(?<![\w.-]){re.escape(label)}(?![\w.-])")
    return [
        str(each["key"])
        for each in issues
        if label_pattern.search(str(each["fields"].get(field) or ""))
    ]


def no_issue_error(key: str) -> SelectionError:
    """Make the error for a selected key that does not exist."""
    msg = f"there is no issue {key}"
    return SelectionError(
        msg, hint="check xray_select, and that the account may see the issue"
    )


def no_container_error(key: str) -> SelectionError:
    """Make the error for a selected issue that cannot hold Tests."""
    msg = f"{key} is not a Test Plan, Test Execution or Test Set"
    return SelectionError(msg, hint="use the key of one of these, or a JQL query")
