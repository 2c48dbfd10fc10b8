"""Defects are found by their labels, open ones first."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_connection, a_run, recorded
from tests.jira.defects.a_jira import PretendJira, a_jira_run
from xray_bridge.client.connection import Basic
from xray_bridge.client.jira import Jira
from xray_bridge.config.secret import Secret
from xray_bridge.jira.defects.find import CHUNK, find_by_labels, find_open, read_defect
from xray_bridge.jira.defects.rules import Rules, parse_rules
from xray_bridge.jira.defects.work import Work
from xray_bridge.model.dialect import CLOUD, DIALECTS


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.client.request import Request

RULES = parse_rules({}, project="CALC")


def a_client(server: PretendJira) -> Jira:
    """A client of this server."""
    return Jira.for_connection(a_connection(), server)  # type: ignore[arg-type]


def test_open_ones_come_first_and_of_these_the_oldest() -> None:
    """Of closed ones the newest comes first: it is the one that recurs."""
    server = PretendJira()
    server.add("xb-1", status="Done")
    server.add("xb-1", status="Done")
    server.add("xb-1")
    server.add("xb-1")

    found = find_by_labels(a_client(server), ["xb-1", "xb-2"], RULES)

    assert [each.id for each in found["xb-1"]] == ["103", "104", "102", "101"]
    assert found["xb-2"] == []


def test_many_labels_take_several_searches() -> None:
    """One search for each fifty labels."""
    server = PretendJira()
    labels = [f"xb-{number}" for number in range(CHUNK + 1)]

    find_by_labels(a_client(server), labels, RULES)

    assert server.sent == ["POST /rest/api/2/search"] * 2


@pytest.mark.parametrize(
    ("table", "status", "is_open"),
    [
        ({}, "To Do", True),
        ({}, "Done", False),
        ({"status": {"in progress": "closed"}}, "In Progress", False),
        ({"status": {"Done": "open"}}, "Done", True),
        ({"status": {"Other": "closed"}}, "To Do", True),
    ],
)
def test_rules_say_which_statuses_are_open(
    table: dict[str, object], status: str, is_open: bool
) -> None:
    """Without a rule it is Jira's category."""
    server = PretendJira()
    rules = parse_rules(table, project="CALC")
    server.add("xray-bridge", status=status)

    found = read_defect(server.issues[0].to_json(), rules)
    listed = find_open(a_client(server), rules)

    assert found.is_open is is_open
    assert bool(listed) is is_open


@pytest.mark.parametrize(
    "fields",
    [
        {"status": None, "labels": None, "resolution": None},
        {"status": {"name": "X", "statusCategory": None}},
        {},
    ],
)
def test_fields_that_are_missing_mean_an_open_defect(fields: dict[str, object]) -> None:
    """A screen may hide them from the account."""
    found = read_defect({"id": "1", "key": "CALC-1", "fields": fields}, Rules())

    assert found.is_open
    assert not found.is_ours
    assert found.resolution == ""


def test_cloud_is_told_of_issues_that_were_just_made(tmp_path: Path) -> None:
    """Its search lags behind, except for ids that it is given."""
    server = PretendJira()
    asked: list[bytes] = []

    def listen(request: Request) -> None:
        asked.append(request.content if isinstance(request.content, bytes) else b"")

    server.fault = listen
    run = a_jira_run(server, recorded(tmp_path, a_run()))
    cloud = replace(run.connection, dialect=DIALECTS[CLOUD], jira_url="https://a.test")
    account = Basic(user="ann", password=Secret("a-token-nobody-sees"))
    run = replace(run, connection=replace(cloud, jira_credentials=account))
    work = Work(run, RULES)
    work.note("xb-1", id="101", key="CALC-101")
    work.note("xb-2", asked=1.0)

    work.find(["xb-1"])

    assert json.loads(asked[0])["reconcileIssues"] == [101]


def test_an_id_that_is_no_number_of_jira_sorts_first() -> None:
    """A server may answer with any digits, more than Python turns into a number."""
    jira = PretendJira()
    jira.add("xb-1").id = "9" * 5000
    jira.add("xb-1")
    client = Jira.for_connection(a_connection(), jira)  # type: ignore[arg-type]
    found = find_by_labels(client, ["xb-1"], Rules())["xb-1"]

    assert [each.key for each in found] == ["CALC-101", "CALC-102"]
