"""
The newest Test Executions of a project: what tells whether runs can be compared.

Sources: Atlassian's REST reference, "Issue search", and the GraphQL schema of Xray
Cloud.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.client.defects import read_issue
from xray_bridge.client.graphql import ask
from xray_bridge.client.issues import text_lines
from xray_bridge.client.jira import find_custom_fields
from xray_bridge.client.jql import search_issues
from xray_bridge.client.response import key_in, member_of
from xray_bridge.dataclass import dataclass
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xray_bridge.client.xray import XrayClient
    from xray_bridge.model.dialect import Dialect

# Test Executions that are looked at.
MOST = 100
# Test Plans of one Test Execution.
PLANS = 20
QUERY = (
    "query($jql: String!) { "
    f"getTestExecutions(jql: $jql, limit: {MOST}) {{ total results {{ "
    f"testEnvironments testPlans(limit: {PLANS}) {{ "
    'results { jira(fields: ["key"]) } } '
    'jira(fields: ["key", "description"]) } } }'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRef:
    """
    A Test Execution: its key, its Test Plans and Test Environments.

    ``description`` are the lines of its description.
    """

    key: str
    plans: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    description: tuple[str, ...] = ()


def list_executions(
    xray: XrayClient, dialect: Dialect, project: str, example: str
) -> list[ExecutionRef]:
    """
    List the newest Test Executions of a project, newest first.

    ``example`` is the key of one of them: Jira translates the name of the issue type.
    Raises DeliveryError.
    """
    return KINDS[dialect.name](xray, project, example)


def _list_on_server(xray: XrayClient, project: str, example: str) -> list[ExecutionRef]:
    jira = xray.jira
    found = read_issue(jira, example, ["issuetype"]) if jira else None
    type_id = member_of(member_of(member_of(found, "fields"), "issuetype"), "id")
    if jira is None or not str(type_id).isdecimal():
        return []
    ids = find_custom_fields(jira.list_fields())
    plan, environments = ids.get("test_plan", ""), ids.get("environments", "")
    names = ["description", *filter(None, (plan, environments))]
    jql = f"project = {project} AND issuetype = {type_id} ORDER BY created DESC"
    return [
        ExecutionRef(
            key=issue["key"],
            plans=_texts(issue["fields"].get(plan)),
            environments=_texts(issue["fields"].get(environments)),
            description=tuple(text_lines(issue["fields"].get("description"))),
        )
        for issue in search_issues(jira, jql, names, most=MOST)
    ]


def _list_on_cloud(xray: XrayClient, project: str, example: str) -> list[ExecutionRef]:  # noqa: ARG001 - the list has only Test Executions
    jql = f"project = {project} ORDER BY created DESC"
    data = ask(xray, QUERY, {"jql": jql})
    results = member_of(data.get("getTestExecutions"), "results")
    return [
        ExecutionRef(
            key=key,
            plans=tuple(
                key_in(member_of(member_of(plan, "jira"), "key"))
                for plan in _list(member_of(member_of(each, "testPlans"), "results"))
            ),
            environments=_texts(member_of(each, "testEnvironments")),
            description=tuple(text_lines(member_of(jira, "description"))),
        )
        for each in _list(results)
        for jira in [member_of(each, "jira")]
        for key in [key_in(member_of(jira, "key"))]
        if key
    ]


KINDS: Mapping[str, Callable[[XrayClient, str, str], list[ExecutionRef]]] = {
    SERVER: _list_on_server,
    CLOUD: _list_on_cloud,
}


def _list(found: Any) -> Iterable[Any]:
    return found if isinstance(found, list) else ()


def _texts(found: Any) -> tuple[str, ...]:
    """Return the texts of a field with several values, or with one."""
    return tuple(map(str, found)) if isinstance(found, list) else _one(found)


def _one(found: Any) -> tuple[str, ...]:
    return (found,) if isinstance(found, str) and found else ()
