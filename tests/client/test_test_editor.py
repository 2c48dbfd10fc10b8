"""Tests are created and changed, also by servers that answer in odd ways."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Response

from tests.scripted_xray import FIELD, SEARCH, Xray
from xray_bridge import cli


GRAPHQL = "/api/v2/graphql"
ISSUE = "/rest/api/2/issue"
FOLDERS = "/rest/raven/1.0/api/testrepository/CALC/folders"
XRAY = "com.xpandit.plugins.xray:"
LISTED = [
    {"id": "cf_1", "schema": {"custom": f"{XRAY}path-editor-custom-field"}},
    {"id": "cf_2", "schema": {"custom": f"{XRAY}test-type-custom-field"}},
    {"id": "cf_3", "schema": {"custom": f"{XRAY}test-repository-path-custom-field"}},
    {"id": "summary", "schema": {"system": "summary"}},
    "odd",
]
NOBODY: dict[str, Any] = {"issues": [], "total": 0}
MADE = {"id": "38101", "key": "CALC-101"}


@pytest.fixture(autouse=True)
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two functions without keys, in a folder of the Test Repository."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_a.py").write_text(
        "def test_one(): assert 1\n\ndef test_two(): assert 2\n"
    )
    (tmp_path / "xray-bridge.toml").write_text('[tests]\nfolder = "/a/b"\n')
    return tmp_path


def sync(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    """Return exit code, document and errors of a sync."""
    code = cli.main(["tests", "sync", "--project", "CALC", "--json", *arguments])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else None, said.err


def lock_keys(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the lines of the lock file by test."""
    text = (folder / "xray-tests.lock").read_text()
    lines = [json.loads(each) for each in text.splitlines()]
    return {each["test"]: each for each in lines[1:]}


def bodies(xray: Xray, method: str, path: str) -> list[Any]:
    """Return the JSON bodies that were sent to a path."""
    found = (s for s in xray.sent if (s.method, s.path) == (method, path))
    return [json.loads(each.body) for each in found]


def test_a_new_test_on_server(
    server: Xray, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An issue with Xray's fields by their ids, in a folder that is made for it."""
    (suite / "test_a.py").write_text("def test_one(): assert 1\n")
    tree = {"folders": [{"id": 6, "name": "a", "folders": []}]}
    server.script |= {
        FIELD: [LISTED],
        SEARCH: [NOBODY],
        ISSUE: [MADE],
        FOLDERS: [tree],
        f"{FOLDERS}/6": [{"id": 7, "name": "b"}],
        f"{FOLDERS}/7/tests": [[]],
    }
    code, found, _ = sync(capsys)

    assert code == 0
    assert found["tests"][0]["key"] == "CALC-101"
    assert bodies(server, "POST", ISSUE) == [
        {
            "fields": {
                "project": {"key": "CALC"},
                "issuetype": {"name": "Test"},
                "summary": "test_one",
                "cf_1": "test_a.test_one",
                "cf_2": {"value": "Generic"},
            }
        }
    ]
    assert bodies(server, "POST", f"{FOLDERS}/6") == [{"name": "b"}]
    assert bodies(server, "PUT", f"{FOLDERS}/7/tests") == [{"add": ["CALC-101"]}]
    assert lock_keys(suite)["test_a.test_one"]["folder"] == "/a/b"


def test_fields_of_new_tests(
    server: Xray, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A project may require some: they are those of an import's new Tests."""
    (suite / "xray-bridge.toml").write_text("")
    fields = {"labels": ["nightly"], "components": [{"name": "Core"}]}
    server.script |= {FIELD: [LISTED], SEARCH: [NOBODY], ISSUE: [MADE]}
    sync(capsys, "--test-fields", json.dumps(fields))
    made = bodies(server, "POST", ISSUE)[0]["fields"]

    assert (made["labels"], made["components"]) == (["nightly"], [{"name": "Core"}])


def test_a_refused_test_does_not_stop_the_others(
    server: Xray, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named with the reason, and tried again by the next sync."""
    (suite / "xray-bridge.toml").write_text("")
    refusal = Response('{"errors": {"priority": "It is required."}}', status=400)
    server.script |= {FIELD: [LISTED], SEARCH: [NOBODY], ISSUE: [refusal, MADE]}
    code, found, _ = sync(capsys)
    (refused,) = found["refused"].items()

    assert code == 84
    assert refused[0].endswith("test_a.test_one")
    assert "It is required." in refused[1]
    assert lock_keys(suite).keys() == {"test_a.test_two"}


def test_a_refused_folder(
    server: Xray, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Tests are there, and the next sync moves them."""
    server.script |= {
        FIELD: [LISTED],
        SEARCH: [NOBODY],
        ISSUE: [MADE, {"id": "38102", "key": "CALC-102"}],
        FOLDERS: [{"folders": []}],
        f"{FOLDERS}/-1": [Response("no permission", status=400)],
    }
    code, found, _ = sync(capsys)
    lines = lock_keys(suite)

    assert code == 84
    assert list(found["refused"]) == ["test_a.py:1: test_a.test_one and 1 more"]
    assert [line["key"] for line in lines.values()] == ["CALC-101", "CALC-102"]
    assert not any("folder" in line for line in lines.values())


def test_a_lost_answer_stops_the_sync(
    server: Xray, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Test may be there; what was created before is in the lock file."""
    (suite / "xray-bridge.toml").write_text("")
    lost = Response("gateway timeout", status=504)
    server.script |= {FIELD: [LISTED], SEARCH: [NOBODY], ISSUE: [MADE, lost]}
    code, _, said = sync(capsys)

    assert code == 81
    assert "sync again in a minute: test_a.test_two is found by its name" in said
    assert lock_keys(suite).keys() == {"test_a.test_one"}


@pytest.mark.parametrize("deadline", ["", "100"])
def test_a_limit_of_requests_is_waited_for(
    cloud: Xray,
    suite: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    deadline: str,
) -> None:
    """Five minutes are Xray Cloud's window; a deadline that is set counts, though."""
    (suite / "xray-bridge.toml").write_text("")
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    if deadline:
        monkeypatch.setenv("XRAY_DEADLINE", deadline)
    else:
        monkeypatch.delenv("XRAY_DEADLINE", raising=False)
    limited = Response("slow down", status=429, headers={"Retry-After": "299"})

    def made(number: int) -> dict[str, Any]:
        jira = {"key": f"CALC-{number}"}
        return answer_of("createTest", {"test": {"issueId": "1", "jira": jira}})

    none = answer_of("getTests", {"total": 0, "results": []})
    cloud.script[GRAPHQL] = [none, made(101), limited, made(102)]

    code, _, _ = sync(capsys)

    assert code == (80 if deadline else 0)
    assert len(lock_keys(suite)) == (1 if deadline else 2)
    assert (299.0 in waits) is not bool(deadline)


@pytest.mark.parametrize(
    "answer", [[], {}, {"key": "../../x", "id": "1"}, {"key": "CALC-1"}]
)
def test_an_answer_without_a_key(
    server: Xray, capsys: pytest.CaptureFixture[str], answer: Any
) -> None:
    """Nobody knows what was created."""
    server.script |= {FIELD: [LISTED], SEARCH: [NOBODY], ISSUE: [answer]}

    assert sync(capsys)[0] == 81


@pytest.mark.parametrize("tree", [[], {"folders": [5]}, {"folders": [{"name": "a"}]}])
def test_folders_of_an_unknown_form(
    server: Xray, capsys: pytest.CaptureFixture[str], tree: Any
) -> None:
    """This is not Xray."""
    server.script |= {
        FIELD: [LISTED],
        SEARCH: [NOBODY],
        ISSUE: [MADE],
        FOLDERS: [tree],
    }

    assert sync(capsys)[0] == 80


def test_a_jira_without_the_fields_of_xray(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Test without a definition would not be found again, so none is created."""
    server.script |= {FIELD: [LISTED[-2:]], SEARCH: [NOBODY]}
    code, found, _ = sync(capsys)

    assert code == 84
    assert "no custom field of Xray for the type of a Test" in str(found["refused"])
    assert not bodies(server, "POST", ISSUE)


def answer_of(name: str, value: Any) -> dict[str, Any]:
    """Make an answer of GraphQL."""
    return {"data": {name: value}}


def test_changes_on_cloud_need_a_login_to_jira(
    cloud: Xray, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Xray has no request for a description; all else is done, and it is told."""
    (suite / "xray-bridge.toml").write_text("")
    (suite / "test_a.py").write_text('def test_one():\n    """New."""\n')
    test = {
        "issueId": "38101",
        "unstructured": "test_a.test_one",
        "testType": {"name": "Generic"},
        "folder": {"path": "/"},
        "jira": {"key": "CALC-1", "summary": "test_one", "description": None},
    }
    cloud.script[GRAPHQL] = [answer_of("getTests", {"total": 1, "results": [test]})]
    code, found, _ = sync(capsys)

    line = lock_keys(suite)["test_a.test_one"]

    assert code == 84
    assert found["notices"][-1] == (
        "summaries, descriptions and labels of 1 Test were not changed, because on "
        "Cloud only Jira can: set XRAY_JIRA_URL, XRAY_JIRA_USER and XRAY_JIRA_TOKEN"
    )
    assert (line["key"], "description" in line) == ("CALC-1", False)


def test_a_folder_that_another_sync_makes_on_cloud(
    cloud: Xray, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is there when Xray refuses to make it again."""
    (suite / "xray-bridge.toml").write_text('[tests]\nfolder = "/a"\n')
    (suite / "test_a.py").write_text("def test_one(): assert 1\n")
    made = {"issueId": "38101", "jira": {"key": "CALC-101"}}
    cloud.script[GRAPHQL] = [
        answer_of("getTests", {"total": 0, "results": []}),
        answer_of("getProjectSettings", {"projectId": "10400"}),
        {"errors": [{"message": "not found"}], "data": None},
        {"errors": [{"message": "already exists"}], "data": None},
        answer_of("getFolder", {"path": "/a"}),
        answer_of("createTest", {"test": made, "warnings": []}),
    ]
    code, found, _ = sync(capsys)

    assert code == 0
    assert found["tests"][0]["key"] == "CALC-101"
    assert bodies(cloud, "POST", GRAPHQL)[-1]["variables"] == {
        "testType": {"name": "Generic"},
        "unstructured": "test_a.test_one",
        "folderPath": "/a",
        "jira": {"fields": {"project": {"key": "CALC"}, "summary": "test_one"}},
    }
