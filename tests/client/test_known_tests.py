"""All Tests of a project, from servers that answer in many ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Response

from tests.scripted_xray import SEARCH, Xray
from xray_bridge import cli


GRAPHQL = "/api/v2/graphql"
FIELDS = "/rest/api/2/field"
XRAY = "com.xpandit.plugins.xray:"
STEPS = "steps-editor-custom-field"
LISTED = [
    {"id": "cf_1", "schema": {"custom": f"{XRAY}path-editor-custom-field"}},
    {"id": "cf_2", "schema": {"custom": f"{XRAY}test-type-custom-field"}},
    {"id": "summary", "schema": {"system": "summary"}},
    {"id": "no_schema"},
    {"id": "odd", "schema": {"custom": ["x"]}},
]


@pytest.fixture(autouse=True)
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A function without a key."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_a.py").write_text("def test_one(): pass\n")
    return tmp_path


def write_keys(
    capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, Any, str]:
    """Return exit code, document and errors of a look."""
    flags = ["--write", "--check", "--project", "CALC", "--json", *arguments]
    code = cli.main(["keys", *flags])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else None, said.err


def an_issue(key: str, **fields: Any) -> dict[str, Any]:
    """Make an issue as Jira's search returns it."""
    return {"key": key, "fields": fields}


def test_definitions_on_server(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """In Xray's custom field, whose id differs between instances."""
    issues = [
        an_issue("CALC-1", summary="test_a.test_one"),
        an_issue("CALC-2", summary="Any", cf_1="test_a.test_one", cf_2=None),
        an_issue("CALC-3", summary="", cf_1=None, cf_2={"value": "Manual"}),
    ]
    server.script |= {FIELDS: [LISTED], SEARCH: [{"issues": issues, "total": 3}]}

    code, found, _ = write_keys(capsys)

    (asked,) = (json.loads(each.body) for each in server.sent if each.path == SEARCH)
    assert (code, found["keys"][0]["key"]) == (85, "CALC-2")
    assert asked["jql"] == 'project = CALC AND issuetype = "Test" ORDER BY key'
    assert asked["fields"] == ["summary", "cf_1", "cf_2"]


def test_other_name_of_the_issue_type_on_server(
    server: Xray, capsys: pytest.CaptureFixture[str], suite: Path
) -> None:
    """The setting of a sync holds here, too: Jira refuses types that it lacks."""
    table = '[tests]\nissue_type = "Testfall \\"A\\""'
    (suite / "xray-bridge.toml").write_text(table, encoding="utf-8")
    server.script |= {FIELDS: [LISTED], SEARCH: [{"issues": [], "total": 0}]}

    code, _, _ = write_keys(capsys)

    (asked,) = (json.loads(each.body) for each in server.sent if each.path == SEARCH)
    assert code == 0
    assert 'issuetype = "Testfall \\"A\\""' in asked["jql"]


def test_issue_type_that_jira_does_not_know(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """Jira's words say what is wrong, and the hint what to set."""
    refusal = Response('{"errorMessages": ["no value Test"]}', status=400)
    server.script |= {FIELDS: [LISTED], SEARCH: [refusal]}

    code, _, said = write_keys(capsys)

    assert code == 80
    assert "no value Test" in said
    assert "set issue_type in [tool.xray-bridge.tests]" in said


def test_no_issue_type_on_cloud(
    cloud: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """Xray's list has only Tests, whatever Jira calls them."""
    cloud.script[GRAPHQL] = [{"data": {"getTests": {"total": 0, "results": []}}}]

    code, _, _ = write_keys(capsys)

    (asked,) = (json.loads(each.body) for each in cloud.sent if each.path == GRAPHQL)
    assert (code, asked["variables"]["jql"]) == (0, "project = CALC ORDER BY key")


@pytest.mark.parametrize(
    ("fields", "written"),
    [
        ({"cf_2": {"value": "BDD"}, "cf_3": "Given it is"}, ["CALC-1"]),
        ({"cf_2": {"value": "BDD"}, "cf_3": None}, []),
        ({"cf_2": {"value": "Cucumber"}}, ["CALC-1"]),
    ],
    ids=["steps", "unknown", "name"],
)
def test_renamed_test_type_on_server(
    server: Xray,
    capsys: pytest.CaptureFixture[str],
    suite: Path,
    fields: dict[str, Any],
    written: list[str],
) -> None:
    """Jira tells its name only; a scenario in the Test tells the rest."""
    (suite / "features" / "steps").mkdir(parents=True)
    feature = "Feature: F\n  Scenario: sum\n    Given it is\n"
    (suite / "features" / "a.feature").write_text(feature, encoding="utf-8")
    listed = [*LISTED, {"id": "cf_3", "schema": {"custom": f"{XRAY}{STEPS}"}}]
    issue = an_issue("CALC-1", summary="sum", **fields)
    server.script |= {FIELDS: [listed], SEARCH: [{"issues": [issue], "total": 1}]}

    code, found, _ = write_keys(capsys, "--framework", "behave")

    assert [each["key"] for each in found["keys"]] == written
    assert (code, len(found["refused"])) == (85 if written else 0, 1 - len(written))


def test_definitions_on_cloud(cloud: Xray, capsys: pytest.CaptureFixture[str]) -> None:
    """In pages, which are read to the end."""

    def page(number: int, definition: str | None) -> dict[str, Any]:
        jira = {"key": f"CALC-{number}", "summary": "test_a.test_one"}
        kind = {"name": "Generic", "kind": "Unstructured"}
        test = {"jira": jira, "unstructured": definition, "testType": kind}
        return {"data": {"getTests": {"total": 2, "results": [test]}}}

    cloud.script[GRAPHQL] = [page(1, None), page(2, "test_a.test_one")]

    code, found, _ = write_keys(capsys)

    assert (code, [each["key"] for each in found["keys"]]) == (85, ["CALC-2"])


@pytest.mark.parametrize(
    "data",
    [
        {"getTests": {"results": [None]}},
        {"getTests": {"results": [{"jira": {"key": "../../user"}}]}},
        {"getTests": {"results": [{"jira": {"key": "CALC-1"}}], "total": 2}},
        {"getTests": "x"},
    ],
)
def test_answers_of_another_form_on_cloud(
    cloud: Xray, capsys: pytest.CaptureFixture[str], suite: Path, data: Any
) -> None:
    """They are errors on one line: a missing Test could hide a second name."""
    cloud.script[GRAPHQL] = [{"data": data}]

    code, _, said = write_keys(capsys)

    assert code not in {0, 85}
    assert said.startswith("xray-bridge: error: ")
    assert (suite / "test_a.py").read_text() == "def test_one(): pass\n"


def test_a_search_that_ends_early_on_server(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is decided by a part of the Tests."""
    issues = [an_issue("CALC-2", cf_1="test_a.test_one")]
    pages = [{"issues": issues, "total": 2}, {"issues": [], "total": 2}]
    server.script |= {FIELDS: [LISTED], SEARCH: pages}

    code, _, said = write_keys(capsys)

    assert code not in {0, 85}
    assert "returned only 1 of 2 issues" in said
