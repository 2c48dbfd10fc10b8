"""What a CI system tells for builds in Jira: pipeline, job, number, texts."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from xray_bridge.ci import commit
from xray_bridge.ci.commit import read_message, read_repository
from xray_bridge.ci.details import ROWS, Details, fill_gaps, read_details, read_recorded
from xray_bridge.ci.detect import SYSTEMS


if TYPE_CHECKING:
    from pathlib import Path

TITLE, MESSAGE = "PROJ-12: add", "PROJ-13 Add two numbers"
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "ann/calc",
    "GITHUB_WORKFLOW": "CI",
    "GITHUB_JOB": "unit",
    "GITHUB_RUN_NUMBER": "17",
    "GITHUB_RUN_ATTEMPT": "2",
    "RUNNER_OS": "Linux",
}
# What each system sets, from its own documentation: and what that means.
TOLD = [
    (
        "github",
        GITHUB,
        Details(
            pipeline="ann/calc/CI",
            job="unit",
            variant="Linux/3.12",
            number="17",
            repository="https://github.com/ann/calc",
            attempt="2",
        ),
    ),
    (
        "gitlab",
        {
            "GITLAB_CI": "true",
            "CI_PROJECT_PATH": "ann/calc",
            "CI_PROJECT_URL": "https://gitlab.com/ann/calc",
            "CI_JOB_NAME": "unit: [3.12]",
            "CI_JOB_ID": "4711",
            "CI_PIPELINE_IID": "17",
            "CI_MERGE_REQUEST_TITLE": TITLE,
            "CI_COMMIT_MESSAGE": MESSAGE,
        },
        Details(
            pipeline="ann/calc",
            job="unit: [3.12]",
            number="17",
            repository="https://gitlab.com/ann/calc",
            title=TITLE,
            message=MESSAGE,
            attempt="4711",
        ),
    ),
    (
        "jenkins",
        {
            "JENKINS_URL": "https://jenkins.example.com/",
            "JOB_NAME": "ann/calc/main",
            "STAGE_NAME": "Unit",
            "BUILD_NUMBER": "17",
            "GIT_URL": "https://ann:s3cret@git.example.com/ann/calc.git",
            "CHANGE_TITLE": TITLE,
        },
        Details(
            pipeline="ann/calc/main",
            job="Unit",
            variant="3.12",
            number="17",
            repository="https://git.example.com/ann/calc",
            title=TITLE,
        ),
    ),
    (
        "azure",
        {
            "TF_BUILD": "True",
            "SYSTEM_TEAMPROJECT": "ann",
            "BUILD_DEFINITIONNAME": "calc",
            "BUILD_BUILDNUMBER": "20261129.1",
            "BUILD_BUILDID": "17",
            "SYSTEM_JOBDISPLAYNAME": "unit linux",
            "SYSTEM_JOBATTEMPT": "1",
            "SYSTEM_JOBPOSITIONINPHASE": "2",
            "SYSTEM_TOTALJOBSINPHASE": "4",
            "BUILD_REPOSITORY_URI": "https://ann@dev.azure.com/ann/calc/_git/calc",
            "BUILD_SOURCEVERSIONMESSAGE": MESSAGE,
        },
        Details(
            pipeline="ann/calc",
            job="unit linux/2",
            number="17",
            repository="https://dev.azure.com/ann/calc/_git/calc",
            message=MESSAGE,
            attempt="1",
        ),
    ),
    (
        "bitbucket",
        {
            "BITBUCKET_BUILD_NUMBER": "17",
            "BITBUCKET_REPO_FULL_NAME": "ann/calc",
            "BITBUCKET_PARALLEL_STEP": "0",
            "BITBUCKET_PARALLEL_STEP_COUNT": "3",
            "BITBUCKET_GIT_HTTP_ORIGIN": "http://bitbucket.org/ann/calc",
            "BITBUCKET_STEP_RUN_NUMBER": "1",
        },
        Details(
            pipeline="ann/calc",
            job="0",
            number="17",
            repository="http://bitbucket.org/ann/calc",
            attempt="1",
        ),
    ),
    (
        "circleci",
        {
            "CIRCLECI": "true",
            "CIRCLE_PROJECT_USERNAME": "ann",
            "CIRCLE_PROJECT_REPONAME": "calc",
            "CIRCLE_JOB": "unit-3.12",
            "CIRCLE_BUILD_NUM": "17",
            "CIRCLE_NODE_INDEX": "0",
            "CIRCLE_NODE_TOTAL": "1",
            "CIRCLE_REPOSITORY_URL": "git@github.com:ann/calc.git",
        },
        Details(
            pipeline="ann/calc",
            job="unit-3.12",
            number="17",
            repository="https://github.com/ann/calc",
        ),
    ),
    (
        "harness",
        {
            "HARNESS_BUILD_ID": "17",
            "HARNESS_PROJECT_ID": "shop",
            "HARNESS_PIPELINE_ID": "calc",
            "HARNESS_STAGE_ID": "test",
            "HARNESS_EXECUTION_ID": "Xj3",
            "HARNESS_NODE_INDEX": "1",
            "HARNESS_NODE_TOTAL": "2",
            "DRONE": "true",
            "DRONE_STEP_NAME": "pytest",
            "CI_REPO_LINK": "https://github.com/ann/calc",
            "DRONE_PULL_REQUEST_TITLE": TITLE,
            "CI_COMMIT_MESSAGE": MESSAGE,
        },
        Details(
            pipeline="shop/calc",
            job="test/pytest/1",
            number="17",
            repository="https://github.com/ann/calc",
            title=TITLE,
            message=MESSAGE,
            attempt="Xj3",
        ),
    ),
    (
        "drone",
        {
            "DRONE": "true",
            "DRONE_REPO": "ann/calc",
            "DRONE_BUILD_NUMBER": "17",
            "DRONE_STAGE_NAME": "test",
            "DRONE_STEP_NAME": "pytest",
            "DRONE_REPO_LINK": "https://github.com/ann/calc",
            "DRONE_PULL_REQUEST_TITLE": TITLE,
            "DRONE_COMMIT_MESSAGE": MESSAGE,
        },
        Details(
            pipeline="ann/calc",
            job="test/pytest",
            number="17",
            repository="https://github.com/ann/calc",
            title=TITLE,
            message=MESSAGE,
        ),
    ),
    (
        "buildkite",
        {
            "BUILDKITE": "true",
            "BUILDKITE_ORGANIZATION_SLUG": "ann",
            "BUILDKITE_PIPELINE_SLUG": "calc",
            "BUILDKITE_LABEL": "unit",
            "BUILDKITE_PARALLEL_JOB": "2",
            "BUILDKITE_PARALLEL_JOB_COUNT": "5",
            "BUILDKITE_BUILD_NUMBER": "17",
            "BUILDKITE_JOB_ID": "0b5e",
            "BUILDKITE_REPO": "git@github.com:ann/calc.git",
            "BUILDKITE_MESSAGE": MESSAGE,
        },
        Details(
            pipeline="ann/calc",
            job="unit/2",
            number="17",
            repository="https://github.com/ann/calc",
            message=MESSAGE,
            attempt="0b5e",
        ),
    ),
    (
        "teamcity",
        {
            "TEAMCITY_VERSION": "2025.1",
            "TEAMCITY_PROJECT_NAME": "Calc",
            "TEAMCITY_BUILDCONF_NAME": "Unit",
            "BUILD_NUMBER": "1.4.17",
        },
        Details(pipeline="Calc/Unit", number=""),
    ),
    (
        "travis",
        {
            "TRAVIS": "true",
            "TRAVIS_REPO_SLUG": "ann/calc",
            "TRAVIS_BUILD_NUMBER": "17",
            "TRAVIS_JOB_NUMBER": "17.2",
            "TRAVIS_JOB_ID": "4711",
            "TRAVIS_COMMIT_MESSAGE": MESSAGE,
        },
        Details(
            pipeline="ann/calc",
            job="2",
            number="17",
            repository="https://github.com/ann/calc",
            message=MESSAGE,
            attempt="4711",
        ),
    ),
    (
        "appveyor",
        {
            "APPVEYOR": "True",
            "APPVEYOR_ACCOUNT_NAME": "ann",
            "APPVEYOR_PROJECT_SLUG": "calc",
            "APPVEYOR_JOB_NUMBER": "2",
            "APPVEYOR_JOB_ID": "x7",
            "APPVEYOR_BUILD_NUMBER": "17",
            "APPVEYOR_PULL_REQUEST_TITLE": TITLE,
            "APPVEYOR_REPO_COMMIT_MESSAGE": "PROJ-13",
            "APPVEYOR_REPO_COMMIT_MESSAGE_EXTENDED": "Add two numbers",
        },
        Details(
            pipeline="ann/calc",
            job="2",
            number="17",
            title=TITLE,
            message="PROJ-13\nAdd two numbers",
            attempt="x7",
        ),
    ),
    (
        "codebuild",
        {
            "CODEBUILD_BUILD_ARN": "arn",
            "CODEBUILD_BUILD_ID": "calc:0b5e-77",
            "CODEBUILD_BATCH_BUILD_IDENTIFIER": "linux_small",
            "CODEBUILD_BUILD_NUMBER": "17",
            "CODEBUILD_SOURCE_REPO_URL": "https://github.com/ann/calc.git",
        },
        Details(
            pipeline="calc",
            job="linux_small",
            number="17",
            repository="https://github.com/ann/calc",
        ),
    ),
    (
        "cloudbuild",
        {
            "BUILDER_OUTPUT": "/builder/outputs",
            "PROJECT_ID": "shop",
            "TRIGGER_NAME": "calc",
            "BUILD_ID": "0b5e",
        },
        Details(pipeline="shop/calc"),
    ),
    (
        "woodpecker",
        {
            "CI": "woodpecker",
            "CI_REPO": "ann/calc",
            "CI_WORKFLOW_NAME": "test",
            "CI_STEP_NAME": "pytest",
            "CI_PIPELINE_NUMBER": "17",
            "CI_REPO_URL": "https://git.example.com/ann/calc",
            "CI_COMMIT_MESSAGE": MESSAGE,
        },
        Details(
            pipeline="ann/calc",
            job="test/pytest",
            number="17",
            repository="https://git.example.com/ann/calc",
            message=MESSAGE,
        ),
    ),
]


@pytest.mark.parametrize(
    ("environ", "details"), [each[1:] for each in TOLD], ids=[s for s, *_ in TOLD]
)
def test_system_is_understood(
    tmp_path: Path, environ: dict[str, str], details: Details
) -> None:
    """Pipeline, job, number and texts come from the system's own variables."""
    assert read_details(environ, tmp_path, "3.12.1") == details


def test_each_system_has_a_row() -> None:
    """The rows are those of the systems that are detected, and all are tested."""
    assert list(ROWS) == [system.slug for system in SYSTEMS]
    assert [slug for slug, *_ in TOLD] == list(ROWS)


def test_outside_of_ci_there_are_no_details(tmp_path: Path) -> None:
    """A person's machine has no pipeline."""
    assert read_details({"PATH": "/bin"}, tmp_path) == Details()


def test_number_is_an_integer(tmp_path: Path) -> None:
    """TeamCity's id of a build is one, its number is any text."""
    properties = tmp_path / "build.properties"
    properties.write_text("teamcity.build.id=4711\n", encoding="latin-1")
    environ = {
        "TEAMCITY_VERSION": "1",
        "BUILD_NUMBER": "1.4",
        "TEAMCITY_BUILD_PROPERTIES_FILE": str(properties),
    }

    assert read_details(environ, tmp_path).number == "4711"
    huge = {**GITHUB, "GITHUB_RUN_NUMBER": "9" * 30}
    assert read_details(huge, tmp_path).number == ""


@pytest.mark.parametrize(
    ("event", "title", "message"),
    [
        ({"pull_request": {"title": TITLE}}, TITLE, ""),
        ({"head_commit": {"message": MESSAGE}}, "", MESSAGE),
        ({"merge_group": {"head_commit": {"message": MESSAGE}}}, "", MESSAGE),
        ({"pull_request": {"title": ["PROJ-12"]}}, "", ""),
        ({"pull_request": None, "head_commit": "x"}, "", ""),
        ({"pull_request": {"title": "x" * 99_999}}, "x" * 4000, ""),
        (["PROJ-12"], "", ""),
    ],
)
def test_event_of_github_is_read_with_care(
    tmp_path: Path, event: object, title: str, message: str
) -> None:
    """Anybody may write a title; it is a text of limited length, or nothing."""
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event), encoding="utf-8")
    found = read_details({**GITHUB, "GITHUB_EVENT_PATH": str(path)}, tmp_path)

    assert (found.title, found.message) == (title, message)


def test_folder_is_that_in_the_repository(tmp_path: Path) -> None:
    """Projects in folders of one repository have pipelines of their own."""
    below = tmp_path / "services" / "api"
    below.mkdir(parents=True)
    (tmp_path / ".git").mkdir()

    assert read_details(GITHUB, below).folder == "services/api"
    assert read_details(GITHUB, tmp_path).folder == ""


@pytest.mark.parametrize("name", ["TOX_ENV_NAME", "NOX_CURRENT_SESSION"])
def test_runs_of_one_job_are_told_apart(tmp_path: Path, name: str) -> None:
    """tox and nox run the same tests several times in one job."""
    environ = {"GITLAB_CI": "true", name: "py312"}

    assert read_details(environ, tmp_path).variant == "py312"


def test_recorded_details_are_read_back() -> None:
    """Other names in the recorded context are ignored."""
    recorded = {"name": "GitLab CI", "pipeline": "a/b", "job": "unit", "branch": "x"}

    assert read_recorded(recorded) == Details(pipeline="a/b", job="unit")
    assert read_recorded({"number": "812"}) == Details(number="812")
    for odd in ("1.2", "-1", "", "9" * 30, "٣"):
        assert read_recorded({"number": odd}) == Details()


def test_gaps_are_filled_and_nothing_else() -> None:
    """What was recorded stays."""
    found = fill_gaps(Details(job="unit"), Details(job="other", title=TITLE))

    assert found == Details(job="unit", title=TITLE)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two commits."""
    for arguments in (
        ("init", "-q"),
        ("config", "user.email", "ann@example.com"),
        ("config", "user.name", "Ann"),
        ("remote", "add", "origin", "https://ann:s3cret@github.com/ann/calc.git"),
        ("commit", "-q", "--allow-empty", "-m", "PROJ-1 first"),
        ("commit", "-q", "--allow-empty", "-m", "PROJ-2 second\n\nPROJ-3"),
    ):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)  # noqa: S607
    return tmp_path


def test_git_tells_the_message_of_the_commit(repository: Path) -> None:
    """A commit that a shallow clone lacks is replaced by the one that is there."""
    asked = ["git", "rev-parse", "HEAD~1"]
    first = subprocess.run(
        asked, cwd=repository, check=True, capture_output=True, text=True
    ).stdout.strip()

    assert read_message(repository, first) == "PROJ-1 first"
    assert read_message(repository, "") == "PROJ-2 second\n\nPROJ-3"
    assert read_message(repository, "0" * 40) == "PROJ-2 second\n\nPROJ-3"
    assert read_message(repository, "--output=x") == "PROJ-2 second\n\nPROJ-3"
    assert not (repository / "x").exists()


def test_git_tells_the_repository_without_the_login(repository: Path) -> None:
    """A token in the address of a clone is removed."""
    assert read_repository(repository) == "https://github.com/ann/calc"


def test_without_git_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No repository, or no git, is no error."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    outside = read_message(tmp_path, "")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert (outside, read_message(tmp_path, "")) == ("", "")
    assert read_repository(tmp_path) == ""


def test_long_messages_are_cut(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys are looked for in the beginning of a message only."""
    monkeypatch.setattr(commit, "LONGEST", 5)

    assert read_message(repository, "") == "PROJ-"


def test_a_repository_in_an_artifact_runs_no_command(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Git would fetch a missing commit by the command in that repository's config."""
    artifact = tmp_path_factory.mktemp("artifact")
    asked = ["git", "rev-parse", "HEAD"]
    head = subprocess.run(asked, cwd=repository, check=True, capture_output=True)
    for arguments in (
        ("init", "-q"),
        ("remote", "add", "origin", str(repository)),
        ("config", "core.repositoryFormatVersion", "1"),
        ("config", "extensions.partialClone", "origin"),
        ("config", "remote.origin.promisor", "true"),
        ("config", "remote.origin.uploadPack", "touch ran; git-upload-pack"),
    ):
        subprocess.run(["git", *arguments], cwd=artifact, check=True)  # noqa: S607
    (artifact / ".git" / "HEAD").write_bytes(head.stdout)

    assert read_message(artifact, "") == ""
    assert not list(artifact.rglob("ran"))


def test_a_folder_with_the_files_of_a_repository_is_none(repository: Path) -> None:
    """Only a folder with ``.git`` is one: others came with what was checked out."""
    inner = repository / "data"
    (repository / ".git").rename(inner)

    assert read_repository(inner) == ""


@pytest.mark.parametrize("address", ["http://[x", "javascript:alert(1)", "../x"])
def test_a_recorded_repository_is_a_page(address: str) -> None:
    """A run directory may have anything there, and Jira would show it as a link."""
    assert read_recorded({"repository": address}) == Details()
    assert read_recorded({"repository": "https://github.com/a/b"}).repository


def test_recorded_texts_are_cut() -> None:
    """As those that are read from the CI system."""
    assert len(read_recorded({"title": "x" * 1_000_000}).title) == 4000
