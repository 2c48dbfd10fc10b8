"""Fields that nobody asked for, and that the project's screen does not have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from tests.scripted_xray import (
    CREATED,
    FAILED,
    IMPORT,
    MULTIPART,
    PASSED,
    PLAIN,
    SEARCH,
    Sender,
    Xray,
)


if TYPE_CHECKING:
    from collections.abc import Mapping

SCREEN = "cannot be set. It is not on the appropriate screen, or unknown."
CLOUD_MULTIPART = "/api/v2/import/execution/junit/multipart"


def off_screen(*fields: str) -> Response:
    """Jira's refusal of fields, as Xray passes it on."""
    errors = {field: f"Field '{field}' {SCREEN}" for field in fields}
    return Response(json.dumps({"errors": errors}), 400, mimetype="application/json")


def fields_of(server: Xray, number: int, path: str = MULTIPART) -> Mapping[str, Any]:
    """The fields of a new Test Execution in one of the requests."""
    found: dict[str, Any] = server.posts(path)[number].part("info")["fields"]
    return found


def test_label_is_put_elsewhere(server: Xray, send: Sender) -> None:
    """The results are delivered, and it is said by what they are found again."""
    server.script[MULTIPART] = [off_screen("labels"), CREATED]

    outcome = send()

    label = fields_of(server, 0)["labels"][0]
    assert outcome.exit_code == 0
    assert "labels" not in fields_of(server, 1)
    assert label in fields_of(server, 1)["description"]
    assert f"{label} is in the description instead" in outcome.output


def test_description_is_not_on_the_screen_either(server: Xray, send: Sender) -> None:
    """Every issue has a summary."""
    answers = [off_screen("labels"), off_screen("description"), CREATED]
    server.script[MULTIPART] = answers

    outcome = send()

    label = fields_of(server, 0)["labels"][0]
    assert outcome.exit_code == 0
    assert "description" not in fields_of(server, 2)
    assert label in fields_of(server, 2)["summary"]
    assert outcome.directory.state.mark == "summary"


def test_times_and_a_guessed_revision(server: Xray, send: Sender) -> None:
    """They go at once, whatever else is named beside them."""
    server.script[MULTIPART] = [
        off_screen("customfield_3", "customfield_4", "customfield_5"),
        CREATED,
    ]
    directory = send.record(PASSED, FAILED, ci={"revision": "abc123"})

    outcome = send.send(directory)

    assert outcome.exit_code == 0
    assert {"customfield_3", "customfield_4", "customfield_5"} <= set(
        fields_of(server, 0)
    )
    assert not [name for name in fields_of(server, 1) if name.startswith("customf")]
    assert "abc123" in fields_of(server, 1)["description"]
    assert "Begin Date" in outcome.output


@pytest.mark.parametrize(
    ("setting", "field"),
    [("labels", "labels"), ("revision", "customfield_3"), ("summary", "summary")],
)
def test_what_was_asked_for_is_refused(
    server: Xray, send: Sender, setting: str, field: str
) -> None:
    """Results are not sent without what somebody wants to be with them."""
    server.script[MULTIPART] = [off_screen(field)]

    outcome = send(**{setting: "mine"})

    assert outcome.exit_code == 80
    assert SCREEN in outcome.output


def test_cloud(cloud: Xray, send: Sender) -> None:
    """Its refusal is a text with the field's id in it."""
    text = f"Error importing results: Field 'labels' {SCREEN}"
    refusal = Response(json.dumps({"error": text}), 400)
    cloud.script[CLOUD_MULTIPART] = [refusal, CREATED["testExecIssue"]]

    outcome = send()

    assert outcome.exit_code == 0
    assert "labels" not in fields_of(cloud, 1, CLOUD_MULTIPART)


def test_existing_execution(server: Xray, send: Sender) -> None:
    """A guessed revision does not keep results out of it."""
    server.script[PLAIN] = [off_screen("Revision"), CREATED]
    settings = {"test_execution": "CALC-77"}
    directory = send.record(
        PASSED, FAILED, settings=settings, ci={"revision": "abc123"}
    )

    outcome = send.send(directory)

    first, second = server.posts(PLAIN)
    assert outcome.exit_code == 0
    assert (first.query.get("revision"), second.query.get("revision")) == (
        "abc123",
        None,
    )


def test_existing_execution_of_json(server: Xray, send: Sender) -> None:
    """The times in the document are no results either."""
    server.script[IMPORT] = [off_screen("Begin Date", "End Date"), CREATED]
    settings = {"test_execution": "CALC-77", "format": "xray"}

    outcome = send(**settings)

    first, second = (json.loads(each.body)["info"] for each in server.posts(IMPORT))
    assert outcome.exit_code == 0
    assert {"startDate", "finishDate"} <= set(first)
    assert not {"startDate", "finishDate"} & set(second)


def test_lost_answer_is_found_by_the_description(server: Xray, send: Sender) -> None:
    """An issue is ours only if the label stands in it, and whole."""
    found: list[dict[str, Any]] = []
    lost = Response("<html>", 200, mimetype="text/html")
    server.script[MULTIPART] = [off_screen("labels"), lost]
    server.script[SEARCH] = [{"issues": found, "total": 2}]
    directory = send.record(PASSED, FAILED)
    label = f"xray-bridge-{directory.id}"
    for key, text in (("CALC-5", f"{label}-2"), ("CALC-77", f"Run: {label}")):
        found.append({"key": key, "fields": {"description": text}})

    outcome = send.send(directory)

    assert outcome.exit_code == 0
    assert outcome.receipt["test_execution"]["key"] == "CALC-77"
    assert [each.query["testExecKey"] for each in server.posts(PLAIN)] == ["CALC-77"]
