"""Versions of a project: listed, and created once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from tests.builders import a_jira
from xray_bridge.client.versions import Version, create_version, list_versions
from xray_bridge.errors import AmbiguousError, NotXrayError, RefusedError, UsageError
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from tests.scripted_xray import Xray

PROJECT = "/rest/api/2/project/CALC"
VERSIONS = f"{PROJECT}/versions"
VERSION = "/rest/api/2/version"


@pytest.fixture(autouse=True)
def _project(xray: Xray) -> None:
    """A project without versions."""
    xray.script = {PROJECT: [{"id": "10"}], VERSIONS: [[]], VERSION: [{"id": "7"}]}


def test_list_is_read(xray: Xray) -> None:
    """Dates that are not set are empty."""
    xray.script[VERSIONS] = [
        [
            {"id": "1", "name": "1.0", "released": True, "releaseDate": "2026-01-02"},
            {"id": "2", "name": "2.0", "archived": True, "startDate": "2026-01-01"},
            {"no": "name"},
        ]
    ]

    assert list_versions(a_jira(xray.url), "CALC") == (
        Version(name="1.0", id="1", is_released=True, release="2026-01-02"),
        Version(name="2.0", id="2", is_archived=True, start="2026-01-01"),
    )


@pytest.mark.parametrize(
    ("deployment", "word"), [(SERVER, "project"), (CLOUD, "space")]
)
def test_no_project_is_told_in_the_words_of_the_product(
    xray: Xray, deployment: str, word: str
) -> None:
    """Cloud calls a project a space."""
    del xray.script[VERSIONS]

    with pytest.raises(UsageError, match=f"there is no {word} CALC"):
        list_versions(a_jira(xray.url, deployment), "CALC")


def test_new_version_has_the_id_of_the_project(xray: Xray) -> None:
    """Cloud takes no key."""
    create_version(a_jira(xray.url), "CALC", "2.3")

    assert json.loads(xray.posts(VERSION)[0].body) == {"name": "2.3", "projectId": 10}


@pytest.mark.parametrize("status", [400, 504])
def test_version_that_is_there_afterwards_was_created(xray: Xray, status: int) -> None:
    """By another job, or by the request whose answer was lost."""
    xray.script[VERSION] = [Response("{}", status=status)]
    xray.script[VERSIONS] = [[{"name": "2.3"}]]
    create_version(a_jira(xray.url), "CALC", "2.3")

    assert len(xray.posts(VERSION)) == 1


@pytest.mark.parametrize(
    ("status", "error", "why"),
    [
        (403, RefusedError, "needs the permission Administer Projects in CALC"),
        (404, RefusedError, "needs the permission Administer Projects in CALC"),
        (400, RefusedError, "HTTP 400"),
        (504, AmbiguousError, "HTTP 504"),
    ],
)
def test_version_that_is_not_there_is_an_error(
    xray: Xray, status: int, error: type[Exception], why: str
) -> None:
    """A missing permission is named."""
    xray.script[VERSION] = [Response("{}", status=status)]

    with pytest.raises(error) as caught:
        create_version(a_jira(xray.url), "CALC", "2.3")
    assert why in str(caught.value)


@pytest.mark.parametrize("odd", [{}, {"id": "ten"}])
def test_project_without_an_id_is_an_error(xray: Xray, odd: dict[str, Any]) -> None:
    """Nothing is created then."""
    xray.script[PROJECT] = [odd]

    with pytest.raises(NotXrayError, match="the id of CALC"):
        create_version(a_jira(xray.url), "CALC", "2.3")
