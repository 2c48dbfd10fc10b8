"""
The Tests of a project with the texts that a sync compares.

Sources: Xray's manual, "Tests - REST", for the custom fields of Server; the GraphQL
schema of Cloud, ``getTests``.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from xray_bridge.client.graphql import read_page
from xray_bridge.client.issues import plain_text
from xray_bridge.client.jql import quote_text
from xray_bridge.client.paging import PAGE, Page, all_pages
from xray_bridge.client.response import member_of
from xray_bridge.client.test_runs import DEFINITION
from xray_bridge.client.test_types import is_for_scenarios
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RefusedError
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from xray_bridge.client.cloud import CloudXray
    from xray_bridge.client.server import ServerXray
    from xray_bridge.client.xray import XrayClient
    from xray_bridge.model.dialect import Dialect

XRAY = "com.xpandit.plugins.xray:"
# The custom fields of Server by their types; the ids differ between instances.
FIELDS = {
    "type": f"{XRAY}test-type-custom-field",
    "definition": DEFINITION,
    "steps_kind": f"{XRAY}automated-test-type-custom-field",
    "steps": f"{XRAY}steps-editor-custom-field",
    "folder": f"{XRAY}test-repository-path-custom-field",
}
OTHER_TYPE = (
    "check the project {}; if Jira has another name than {} for the issue type of "
    "Tests, set issue_type in [tool.xray-bridge.tests]"
)
TEXTS = ("summary", "description", "labels")
QUERY = (
    "query($jql: String!, $start: Int!) { "
    f"getTests(jql: $jql, limit: {PAGE}, start: $start) {{ total results {{ "
    "issueId unstructured gherkin folder { path } testType { name kind } "
    f"jira(fields: {json.dumps(['key', *TEXTS])}) }} }} }}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestTexts:
    """
    A Test in Xray and its texts.

    ``definition`` is that of a Generic Test, ``steps`` are those of a scenario.
    ``type`` is the name of the Test Type, ``kind`` what it is for, on Cloud; they are
    empty if they are not known. ``folder`` is the path in the Test Repository, ``/``
    for its root; None if it is not known.
    """

    __test__ = False

    id: str
    key: str
    type: str = ""
    kind: str = ""
    summary: str = ""
    description: str = ""
    definition: str = ""
    steps: str = ""
    labels: tuple[str, ...] = ()
    folder: str | None = None

    @property
    def is_of_scenario(self) -> bool | None:
        """Whether it can be the Test of a scenario; None if nobody knows."""
        return bool(self.steps) or is_for_scenarios(self.kind, self.type)


def read_tests(
    xray: XrayClient, dialect: Dialect, project: str, issue_type: str
) -> list[TestTexts]:
    """
    Read all Tests of a project.

    ``issue_type`` is the name that Jira has for Tests. Raises DeliveryError;
    NotXrayError also for a list that ends too early.
    """
    return _READERS[dialect.name](xray, project, issue_type)


def find_field_ids(listed: Iterable[Any]) -> dict[str, str]:
    """Find the ids of Xray's custom fields in Jira's list, by our names."""
    by_type = {
        str(member_of(each.get("schema"), "custom")): str(each.get("id"))
        for each in listed
        if isinstance(each, dict)
    }
    return {name: by_type[kind] for name, kind in FIELDS.items() if kind in by_type}


def _read_on_server(xray: ServerXray, project: str, issue_type: str) -> list[TestTexts]:
    ids = find_field_ids(xray.jira.list_fields())
    issues = list_on_server(xray, project, issue_type, (*TEXTS, *ids.values()))
    return [_read_issue(issue, ids) for issue in issues]


def list_on_server(
    xray: ServerXray, project: str, issue_type: str, fields: tuple[str, ...]
) -> Iterator[Mapping[str, Any]]:
    """
    Search for all Tests of a project; yield them with these fields.

    Raises DeliveryError; NotXrayError also for a list that ends too early.
    """
    jql = f"project = {project} AND issuetype = {quote_text(issue_type)} ORDER BY key"
    try:
        yield from all_pages(partial(xray.jira.search, jql, fields))
    except RefusedError as error:
        # Jira refuses names that it does not know, in its own language.
        error.hint = error.hint or OTHER_TYPE.format(project, issue_type)
        raise


def _read_issue(issue: Mapping[str, Any], ids: Mapping[str, str]) -> TestTexts:
    fields = issue["fields"]
    found = {name: fields.get(field_id) for name, field_id in ids.items()}
    folder = found.get("folder", 0)
    return _make_test(
        issue,
        fields,
        type=member_of(found.get("type"), "value"),
        definition=found.get("definition"),
        steps=found.get("steps"),
        # Xray gives no path to a Test in the root.
        folder=folder or "/" if isinstance(folder, str | None) else None,
    )


def _read_on_cloud(
    xray: CloudXray,
    project: str,
    issue_type: str,  # noqa: ARG001 - the list has Tests only
) -> list[TestTexts]:
    found = list_on_cloud(xray, QUERY, f"project = {project} ORDER BY key")
    return [_read_test(key, test) for key, test in found.items()]


def list_on_cloud(
    xray: CloudXray, query: str, jql: str
) -> dict[str, Mapping[str, Any]]:
    """
    Query all pages of Tests; return what Xray says about each, by key.

    ``query`` has the variables ``jql`` and ``start``. Raises DeliveryError;
    NotXrayError also for a list that ends too early.
    """
    found: dict[str, Mapping[str, Any]] = {}

    def page(start: int) -> Page:
        listed = xray.query(query, {"jql": jql, "start": start}).get("getTests")
        # It checks the form of the list.
        checked = read_page(listed)
        for test in member_of(listed, "results") or ():
            found[str(test["jira"]["key"])] = test
        return checked

    all_pages(page)
    return found


def _read_test(key: str, test: Mapping[str, Any]) -> TestTexts:
    path = member_of(test.get("folder"), "path")
    return _make_test(
        {"id": test.get("issueId"), "key": key},
        test["jira"],
        type=member_of(test.get("testType"), "name"),
        kind=member_of(test.get("testType"), "kind"),
        definition=test.get("unstructured"),
        steps=test.get("gherkin"),
        folder=path if isinstance(path, str) else None,
    )


def _make_test(
    issue: Mapping[str, Any],
    fields: Mapping[str, Any],
    *,
    folder: str | None,
    **texts: Any,
) -> TestTexts:
    labels = fields.get("labels")
    path = None if folder is None else f"/{folder.strip('/')}"
    return TestTexts(
        id=str(issue.get("id") or ""),
        key=str(issue["key"]),
        summary=str(fields.get("summary") or ""),
        description=plain_text(fields.get("description")),
        labels=tuple(map(str, labels)) if isinstance(labels, list) else (),
        folder=path,
        **{name: str(value or "") for name, value in texts.items()},
    )


_READERS: Mapping[str, Callable[[Any, str, str], list[TestTexts]]] = {
    SERVER: _read_on_server,
    CLOUD: _read_on_cloud,
}
