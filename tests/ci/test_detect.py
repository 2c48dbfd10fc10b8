"""Which CI this is, read from the environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from xray_bridge.ci.detect import SYSTEMS, Context, detect


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.ci.detect import System

ARN = "arn:aws:codebuild:eu-central-1:123456789012:build/calc:0b5e-77"
BUILDS = "https://console.cloud.google.com/cloud-build/builds"


def a_build(name: str, **changes: str) -> Context:
    """The context that most systems give."""
    known = {"revision": "abc", "build_number": "17", "branch": "main"}
    return Context(name=name, **{**known, **changes})


# What each system sets, from its own documentation: and what that means.
ENVIRONMENTS = [
    (
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_SHA": "abc",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "ann/calc",
            "GITHUB_RUN_ID": "99",
            "GITHUB_RUN_ATTEMPT": "3",
            "GITHUB_RUN_NUMBER": "17",
            "GITHUB_REF_NAME": "main",
            "GITHUB_HEAD_REF": "",
        },
        a_build(
            "GitHub Actions",
            build_url="https://github.com/ann/calc/actions/runs/99",
            run_id="github-99",
        ),
    ),
    (
        {
            "GITLAB_CI": "true",
            "CI_COMMIT_SHA": "abc",
            "CI_COMMIT_REF_NAME": "main",
            "CI_PIPELINE_URL": "https://gitlab.com/ann/calc/-/pipelines/99",
            "CI_PIPELINE_ID": "99",
            "CI_PIPELINE_IID": "17",
        },
        a_build(
            "GitLab CI",
            build_url="https://gitlab.com/ann/calc/-/pipelines/99",
            run_id="gitlab-99",
        ),
    ),
    (
        {
            "JENKINS_URL": "https://jenkins.example.com/",
            "GIT_COMMIT": "abc",
            "GIT_BRANCH": "origin/main",
            "BUILD_URL": "https://jenkins.example.com/job/calc/17/",
            "BUILD_NUMBER": "17",
            "BUILD_TAG": "jenkins-calc-17",
        },
        a_build(
            "Jenkins",
            build_url="https://jenkins.example.com/job/calc/17/",
            run_id="jenkins-jenkins-calc-17",
        ),
    ),
    (
        {
            "TF_BUILD": "True",
            "BUILD_SOURCEVERSION": "abc",
            "BUILD_SOURCEBRANCH": "refs/heads/topic/add",
            "SYSTEM_TEAMFOUNDATIONSERVERURI": "https://dev.azure.com/ann/",
            "SYSTEM_TEAMPROJECTID": "p1",
            "BUILD_BUILDID": "17",
        },
        a_build(
            "Azure Pipelines",
            build_url="https://dev.azure.com/ann/p1/_build/results?buildId=17",
            branch="topic/add",
            run_id="azure-17",
        ),
    ),
    (
        {
            "BITBUCKET_BUILD_NUMBER": "17",
            "BITBUCKET_COMMIT": "abc",
            "BITBUCKET_BRANCH": "main",
            "BITBUCKET_REPO_FULL_NAME": "ann/calc",
        },
        a_build(
            "Bitbucket Pipelines",
            build_url="https://bitbucket.org/ann/calc/addon/pipelines/home#!/results/17",
            run_id="bitbucket-ann/calc-17",
        ),
    ),
    (
        {
            "CIRCLECI": "true",
            "CIRCLE_SHA1": "abc",
            "CIRCLE_BRANCH": "main",
            "CIRCLE_BUILD_NUM": "17",
            "CIRCLE_BUILD_URL": "https://circleci.com/gh/ann/calc/17",
            "CIRCLE_WORKFLOW_ID": "7d0c",
        },
        a_build(
            "CircleCI",
            build_url="https://circleci.com/gh/ann/calc/17",
            run_id="circleci-7d0c",
        ),
    ),
    (
        {
            "HARNESS_BUILD_ID": "17",
            "HARNESS_PROJECT_ID": "shop",
            "HARNESS_PIPELINE_ID": "calc",
            "DRONE": "true",
            "DRONE_BUILD_NUMBER": "17",
            "DRONE_COMMIT_SHA": "abc",
            "DRONE_COMMIT_BRANCH": "main",
            "CI_BUILD_LINK": "https://app.harness.io/17",
        },
        a_build(
            "Harness CI",
            build_url="https://app.harness.io/17",
            run_id="harness-shop-calc-17",
        ),
    ),
    (
        {
            "DRONE": "true",
            "DRONE_REPO": "ann/calc",
            "DRONE_BUILD_NUMBER": "17",
            "DRONE_COMMIT_SHA": "abc",
            "DRONE_BRANCH": "main",
            "DRONE_BUILD_LINK": "https://drone.example.com/ann/calc/17",
        },
        a_build(
            "Drone",
            build_url="https://drone.example.com/ann/calc/17",
            run_id="drone-ann/calc-17",
        ),
    ),
    (
        {
            "BUILDKITE": "true",
            "BUILDKITE_COMMIT": "abc",
            "BUILDKITE_BRANCH": "main",
            "BUILDKITE_BUILD_ID": "5c0f",
            "BUILDKITE_BUILD_NUMBER": "17",
            "BUILDKITE_BUILD_URL": "https://buildkite.com/ann/calc/builds/17",
            "BUILDKITE_PULL_REQUEST": "false",
        },
        a_build(
            "Buildkite",
            build_url="https://buildkite.com/ann/calc/builds/17",
            run_id="buildkite-5c0f",
        ),
    ),
    (
        {
            "TEAMCITY_VERSION": "2025.1",
            "BUILD_VCS_NUMBER": "abc",
            "BUILD_NUMBER": "17",
            "BUILD_URL": "https://teamcity.example.com/build/99",
        },
        a_build(
            "TeamCity", build_url="https://teamcity.example.com/build/99", branch=""
        ),
    ),
    (
        {
            "TRAVIS": "true",
            "TRAVIS_COMMIT": "abc",
            "TRAVIS_BRANCH": "main",
            "TRAVIS_BUILD_ID": "99",
            "TRAVIS_BUILD_NUMBER": "17",
            "TRAVIS_BUILD_WEB_URL": "https://app.travis-ci.com/ann/calc/builds/99",
            "TRAVIS_PULL_REQUEST": "false",
            "TRAVIS_PULL_REQUEST_BRANCH": "",
            "TRAVIS_PULL_REQUEST_SHA": "",
        },
        a_build(
            "Travis CI",
            build_url="https://app.travis-ci.com/ann/calc/builds/99",
            run_id="travis-99",
        ),
    ),
    (
        {
            "APPVEYOR": "True",
            "APPVEYOR_URL": "https://ci.appveyor.com",
            "APPVEYOR_ACCOUNT_NAME": "ann",
            "APPVEYOR_PROJECT_SLUG": "calc",
            "APPVEYOR_BUILD_ID": "99",
            "APPVEYOR_BUILD_NUMBER": "17",
            "APPVEYOR_REPO_BRANCH": "main",
            "APPVEYOR_REPO_COMMIT": "abc",
        },
        a_build(
            "AppVeyor",
            build_url="https://ci.appveyor.com/project/ann/calc/builds/99",
            run_id="appveyor-99",
        ),
    ),
    (
        {
            "CODEBUILD_BUILD_ARN": ARN,
            "CODEBUILD_BUILD_NUMBER": "17",
            "CODEBUILD_RESOLVED_SOURCE_VERSION": "abc",
            "CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/main",
        },
        a_build(
            "AWS CodeBuild",
            build_url="https://eu-central-1.console.aws.amazon.com/codesuite/codebuild"
            "/123456789012/projects/calc/build/calc%3A0b5e-77/?region=eu-central-1",
            run_id="codebuild-calc:0b5e-77",
        ),
    ),
    (
        {
            "BUILDER_OUTPUT": "/builder/outputs",
            "BUILD_ID": "0b5e",
            "PROJECT_ID": "shop",
            "LOCATION": "europe-west3",
            "COMMIT_SHA": "abc",
            "BRANCH_NAME": "main",
        },
        a_build(
            "Google Cloud Build",
            build_url=f"{BUILDS};region=europe-west3/0b5e?project=shop",
            run_id="cloudbuild-0b5e",
            build_number="",
        ),
    ),
    (
        {
            "CI": "woodpecker",
            "CI_REPO": "ann/calc",
            "CI_COMMIT_SHA": "abc",
            "CI_COMMIT_BRANCH": "main",
            "CI_PIPELINE_NUMBER": "17",
            "CI_PIPELINE_URL": "https://ci.example.com/repos/3/pipeline/17",
        },
        a_build(
            "Woodpecker CI",
            build_url="https://ci.example.com/repos/3/pipeline/17",
            run_id="woodpecker-ann/calc-17",
        ),
    ),
]
BY_NAME = {context.name: environ for environ, context in ENVIRONMENTS}


@pytest.mark.parametrize(
    ("environ", "context"), ENVIRONMENTS, ids=[c.name for _, c in ENVIRONMENTS]
)
def test_system_is_understood(environ: dict[str, str], context: Context) -> None:
    """Name, revision, branch, address, number and id of the build."""
    assert detect(environ) == context


def test_all_systems_have_a_row_here() -> None:
    """None is only believed to be understood."""
    assert {system.name for system in SYSTEMS} == set(BY_NAME)


@pytest.mark.parametrize(
    ("name", "also"),
    [
        ("GitHub Actions", {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v2.3"}),
        ("GitLab CI", {"CI_COMMIT_TAG": "v2.3"}),
        ("Jenkins", {"TAG_NAME": "v2.3"}),
        ("Azure Pipelines", {"BUILD_SOURCEBRANCH": "refs/tags/v2.3"}),
        ("Bitbucket Pipelines", {"BITBUCKET_TAG": "v2.3"}),
        ("CircleCI", {"CIRCLE_TAG": "v2.3"}),
        ("Harness CI", {"DRONE_TAG": "v2.3"}),
        ("Drone", {"DRONE_TAG": "v2.3"}),
        ("Buildkite", {"BUILDKITE_TAG": "v2.3"}),
        ("Travis CI", {"TRAVIS_TAG": "v2.3"}),
        ("AppVeyor", {"APPVEYOR_REPO_TAG_NAME": "v2.3"}),
        ("AWS CodeBuild", {"CODEBUILD_WEBHOOK_HEAD_REF": "refs/tags/v2.3"}),
        ("Google Cloud Build", {"TAG_NAME": "v2.3"}),
        ("Woodpecker CI", {"CI_COMMIT_TAG": "v2.3"}),
    ],
)
def test_tag_of_a_release(name: str, also: dict[str, str]) -> None:
    """Systems have a variable for it, or give its reference as the branch."""
    assert detect({**BY_NAME[name], **also}).tag == "v2.3"
    assert detect(BY_NAME[name]).tag == ""


def test_outside_of_ci() -> None:
    """The context is empty."""
    assert detect({"PATH": "/bin", "CI": "true"}) == Context()


@pytest.mark.parametrize("system", SYSTEMS, ids=[s.name for s in SYSTEMS])
def test_system_that_tells_nothing_else(system: System) -> None:
    """A sign without the rest makes an empty context, not an error."""
    found = detect({system.detect: system.value or "1"})

    assert found.name == system.name
    assert (found.revision, found.build_url, found.branch) == ("", "", "")


def test_run_ids_of_two_systems_cannot_meet() -> None:
    """Each begins with the system's own name."""
    slugs = [system.slug for system in SYSTEMS]

    assert len(set(slugs)) == len(slugs)
    for system in SYSTEMS:
        run_id = detect(BY_NAME[system.name]).run_id
        assert not run_id or run_id.startswith(f"{system.slug}-")


@pytest.mark.parametrize(
    ("name", "also", "revision", "branch"),
    [
        (
            "GitLab CI",
            {
                "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "source",
                "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "topic",
            },
            "source",
            "topic",
        ),
        ("Jenkins", {"CHANGE_BRANCH": "topic", "BRANCH_NAME": "PR-4"}, "abc", "topic"),
        ("Jenkins", {"BRANCH_NAME": "PR-4"}, "abc", "PR-4"),
        (
            "Azure Pipelines",
            {
                "SYSTEM_PULLREQUEST_SOURCECOMMITID": "source",
                "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/topic",
            },
            "source",
            "topic",
        ),
        ("Harness CI", {"DRONE_SOURCE_BRANCH": "topic"}, "abc", "topic"),
        ("Drone", {"DRONE_SOURCE_BRANCH": "topic"}, "abc", "topic"),
        (
            "Travis CI",
            {
                "TRAVIS_PULL_REQUEST_SHA": "source",
                "TRAVIS_PULL_REQUEST_BRANCH": "topic",
            },
            "source",
            "topic",
        ),
        (
            "AppVeyor",
            {
                "APPVEYOR_PULL_REQUEST_HEAD_COMMIT": "source",
                "APPVEYOR_PULL_REQUEST_HEAD_REPO_BRANCH": "topic",
            },
            "source",
            "topic",
        ),
        ("Google Cloud Build", {"_HEAD_BRANCH": "topic"}, "abc", "topic"),
        ("Woodpecker CI", {"CI_COMMIT_SOURCE_BRANCH": "topic"}, "abc", "topic"),
        # It was not told a commit.
        ("Buildkite", {"BUILDKITE_COMMIT": "HEAD"}, "", "main"),
    ],
)
def test_request_has_the_revision_of_its_branch(
    name: str, also: dict[str, str], revision: str, branch: str
) -> None:
    """Systems test a temporary merge; the revision is that of its source."""
    found = detect({**BY_NAME[name], **also})

    assert (found.revision, found.branch) == (revision, branch)


@pytest.mark.parametrize(
    ("event", "revision"),
    [
        (json.dumps({"pull_request": {"head": {"sha": "head"}}}), "head"),
        (json.dumps({"pull_request": {"head": {"sha": 7}}}), "abc"),
        (json.dumps({"ref": "refs/heads/main"}), "abc"),
        ("[1]", "abc"),
        ("{", "abc"),
    ],
)
def test_pull_request_of_github(tmp_path: Path, event: str, revision: str) -> None:
    """Its head stands in the event; without one, the merge is what there is."""
    path = tmp_path / "event.json"
    path.write_text(event)
    environ = {
        **BY_NAME["GitHub Actions"],
        "GITHUB_HEAD_REF": "topic",
        "GITHUB_REF_NAME": "4/merge",
        "GITHUB_EVENT_PATH": str(path),
    }

    found = detect(environ)

    assert (found.revision, found.branch) == (revision, "topic")


def test_pull_request_without_an_event() -> None:
    """A file that is not there is no error."""
    environ = {**BY_NAME["GitHub Actions"], "GITHUB_HEAD_REF": "topic"}

    assert detect({**environ, "GITHUB_EVENT_PATH": "/no/such/file"}).revision == "abc"
    assert detect(environ).revision == "abc"


def test_properties_of_teamcity(tmp_path: Path) -> None:
    """Its build's id and branch stand in files that name one another."""
    configuration = tmp_path / "configuration.properties"
    configuration.write_text(
        "#Thu Nov 26\nteamcity.build.branch=topic/a\\=b\\u00e4\nother=1\n",
        encoding="latin-1",
    )
    build = tmp_path / "build.properties"
    escaped = str(configuration).replace(":", "\\:")
    build.write_text(
        "teamcity.build.id=99\n"
        f"teamcity.configuration.properties.file={escaped}\n"
        "no property\n"
    )
    environ = {**BY_NAME["TeamCity"], "TEAMCITY_BUILD_PROPERTIES_FILE": str(build)}

    found = detect(environ)

    assert (found.branch, found.run_id) == ("topic/a=bä", "teamcity-99")


def test_default_branch_of_teamcity(tmp_path: Path) -> None:
    """TeamCity's word for the default branch is not a name."""
    build = tmp_path / "build.properties"
    build.write_text("teamcity.build.branch=<default>\n")
    environ = {**BY_NAME["TeamCity"], "TEAMCITY_BUILD_PROPERTIES_FILE": str(build)}

    assert detect(environ).branch == ""


def test_builds_of_a_batch_have_no_id_in_common() -> None:
    """No build of CodeBuild knows the id of its batch."""
    found = detect(
        {**BY_NAME["AWS CodeBuild"], "CODEBUILD_BATCH_BUILD_IDENTIFIER": "linux"}
    )

    assert found.run_id == ""


def test_public_page_of_codebuild() -> None:
    """It is the one that everybody can open."""
    page = "https://eu-central-1.codebuild.aws.amazon.com/project/x"
    environ = {**BY_NAME["AWS CodeBuild"], "CODEBUILD_PUBLIC_BUILD_URL": page}

    assert detect(environ).build_url == page


def test_cloud_build_without_a_region() -> None:
    """The address is that of the global region."""
    environ = dict(BY_NAME["Google Cloud Build"])
    del environ["LOCATION"]

    assert detect(environ).build_url == f"{BUILDS}/0b5e?project=shop"


def test_address_is_an_address() -> None:
    """A text that does not start like an address is left out."""
    environ = {"JENKINS_URL": "x", "BUILD_URL": "javascript:alert(1)"}

    assert detect(environ).build_url == ""


@pytest.mark.parametrize("who", ["ann:secret", "secret", "a@b:secret"])
def test_credentials_of_an_address(who: str) -> None:
    """They go nowhere."""
    environ = {"JENKINS_URL": "x", "BUILD_URL": f"https://{who}@ci.example.com/17/?a@b"}

    assert detect(environ).build_url == "https://ci.example.com/17/?a@b"


def test_braces_in_values() -> None:
    """The value of a variable is not a template."""
    environ = {**BY_NAME["Drone"], "DRONE_BRANCH": "{DRONE_REPO}"}

    assert detect(environ).branch == "{DRONE_REPO}"
