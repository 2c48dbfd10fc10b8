"""Our own clients find the Tests of both products."""

from __future__ import annotations

import json

import pytest

from tests.builders import a_connection, settings_of
from xray_bridge.client import key_lookup
from xray_bridge.client.connection import connect
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.issues import IssueKind, SearchResult
from xray_bridge.client.key_lookup import MOST_SEARCHES, look_up_keys
from xray_bridge.client.paging import PAGE
from xray_bridge.client.request import Request
from xray_bridge.client.server import ServerXray
from xray_bridge.client.xray import XrayClient, make_client
from xray_bridge.errors import RefusedError, SelectionError, UnansweredError
from xray_sandbox import CREDENTIALS, RunningSandbox


@pytest.fixture(params=["server", "cloud"])
def asked(sandbox: RunningSandbox, request: pytest.FixtureRequest) -> XrayClient:
    """The queries of our client for each product."""
    given = {
        "server": {"token": CREDENTIALS.token},
        "cloud": {
            "client_id": CREDENTIALS.client_id,
            "client_secret": CREDENTIALS.client_secret,
        },
    }[request.param]
    settings = settings_of(url=sandbox.url, deployment=request.param, **given)
    connection = connect(settings, {})
    return make_client(connection, Http(connection, Deadline(20), attempts=1))


class Refusing(ServerXray):
    """A client whose searches are refused, and counted."""

    def __init__(self, status: int) -> None:
        connection = a_connection()
        super().__init__(connection, Http(connection, Deadline(1)))
        self.status = status
        self.searches = 0

    def search(
        self,
        kind: IssueKind,
        jql: str,
        *,
        is_given: bool = False,  # noqa: ARG002
    ) -> SearchResult:
        """No."""
        self.searches += 1
        raise RefusedError(f"{kind.cloud_list}: {jql}", status=self.status)


def test_the_tests_of_a_plan_are_found(asked: XrayClient) -> None:
    """The Tests of a Test Plan are found by its key."""
    assert list(key_lookup.tests_of(asked, "CALC-15")) == ["CALC-1", "CALC-2", "CALC-3"]


def test_the_tests_of_a_set_are_found_on_every_page(
    asked: XrayClient, sandbox: RunningSandbox
) -> None:
    """The Tests of a Test Set are found on every page."""
    keys = [f"CALC-{number}" for number in range(1000, 1000 + 2 * PAGE + 1)]
    for key in keys:
        sandbox.store.add_test(key)
    sandbox.store.add_test_set("CALC-500", tests=keys)

    assert sorted(key_lookup.tests_of(asked, "CALC-500")) == sorted(keys)


def test_a_full_last_page_is_not_asked_for_again_and_again(
    asked: XrayClient, sandbox: RunningSandbox
) -> None:
    """A full last page ends the list."""
    keys = [f"CALC-{number}" for number in range(1000, 1000 + PAGE)]
    for key in keys:
        sandbox.store.add_test(key)
    sandbox.store.add_test_set("CALC-500", tests=keys)

    assert len(key_lookup.tests_of(asked, "CALC-500")) == PAGE


def test_a_jql_finds_tests_with_their_summaries(asked: XrayClient) -> None:
    """A JQL query finds Tests only, with their summaries."""
    found = key_lookup.tests_of(asked, "project = CALC")

    assert found["CALC-8"] == "Clear the display"
    assert not {"CALC-15", "CALC-20", "CALC-70"} & set(found)


@pytest.mark.parametrize(
    ("selection", "why"),
    [
        ("CALC-999", "no issue CALC-999"),
        ("CALC-70", "not a Test Plan, Test Execution or Test Set"),
        ("CALC-20", "has no Tests"),
        ("labels = nobody", "has no Tests"),
    ],
)
def test_a_selection_of_nothing_says_why(
    asked: XrayClient, selection: str, why: str
) -> None:
    """An empty selection is an error, not a run without failures."""
    with pytest.raises(SelectionError, match=why):
        key_lookup.tests_of(asked, selection)


def test_a_jql_that_jira_does_not_understand_is_refused(asked: XrayClient) -> None:
    """The error quotes Jira; on Cloud it is an error of the query."""
    with pytest.raises((RefusedError, UnansweredError), match="JQL"):
        key_lookup.tests_of(asked, "sprint is not empty or so")


def test_keys_are_told_apart(asked: XrayClient) -> None:
    """Tests, other issues and unknown keys are distinguished."""
    found = look_up_keys(asked, ["CALC-1", "CALC-70", "CALC-999", "CALC-2", "CALC-998"])

    assert sorted(found.issues) == ["CALC-1", "CALC-2"]
    assert sorted(found.others) == ["CALC-70", "CALC-998", "CALC-999"]
    assert found.others["CALC-999"] == "the issue does not exist"
    assert found.unknown == []


def test_searches_end_where_very_many_keys_are_wrong() -> None:
    """A key that was not looked up is not reported as wrong."""
    xray = Refusing(400)

    found = look_up_keys(xray, [f"CALC-{n}" for n in range(1, 500)])

    assert xray.searches == MOST_SEARCHES
    assert found.unknown
    assert len(found.others) + len(found.unknown) == 499


def test_a_permission_that_is_missing_is_no_answer() -> None:
    """A missing permission is no reason to call a key wrong, even for a single key."""
    with pytest.raises(RefusedError):
        look_up_keys(Refusing(403), ["CALC-1"])


@pytest.fixture
def executed(asked: XrayClient) -> XrayClient:
    """The client, after a Test Execution of the plan CALC-15."""
    words = {"CALC-1": "failed", "CALC-2": "passed", "CALC-9": "aborted"}
    is_server = isinstance(asked, ServerXray)
    report = {
        "info": {"summary": "one", "testPlanKey": "CALC-15", "project": "CALC"},
        "tests": [
            {
                "testKey": key,
                "status": {"failed": "FAIL", "passed": "PASS"}.get(word, "ABORTED")
                if is_server
                else word.upper(),
            }
            for key, word in words.items()
        ],
    }
    prefix = "/rest/raven/2.0" if is_server else "/api/v2"
    asked.send(
        Request(
            method="POST",
            path=f"{prefix}/import/execution",
            content=json.dumps(report).encode(),
            media_type="application/json",
        )
    )
    return asked


def execution_of(sandbox: RunningSandbox) -> str:
    """The key of the newest Test Execution."""
    return max(sandbox.store.test_executions(), key=lambda row: row.id).key


@pytest.mark.parametrize(
    ("statuses", "keys"),
    [
        ("FAIL", ["CALC-1"]),
        ("failed", ["CALC-1"]),
        ("FAIL, Aborted", ["CALC-1", "CALC-9"]),
    ],
)
def test_tests_of_an_execution_with_a_status(
    executed: XrayClient, sandbox: RunningSandbox, statuses: str, keys: list[str]
) -> None:
    """The statuses of a Test Execution are those of its Test Runs."""
    selection = f"{execution_of(sandbox)} status={statuses}"

    assert sorted(key_lookup.tests_of(executed, selection)) == keys


def test_tests_of_a_plan_with_their_latest_status(executed: XrayClient) -> None:
    """The statuses of a Test Plan are the latest of its Tests in the plan."""
    assert list(key_lookup.tests_of(executed, "CALC-15 status=FAIL")) == ["CALC-1"]
    assert list(key_lookup.tests_of(executed, "CALC-15 status=TODO")) == ["CALC-3"]


@pytest.mark.parametrize(
    ("selection", "why"),
    [
        ("CALC-15 status=BLOCKED", "no Test of CALC-15 has the status BLOCKED"),
        ("CALC-999 status=FAIL", "no issue CALC-999"),
        ("CALC-70 status=FAIL", "CALC-70 has no statuses of Tests"),
        ("CALC-500 status=FAIL", "CALC-500 has no statuses of Tests"),
    ],
)
def test_a_status_that_selects_nothing_says_why(
    executed: XrayClient, sandbox: RunningSandbox, selection: str, why: str
) -> None:
    """A Test Set has no statuses; a status without Tests is an error."""
    sandbox.store.add_test_set("CALC-500", tests=["CALC-1"])

    with pytest.raises(SelectionError, match=why):
        key_lookup.tests_of(executed, selection)


def test_statuses_are_read_from_every_page(
    asked: XrayClient, sandbox: RunningSandbox
) -> None:
    """A plan with more Tests than a page has all of them."""
    keys = [f"CALC-{number}" for number in range(1000, 1000 + 2 * PAGE + 1)]
    for key in keys:
        sandbox.store.add_test(key)
    sandbox.store.link_to_plan("CALC-15", keys)

    found = key_lookup.tests_of(asked, "CALC-15 status=TODO")

    assert len(found) == len(keys) + 3


def test_the_key_of_a_test_selects_this_test(asked: XrayClient) -> None:
    """A single key may be that of a Test."""
    assert list(key_lookup.tests_of(asked, "CALC-8")) == ["CALC-8"]
