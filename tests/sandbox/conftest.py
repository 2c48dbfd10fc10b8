"""A running sandbox with the demo project, and clients of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from xray_sandbox import CREDENTIALS, RunningSandbox, Store, running


@dataclass(frozen=True)
class Client:
    """A client of one product of the sandbox, logged in."""

    sandbox: RunningSandbox
    base: str
    authorization: str
    report_part: str
    xml_part: str

    @property
    def store(self) -> Store:
        """The sandbox's data."""
        return self.sandbox.store

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send one request with the login."""
        headers = {"Authorization": self.authorization, **options.pop("headers", {})}
        url = f"{self.sandbox.url}{path}"
        return requests.request(method, url, headers=headers, timeout=20, **options)

    def post_json(self, path: str, document: Any, **options: Any) -> requests.Response:
        """Import a JSON report with the simple endpoint."""
        return self.call("POST", f"{self.base}{path}", json=document, **options)

    def post_parts(
        self, path: str, report: Any, info: Any, **more: Any
    ) -> requests.Response:
        """Import with the multipart endpoint; a report that is a string is XML."""
        xml = isinstance(report, str)
        name = self.xml_part if xml else self.report_part
        text = report if xml else json.dumps(report)
        kind = "application/xml" if xml else "application/json"
        files = {
            name: ("report", text, kind),
            "info": ("info.json", json.dumps(info), "application/json"),
            **{
                part: (f"{part}.json", json.dumps(value), "application/json")
                for part, value in more.items()
            },
        }
        return self.call("POST", f"{self.base}{path}/multipart", files=files)


class ServerClient(Client):
    """Xray Server."""

    def post_xml(
        self, text: str, path: str = "/junit", **query: str
    ) -> requests.Response:
        """Import an XML report with the simple endpoint, in a part, for Server."""
        files = {"file": ("report.xml", text, "application/xml")}
        url = f"{self.base}{path}"
        return self.call("POST", url, files=files, params=query)


class CloudClient(Client):
    """Xray Cloud."""

    def post_xml(
        self, text: str, path: str = "/junit", **query: str
    ) -> requests.Response:
        """Import an XML report with the simple endpoint, as the body, for Cloud."""
        headers = {"Content-Type": "application/xml"}
        url = f"{self.base}{path}"
        return self.call("POST", url, data=text.encode(), params=query, headers=headers)

    def graphql(self, query: str, **variables: Any) -> Any:
        """Send a GraphQL request and return the answer."""
        body = {"query": query, "variables": variables}
        return self.call("POST", "/api/v2/graphql", json=body).json()


def server_client(sandbox: RunningSandbox, version: str = "2.0") -> ServerClient:
    """A client of Xray Server."""
    return ServerClient(
        sandbox,
        f"/rest/raven/{version}/import/execution",
        f"Bearer {CREDENTIALS.token}",
        "result",
        "file",
    )


def cloud_client(sandbox: RunningSandbox) -> CloudClient:
    """A client of Xray Cloud."""
    key = {
        "client_id": CREDENTIALS.client_id,
        "client_secret": CREDENTIALS.client_secret,
    }
    url = f"{sandbox.url}/api/v2/authenticate"
    token = requests.post(url, json=key, timeout=20).json()
    base = "/api/v2/import/execution"
    return CloudClient(sandbox, base, f"Bearer {token}", "results", "results")


@dataclass(frozen=True)
class JiraClient:
    """A client of Jira behind one door of the sandbox, logged in."""

    sandbox: RunningSandbox
    prefix: str
    login: tuple[str, str]

    @property
    def store(self) -> Store:
        """The sandbox's data."""
        return self.sandbox.store

    @property
    def is_cloud(self) -> bool:
        """Whether this is the door of Cloud."""
        return bool(self.prefix)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request; the path is below `rest/api/2` unless it starts there."""
        start = "" if path.startswith("/rest") else "/rest/api/2"
        url = f"{self.sandbox.url}{self.prefix}{start}{path}"
        options = {"auth": self.login, **options}
        return requests.request(method, url, timeout=20, **options)

    def make(self, type_: str = "Bug", **fields: Any) -> requests.Response:
        """Create an issue in the demo project."""
        needed = {
            "project": {"key": "CALC"},
            "issuetype": {"name": type_},
            "summary": f"A {type_}",
        }
        return self.call("POST", "/issue", json={"fields": {**needed, **fields}})

    def make_key(self, type_: str = "Bug", **fields: Any) -> str:
        """Create an issue; return its key."""
        answer = self.make(type_, **fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["key"])

    def fields(self, key: str) -> dict[str, Any]:
        """The fields of an issue."""
        found: dict[str, Any] = self.call("GET", f"/issue/{key}").json()["fields"]
        return found


def jira_client(sandbox: RunningSandbox, door: str) -> JiraClient:
    """A client of Jira: `server` or `cloud`."""
    prefix = "/jira-cloud" if door == "cloud" else ""
    secret = CREDENTIALS.token if door == "cloud" else CREDENTIALS.password
    return JiraClient(sandbox, prefix, (CREDENTIALS.user, secret))


@pytest.fixture(params=["server", "cloud"])
def jira(request: pytest.FixtureRequest, sandbox: RunningSandbox) -> JiraClient:
    """Jira, by both doors."""
    return jira_client(sandbox, request.param)


@pytest.fixture
def jira_server(sandbox: RunningSandbox) -> JiraClient:
    """Jira Data Center."""
    return jira_client(sandbox, "server")


@pytest.fixture
def jira_cloud(sandbox: RunningSandbox) -> JiraClient:
    """A site of Jira Cloud."""
    return jira_client(sandbox, "cloud")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    """A sandbox that refuses unknown issues."""
    with running(tmp_path / "data") as found:
        yield found


@pytest.fixture
def adopting(tmp_path: Path) -> Iterator[RunningSandbox]:
    """An empty sandbox that creates named issues."""
    with running(tmp_path / "data", adopt=True, seed=False) as found:
        yield found


@pytest.fixture
def server(sandbox: RunningSandbox) -> ServerClient:
    """Xray Server, logged in."""
    return server_client(sandbox)


@pytest.fixture
def server_v1(sandbox: RunningSandbox) -> ServerClient:
    """Xray Server's older API, logged in."""
    return server_client(sandbox, "1.0")


@pytest.fixture
def cloud(sandbox: RunningSandbox) -> CloudClient:
    """Xray Cloud, logged in."""
    return cloud_client(sandbox)


@pytest.fixture
def new_server(adopting: RunningSandbox) -> ServerClient:
    """Xray Server with an empty sandbox that creates named issues."""
    return server_client(adopting)


@pytest.fixture
def new_cloud(adopting: RunningSandbox) -> CloudClient:
    """Xray Cloud with an empty sandbox that creates named issues."""
    return cloud_client(adopting)
