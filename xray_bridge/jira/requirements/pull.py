"""
Pull the requirements of a project from Jira, and keep them in a local list.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from xray_bridge.client.jql import BAD_REQUEST, quote_text, search_issues, search_keys
from xray_bridge.client.paging import PAGE
from xray_bridge.client.response import keys_found
from xray_bridge.errors import (
    NotXrayError,
    RefusedError,
    ReportError,
    RunDirectoryError,
    UsageError,
)
from xray_bridge.jira.requirements.requirement import (
    FIELDS,
    find_custom_ids,
    read_requirement,
)
from xray_bridge.runs.json_files import write_json


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xray_bridge.client.jira import Jira
    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.requirements.requirement import CustomIds, Requirement

FILE = "requirements.json"
TYPES = ("Story", "Epic")
FORMAT_VERSION = 1


def jql_for(settings: Settings, jql: str, types: Sequence[str]) -> str:
    """
    Return the query of a person, or one for issue types of the project.

    Raises UsageError without a project.
    """
    if jql:
        return jql
    if not settings.project:
        msg = "no project: xray_project is not set"
        raise UsageError(msg, hint="give --project KEY or --jql QUERY")
    quoted = ", ".join(map(quote_text, types or TYPES))
    return f'project = "{settings.project}" AND issuetype in ({quoted}) ORDER BY key'


def pull_requirements(jira: Jira, settings: Settings, jql: str) -> list[Requirement]:
    """
    Read the requirements that a query finds, and those below Epics among them.

    Raises UsageError for a query that Jira refuses, and DeliveryError.
    """
    ids = find_custom_ids(jira)
    try:
        found = _search(jira, settings, ids, jql)
    except RefusedError as error:
        if error.status != BAD_REQUEST:
            raise
        msg = f"Jira does not accept the query {jql!r}: {error.said}"
        raise UsageError(msg, hint="correct --jql or --types") from None
    epics = [each.key for each in found.values() if each.is_epic]
    for at in range(0, len(epics), PAGE):
        below = f"parent in ({', '.join(epics[at : at + PAGE])})"
        if ids.epic_link:
            # Epics of Data Center are not parents of their issues.
            number = ids.epic_link.rpartition("_")[2]
            below += f" OR {below.replace('parent', f'cf[{number}]')}"
        children = _search(jira, settings, ids, f"{below} ORDER BY key")
        found |= {k: each for k, each in children.items() if k not in found}
    return list(found.values())


def _search(
    jira: Jira, settings: Settings, ids: CustomIds, jql: str
) -> dict[str, Requirement]:
    issues = search_issues(jira, jql, (*FIELDS, *ids.names))
    known = (read_requirement(each, ids, settings.release_date) for each in issues)
    return {each.key: each for each in known}


def find_requirements(
    jira: Jira, settings: Settings, keys: Sequence[str]
) -> list[Requirement]:
    """Read the requirements with these keys that exist; raise DeliveryError."""
    if not keys:
        return []
    ids = find_custom_ids(jira)
    issues = search_keys(jira, keys, (*FIELDS, *ids.names))
    return [read_requirement(each, ids, settings.release_date) for each in issues]


def write_list(
    path: Path, requirements: Sequence[Requirement], about: Mapping[str, Any]
) -> None:
    """
    Write the local list; ``about`` says where it comes from.

    Raises ReportError if it cannot be written.
    """
    content = {
        "version": FORMAT_VERSION,
        **about,
        "requirements": [each.to_json() for each in requirements],
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, content)
    except (OSError, RunDirectoryError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        msg = f"{path} cannot be written: {reason}"
        raise ReportError(msg, hint="set --out to another path") from None


def read_list(path: Path) -> list[str]:
    """
    Return the keys in a local list.

    Raises UsageError if there is none.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return keys_found(found["requirements"])
    except FileNotFoundError:
        msg = f"{path} does not exist"
        hint = "run `xray-bridge requirements pull`, or give --jql or --types"
        raise UsageError(msg, hint=hint) from None
    except (OSError, ValueError, KeyError, TypeError, NotXrayError) as error:
        msg = f"{path} is not a list of requirements ({type(error).__name__})"
        raise UsageError(msg, hint="pull it again") from None
