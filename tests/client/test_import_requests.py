"""Which endpoint, which parts, which query."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import STARTED
from xray_bridge.client import import_requests
from xray_bridge.client.import_requests import CustomFields, Execution, Report
from xray_bridge.errors import SettingError
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.client.request import Request

FIELDS = {
    "test_plan": "customfield_11807",
    "environments": "customfield_11805",
    "revision": "customfield_11810",
    "started": "customfield_1",
    "finished": "customfield_2",
}
EXECUTION = Execution(
    project="CALC",
    label="xray-bridge-run",
    test_plan="CALC-15",
    environments=("chrome", "linux 6"),
    revision="abc",
    fix_version="1.0",
    summary="Run 17",
    description="Nightly",
    labels=("smoke",),
)
FORMATS = ("junit", "xray", "cucumber", "behave")
PATHS = {
    SERVER: "/rest/raven/2.0/import/execution",
    CLOUD: "/api/v2/import/execution",
}
PARTS = {
    (SERVER, "junit"): "file",
    (SERVER, "xray"): "result",
    (SERVER, "cucumber"): "result",
    (SERVER, "behave"): "result",
    (CLOUD, "junit"): "results",
    (CLOUD, "xray"): "results",
    (CLOUD, "cucumber"): "results",
    (CLOUD, "behave"): "results",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A report on disk."""
    found = tmp_path / "report"
    found.write_bytes(b"{}")
    return found


def info_of(request: Request) -> Any:
    """The info part, parsed."""
    (content,) = [part.content for part in request.parts if part.name == "info"]
    assert isinstance(content, bytes)
    return json.loads(content)


def info(execution: Execution, deployment: str, fields: CustomFields = FIELDS) -> Any:
    """The info part for an execution."""
    if deployment == CLOUD:
        fields = {}
    return import_requests.info_part(execution, DIALECTS[deployment], fields)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("deployment", [SERVER, CLOUD])
def test_new_execution(path: Path, deployment: str, name: str) -> None:
    """Multipart of the format, with the documented part, and without a query."""
    request = import_requests.new_execution(
        Report(format=name, path=path), EXECUTION, DIALECTS[deployment], FIELDS
    )

    suffix = "" if name == "xray" else f"/{name}"
    assert request.path == f"{PATHS[deployment]}{suffix}/multipart"
    assert [part.name for part in request.parts] == [PARTS[deployment, name], "info"]
    assert (request.method, request.query) == ("POST", ())
    assert not request.repeatable


@pytest.mark.parametrize("name", FORMATS)
def test_parts_have_names_and_types(path: Path, name: str) -> None:
    """Without a file name Cloud refuses the info part."""
    execution = Execution(test_fields={"labels": ["automated"]})
    request = import_requests.new_execution(
        Report(format=name, path=path), execution, DIALECTS[CLOUD], FIELDS
    )

    report, info_json, test_info = request.parts

    assert (report.filename, report.content) == ("report", path)
    assert report.media_type == f"application/{'xml' if name == 'junit' else 'json'}"
    assert (info_json.filename, info_json.media_type) == (
        "info.json",
        "application/json",
    )
    assert (test_info.name, test_info.filename) == ("testInfo", "test-info.json")
    assert (
        test_info.content
        == b'{\n "fields": {\n  "labels": [\n   "automated"\n  ]\n }\n}'
    )


def test_info_for_server() -> None:
    """Plan, environments and revision are custom fields, the first two arrays."""
    assert info(EXECUTION, SERVER) == {
        "fields": {
            "project": {"key": "CALC"},
            "summary": "Run 17",
            "issuetype": {"name": "Test Execution"},
            "description": "Nightly",
            "fixVersions": [{"name": "1.0"}],
            "labels": ["smoke", "xray-bridge-run"],
            "customfield_11807": ["CALC-15"],
            "customfield_11805": ["chrome", "linux 6"],
            "customfield_11810": "abc",
        }
    }


def test_info_for_cloud() -> None:
    """Plan and environments stand beside the fields, under Xray's names."""
    found = info(EXECUTION, CLOUD)

    assert found["xrayFields"] == {
        "testPlanKey": "CALC-15",
        "environments": ["chrome", "linux 6"],
    }
    assert set(found["fields"]) == {
        "project",
        "summary",
        "issuetype",
        "description",
        "fixVersions",
        "labels",
    }


def test_info_says_nothing_about_nothing() -> None:
    """An empty environment is refused by Cloud; so nothing is sent."""
    found = info(Execution(project="CALC", summary="Run"), CLOUD)

    assert found == {
        "fields": {
            "project": {"key": "CALC"},
            "summary": "Run",
            "issuetype": {"name": "Test Execution"},
            "labels": [],
        }
    }


def test_info_has_the_times() -> None:
    """In the form of Jira's datetime fields."""
    execution = Execution(started=STARTED, finished=STARTED + 60.5)

    fields = info(execution, SERVER)["fields"]

    assert fields["customfield_1"] == "2026-01-02T03:04:05.000+0000"
    assert fields["customfield_2"] == "2026-01-02T03:05:05.500+0000"


@pytest.mark.parametrize(
    "given",
    [
        {"priority": {"name": "High"}, "summary": "Mine", "labels": ["mine"]},
        {
            "fields": {
                "priority": {"name": "High"},
                "summary": "Mine",
                "labels": ["mine"],
            }
        },
    ],
    ids=["fields", "document"],
)
def test_fields_of_the_user_win(given: dict[str, Any]) -> None:
    """As fields alone or as a whole document; only labels add up."""
    execution = Execution(summary="Ours", labels=("a",), label="run", fields=given)

    found = info(execution, SERVER)["fields"]

    assert (found["summary"], found["priority"]) == ("Mine", {"name": "High"})
    assert found["labels"] == ["a", "mine", "run"]


def test_document_of_the_user_keeps_its_other_parts() -> None:
    """Properties and the like go along; xrayFields are completed."""
    document = {
        "fields": {},
        "properties": [{"key": "k", "value": 1}],
        "xrayFields": {"environments": ["theirs"]},
    }
    execution = Execution(test_plan="CALC-15", environments=("ours",), fields=document)

    found = info(execution, CLOUD)

    assert found["properties"] == [{"key": "k", "value": 1}]
    assert found["xrayFields"] == {
        "testPlanKey": "CALC-15",
        "environments": ["theirs"],
    }


def test_settings_are_not_changed_by_planning() -> None:
    """Planned twice, it is the same plan."""
    execution = Execution(fields={"fields": {"labels": ["mine"]}}, label="run")

    first = info(execution, SERVER)

    assert info(execution, SERVER) == first


@pytest.mark.parametrize(
    ("deployment", "fields", "missing"),
    [
        (SERVER, FIELDS, set()),
        (SERVER, {}, {"test_plan", "environments", "revision"}),
        (SERVER, {"test_plan": "x"}, {"environments", "revision"}),
        (CLOUD, {}, {"revision"}),
    ],
)
def test_what_a_second_request_has_to_say(
    deployment: str, fields: CustomFields, missing: set[str]
) -> None:
    """What the info part cannot carry."""
    found = import_requests.unset_fields(EXECUTION, DIALECTS[deployment], fields)

    assert found == missing


@pytest.mark.parametrize("deployment", [SERVER, CLOUD])
def test_guessed_revision_is_no_reason_for_a_second_request(deployment: str) -> None:
    """It goes into the description, where no field takes it."""
    execution = Execution(revision="abc", revision_is_guessed=True, description="Of CI")
    dialect = DIALECTS[deployment]

    missing = import_requests.unset_fields(execution, dialect, {})

    assert missing == set()
    described = import_requests.info_part(execution, dialect, {})["fields"]
    assert described["description"] == "Of CI\n\nRevision: abc"


def test_guessed_revision_goes_where_it_belongs() -> None:
    """Server has a field for it."""
    execution = Execution(revision="abc", revision_is_guessed=True, description="Of CI")

    fields = info(execution, SERVER)["fields"]

    assert fields["customfield_11810"] == "abc"
    assert fields["description"] == "Of CI"


@pytest.mark.parametrize("deployment", [SERVER, CLOUD])
def test_existing_execution_with_xml(path: Path, deployment: str) -> None:
    """The plain endpoint with everything in the query; it can be repeated."""
    request = import_requests.existing_execution(
        Report(format="junit", path=path), EXECUTION, "CALC-7", DIALECTS[deployment]
    )

    assert request.path == f"{PATHS[deployment]}/junit"
    assert dict(request.query) == {
        "projectKey": "CALC",
        "testExecKey": "CALC-7",
        "testPlanKey": "CALC-15",
        "testEnvironments": "chrome;linux 6",
        "revision": "abc",
        "fixVersion": "1.0",
    }
    assert request.repeatable


def test_existing_execution_with_xml_on_server(path: Path) -> None:
    """Server wants a form with the part ``file``; a raw body is answered with 415."""
    request = import_requests.existing_execution(
        Report(format="junit", path=path), Execution(), "CALC-7", DIALECTS[SERVER]
    )

    (part,) = request.parts
    assert (part.name, part.content, request.content) == ("file", path, None)
    assert request.query == (("testExecKey", "CALC-7"),)


def test_existing_execution_with_xml_on_cloud(path: Path) -> None:
    """Cloud wants the raw file."""
    request = import_requests.existing_execution(
        Report(format="junit", path=path), Execution(), "CALC-7", DIALECTS[CLOUD]
    )

    assert (request.parts, request.content) == ((), path)
    assert request.media_type == "application/xml"


@pytest.mark.parametrize("deployment", [SERVER, CLOUD])
def test_existing_execution_with_xray_json(path: Path, deployment: str) -> None:
    """Key and settings are in the report; the endpoint takes no query."""
    request = import_requests.existing_execution(
        Report(format="xray", path=path), EXECUTION, "CALC-7", DIALECTS[deployment]
    )

    assert (request.path, request.query) == (PATHS[deployment], ())
    assert (request.content, request.media_type) == (path, "application/json")
    assert request.repeatable


def test_header_of_xray_json() -> None:
    """The key and what the settings say, under Xray's names."""
    execution = Execution(
        project="CALC",
        test_plan="CALC-15",
        environments=("chrome",),
        revision="abc",
        fix_version="1.0",
        summary="never over an existing one",
        started=STARTED,
        finished=STARTED + 1,
    )

    assert import_requests.xray_header(execution, "CALC-7") == {
        "testExecutionKey": "CALC-7",
        "info": {
            "project": "CALC",
            "version": "1.0",
            "revision": "abc",
            "testPlanKey": "CALC-15",
            "testEnvironments": ["chrome"],
            "startDate": "2026-01-02T03:04:05+00:00",
            "finishDate": "2026-01-02T03:04:06+00:00",
        },
    }


def test_header_of_xray_json_without_settings() -> None:
    """The key alone."""
    assert import_requests.xray_header(Execution(), "CALC-7") == {
        "testExecutionKey": "CALC-7"
    }


def test_plan_is_a_value(path: Path) -> None:
    """Planned twice, it compares equal."""
    report = Report(format="junit", path=path)

    first, second = (
        import_requests.new_execution(report, EXECUTION, DIALECTS[SERVER], FIELDS)
        for _ in range(2)
    )

    assert first == second


@pytest.mark.parametrize("given", [{"labels": "mine"}, {"fields": {"labels": "mine"}}])
def test_label_alone_is_a_list_of_one(given: dict[str, Any]) -> None:
    """It is not taken for its letters."""
    execution = Execution(fields=given, test_fields=given, label="run")

    assert info(execution, SERVER)["fields"]["labels"] == ["mine", "run"]
    assert import_requests.with_fields_object(given)["fields"]["labels"] == ["mine"]


@pytest.mark.parametrize(
    "given",
    [
        {"labels": None},
        {"labels": {"a": 1}},
        {"labels": [1]},
        {"fields": None},
        {"fields": {"labels": 3}},
        {"fields": {}, "xrayFields": None},
    ],
    ids=str,
)
def test_fields_of_an_odd_shape(given: dict[str, Any]) -> None:
    """They are refused by the setting's name."""
    with pytest.raises(SettingError, match="xray_test_fields: "):
        import_requests.validate_fields("xray_test_fields", given)


def test_what_is_shown_of_a_request(path: Path) -> None:
    """The request, its parts, and the text of those that are not on disk."""
    request = import_requests.new_execution(
        Report(format="junit", path=path), EXECUTION, DIALECTS[SERVER], FIELDS
    )

    lines = import_requests.shown(request)

    assert lines[0].startswith("POST /rest/raven/")
    assert '       "key": "CALC"' in lines
