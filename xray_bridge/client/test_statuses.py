"""
Read the statuses of the Tests in a Test Execution or a Test Plan.

Those of a Test Execution are the statuses of its Test Runs, those of a Test Plan the
latest status of each Test. A Test Set has none. Sources: Xray's manuals, "Test
Executions - REST" and "Test Plans - REST" of Server and Data Center (``status``,
``latestStatus``), and the GraphQL schema of Cloud.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from xray_bridge.client.graphql import ask, read_total
from xray_bridge.client.issues import no_issue_error
from xray_bridge.client.paging import MOST_PAGES, PAGE, all_numbered_pages
from xray_bridge.client.response import key_in, member_of
from xray_bridge.errors import NotXrayError, RefusedError, SelectionError


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xray_bridge.client.jira import Jira
    from xray_bridge.client.xray import XrayClient

    Statuses = dict[str, tuple[str, ...]]

NO_LIST = "the answer is not a list of Tests as Xray's GraphQL API returns it"
# Xray Server's lists, and the member with the status.
LISTS = {"testexec": "status", "testplan": "latestStatus"}
RUNS = (
    "query($jql: String!, $start: Int!) { getTestExecutions(jql: $jql, limit: 1) { "
    f"total results {{ issueId testRuns(limit: {PAGE}, start: $start) {{ total "
    'results { status { name } test { jira(fields: ["key"]) } } } } } }'
)
PLAN = (
    "query($jql: String!) { getTestPlans(jql: $jql, limit: 1) { "
    "total results { issueId } } }"
)
OF_PLAN = (
    "query($jql: String!, $start: Int!, $plan: String!) { "
    "getTestPlans(jql: $jql, limit: 1) { total results { issueId "
    f"tests(limit: {PAGE}, start: $start) {{ total results {{ "
    'status(testPlan: $plan) { name } jira(fields: ["key"]) } } } } }'
)


def read_on_server(jira: Jira, key: str) -> Statuses:
    """
    Read the statuses of the Tests in an issue on Server, by Test key.

    Raises SelectionError if it is neither a Test Execution nor a Test Plan.
    """
    if jira.issue_type(key) is None:
        raise no_issue_error(key)
    for kind, member in LISTS.items():
        path = f"/rest/raven/2.0/api/{kind}/{key}/test"
        found: Statuses = {}
        try:
            all_numbered_pages(partial(_read_page, jira, path, member, found))
        except RefusedError as error:
            if error.status in {400, 404}:
                continue
            raise
        return found
    raise _no_statuses_error(key)


def _read_page(
    jira: Jira, path: str, member: str, found: Statuses, number: int
) -> Iterator[str]:
    """Yield the keys on a page; note their statuses."""
    for each in jira.get_json(path, list, limit=str(PAGE), page=str(number)):
        key = key_in(member_of(each, "key"))
        if not key:
            msg = f"{path} does not list Tests like Xray"
            raise NotXrayError(msg, hint="check xray_url")
        found[key] = (str(each.get(member) or ""),)
        yield key


def read_on_cloud(xray: XrayClient, key: str) -> Statuses:
    """
    Read the statuses of the Tests in an issue on Cloud, by Test key.

    Raises SelectionError if it is neither a Test Execution nor a Test Plan.
    """
    jql = f"key = {key}"
    runs = _first_of(_query(xray, key, RUNS, {"jql": jql, "start": 0}))
    if runs is not None:
        return _read_members(xray, key, RUNS, "testRuns", {"jql": jql})
    plan = _first_of(_query(xray, key, PLAN, {"jql": jql}))
    if plan is None:
        raise _no_statuses_error(key)
    variables = {"jql": jql, "plan": str(plan.get("issueId"))}
    return _read_members(xray, key, OF_PLAN, "tests", variables)


def _read_members(
    xray: XrayClient, key: str, query: str, name: str, variables: Mapping[str, Any]
) -> Statuses:
    """Read all pages of the Test Runs or Tests of one issue."""
    found: Statuses = {}
    position = 0
    for _ in range(MOST_PAGES):
        first = _first_of(_query(xray, key, query, {**variables, "start": position}))
        page = member_of(first, name)
        listed = member_of(page, "results")
        if not isinstance(listed, list):
            raise NotXrayError(NO_LIST)
        for each in listed:
            given = member_of(member_of(member_of(each, "test") or each, "jira"), "key")
            status = str(member_of(member_of(each, "status"), "name") or "")
            # Without a key, this account cannot see the Test.
            test_key = key_in(given)
            if given and not test_key:
                raise NotXrayError(NO_LIST)
            # A Test may have several Test Runs: one for each dataset, say.
            found[test_key] = (*found.get(test_key, ()), status)
        position += len(listed)
        total = read_total(page)
        if position >= total:
            return found
        if not listed:
            break
    msg = f"the server returned only {position} of the Tests of {key}"
    raise NotXrayError(msg)


def _query(
    xray: XrayClient, key: str, query: str, variables: Mapping[str, Any]
) -> dict[str, Any]:
    try:
        return ask(xray, query, variables)
    except RefusedError as error:
        if key in error.said:
            raise no_issue_error(key) from None
        raise


def _first_of(data: Mapping[str, Any]) -> Any:
    """Return the one issue in an answer; None if there is none."""
    listed = next(iter(data.values()), None)
    results = member_of(listed, "results")
    return results[0] if isinstance(results, list) and results else None


def _no_statuses_error(key: str) -> SelectionError:
    msg = f"{key} has no statuses of Tests: it is no Test Execution and no Test Plan"
    return SelectionError(msg, hint="leave out status=, or name one of these")
