"""Which CI this is, read from the environment."""

from __future__ import annotations

import pytest

from xray_bridge.ci import SYSTEMS, Context, detect


# What each system sets, from its own documentation.
ENVIRONMENTS = [
    (
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_SHA": "abc",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "ann/calc",
            "GITHUB_RUN_ID": "99",
            "GITHUB_RUN_NUMBER": "17",
        },
        Context(
            name="GitHub Actions",
            revision="abc",
            build_url="https://github.com/ann/calc/actions/runs/99",
            build_number="17",
        ),
    ),
    (
        {
            "GITLAB_CI": "true",
            "CI_COMMIT_SHA": "abc",
            "CI_PIPELINE_URL": "https://gitlab.com/ann/calc/-/pipelines/99",
            "CI_PIPELINE_IID": "17",
        },
        Context(
            name="GitLab CI",
            revision="abc",
            build_url="https://gitlab.com/ann/calc/-/pipelines/99",
            build_number="17",
        ),
    ),
    (
        {
            "JENKINS_URL": "https://jenkins.example.com/",
            "GIT_COMMIT": "abc",
            "BUILD_URL": "https://jenkins.example.com/job/calc/17/",
            "BUILD_NUMBER": "17",
        },
        Context(
            name="Jenkins",
            revision="abc",
            build_url="https://jenkins.example.com/job/calc/17/",
            build_number="17",
        ),
    ),
    (
        {
            "TF_BUILD": "True",
            "BUILD_SOURCEVERSION": "abc",
            "SYSTEM_TEAMFOUNDATIONSERVERURI": "https://dev.azure.com/ann/",
            "SYSTEM_TEAMPROJECTID": "p1",
            "BUILD_BUILDID": "17",
        },
        Context(
            name="Azure Pipelines",
            revision="abc",
            build_url="https://dev.azure.com/ann/p1/_build/results?buildId=17",
            build_number="17",
        ),
    ),
    (
        {
            "HARNESS_BUILD_ID": "17",
            "DRONE": "true",
            "DRONE_COMMIT_SHA": "abc",
            "CI_BUILD_LINK": "https://app.harness.io/17",
        },
        Context(
            name="Harness CI",
            revision="abc",
            build_url="https://app.harness.io/17",
            build_number="17",
        ),
    ),
    (
        {
            "TEAMCITY_VERSION": "2025.1",
            "BUILD_VCS_NUMBER": "abc",
            "BUILD_NUMBER": "17",
        },
        Context(name="TeamCity", revision="abc", build_number="17"),
    ),
]


@pytest.mark.parametrize(
    ("environ", "context"), ENVIRONMENTS, ids=[c.name for _, c in ENVIRONMENTS]
)
def test_system_is_understood(environ: dict[str, str], context: Context) -> None:
    """Name, revision, address and number of the build."""
    assert detect(environ) == context


def test_outside_of_ci() -> None:
    """Nothing is told."""
    assert detect({"PATH": "/bin"}) == Context()


@pytest.mark.parametrize("system", SYSTEMS, ids=[s.name for s in SYSTEMS])
def test_system_that_tells_nothing_else(system: object) -> None:
    """A sign without the rest makes an empty context, not an error."""
    detect_by = getattr(system, "detect", "")

    found = detect({detect_by: "1"})

    assert found.name
    assert (found.revision, found.build_url) in {("", ""), ("", found.build_url)}


def test_merge_request_has_the_revision_of_its_branch() -> None:
    """GitLab tests a merge that nobody has; its source is what people know."""
    found = detect(
        {
            "GITLAB_CI": "true",
            "CI_COMMIT_SHA": "merged",
            "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "source",
        }
    )

    assert found.revision == "source"


def test_head_is_no_revision() -> None:
    """Buildkite says HEAD when it was not told a commit."""
    assert detect({"BUILDKITE": "true", "BUILDKITE_COMMIT": "HEAD"}).revision == ""


def test_address_is_an_address() -> None:
    """What does not start like one is left out."""
    environ = {"JENKINS_URL": "x", "BUILD_URL": "javascript:alert(1)"}

    assert detect(environ).build_url == ""
