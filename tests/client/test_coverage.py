"""The Tests of requirements, and their last results in Xray."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from tests.builders import a_connection, a_jira_connection
from xray_bridge.client.connection import ApiKey, Connection
from xray_bridge.client.coverage import (
    CoverageSource,
    Covered,
    CoveringTest,
    coverage_of,
    worst_status,
)
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.pauses import Pauses
from xray_bridge.client.xray import make_client
from xray_bridge.config.secret import Secret
from xray_bridge.errors import NotXrayError, RefusedError, UnansweredError
from xray_bridge.model.dialect import CLOUD, DIALECTS


if TYPE_CHECKING:
    from tests.scripted_xray import Xray

STATUSES = "/rest/raven/2.0/api/settings/teststatuses"
GRAPHQL = "/api/v2/graphql"


def runs_of(key: str) -> str:
    """The path of a Test's Test Runs."""
    return f"/rest/raven/2.0/api/test/{key}/testruns"


def on_server(xray: Xray) -> CoverageSource:
    """Xray Server at this address."""
    return source_of(a_jira_connection(xray.url))


def on_cloud(xray: Xray) -> CoverageSource:
    """Xray Cloud at this address."""
    key = ApiKey(client_id="id", client_secret=Secret("hunter22"))
    xray.script["/api/v2/authenticate"] = ["a.token"]
    cloud = a_connection(
        xray.url,
        dialect=DIALECTS[CLOUD],
        credentials=key,
        pauses=Pauses(first=0.001),
    )
    return source_of(cloud)


def source_of(connection: Connection) -> CoverageSource:
    """The source of a connection; each question is asked once."""
    return coverage_of(
        make_client(connection, Http(connection, Deadline(5), attempts=1))
    )


@pytest.mark.parametrize(
    ("found", "worst"),
    [
        (["OK", "NOK", "NOTRUN"], "NOK"),
        (["OK", "NOTRUN"], "NOTRUN"),
        (["OK", "UNCOVERED"], "UNCOVERED"),
        (["OK", "UNKNOWN", "NOTRUN"], "UNKNOWN"),
        (["OK"], "OK"),
        ([], "UNCOVERED"),
        (["OK", "BLOCKED"], "BLOCKED"),
        (["NOK", "BLOCKED"], "NOK"),
    ],
)
def test_worst_status_counts(found: list[str], worst: str) -> None:
    """A status of this Xray's own is better than NOK only."""
    assert worst_status(found) == worst


def test_server_has_the_last_run_of_each_test(xray: Xray) -> None:
    """By its time, or else by its id; with its bugs."""
    xray.script = {
        runs_of("CALC-8"): [
            [
                {"id": 2, "status": "FAIL", "finishedOn": "2026-01-02T10:00:00+01:00"},
                {"id": 1, "status": "PASS", "finishedOn": "2026-01-03T10:00:00+01:00"},
            ]
        ],
        runs_of("CALC-9"): [
            [
                {"id": 7, "status": "FAIL", "defects": [{"id": 1, "key": "BUG-1"}]},
                {"id": 3, "status": "PASS"},
            ]
        ],
        STATUSES: [[{"name": "PASS", "requirementStatusName": "OK"}]],
    }
    found = on_server(xray).read({"CALC-5": ["CALC-8", "CALC-9"], "CALC-6": ["CALC-8"]})

    assert found["CALC-5"] == Covered(
        status="NOK",
        tests=(
            CoveringTest(key="CALC-8", status="PASS"),
            CoveringTest(key="CALC-9", status="FAIL", defects=("BUG-1",)),
        ),
        total=2,
    )
    assert found["CALC-6"].status == "OK"
    assert xray.lines.count(f"GET {runs_of('CALC-8')}") == 1


@pytest.mark.parametrize(
    ("status", "listed", "meaning"),
    [
        ("BLOCKED", [{"name": "BLOCKED", "requirementStatusName": "NOK"}], "NOK"),
        ("BLOCKED", [], "NOTRUN"),
        ("TODO", [], "NOTRUN"),
    ],
)
def test_server_says_what_a_status_means(
    xray: Xray, status: str, listed: list[dict[str, str]], meaning: str
) -> None:
    """A status that it does not list is no result."""
    xray.script = {runs_of("CALC-8"): [[{"id": 1, "status": status}]]}
    if listed:
        xray.script[STATUSES] = [listed]

    assert on_server(xray).read({"CALC-5": ["CALC-8"]})["CALC-5"].status == meaning


@pytest.mark.parametrize("runs", [[[]], [Response("{}", status=404)]])
def test_test_without_a_run_has_no_result(xray: Xray, runs: list[Any]) -> None:
    """Also an issue that is no Test."""
    xray.script = {runs_of("CALC-8"): runs}
    found = on_server(xray).read({"CALC-5": ["CALC-8"], "CALC-6": []})

    assert found["CALC-5"] == Covered(
        status="NOTRUN", tests=(CoveringTest(key="CALC-8"),), total=1
    )
    assert found["CALC-6"] == Covered(status="UNCOVERED")


def test_server_that_answers_otherwise_is_an_error(xray: Xray) -> None:
    """It does not mean that there are no results."""
    xray.script = {runs_of("CALC-8"): [{"runs": []}]}

    with pytest.raises(NotXrayError, match="does not answer like Xray"):
        on_server(xray).read({"CALC-5": ["CALC-8"]})


def test_refused_question_is_an_error(xray: Xray) -> None:
    """A missing permission is told."""
    xray.script = {runs_of("CALC-8"): [Response("{}", status=403)]}

    with pytest.raises(RefusedError):
        on_server(xray).read({"CALC-5": ["CALC-8"]})


def a_coverable(key: str, status: str = "OK", *tests: dict[str, Any]) -> dict[str, Any]:
    """A requirement as GraphQL shows it."""
    return {
        "issueId": key[5:],
        "jira": {"key": key},
        "status": {"name": status},
        "tests": {"total": len(tests), "results": list(tests)},
    }


def a_test_of(key: str, status: str) -> dict[str, Any]:
    """A Test of a requirement."""
    jira = {"key": key, "summary": f"Summary of {key}"}
    return {"issueId": key[5:], "status": {"name": status}, "jira": jira}


def data(name: str, *results: Any) -> dict[str, Any]:
    """An answer of GraphQL."""
    return {"data": {name: {"total": len(results), "results": list(results)}}}


def variables(xray: Xray) -> list[dict[str, Any]]:
    """The variables of all queries."""
    sent = (json.loads(each.body) for each in xray.posts(GRAPHQL))
    return [each["variables"] for each in sent]


def test_cloud_computes_the_status_itself(xray: Xray) -> None:
    """What cannot be covered is missing; a failed Test has the bugs of its last run."""
    bad = a_test_of("CALC-8", "FAILED")
    xray.script[GRAPHQL] = [
        data("getCoverableIssues", a_coverable("CALC-5", "NOK", bad)),
        data(
            "getTestRuns",
            {"startedOn": "2026-01-02", "defects": ["77"], "test": {"issueId": "8"}},
            {"startedOn": "2026-01-01", "defects": ["66"], "test": {"issueId": "8"}},
        ),
    ]
    found = on_cloud(xray).read({"CALC-5": [], "CALC-6": []})

    assert found == {
        "CALC-5": Covered(
            status="NOK",
            tests=(
                CoveringTest(
                    key="CALC-8",
                    status="FAILED",
                    summary="Summary of CALC-8",
                    defects=("77",),
                ),
            ),
            total=1,
        )
    }
    assert variables(xray) == [
        {"jql": "key in (CALC-5, CALC-6)", "limit": 2},
        {"tests": ["8"], "start": 0},
    ]


def test_all_pages_of_test_runs_are_read(xray: Xray) -> None:
    """The last run may be on the last page."""
    bad = a_test_of("CALC-8", "FAILED")
    old = {"startedOn": "2026-01-01", "defects": ["66"], "test": {"issueId": "8"}}
    new = {**old, "startedOn": "2026-01-02", "defects": ["77"]}
    xray.script[GRAPHQL] = [
        data("getCoverableIssues", a_coverable("CALC-5", "NOK", bad)),
        data("getTestRuns", *[old] * 100),
        data("getTestRuns", new, {"test": None}),
    ]
    found = on_cloud(xray).read({"CALC-5": []})

    assert found["CALC-5"].tests[0].defects == ("77",)
    assert [each.get("start") for each in variables(xray)] == [None, 0, 100]


def test_passed_tests_are_not_asked_for_bugs(xray: Xray) -> None:
    """That saves Xray a slow question."""
    good = a_test_of("CALC-8", "PASSED")
    xray.script[GRAPHQL] = [
        data("getCoverableIssues", a_coverable("CALC-5", "OK", good))
    ]
    on_cloud(xray).read({"CALC-5": []})

    assert len(variables(xray)) == 1


def test_pages_become_smaller_without_an_answer(xray: Xray) -> None:
    """And stay small: a large project is slow."""
    late = Response("late", status=504)
    xray.script[GRAPHQL] = [
        late,
        late,
        *(
            data("getCoverableIssues", *(a_coverable(f"CALC-{n}") for n in range(6)))
            for _ in range(4)
        ),
    ]
    keys = [f"CALC-{number}" for number in range(24)]
    on_cloud(xray).read(dict.fromkeys(keys, ()))

    assert [each["limit"] for each in variables(xray)] == [24, 12, 6, 6, 6, 6]


def test_single_requirement_without_an_answer_is_an_error(xray: Xray) -> None:
    """It cannot be made smaller."""
    xray.script[GRAPHQL] = [Response("late", status=504)]

    with pytest.raises(UnansweredError):
        on_cloud(xray).read({"CALC-5": (), "CALC-6": ()})


def test_key_that_xray_does_not_know_costs_only_its_own_row(xray: Xray) -> None:
    """It fails a query with others, so they are asked for one by one."""
    said = {"errors": [{"message": "no issue CALC-6 for the field 'key'"}]}
    control = data("getTests")
    known = data("getCoverableIssues", a_coverable("CALC-5"))
    refused = [said, said, control]
    xray.script[GRAPHQL] = [*refused, known, *refused]
    found = on_cloud(xray).read({"CALC-5": (), "CALC-6": ()})

    assert list(found) == ["CALC-5"]
