"""Xray Cloud's token: one login, one renewal, no repeated attempts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests import scripted
from tests.builders import a_connection
from xray_bridge.client.cloud import CloudXray
from xray_bridge.client.connection import ApiKey
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.mistakes import BY_API_KEY
from xray_bridge.client.request import Request
from xray_bridge.config.secret import Secret
from xray_bridge.errors import (
    AmbiguousError,
    AuthenticationError,
    DeliveryError,
    NotXrayError,
    RefusedError,
)
from xray_bridge.model.dialect import CLOUD, DIALECTS


if TYPE_CHECKING:
    from tests.scripted import Script, Scripted

LOGIN = "/api/v2/authenticate"
RESULTS = Request(method="POST", path="/import", content=b"{}", media_type="x/y")
TOKEN = scripted.answer(200, b'"token-1"')
DENIED = scripted.answer(401, b'{"error": "expired"}')
TAKEN = scripted.answer(200, b'{"key": "CALC-7"}')
KEY = ApiKey(client_id="id", client_secret=Secret("secret"))


def an_xray(url: str, why: str = "set by xray_deployment") -> CloudXray:
    """A client of the server."""
    connection = a_connection(url, dialect=DIALECTS[CLOUD], credentials=KEY, why=why)
    return CloudXray(connection, Http(connection, Deadline(10)))


def logins(server: Scripted) -> int:
    """Count the requests for a token."""
    return sum(each.target == LOGIN for each in server.received)


@pytest.mark.fault("C05")
def test_expired_token_is_renewed_once() -> None:
    """The results are taken after the renewal."""
    with scripted.scripted(TOKEN, DENIED, TOKEN, TAKEN) as server:
        answer = an_xray(server.url).import_results(RESULTS)

    assert (answer.key, logins(server)) == ("CALC-7", 2)


@pytest.mark.fault("C06")
def test_new_token_that_is_refused_is_the_last() -> None:
    """A refused new token is not renewed again."""
    with scripted.scripted(TOKEN, DENIED, TOKEN, DENIED) as server:
        xray = an_xray(server.url)
        for _ in range(3):
            with pytest.raises(AuthenticationError):
                xray.import_results(RESULTS)

    assert logins(server) == 2


def test_login_that_is_refused_is_not_repeated() -> None:
    """A refused login is not repeated, which could lock the account."""
    with scripted.scripted(DENIED) as server:
        xray = an_xray(server.url)
        for _ in range(3):
            with pytest.raises(AuthenticationError):
                xray.executions_labelled("label")

    assert server.connections == 1


def test_forbidden_is_no_reason_to_log_in_again() -> None:
    """A 403 does not renew the token."""
    forbidden = scripted.answer(403, b'{"error": "no"}')
    with scripted.scripted(TOKEN, forbidden) as server, pytest.raises(RefusedError):
        an_xray(server.url).import_results(RESULTS)

    assert logins(server) == 1


@pytest.mark.parametrize("fault", [scripted.answer(400), scripted.answer(302)])
def test_login_that_fails_is_no_doubt(fault: Script) -> None:
    """A failed login means that no results were sent."""
    with scripted.scripted(fault) as server, pytest.raises(DeliveryError) as caught:
        an_xray(server.url).import_results(RESULTS)

    assert not isinstance(caught.value, AmbiguousError)


INFO = {
    "fields": {"project": {"key": "CALC"}, "issuetype": {"name": "Test Execution"}},
    "xrayFields": {"environments": ["chrome"]},
}


def test_empty_test_execution_by_graphql() -> None:
    """The mutation has fields only, without type and Test Environments."""
    made = {"createTestExecution": {"testExecution": {"jira": {"key": "CALC-7"}}}}
    answer = scripted.answer(200, json.dumps({"data": made}).encode())
    with scripted.scripted(TOKEN, answer) as server:
        key = an_xray(server.url).make_execution(INFO)

    sent = json.loads(server.received[1].body)
    assert key == "CALC-7"
    assert sent["variables"] == {"jira": {"fields": {"project": {"key": "CALC"}}}}


def test_empty_test_execution_that_is_refused() -> None:
    """GraphQL errors with status 200 are a refusal."""
    answer = scripted.answer(200, b'{"errors": [{"message": "no"}], "data": null}')
    with (
        scripted.scripted(TOKEN, answer) as server,
        pytest.raises(RefusedError, match="no"),
    ):
        an_xray(server.url).make_execution(INFO)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"data": {}}', b"[]", b"7"])
def test_empty_test_execution_of_which_nobody_can_tell(body: bytes) -> None:
    """It may have been created."""
    answer = scripted.answer(200, body)
    with scripted.scripted(TOKEN, answer) as server, pytest.raises(AmbiguousError):
        an_xray(server.url).make_execution(INFO)


PAGE = scripted.answer(200, b"<html>Log in to Jira</html>", Content_Type="text/html")


@pytest.mark.parametrize(
    "page",
    [
        scripted.answer(404, b"no such page"),
        scripted.answer(405),
        PAGE,
        scripted.answer(200, b"{}"),
    ],
    ids=["404", "405", "page", "no token"],
)
def test_address_of_jira_with_an_api_key(page: Script) -> None:
    """The hint says what was seen, what it was taken for, and how to change it."""
    with scripted.scripted(page) as server:
        with pytest.raises(DeliveryError) as guessed:
            an_xray(server.url, BY_API_KEY).log_in()
        with pytest.raises(DeliveryError) as chosen:
            an_xray(server.url).log_in()

    assert guessed.value.hint.startswith(
        f"{server.url} was taken for Xray Cloud, because {BY_API_KEY}. For Xray Cloud, "
        "unset xray_url; for Jira Server or Data Center, set XRAY_TOKEN and unset "
        "XRAY_CLIENT_ID and XRAY_CLIENT_SECRET"
    )
    assert isinstance(guessed.value, (NotXrayError, AuthenticationError))
    assert "was taken for" not in chosen.value.hint


def test_api_key_that_is_wrong_is_not_taken_for_another_product() -> None:
    """Only Xray Cloud answers with 400 or 401."""
    with (
        scripted.scripted(scripted.answer(401, b'{"error": "no"}')) as server,
        pytest.raises(AuthenticationError) as caught,
    ):
        an_xray(server.url, BY_API_KEY).log_in()

    assert "was taken for" not in caught.value.hint
