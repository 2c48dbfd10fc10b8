"""The comment and the evidence of a Test Run, in every form of an answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from xray_bridge.client.response import Answer
from xray_bridge.client.run_details import Attachment, RunDetails, read_details
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER


if TYPE_CHECKING:
    from xray_bridge.client.request import Request
    from xray_bridge.client.xray import XrayClient


class Scripted:
    """A client that gives one answer, and keeps the request."""

    def __init__(self, content: object) -> None:
        self._content = content
        self.asked: Request | None = None

    def send(self, request: Request, into: object = None) -> Answer:
        """Answer, whatever is asked."""
        assert into is None
        self.asked = request
        content = json.dumps(self._content).encode()
        return Answer(
            status=200, headers={}, content=content, url="https://x", clean=str
        )


def details(name: str, content: object, id_: str = "7") -> tuple[RunDetails, Request]:
    """Read this answer."""
    client = Scripted(content)
    found = read_details(cast("XrayClient", client), DIALECTS[name], id_)
    assert client.asked is not None
    return found, client.asked


def of_cloud(run: Any) -> Any:
    """The answer with this Test Run."""
    return {"data": {"getTestRunById": run}}


def test_server_has_its_own_names() -> None:
    """The id is a part of the path, whatever it contains."""
    run = {"comment": "no", "evidences": [{"fileName": "a.png", "fileURL": "u"}]}

    found, asked = details(SERVER, run, "7/../8")

    assert found == RunDetails(
        comment="no", evidence=(Attachment(name="a.png", url="u"),)
    )
    assert asked.path.endswith("/api/testrun/7%2F..%2F8")


def test_cloud_has_its_own_names() -> None:
    """The comment comes before the log."""
    run = {
        "comment": "no",
        "results": [{"log": "a log"}],
        "evidence": [{"filename": "a.png", "downloadLink": "u"}],
    }

    found, _ = details(CLOUD, of_cloud(run))

    assert found == RunDetails(
        comment="no", evidence=(Attachment(name="a.png", url="u"),)
    )


def test_log_stands_for_a_missing_comment() -> None:
    """JUnit XML fills only the log."""
    run = {"comment": None, "results": [{"log": "one"}, {"log": ""}, {"log": "two"}]}

    found, _ = details(CLOUD, of_cloud(run))

    assert found.comment == "one\ntwo"


@pytest.mark.parametrize(
    "run",
    [
        None,
        [],
        "text",
        {"evidences": "x", "evidence": {}, "results": "x"},
        {"evidences": [1, None], "evidence": ["x"], "results": [None, {"log": 7}]},
    ],
)
@pytest.mark.parametrize("name", [SERVER, CLOUD])
def test_odd_answers_have_no_details(name: str, run: Any) -> None:
    """Any member may be missing, or of another type."""
    content = run if name == SERVER else of_cloud(run)

    found, _ = details(name, content)

    assert found == RunDetails()
