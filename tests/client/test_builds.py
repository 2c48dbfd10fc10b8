"""Jira Cloud's API for builds and deployments, and the logins for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests import scripted
from tests.builders import a_connection, settings_of
from tests.scripted import answer
from xray_bridge.client.builds import BUILD, DEPLOYMENT, BuildsApi, Submitted
from xray_bridge.client.builds_login import make_login
from xray_bridge.client.http import Deadline, Http
from xray_bridge.config.secret import Secret
from xray_bridge.errors import (
    AuthenticationError,
    CredentialError,
    NotXrayError,
    RefusedError,
    SettingError,
    XrayBridgeError,
)
from xray_bridge.model.dialect import CLOUD, DIALECTS


if TYPE_CHECKING:
    from tests.scripted import Peer, Scripted

Reply = tuple[int, bytes, dict[str, str]]
ID, CLIENT_SECRET, TOKEN = "client-1", "s3cret-of-oauth", "t0ken-of-oauth"
KEY = "connect-key-of-harness"
CLOUD_ID = "11111111-aaaa-bbbb-cccc-222222222222"
BULK = f"/jira/builds/0.1/cloud/{CLOUD_ID}/bulk"
TENANT: Reply = (200, json.dumps({"cloudId": CLOUD_ID}).encode(), {})
LOGIN: Reply = (
    200,
    json.dumps({"access_token": TOKEN, "expires_in": 900}).encode(),
    {},
)
TAKEN: Reply = (202, b'{"acceptedBuilds": [{"pipelineId": "a", "buildNumber": 1}]}', {})
WAY = {"/_edge/tenant_info": TENANT, "/oauth/token": LOGIN}


def api_at(url: str, **given: str) -> BuildsApi:
    """The API at a server that is the site and Atlassian's gateway in one."""
    connection = a_connection(
        "https://xray.cloud.getxray.app",
        dialect=DIALECTS[CLOUD],
        jira_url=url,
        credentials=Secret(""),
    )
    basis = {"jira_api_url": url, "jira_client_id": ID}
    basis |= {"jira_client_secret": CLIENT_SECRET, "jira_url": url}
    settings = settings_of(**{k: v for k, v in {**basis, **given}.items() if v})
    login = make_login(settings, connection)
    return BuildsApi(Http(connection, Deadline(10), attempts=2), login)


def submit(
    answers: dict[str, Any], kind: Any = BUILD, **given: str
) -> tuple[Submitted, Scripted]:
    """Submit a build to a server that answers so."""
    with scripted.scripted(scripted.by_path(answers)) as server:
        return api_at(server.url, **given).submit(kind, {"builds": [{}]}), server


def lines_of(server: Scripted) -> list[str]:
    """Methods and targets of the requests."""
    return [f"{each.method} {each.target}" for each in server.received]


def test_a_build_is_submitted_with_a_token() -> None:
    """The site is asked for its id, without credentials; the token is used once got."""
    found, server = submit({**WAY, BULK: TAKEN})
    tenant, login, bulk = server.received

    assert found == Submitted(is_accepted=True)
    assert lines_of(server) == [
        "GET /_edge/tenant_info",
        "POST /oauth/token",
        f"POST {BULK}",
    ]
    assert "authorization" not in tenant.headers
    assert json.loads(login.body) == {
        "audience": "api.atlassian.com",
        "grant_type": "client_credentials",
        "client_id": ID,
        "client_secret": CLIENT_SECRET,
    }
    assert bulk.headers["authorization"] == f"Bearer {TOKEN}"
    assert json.loads(bulk.body) == {"builds": [{}]}


def test_a_given_cloud_id_is_not_looked_up() -> None:
    """The setting wins."""
    _, server = submit(
        {"/oauth/token": LOGIN, "/jira/builds/0.1/cloud/abc/bulk": TAKEN},
        jira_cloud_id="abc",
    )

    assert "GET /_edge/tenant_info" not in lines_of(server)


def test_a_deployment_has_a_path_of_its_own() -> None:
    """A deployment that is sent as a build is accepted, and shows nothing."""
    path = f"/jira/deployments/0.1/cloud/{CLOUD_ID}/bulk"
    taken: Reply = (202, b'{"acceptedDeployments": [{}]}', {})
    found, _ = submit({**WAY, path: taken}, DEPLOYMENT)

    assert found.is_accepted


@pytest.mark.parametrize(
    ("body", "submitted"),
    [
        (
            {
                "acceptedBuilds": [],
                "rejectedBuilds": [
                    {"key": {}, "errors": [{"message": "bad state"}, {"message": "b"}]}
                ],
            },
            Submitted(is_accepted=False, rejected=("bad state", "b")),
        ),
        (
            {"rejectedBuilds": [{"key": {}}]},
            Submitted(is_accepted=False, rejected=("no reason is given",)),
        ),
        (
            {
                "acceptedBuilds": [{}],
                "unknownAssociations": [
                    {"associationType": "issueIdOrKeys", "values": ["P-9", "P-8"]}
                ],
                "unknownIssueKeys": ["P-9"],
            },
            Submitted(is_accepted=True, unknown=("P-9", "P-8")),
        ),
        ({}, Submitted(is_accepted=False)),
        (
            {"acceptedBuilds": [{}], "rejectedBuilds": 7, "unknownAssociations": "x"},
            Submitted(is_accepted=True),
        ),
    ],
)
def test_the_answer_is_read(body: dict[str, Any], submitted: Submitted) -> None:
    """A rejected build and unknown issues come with a success, too."""
    found, _ = submit({**WAY, BULK: (202, json.dumps(body).encode(), {})})

    assert found == submitted


def in_turn(*statuses: int) -> Any:
    """Answer submissions with these statuses, the last one repeatedly."""
    left = list(statuses)

    def script(peer: Peer) -> None:
        peer.read()
        target = peer.received[-1].target
        status, body, _ = {**WAY, BULK: TAKEN}[target]
        if target == BULK:
            status = left.pop(0) if len(left) > 1 else left[0]
        peer.write(scripted.head(status, {}, len(body)) + body)

    return script


def test_an_expired_token_is_replaced_once() -> None:
    """A long session may outlive its token."""
    with scripted.scripted(in_turn(401, 202)) as server:
        found = api_at(server.url).submit(BUILD, {})

    assert found.is_accepted
    assert lines_of(server)[1:] == [
        "POST /oauth/token",
        f"POST {BULK}",
        "POST /oauth/token",
        f"POST {BULK}",
    ]


def test_a_second_refusal_is_final() -> None:
    """The message says which credential it is and where it is made."""
    with (
        scripted.scripted(in_turn(401)) as server,
        pytest.raises(AuthenticationError) as caught,
    ):
        api_at(server.url).submit(BUILD, {})

    assert lines_of(server).count(f"POST {BULK}") == 2
    assert "Marketplace apps, OAuth credentials" in caught.value.hint


def test_a_lost_answer_is_repeated() -> None:
    """Jira ignores the same build, because its sequence number is not greater."""
    with scripted.scripted(
        scripted.by_path({**WAY, BULK: TAKEN}),
        scripted.by_path({**WAY, BULK: TAKEN}),
        scripted.hang_up_after_request,
        scripted.by_path({**WAY, BULK: TAKEN}),
    ) as server:
        found = api_at(server.url).submit(BUILD, {})

    assert found.is_accepted
    assert lines_of(server).count(f"POST {BULK}") == 2


REFUSED: dict[str, tuple[dict[str, Any], type[XrayBridgeError], str, str]] = {
    "wrong credentials": (
        {"/oauth/token": (401, b'{"error": "access_denied"}', {})},
        AuthenticationError,
        r"127.0.0.1:\d+ does not accept the OAuth credentials \(HTTP 401\): access_d",
        "an API token does not work",
    ),
    "wrong credentials, in older words": (
        {"/oauth/token": (400, b'{"error": "invalid_client"}', {})},
        AuthenticationError,
        r"does not accept the OAuth credentials \(HTTP 400\): invalid_client",
        "an API token does not work",
    ),
    "a page in place of the API": (
        {BULK: (200, b"<html>Log in</html>", {})},
        NotXrayError,
        "answers with an HTML page",
        "check xray_jira_api_url and xray_jira_cloud_id",
    ),
    "no token in the answer": (
        {"/oauth/token": (200, b'{"token": 1}', {})},
        NotXrayError,
        "/oauth/token did not answer with a token",
        "check xray_jira_api_url and xray_jira_cloud_id",
    ),
    "a page": (
        {"/oauth/token": (200, b"<html>Log in</html>", {})},
        NotXrayError,
        "answers with an HTML page",
        "check xray_jira_api_url and xray_jira_cloud_id",
    ),
    "no Cloud site": (
        {"/_edge/tenant_info": (404, b"<html/>", {})},
        NotXrayError,
        "shows no cloud id, so it is not a Jira Cloud site",
        "check xray_jira_url, or set xray_jira_cloud_id",
    ),
    "not the permission": (
        {BULK: (403, b'[{"message": "no scope"}]', {})},
        RefusedError,
        f"HTTP 403 from .*{BULK}: no scope",
        "the OAuth credential needs the permission Builds",
    ),
    "another site": (
        {BULK: (404, b"{}", {})},
        RefusedError,
        "HTTP 404",
        "check xray_jira_api_url and xray_jira_cloud_id",
    ),
    "a whole request that is wrong": (
        {BULK: (400, b'[{"message": "no builds", "errorTraceId": "1"}]', {})},
        RefusedError,
        "HTTP 400 from .*: no builds$",
        "",
    ),
    "not an object": (
        {BULK: (202, b"[]", {})},
        NotXrayError,
        "does not answer like Jira",
        "check xray_jira_api_url and xray_jira_cloud_id",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_one_line_with_its_remedy(name: str) -> None:
    """Each says what is wrong and what to do, without a secret."""
    answers, kind, message, hint = REFUSED[name]
    with pytest.raises(kind, match=message) as caught:
        submit({**WAY, BULK: TAKEN, **answers})

    assert hint in caught.value.hint
    assert "\n" not in str(caught.value)
    assert CLIENT_SECRET not in str(caught.value)


def test_a_token_is_hidden_in_messages() -> None:
    """A server that repeats the token does not bring it into the output."""
    echo = json.dumps(
        {
            "acceptedBuilds": [],
            "rejectedBuilds": [{"errors": [{"message": f"no {TOKEN}\x1b[31m"}]}],
        }
    ).encode()
    found, _ = submit({**WAY, BULK: (202, echo, {})})

    assert found.rejected == ("no ***\\x1b[31m",)


def test_a_build_is_read_back() -> None:
    """The names in the path are quoted; a build that is not there is None."""
    path = f"/jira/builds/0.1/cloud/{CLOUD_ID}/pipelines/a%2Fb%20c/builds/7"
    answers = {**WAY, path: (200, b'{"state": "failed"}', {})}
    with scripted.scripted(scripted.by_path(answers)) as server:
        api = api_at(server.url)
        found, other = api.read_build("a/b c", 7), api.read_build("a/b c", 8)

    assert (found, other) == ({"state": "failed"}, None)


def test_a_lost_answer_to_a_question_is_repeated() -> None:
    """It changes nothing."""
    path = f"/jira/builds/0.1/cloud/{CLOUD_ID}/pipelines/a/builds/7"
    script = scripted.by_path({**WAY, path: (200, b"{}", {})})
    with scripted.scripted(
        script, script, scripted.hang_up_after_request, script
    ) as server:
        found = api_at(server.url).read_build("a", 7)

    assert found == {}
    assert lines_of(server).count(f"GET {path}") == 2


def test_a_deployment_is_read_back() -> None:
    """It is named by pipeline, environment and number."""
    path = f"/jira/deployments/0.1/cloud/{CLOUD_ID}/pipelines/a/environments/p%2F1"
    answers = {**WAY, f"{path}/deployments/7": (200, b'{"state": "failed"}', {})}
    with scripted.scripted(scripted.by_path(answers)) as server:
        found = api_at(server.url).read_deployment("a", "p/1", 7)

    assert found == {"state": "failed"}


def test_a_connect_key_is_exchanged_for_a_token() -> None:
    """The answer is the token; the build goes to the site itself."""
    answers = {"/token": (200, b"jwt-1\n", {}), "/rest/builds/0.1/bulk": TAKEN}
    given = {"jira_client_secret": "", "jira_client_id": "", "jira_connect_key": KEY}
    with scripted.scripted(scripted.by_path(answers)) as server:
        api = api_at(server.url, jira_connect_url=server.url, **given)
        found = api.submit(BUILD, {})
    exchange, bulk = server.received

    assert found.is_accepted
    assert exchange.headers["authorization"] == f"Bearer {KEY}"
    assert bulk.headers["authorization"] == "Bearer jwt-1"


def test_a_wrong_connect_key_is_named() -> None:
    """The message does not speak of OAuth."""
    given = {"jira_client_secret": "", "jira_client_id": "", "jira_connect_key": KEY}
    with (
        scripted.scripted(answer(403, b"no")) as server,
        pytest.raises(AuthenticationError, match="does not accept the Connect key"),
    ):
        api_at(server.url, jira_connect_url=server.url, **given).submit(BUILD, {})


WRONG: dict[str, tuple[dict[str, str], type[XrayBridgeError], str]] = {
    "nothing": (
        {"jira_client_id": "", "jira_client_secret": ""},
        CredentialError,
        "need OAuth credentials: XRAY_JIRA_CLIENT_ID is not set",
    ),
    "half": (
        {"jira_client_secret": ""},
        CredentialError,
        "XRAY_JIRA_CLIENT_SECRET is not set",
    ),
    "an API token": (
        {"jira_client_secret": "ATATT3xFfGF0-a-token"},
        CredentialError,
        "XRAY_JIRA_CLIENT_SECRET is an API token",
    ),
    "a variable that was not replaced": (
        {"jira_client_secret": "${JIRA_SECRET}"},
        CredentialError,
        "XRAY_JIRA_CLIENT_SECRET is a reference to a variable, not its value",
    ),
    "a Connect key with a line end": (
        {"jira_client_secret": "", "jira_connect_key": "a key\nand more"},
        CredentialError,
        "XRAY_JIRA_CONNECT_KEY has characters that a token cannot have",
    ),
    "the key of Xray": (
        {"client_id": ID},
        CredentialError,
        "XRAY_JIRA_CLIENT_ID is that of Xray's API key",
    ),
    "a path": (
        {"jira_cloud_id": "../../oauth"},
        SettingError,
        "xray_jira_cloud_id is not a cloud id",
    ),
    "open http": (
        {"jira_api_url": "http://api.example.com"},
        SettingError,
        "unencrypted to http://api.example.com",
    ),
    "open http to Harness": (
        {
            "jira_client_secret": "",
            "jira_connect_key": KEY,
            "jira_connect_url": "http://ci.example.com",
        },
        SettingError,
        "unencrypted to http://ci.example.com",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_credential_is_refused_before_any_request(name: str) -> None:
    """The message names the variable, and never the value."""
    given, kind, message = WRONG[name]
    with pytest.raises(kind, match=message) as caught:
        api_at("https://acme.atlassian.net", **given)

    assert CLIENT_SECRET not in str(caught.value)
    assert "ATATT3xFf" not in str(caught.value)


@pytest.mark.parametrize(
    "given", [{}, {"jira_client_secret": "", "jira_connect_key": KEY}]
)
def test_the_site_must_be_known(given: dict[str, str]) -> None:
    """Without an address and an id there is nothing to ask."""
    with pytest.raises(SettingError, match="need") as caught:
        api_at("", jira_api_url="https://api.example.com", **given)

    assert caught.value.hint == "set XRAY_JIRA_URL"


def test_only_some_reasons_of_a_rejection_are_told() -> None:
    """A server may give a hundred thousand, and they are one line."""
    errors = [{"message": f"reason {number}"} for number in range(100_000)]
    content = json.dumps({"rejectedBuilds": [{"errors": errors}]}).encode()
    found, _ = submit({**WAY, BULK: (202, content, {})})

    assert found.rejected[:2] == ("reason 0", "reason 1")
    assert len(found.rejected) < 10
