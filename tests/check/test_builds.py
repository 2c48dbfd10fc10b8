"""The credentials for builds are checked before the first test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import scripted
from tests.builders import a_jira_connection, settings_of
from xray_bridge.check.builds import check_builds
from xray_bridge.client.http import Deadline, Http
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from xray_bridge.check import Finding

BUILD = "/jira/builds/0.1/cloud/abc/pipelines/xray-bridge-check/builds/1"
DEPLOYMENT = (
    "/jira/deployments/0.1/cloud/abc/pipelines/xray-bridge-check/environments/"
    "xray-bridge-check/deployments/1"
)
Reply = tuple[int, bytes, dict[str, str]]
LOGIN: Reply = (200, b'{"access_token": "t0ken"}', {})
NONE: Reply = (404, b"{}", {})
WAY: dict[str, Reply] = {
    "/oauth/token": LOGIN,
    BUILD: NONE,
    DEPLOYMENT: NONE,
}


def check(
    answers: dict[str, Reply],
    *,
    thorough: bool = True,
    deployment: str = CLOUD,
    **given: str,
) -> tuple[Finding, list[str]]:
    """Check against a server; return the finding and the requests."""
    with scripted.scripted(scripted.by_path(answers)) as server:
        connection = a_jira_connection(server.url, deployment)
        basis = {"jira_build": "on", "jira_environment": "prod"}
        basis |= {"jira_api_url": server.url, "jira_cloud_id": "abc"}
        basis |= {"jira_client_id": "id", "jira_client_secret": "s3cret-of-oauth"}
        found = check_builds(
            settings_of(**{**basis, **given}),
            connection,
            Http(connection, Deadline(5), attempts=1),
            thorough=thorough,
        )
    return found, [f"{each.method} {each.target}" for each in server.received]


def test_both_permissions_are_asked_for() -> None:
    """Something that does not exist is asked for, so nothing changes."""
    found, asked = check(WAY)

    assert (found.what, found.ok) == ("builds", True)
    assert found.message == "the credentials are accepted, for builds and deployments"
    assert asked == ["POST /oauth/token", f"GET {BUILD}", f"GET {DEPLOYMENT}"]


def test_only_what_is_wanted_is_asked_for() -> None:
    """Many credentials have one permission."""
    found, asked = check(WAY, jira_build="off")

    assert found.message == "the credentials are accepted, for deployments"
    assert asked == ["POST /oauth/token", f"GET {DEPLOYMENT}"]


@pytest.mark.parametrize(
    ("answers", "hint"),
    [
        ({"/oauth/token": (401, b"{}", {})}, "Marketplace apps, OAuth credentials"),
        ({BUILD: (403, b"{}", {})}, "needs the permission Builds"),
        ({DEPLOYMENT: (403, b"{}", {})}, "needs the permission Deployments"),
    ],
)
def test_what_is_refused_is_wrong(answers: dict[str, Reply], hint: str) -> None:
    """The hint names what is missing."""
    found, _ = check({**WAY, **answers})

    assert found.ok is False
    assert hint in found.hint


@pytest.mark.parametrize("thorough", [True, False])
def test_missing_credentials_are_found_without_a_request(*, thorough: bool) -> None:
    """A session says so before its first test."""
    found, asked = check(WAY, thorough=thorough, jira_client_secret="")

    assert found.ok is False
    assert "XRAY_JIRA_CLIENT_SECRET is not set" in found.message
    assert asked == []


def test_a_session_does_not_log_in() -> None:
    """Its tests wait for the check."""
    found, asked = check(WAY, thorough=False)

    assert found.ok is True
    assert asked == []


def test_data_center_needs_no_other_credentials() -> None:
    """Its links are set by the login of the results."""
    found, asked = check(WAY, deployment=SERVER, jira_client_secret="")

    assert found.ok is True
    assert asked == []
