"""API tokens with scopes: a site refuses them, Atlassian's gateway accepts them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from tests.scripted_xray import SECRET, Sender, Sent, Xray
from xray_bridge import cli
from xray_bridge.client import gateway


if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "11111111-2222-3333-4444-555555555555"
THERE = f"/gateway/{ID}"
TENANT = "/_edge/tenant_info"
ISSUE = "/rest/api/2/issue/CALC-77"
TOKEN = "ATATT-with-scopes"
DENIED = Response('{"message": "Client must be authenticated"}', status=401)
NO_SCOPE = Response('{"message": "Unauthorized; scope does not match"}', status=401)
FIELDS = '{"update": {"labels": [{"add": "x"}]}, "transition": {"id": "31"}}'


@pytest.fixture
def site(cloud: Xray, monkeypatch: pytest.MonkeyPatch) -> Iterator[Xray]:
    """A Jira Cloud site whose gateway is on this machine, too."""
    monkeypatch.setattr(gateway, "GATEWAY", f"{cloud.url}/gateway")
    monkeypatch.setattr(gateway, "is_cloud_site", lambda url: url == cloud.url)
    monkeypatch.setenv("XRAY_JIRA_URL", cloud.url)
    monkeypatch.setenv("XRAY_JIRA_USER", "me@example.com")
    monkeypatch.setenv("XRAY_JIRA_TOKEN", TOKEN)
    cloud.script |= {
        TENANT: [{"cloudId": ID}],
        ISSUE: [DENIED],
        f"{THERE}{ISSUE}": [Response("", status=204)],
        f"{THERE}{ISSUE}/transitions": [Response("", status=204)],
    }
    yield cloud
    assert all(each.authorization == "" for each in sent_to(cloud, TENANT))


def sent_to(server: Xray, path: str) -> list[Sent]:
    """The requests to a path."""
    return [each for each in server.sent if each.path == path]


def test_token_with_scopes(site: Xray, send: Sender) -> None:
    """The gateway is found once, and used directly from then on."""
    outcome = send(test_execution="CALC-77", execution_fields=FIELDS)

    lines = [line for line in site.lines if "/import/" not in line]
    assert outcome.exit_code == 0
    assert lines[-4:] == [
        f"PUT {ISSUE}",
        f"GET {TENANT}",
        f"PUT {THERE}{ISSUE}",
        f"POST {THERE}{ISSUE}/transitions",
    ]
    assert outcome.receipt["test_execution"]["url"] == f"{site.url}/browse/CALC-77"


@pytest.mark.parametrize(
    ("tenant", "there", "said"),
    [
        ({"cloudId": ID}, NO_SCOPE, "scope does not match"),
        ({"cloudId": ID}, DENIED, "Client must be authenticated"),
        ({"cloudId": "../../evil"}, None, "Client must be authenticated"),
        ({"cloudId": "x@evil.example.com"}, None, "Client must be authenticated"),
        ([], None, "Client must be authenticated"),
        (Response("<html>no</html>", status=404), None, "must be authenticated"),
    ],
    ids=["no scope", "wrong token", "path", "host", "no object", "no tenant"],
)
def test_token_that_nobody_takes(
    site: Xray, send: Sender, tenant: Any, there: Any, said: str
) -> None:
    """The more helpful refusal is shown; an invalid id leads nowhere."""
    site.script[TENANT] = [tenant]
    if there:
        site.script[f"{THERE}{ISSUE}"] = [there]

    outcome = send(test_execution="CALC-77", execution_fields=FIELDS)

    assert outcome.exit_code == 84
    assert said in outcome.output
    assert len(sent_to(site, TENANT)) == 1
    assert len(sent_to(site, f"{THERE}{ISSUE}")) == bool(there)


def test_check_asks_the_gateway(site: Xray, capsys: pytest.CaptureFixture[str]) -> None:
    """The check shows the account of the token."""
    site.script["/rest/api/2/myself"] = [DENIED]
    site.script[f"{THERE}/rest/api/2/myself"] = [{"displayName": "Ada"}]
    site.script["/api/v2/graphql"] = [{"data": {}}]

    cli.main(["check", "--json"])

    found = json.loads(capsys.readouterr().out)["findings"]
    assert {"what": "jira", "ok": True, "message": "accepted for Ada", "hint": ""} in (
        found
    )


def test_server_has_no_gateway(server: Xray, send: Sender) -> None:
    """Jira Server is never asked for a cloud id."""
    server.script[ISSUE] = [DENIED]

    outcome = send(test_execution="CALC-77", execution_fields=FIELDS)

    assert outcome.exit_code == 84
    assert not sent_to(server, TENANT)


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://acme.atlassian.net", True),
        ("https://acme.atlassian.net:443/jira", True),
        ("http://acme.atlassian.net", False),
        ("https://atlassian.net.example.com", False),
        ("https://myatlassian.net", False),
        ("https://jira.example.com", False),
        ("", False),
    ],
)
def test_cloud_site(url: str, *, is_one: bool) -> None:
    """Only Atlassian's own hosts with TLS are Cloud sites."""
    assert gateway.is_cloud_site(url) is is_one


def test_secret_stays_one(site: Xray, send: Sender) -> None:
    """A printed refusal shows neither the address nor the token."""
    site.script[f"{THERE}{ISSUE}"] = [Response(f'{{"message": "{TOKEN} scope"}}', 401)]

    outcome = send(test_execution="CALC-77", execution_fields=FIELDS)

    assert TOKEN not in outcome.output
    assert SECRET not in outcome.output
