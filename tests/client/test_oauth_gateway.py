"""The login of a service account to a Jira Cloud site."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from tests.builders import a_connection, settings_of
from xray_bridge.client import gateway
from xray_bridge.client.connection import ServiceAccount, connect
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.jira import Jira
from xray_bridge.config.secret import Secret
from xray_bridge.errors import AuthenticationError, NotXrayError
from xray_bridge.model.dialect import CLOUD, DIALECTS


if TYPE_CHECKING:
    from tests.scripted_xray import Xray
    from xray_bridge.client.connection import Connection

MYSELF = "/ex/jira/cloud-7/rest/api/2/myself"
TOKEN = "/oauth/token"
TENANT = "/_edge/tenant_info"
SECRET = "a-secret-of-the-service-account"


@pytest.fixture
def connection(xray: Xray, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """A site whose gateway, and whose login, are at one address."""
    monkeypatch.setattr(gateway, "GATEWAY", f"{xray.url}/ex/jira")
    monkeypatch.setattr(gateway, "LOGIN", xray.url)
    xray.script = {
        TOKEN: [{"access_token": "token-1"}, {"access_token": "token-2"}],
        TENANT: [{"cloudId": "cloud-7"}],
        MYSELF: [{"displayName": "Robot"}],
    }
    account = ServiceAccount(client_id="the-id", client_secret=Secret(SECRET))
    return a_connection(
        xray.url,
        dialect=DIALECTS[CLOUD],
        jira_url=xray.url,
        jira_credentials=account,
    )


def a_client(connection: Connection, **changes: Any) -> Jira:
    """A client of the site."""
    http = Http(connection, Deadline(5), attempts=1)
    return Jira.for_connection(connection, http, **changes)


def test_token_is_fetched_once(connection: Connection, xray: Xray) -> None:
    """For all clients of the connection; requests go through the gateway."""
    names = [a_client(connection).whoami() for _ in range(2)]
    login = json.loads(xray.posts(TOKEN)[0].body)

    assert names == ["Robot", "Robot"]
    assert xray.lines == [
        f"POST {TOKEN}",
        f"GET {TENANT}",
        f"GET {MYSELF}",
        f"GET {MYSELF}",
    ]
    assert login == {
        "grant_type": "client_credentials",
        "client_id": "the-id",
        "client_secret": SECRET,
    }
    assert xray.sent[-1].authorization == "Bearer token-1"


def test_expired_token_is_replaced_once(connection: Connection, xray: Xray) -> None:
    """It is valid for an hour."""
    refused = Response("{}", status=401)
    xray.script[MYSELF] = [refused, {"displayName": "Robot"}]

    assert a_client(connection).whoami() == "Robot"
    assert xray.sent[-1].authorization == "Bearer token-2"

    xray.script[MYSELF] = [refused]
    xray.script[TOKEN] = [{"access_token": "token-3"}]
    with pytest.raises(AuthenticationError):
        a_client(connection).whoami()
    assert len(xray.posts(TOKEN)) == 3


@pytest.mark.parametrize(
    "answer",
    [
        Response('{"error": "access_denied"}', status=401),
        {"token": "x"},
        {"access_token": "a\r\nX: b"},
        {"access_token": "t\u00f6ken\u20ac"},
        {"access_token": "x" * 100_000},
    ],
)
def test_refused_login_is_told(connection: Connection, xray: Xray, answer: Any) -> None:
    """With the settings that it comes from, and without the secret."""
    xray.script[TOKEN] = [answer]

    with pytest.raises(AuthenticationError) as caught:
        a_client(connection).whoami()
    assert "does not accept the service account" in str(caught.value)
    assert "xray_jira_user is its client id" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_site_without_a_cloud_id_is_told(connection: Connection, xray: Xray) -> None:
    """It is no Cloud site."""
    xray.script[TENANT] = [{}]

    with pytest.raises(NotXrayError, match="shows no cloud id"):
        a_client(connection).whoami()


def test_public_questions_need_no_login(connection: Connection, xray: Xray) -> None:
    """They go to the site itself."""
    xray.script["/rest/api/2/serverInfo"] = [{"version": "1001"}]
    jira = a_client(connection, anybody=True)

    assert jira.get_json("/rest/api/2/serverInfo", dict) == {"version": "1001"}
    assert xray.lines == ["GET /rest/api/2/serverInfo"]


def test_setting_makes_it_a_service_account() -> None:
    """User and token are then client id and client secret."""
    settings = settings_of(
        client_id="id",
        client_secret="hunter22",
        jira_url="https://acme.atlassian.net",
        jira_user="the-id",
        jira_token=SECRET,
        jira_auth="oauth",
    )

    assert connect(settings, {}).jira_credentials == ServiceAccount(
        client_id="the-id", client_secret=Secret(SECRET)
    )
