"""Links from an issue to pages outside of Jira."""

from __future__ import annotations

import json

import pytest

from tests import scripted
from tests.builders import a_connection
from tests.scripted import answer
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.jira import Jira
from xray_bridge.client.remote_links import RemoteLink, set_link
from xray_bridge.errors import RefusedError


LINK = RemoteLink(
    global_id="xray-bridge:build:acme/api/ci",
    url="https://ci.example.com/812",
    title="acme/api ci #812: failed",
    summary="3 of 150 tests failed",
    relationship="build",
)


def set_at(url: str, link: RemoteLink = LINK) -> None:
    """Set a link of CALC-1 at this server."""
    connection = a_connection(url)
    jira = Jira.for_connection(connection, Http(connection, Deadline(5)))
    set_link(jira, "CALC-1", link)


def test_a_link_is_named_by_its_global_id() -> None:
    """The request has the global id, by which Jira replaces an earlier link."""
    with scripted.scripted(answer(201)) as server:
        set_at(server.url)

    (request,) = server.received
    assert request.method == "POST"
    assert request.target == "/rest/api/2/issue/CALC-1/remotelink"
    assert json.loads(request.body) == {
        "globalId": "xray-bridge:build:acme/api/ci",
        "application": {"type": "com.xray-bridge", "name": "xray-bridge"},
        "relationship": "build",
        "object": {
            "url": "https://ci.example.com/812",
            "title": "acme/api ci #812: failed",
            "summary": "3 of 150 tests failed",
        },
    }


def test_a_lost_answer_is_repeated() -> None:
    """A second request replaces what the first may have made."""
    with scripted.scripted(scripted.hang_up_after_request, answer(200)) as server:
        set_at(server.url)

    assert len(server.received) == 2


def test_empty_members_are_left_out() -> None:
    """Only the address and the title are necessary."""
    link = RemoteLink(global_id="a", url="https://a.example.com", title="b")

    assert link.to_json()["object"] == {"url": "https://a.example.com", "title": "b"}
    assert "relationship" not in link.to_json()


def test_an_unknown_issue_is_refused() -> None:
    """Jira's status tells why."""
    body = b'{"errorMessages": ["Issue Does Not Exist"], "errors": {}}'
    with (
        scripted.scripted(answer(404, body)) as server,
        pytest.raises(RefusedError, match="Issue Does Not Exist") as caught,
    ):
        set_at(server.url)

    assert caught.value.status == 404
