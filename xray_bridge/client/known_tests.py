"""
All Tests of a project, with what Xray finds a Test without a key by.

Sources: Xray's manuals, "Taking advantage of JUnit XML reports", for definitions; the
GraphQL schema of Cloud; the types of custom fields that Xray Server adds to Jira.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from xray_bridge.client.paging import PAGE, all_pages
from xray_bridge.client.response import member_of
from xray_bridge.client.test_issues import find_field_ids, list_on_cloud
from xray_bridge.dataclass import dataclass
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.client.cloud import CloudXray
    from xray_bridge.client.server import ServerXray
    from xray_bridge.client.xray import XrayClient
    from xray_bridge.model.dialect import Dialect

# Names and kinds of the Test Types that no scenario has.
NOT_CUCUMBER = frozenset({"manual", "generic", "steps", "unstructured"})
JQL = "project = {} AND issuetype = Test ORDER BY key"
TESTS = (
    "query($jql: String!, $start: Int!) { "
    f"getTests(jql: $jql, limit: {PAGE}, start: $start) {{ total results {{ "
    'unstructured testType { name kind } jira(fields: ["key", "summary"]) } } }'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTest:
    """
    A Test in Xray; ``definition`` is that of a Generic Test, empty for others.

    ``may_be_scenario``: its Test Type is that of scenarios, or is not known.
    """

    key: str
    summary: str = ""
    definition: str = ""
    may_be_scenario: bool = False


def list_tests(xray: XrayClient, dialect: Dialect, project: str) -> list[KnownTest]:
    """
    List all Tests of a project.

    Raises DeliveryError; NotXrayError also for a list that ends too early.
    """
    return _READERS[dialect.name](xray, JQL.format(project))


def _list_on_server(xray: ServerXray, jql: str) -> list[KnownTest]:
    ids = find_field_ids(xray.jira.list_fields())
    definition, kind = ids.get("definition", ""), ids.get("kind", "")
    wanted = tuple(filter(None, ("summary", definition, kind)))
    return [
        _make_test(
            str(issue["key"]),
            issue["fields"].get("summary"),
            issue["fields"].get(definition),
            member_of(issue["fields"].get(kind), "value"),
        )
        for issue in all_pages(partial(xray.jira.search, jql, wanted))
    ]


def _list_on_cloud(xray: CloudXray, jql: str) -> list[KnownTest]:
    return [
        _make_test(
            key,
            test["jira"].get("summary"),
            test.get("unstructured"),
            member_of(test.get("testType"), "name"),
            member_of(test.get("testType"), "kind"),
        )
        for key, test in list_on_cloud(xray, TESTS, jql).items()
    ]


def _make_test(key: str, summary: Any, definition: Any, *kinds: Any) -> KnownTest:
    is_other = any(str(kind).lower() in NOT_CUCUMBER for kind in kinds)
    return KnownTest(
        key=key,
        summary=str(summary or ""),
        definition=str(definition or ""),
        may_be_scenario=not definition and not is_other,
    )


_READERS: Mapping[str, Callable[[Any, str], list[KnownTest]]] = {
    SERVER: _list_on_server,
    CLOUD: _list_on_cloud,
}
