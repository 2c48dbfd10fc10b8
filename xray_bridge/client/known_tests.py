"""
All Tests of a project, with what Xray finds a Test without a key by.

Sources: Xray's manuals, "Taking advantage of JUnit XML reports", for definitions; the
GraphQL schema of Cloud; the types of custom fields that Xray Server adds to Jira.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.client.paging import PAGE
from xray_bridge.client.response import member_of
from xray_bridge.client.test_issues import (
    find_field_ids,
    list_on_cloud,
    list_on_server,
)
from xray_bridge.client.test_types import is_for_scenarios
from xray_bridge.dataclass import dataclass
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.client.cloud import CloudXray
    from xray_bridge.client.server import ServerXray
    from xray_bridge.client.xray import XrayClient
    from xray_bridge.model.dialect import Dialect

TESTS = (
    "query($jql: String!, $start: Int!) { "
    f"getTests(jql: $jql, limit: {PAGE}, start: $start) {{ total results {{ "
    'unstructured testType { name kind } jira(fields: ["key", "summary"]) } } }'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTest:
    """
    A Test in Xray; ``definition`` is that of a Generic Test, empty for others.

    ``is_of_scenario``: its Test Type is that of scenarios; None if nobody knows.
    """

    key: str
    summary: str = ""
    definition: str = ""
    is_of_scenario: bool | None = False


def list_tests(
    xray: XrayClient, dialect: Dialect, project: str, issue_type: str
) -> list[KnownTest]:
    """
    List all Tests of a project.

    ``issue_type`` is the name that Jira has for Tests. Raises DeliveryError;
    NotXrayError also for a list that ends too early.
    """
    return _READERS[dialect.name](xray, project, issue_type)


def _list_on_server(xray: ServerXray, project: str, issue_type: str) -> list[KnownTest]:
    ids = find_field_ids(xray.jira.list_fields())
    definition, type_, steps = (
        ids.get(name, "") for name in ("definition", "type", "steps")
    )
    wanted = tuple(filter(None, ("summary", definition, type_, steps)))
    return [
        _make_test(
            str(issue["key"]),
            issue["fields"].get("summary"),
            issue["fields"].get(definition),
            bool(issue["fields"].get(steps)),
            member_of(issue["fields"].get(type_), "value"),
        )
        for issue in list_on_server(xray, project, issue_type, wanted)
    ]


def _list_on_cloud(
    xray: CloudXray,
    project: str,
    issue_type: str,  # noqa: ARG001 - the list has Tests only
) -> list[KnownTest]:
    jql = f"project = {project} ORDER BY key"
    return [
        _make_test(
            key,
            test["jira"].get("summary"),
            test.get("unstructured"),
            False,
            member_of(test.get("testType"), "kind"),
            member_of(test.get("testType"), "name"),
        )
        for key, test in list_on_cloud(xray, TESTS, jql).items()
    ]


def _make_test(
    key: str,
    summary: Any,
    definition: Any,
    has_steps: bool,
    *types: Any,
) -> KnownTest:
    words = (str(each or "") for each in types)
    return KnownTest(
        key=key,
        summary=str(summary or ""),
        definition=str(definition or ""),
        is_of_scenario=not definition and (has_steps or is_for_scenarios(*words)),
    )


_READERS: Mapping[str, Callable[[Any, str, str], list[KnownTest]]] = {
    SERVER: _list_on_server,
    CLOUD: _list_on_cloud,
}
