"""The JSON of builds and deployments, as Jira's API documents it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from xray_bridge import __version__
from xray_bridge.jira.builds.build import Build
from xray_bridge.jira.builds.counts import Counts
from xray_bridge.jira.builds.payload import make_document
from xray_bridge.model.jira_text import jira_length


REVISION = "08cd1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b"
BUILD = Build(
    pipeline="acme/api/ci/unit",
    number=812,
    sequence=1763650000123,
    state="failed",
    url="https://ci.example.com/acme/api/812",
    updated=1763649600.9,
    description="3 of 150 tests failed; Test Execution PROJ-185",
    keys=("PROJ-12",),
    counts=Counts(passed=145, failed=3, skipped=2),
    label="#812",
    revision=REVISION,
    repository="https://github.com/acme/api",
    branch="feature/PROJ-12",
    duration=61,
)
DEPLOYMENT = replace(
    BUILD,
    state="successful",
    environment="production",
    environment_type="production",
    label="2.4.0",
    description="deployment to production",
)
FRAME = {
    "properties": {"source": "xray-bridge"},
    "providerMetadata": {"product": f"xray-bridge {__version__}"},
}


def values_in(content: Any) -> list[Any]:
    """All values at any depth."""
    if isinstance(content, dict):
        return [content, *(v for each in content.values() for v in values_in(each))]
    if isinstance(content, list):
        return [content, *(v for each in content for v in values_in(each))]
    return [content]


def test_a_build_is_as_documented() -> None:
    """The example of Jira's manual, with real counts of tests."""
    assert make_document(BUILD) == {
        **FRAME,
        "builds": [
            {
                "schemaVersion": "1.0",
                "pipelineId": "acme/api/ci/unit",
                "buildNumber": 812,
                "updateSequenceNumber": 1763650000123,
                "displayName": "acme/api/ci/unit",
                "label": "#812",
                "url": "https://ci.example.com/acme/api/812",
                "state": "failed",
                "lastUpdated": "2025-11-20T14:40:00Z",
                "description": "3 of 150 tests failed; Test Execution PROJ-185",
                "associations": [
                    {"associationType": "issueIdOrKeys", "values": ["PROJ-12"]}
                ],
                "testInfo": {
                    "totalNumber": 150,
                    "numberPassed": 145,
                    "numberFailed": 3,
                    "numberSkipped": 2,
                },
                "references": [
                    {
                        "commit": {
                            "id": REVISION,
                            "repositoryUri": "https://github.com/acme/api",
                        },
                        "ref": {
                            "name": "feature/PROJ-12",
                            "uri": "https://github.com/acme/api/tree/feature/PROJ-12",
                        },
                    }
                ],
            }
        ],
    }


def test_a_deployment_is_as_documented() -> None:
    """A deployment names its pipeline and its environment."""
    assert make_document(DEPLOYMENT) == {
        **FRAME,
        "deployments": [
            {
                "schemaVersion": "1.0",
                "deploymentSequenceNumber": 812,
                "updateSequenceNumber": 1763650000123,
                "displayName": "acme/api/ci/unit #812",
                "label": "2.4.0",
                "url": "https://ci.example.com/acme/api/812",
                "description": "deployment to production",
                "lastUpdated": "2025-11-20T14:40:00Z",
                "state": "successful",
                "pipeline": {
                    "id": "acme/api/ci/unit",
                    "displayName": "acme/api/ci/unit",
                    "url": "https://ci.example.com/acme/api/812",
                },
                "environment": {
                    "id": "production",
                    "displayName": "production",
                    "type": "production",
                },
                "associations": [
                    {"associationType": "issueIdOrKeys", "values": ["PROJ-12"]}
                ],
                "duration": 61,
            }
        ],
    }


BARE = replace(
    BUILD, counts=None, revision="", repository="", branch="", duration=0, label="#812"
)


@pytest.mark.parametrize(
    "build",
    [BARE, replace(BARE, environment="blue", environment_type="unmapped"), BUILD],
)
def test_nothing_is_empty(build: Build) -> None:
    """Jira rejects a deployment for an empty list or text."""
    assert not [v for v in values_in(make_document(build)) if v in ("", [], {}, None)]


@pytest.mark.parametrize(
    ("changes", "members"),
    [
        ({}, {"commit", "ref"}),
        ({"revision": ""}, {"ref"}),
        ({"branch": ""}, {"commit"}),
        ({"repository": "https://git.example.com/a"}, {"commit"}),
        ({"repository": ""}, None),
        ({"repository": "https://git.example.com/".ljust(2000, "a")}, {"commit"}),
        ({"repository": "https://git.example.com/".ljust(2001, "a")}, None),
        ({"revision": "a" * 255, "branch": ""}, {"commit"}),
        ({"revision": "a" * 256, "branch": ""}, None),
        ({"revision": "a", "branch": "b"}, {"commit", "ref"}),
    ],
)
def test_a_reference_has_both_members(
    changes: dict[str, Any], members: set[str] | None
) -> None:
    """A commit has an id and a repository, a branch a name and a page."""
    (build,) = make_document(replace(BUILD, **changes))["builds"]
    found = build.get("references")

    assert (set(found[0]) if found else None) == members


def test_texts_are_cut_by_characters() -> None:
    """No character is split, and no text is longer than Jira allows."""
    long = "é😀" * 90
    build = replace(
        BUILD, description=long, label=long, branch=long, pipeline="p" * 255
    )
    (found,) = make_document(build)["builds"]
    texts = [found["description"], found["label"]]
    texts.append(found["references"][0]["ref"]["name"])

    for text in texts:
        assert jira_length(text) <= 255
        assert set(text) <= {"é", "😀", "."}
    deployment = replace(build, environment=long, environment_type="unmapped")
    (found,) = make_document(deployment)["deployments"]
    assert jira_length(found["environment"]["id"]) <= 255
    assert jira_length(found["displayName"]) <= 255


def test_texts_are_readable_lines() -> None:
    """The environment of a CI job may have any bytes."""
    odd = "a\nb\x1b[31m\udc80"
    build = replace(BUILD, description=odd, label=odd, branch=odd)
    (found,) = make_document(build)["builds"]

    assert [found["description"], found["label"]] == ["a b\\udc80"] * 2
    assert set(found["references"][0]) == {"commit"}


def test_secrets_are_removed() -> None:
    """A branch or an incomplete reason may contain one."""
    build = replace(BUILD, description="incomplete: s3cret", branch="s3cret")
    document = make_document(build, lambda text: text.replace("s3cret", "***"))
    (found,) = document["builds"]

    assert found["description"] == "incomplete: ***"
    assert found["references"][0]["ref"]["name"] == "***"
