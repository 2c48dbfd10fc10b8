"""Builds and deployments in the sandbox, at Atlassian's server and at a site."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
import requests

from xray_sandbox import CREDENTIALS, RunningSandbox

from .conftest import jira_client


# The documented example, with an issue of the demo project.
BUILD = {
    "schemaVersion": "1.0",
    "pipelineId": "acme/api/ci/unit",
    "buildNumber": 812,
    "updateSequenceNumber": 1763650000123,
    "displayName": "acme/api ci",
    "label": "#812",
    "url": "https://ci.example.com/812",
    "state": "failed",
    "lastUpdated": "2026-11-20T14:40:00Z",
    "description": "3 of 150 tests failed; Test Execution CALC-20",
    "associations": [{"associationType": "issueIdOrKeys", "values": ["CALC-1"]}],
    "testInfo": {
        "totalNumber": 150,
        "numberPassed": 145,
        "numberFailed": 3,
        "numberSkipped": 2,
    },
    "references": [
        {
            "commit": {"id": "08cd", "repositoryUri": "https://git.example.com/api"},
            "ref": {"name": "main", "uri": "https://git.example.com/api/tree/main"},
        }
    ],
}
DEPLOYMENT = {
    "deploymentSequenceNumber": 5,
    "updateSequenceNumber": 1,
    "displayName": "acme/api",
    "url": "https://ci.example.com/5",
    "description": "All tests passed",
    "lastUpdated": "2026-11-20T14:40:00+01:00",
    "state": "successful",
    "pipeline": {"id": "p", "displayName": "P", "url": "https://ci.example.com"},
    "environment": {"id": "prod", "displayName": "Prod", "type": "production"},
    "associations": [{"associationType": "issueIdOrKeys", "values": ["CALC-1"]}],
}
ITEMS: dict[str, dict[str, Any]] = {"builds": BUILD, "deployments": DEPLOYMENT}
IDENTITIES = {
    "builds": {"pipelineId": "acme/api/ci/unit", "buildNumber": 812},
    "deployments": {
        "pipelineId": "p",
        "environmentId": "prod",
        "deploymentSequenceNumber": 5,
    },
}
PLACES = {
    "builds": f"/pipelines/{quote('acme/api/ci/unit', safe='')}/builds/812",
    "deployments": "/pipelines/p/environments/prod/deployments/5",
}


@dataclass(frozen=True)
class BuildsClient:
    """A client of one of the two ways, with its token."""

    sandbox: RunningSandbox
    start: str
    headers: dict[str, str]

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request; the path begins with builds or deployments."""
        kind, _, rest = path.partition("/")
        url = self.sandbox.url + self.start.format(kind=kind) + rest
        options = {"headers": self.headers, **options}
        return requests.request(method, url, timeout=20, **options)

    def send(self, kind: str, *items: Any, **more: Any) -> requests.Response:
        """Submit builds or deployments."""
        return self.call("POST", f"{kind}/bulk", json={kind: list(items), **more})

    def read(self, kind: str) -> requests.Response:
        """Read the example back."""
        return self.call("GET", f"{kind}{PLACES[kind]}")


OAUTH = {
    "audience": "api.atlassian.com",
    "grant_type": "client_credentials",
    "client_id": CREDENTIALS.builds_client_id,
    "client_secret": CREDENTIALS.builds_client_secret,
}


@pytest.fixture(params=["oauth", "connect"])
def builds(request: pytest.FixtureRequest, sandbox: RunningSandbox) -> BuildsClient:
    """Both ways to send builds."""
    if request.param == "oauth":
        url = f"{sandbox.url}/atlassian/oauth/token"
        token = requests.post(url, json=OAUTH, timeout=20).json()["access_token"]
        start = f"/atlassian/jira/{{kind}}/0.1/cloud/{CREDENTIALS.cloud_id}/"
        return BuildsClient(sandbox, start, {"Authorization": f"Bearer {token}"})
    key = {"Authorization": f"Bearer {CREDENTIALS.connect_key}"}
    url = f"{sandbox.url}/connect/token"
    token = requests.get(url, headers=key, timeout=20).text
    headers = {"Authorization": f"JWT {token}"}
    return BuildsClient(sandbox, "/jira-cloud/rest/{kind}/0.1/", headers)


@pytest.fixture(params=["builds", "deployments"])
def kind(request: pytest.FixtureRequest) -> str:
    """Builds and deployments."""
    return str(request.param)


def test_accepted(builds: BuildsClient, kind: str) -> None:
    """The example is accepted, and can be read back under the keys of its issues."""
    answer = builds.send(
        kind,
        ITEMS[kind],
        properties={"source": "xray-bridge"},
        providerMetadata={"product": "xray-bridge 1.0"},
    )

    found = builds.read(kind).json()
    word = kind.capitalize()
    assert answer.status_code == 202
    assert answer.json() == {
        f"accepted{word}": [IDENTITIES[kind]],
        f"rejected{word}": [],
        "unknownIssueKeys": [],
        "unknownAssociations": [],
    }
    assert found == {**ITEMS[kind], "issueKeys": ["CALC-1"]}


def test_sequence_numbers(builds: BuildsClient, kind: str) -> None:
    """A greater number replaces; an equal or lower one is accepted and ignored."""
    number = ITEMS[kind]["updateSequenceNumber"]
    shown = []
    for change, name in ((0, "first"), (0, "same"), (-1, "older"), (1, "newer")):
        item = {
            **ITEMS[kind],
            "updateSequenceNumber": number + change,
            "displayName": name,
        }
        answer = builds.send(kind, item).json()
        assert answer[f"accepted{kind.capitalize()}"]
        shown.append(builds.read(kind).json()["displayName"])

    assert shown == ["first", "first", "first", "newer"]


@pytest.mark.parametrize("name", sorted(BUILD.keys() - {"schemaVersion", "label"}))
def test_members_of_a_build(builds: BuildsClient, name: str) -> None:
    """A build without a required member is rejected, the others are not."""
    optional = {"description", "testInfo", "references"}
    item = {key: value for key, value in BUILD.items() if key != name}

    answer = builds.send("builds", item, {**BUILD, "buildNumber": 1}).json()

    assert len(answer["acceptedBuilds"]) == (2 if name in optional else 1)
    assert bool(answer["rejectedBuilds"]) is (name not in optional)


@pytest.mark.parametrize("name", sorted(DEPLOYMENT))
def test_members_of_a_deployment(builds: BuildsClient, name: str) -> None:
    """A deployment needs all of these, its description, too."""
    item = {key: value for key, value in DEPLOYMENT.items() if key != name}

    answer = builds.send("deployments", item).json()

    [rejected] = answer["rejectedDeployments"]
    assert rejected["errors"][0]["message"]
    assert answer["acceptedDeployments"] == []


WRONG: tuple[tuple[str, dict[str, Any]], ...] = (
    ("builds", {"state": "rolled_back"}),
    ("builds", {"state": ""}),
    ("builds", {"buildNumber": "812"}),
    ("builds", {"buildNumber": 2**63}),
    ("builds", {"pipelineId": "x" * 256}),
    ("builds", {"pipelineId": ""}),
    ("builds", {"displayName": "x" * 256}),
    ("builds", {"url": f"https://x/{'x' * 2000}"}),
    ("builds", {"url": ""}),
    ("builds", {"description": "x" * 256}),
    ("builds", {"label": "x" * 256}),
    ("builds", {"lastUpdated": "2026-11-20 14:40"}),
    ("builds", {"schemaVersion": ""}),
    ("builds", {"testInfo": {"totalNumber": 1, "numberPassed": 1}}),
    ("builds", {"testInfo": {**BUILD["testInfo"], "numberFailed": "3"}}),  # type: ignore[dict-item]
    ("builds", {"references": []}),
    ("builds", {"references": [{"commit": {"id": "08cd"}}]}),
    ("builds", {"references": [{"ref": {"name": "main"}}]}),
    ("builds", {"issueKeys": []}),
    ("builds", {"issueKeys": ["nothing"]}),
    ("builds", {"associations": []}),
    ("builds", {"associations": [{"associationType": "issueKeys", "values": []}]}),
    ("builds", {"associations": [{"associationType": "odd", "values": ["CALC-1"]}]}),
    (
        "builds",
        {
            "associations": [
                {
                    "associationType": "issueKeys",
                    "values": [f"CALC-{n}" for n in range(501)],
                }
            ]
        },
    ),
    ("deployments", {"environment": {**DEPLOYMENT["environment"], "type": "prod"}}),  # type: ignore[dict-item]
    ("deployments", {"pipeline": {"id": "p"}}),
    ("deployments", {"duration": "5"}),
    ("deployments", {"commands": [{"command": "go"}]}),
)


@pytest.mark.parametrize(
    ("kind", "change"), WRONG, ids=[f"{k}-{str(c)[:30]}" for k, c in WRONG]
)
def test_wrong_values(builds: BuildsClient, kind: str, change: dict[str, Any]) -> None:
    """An item with a wrong value is rejected, with a reason, and not stored."""
    answer = builds.send(kind, {**ITEMS[kind], **change})

    [rejected] = answer.json()[f"rejected{kind.capitalize()}"]
    assert answer.status_code == 202
    assert rejected["errors"]
    assert builds.read(kind).status_code == 404


def test_rolled_back(builds: BuildsClient) -> None:
    """Only a deployment can be rolled back."""
    answer = builds.send("deployments", {**DEPLOYMENT, "state": "rolled_back"})

    assert answer.json()["acceptedDeployments"]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"builds": []},
        {"builds": [BUILD] * 101},
        {"builds": [BUILD], "properties": {"a:b": "x"}},
        {"builds": [BUILD], "properties": {"_a": "x"}},
        {"builds": [BUILD], "properties": {"a": "x" * 256}},
        {"builds": [BUILD], "properties": {str(n): "x" for n in range(6)}},
        {"builds": [BUILD], "providerMetadata": {"product": 1}},
    ],
    ids=lambda body: str(body)[-40:],
)
def test_fault_of_the_whole_request(builds: BuildsClient, body: Any) -> None:
    """Only such a fault is an error, which is a list of messages."""
    answer = builds.call("POST", "builds/bulk", json=body)

    assert answer.status_code == 400
    assert answer.json()[0]["message"]


def test_unknown_keys(builds: BuildsClient, kind: str) -> None:
    """Unknown keys are listed; an item that has no others is rejected."""
    group = {"associationType": "issueIdOrKeys", "values": ["CALC-1", "UTF-8"]}
    some = builds.send(kind, {**ITEMS[kind], "associations": [group]}).json()
    group = {"associationType": "issueIdOrKeys", "values": ["UTF-8"]}
    none = copy.deepcopy({**ITEMS[kind], "associations": [group]})
    none["buildNumber"] = none["deploymentSequenceNumber"] = 77
    only = builds.send(kind, none).json()

    word = kind.capitalize()
    unknown = [{"associationType": "issueIdOrKeys", "values": ["UTF-8"]}]
    assert some["unknownAssociations"] == only["unknownAssociations"] == unknown
    assert some[f"rejected{word}"] == []
    [rejected] = only[f"rejected{word}"]
    assert rejected["errors"] == [{"message": "No valid associations found"}]


def test_old_issue_keys(builds: BuildsClient) -> None:
    """The deprecated `issueKeys` still work; their unknown keys have their own list."""
    item = {name: value for name, value in BUILD.items() if name != "associations"}
    answer = builds.send("builds", {**item, "issueKeys": ["CALC-1", "UTF-8"]}).json()

    assert answer["unknownIssueKeys"] == ["UTF-8"]
    assert answer["unknownAssociations"] == []
    assert len(answer["acceptedBuilds"]) == 1


@pytest.mark.parametrize(("values", "accepted"), [([""], 0), (["svc-1"], 1)])
def test_services(builds: BuildsClient, values: list[str], accepted: int) -> None:
    """An empty service rejects the whole deployment; an unknown one is listed."""
    group = {"associationType": "serviceIdOrKeys", "values": values}
    groups = [*ITEMS["deployments"]["associations"], group]

    answer = builds.send("deployments", {**DEPLOYMENT, "associations": groups}).json()

    assert len(answer["acceptedDeployments"]) == accepted
    assert answer["unknownAssociations"][0]["associationType"] == "serviceIdOrKeys"


def test_removed(builds: BuildsClient, kind: str) -> None:
    """An item is removed by its identity, and several by their properties."""
    builds.send(kind, ITEMS[kind])
    assert builds.call("DELETE", f"{kind}{PLACES[kind]}").status_code == 202
    assert builds.read(kind).status_code == 404

    builds.send(kind, ITEMS[kind], properties={"a": "1", "b": "2"})
    by_properties = f"{kind}/bulkByProperties"
    assert builds.call("DELETE", f"{by_properties}?a=2").status_code == 202
    assert builds.read(kind).status_code == 200
    builds.call("DELETE", f"{by_properties}?a=1")

    assert builds.read(kind).status_code == 404
    assert builds.call("DELETE", by_properties).status_code == 400


def test_gating(builds: BuildsClient) -> None:
    """A deployment is never held back."""
    builds.send("deployments", DEPLOYMENT)
    path = f"deployments{PLACES['deployments']}/gating-status"

    assert builds.call("GET", path).json()["gatingStatus"] == "allowed"


@pytest.mark.parametrize("header", ["", "Bearer x.y.z", "Basic c2FuZGJveDp4"])
def test_wrong_token(builds: BuildsClient, kind: str, header: str) -> None:
    """Without a token of this way, the answer is 401."""
    headers = {"Authorization": header}
    answer = builds.call("POST", f"{kind}/bulk", json={}, headers=headers)

    assert answer.status_code == 401


def test_other_tokens(builds: BuildsClient, cloud: Any) -> None:
    """A token of Xray, and an API token of a user, are of the wrong kind."""
    xray = {"Authorization": cloud.authorization}
    login = (CREDENTIALS.user, CREDENTIALS.token)
    user = builds.call("POST", "builds/bulk", json={}, headers={}, auth=login)

    assert user.status_code == 401
    refused = builds.call("POST", "builds/bulk", json={}, headers=xray)
    assert refused.status_code == 401


def test_credential_without_permission(builds: BuildsClient, kind: str) -> None:
    """A credential that lacks the permission for this gets 403."""
    builds.sandbox.store.taken_away.add(kind)

    assert builds.send(kind, ITEMS[kind]).status_code == 403


def test_another_site(builds: BuildsClient) -> None:
    """An unknown cloud id is not found."""
    other = BuildsClient(
        builds.sandbox, "/atlassian/jira/{kind}/0.1/cloud/other/", builds.headers
    )

    assert other.send("builds", BUILD).status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"client_secret": "x"}, 401),
        ({"client_id": CREDENTIALS.client_id}, 401),
        ({"grant_type": "password"}, 403),
        ({"audience": "x"}, 403),
    ],
)
def test_oauth(sandbox: RunningSandbox, change: dict[str, str], status: int) -> None:
    """The token needs the right credentials, grant and audience."""
    url = f"{sandbox.url}/atlassian/oauth/token"
    answer = requests.post(url, json={**OAUTH, **change}, timeout=20)

    assert answer.status_code == status
    assert ("access_token" in answer.json()) is (status == 200)


def test_oauth_by_form(sandbox: RunningSandbox) -> None:
    """A form without an audience works, too."""
    form = {name: value for name, value in OAUTH.items() if name != "audience"}
    url = f"{sandbox.url}/atlassian/oauth/token"

    answer = requests.post(url, data=form, timeout=20)

    assert answer.json()["expires_in"] == 900


def test_wrong_connect_key(sandbox: RunningSandbox) -> None:
    """The exchange wants the Connect key."""
    headers = {"Authorization": "Bearer x"}
    url = f"{sandbox.url}/connect/token"

    assert requests.get(url, headers=headers, timeout=20).status_code == 401


def test_only_cloud_has_builds(sandbox: RunningSandbox) -> None:
    """Data Center has no such API."""
    jira = jira_client(sandbox, "server")

    assert jira.call("POST", "/rest/builds/0.1/bulk", json={}).status_code == 404


def test_requests_are_shown_without_secrets(builds: BuildsClient) -> None:
    """The requests are logged, without tokens, keys and secrets."""
    builds.send("builds", BUILD)

    rows = [repr(row) for row in builds.sandbox.store.requests()]
    secrets = (
        CREDENTIALS.builds_client_secret,
        CREDENTIALS.connect_key,
        builds.headers["Authorization"].partition(" ")[2],
    )
    assert any("/bulk" in row for row in rows)
    assert not [row for row in rows if any(secret in row for secret in secrets)]
