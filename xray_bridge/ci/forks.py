"""
Whether this is a pull request from a fork: somebody else has written what is checked
out, and may have written its settings for the sake of this machine's secrets.

Variable names are those that each system documents. What is no row, such as Bitbucket,
runs no pull requests of forks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_bridge.ci.variables import read_event


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

YES = frozenset({"true", "1", "yes"})
# Of variables that are the CI system's own and say something about a run.
OWN = re.compile(
    r"CI|(?:AGENT|APPVEYOR|BITBUCKET|BITRISE|BRANCH|BUILD|BUILDKITE|CF|CHANGE|CI|CIRCLE|"
    r"CODEBUILD|DRONE|GIT|GITHUB|GITLAB|HARNESS|JENKINS|JOB|NODE|RUN|RUNNER|SEMAPHORE|"
    r"STAGE|SYSTEM|TEAMCITY|TRAVIS)_[A-Z0-9_]+"
)
SECRET = re.compile(r"TOKEN|PASS|SECRET|KEY|CREDENTIAL|JWT|AUTH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """
    How one CI system tells.

    It is a fork's where the variable ``is_set`` is there, ``is_yes`` says so, or where
    ``theirs`` is there and differs from ``ours``; ``rule`` tells what no variable can.
    """

    name: str
    is_set: str = ""
    is_yes: str = ""
    theirs: str = ""
    ours: str = ""
    rule: Callable[[Mapping[str, str]], bool] | None = None

    def tells(self, environ: Mapping[str, str]) -> bool:
        """Whether it says that this is a fork's pull request."""
        if self.rule is not None:
            return self.rule(environ)
        if self.is_set:
            return bool(environ.get(self.is_set, "").strip())
        if self.is_yes:
            return environ.get(self.is_yes, "").strip().lower() in YES
        theirs = _normalise_repository(environ.get(self.theirs, ""))
        return bool(theirs) and theirs != _normalise_repository(
            environ.get(self.ours, "")
        )


def _is_github_fork(environ: Mapping[str, str]) -> bool:
    """
    The event says where the head is; where it does not, nobody knows.

    Source: GitHub's 'Webhook events and payloads', 'pull_request'.
    """
    if not environ.get("GITHUB_EVENT_NAME", "").startswith("pull_request"):
        return False
    request = read_event(environ).get("pull_request")
    head = request.get("head") if isinstance(request, dict) else None
    repository = head.get("repo") if isinstance(head, dict) else None
    # A fork that was removed is null.
    if not isinstance(repository, dict):
        return True
    name = str(repository.get("full_name") or "").lower()
    ours = environ.get("GITHUB_REPOSITORY", "").lower()
    if name and ours:
        return name != ours
    return repository.get("fork") is not False


def _normalise_repository(text: str) -> str:
    """The same for all spellings of an address: host/owner/name."""
    found = re.sub(r"^[a-z+]+://(?:[^@/]*@)?|^[^@/]*@", "", text.strip().lower())
    return found.replace(":", "/").removesuffix("/").removesuffix(".git")


FORKS = (
    Fork(name="GitHub Actions", rule=_is_github_fork),
    Fork(
        name="GitLab CI",
        theirs="CI_MERGE_REQUEST_SOURCE_PROJECT_ID",
        ours="CI_MERGE_REQUEST_PROJECT_ID",
    ),
    Fork(name="Azure Pipelines", is_yes="SYSTEM_PULLREQUEST_ISFORK"),
    # Set in builds of forks only.
    Fork(name="CircleCI", is_set="CIRCLE_PR_NUMBER"),
    Fork(name="Jenkins", is_set="CHANGE_FORK"),
    Fork(
        name="Buildkite",
        theirs="BUILDKITE_PULL_REQUEST_REPO",
        ours="BUILDKITE_REPO",
    ),
    Fork(name="Travis CI", theirs="TRAVIS_PULL_REQUEST_SLUG", ours="TRAVIS_REPO_SLUG"),
    Fork(
        name="AppVeyor",
        theirs="APPVEYOR_PULL_REQUEST_HEAD_REPO_NAME",
        ours="APPVEYOR_REPO_NAME",
    ),
    Fork(
        name="Semaphore",
        theirs="SEMAPHORE_GIT_PR_SLUG",
        ours="SEMAPHORE_GIT_REPO_SLUG",
    ),
    Fork(
        name="Bitrise",
        theirs="BITRISEIO_PULL_REQUEST_REPOSITORY_URL",
        ours="GIT_REPOSITORY_URL",
    ),
    Fork(name="Codefresh", is_yes="CF_PULL_REQUEST_IS_FORK"),
)
# What the systems call the repository that runs this.
NAMES = (
    "GITHUB_REPOSITORY",
    "CI_PROJECT_PATH",
    "BUILD_REPOSITORY_NAME",
    "TRAVIS_REPO_SLUG",
    "APPVEYOR_REPO_NAME",
    "SEMAPHORE_GIT_REPO_SLUG",
)


def system_of_fork(environ: Mapping[str, str]) -> str:
    """The CI system in which this is a fork's pull request; empty where it is none."""
    return next((each.name for each in FORKS if each.tells(environ)), "")


def names_of_repository(environ: Mapping[str, str]) -> tuple[str, ...]:
    """What CI calls the repository."""
    return tuple(environ[name] for name in NAMES if environ.get(name))


def is_own_variable(name: str) -> bool:
    """Whether a variable is the CI system's own, and no secret."""
    return bool(OWN.fullmatch(name)) and not SECRET.search(name)
