"""
Detect pull requests from forks.

Somebody else wrote the code that is checked out, and may have written its settings to
get this machine's secrets. The variable names are those that each system documents.
Systems without a row, such as Bitbucket, run no pull requests of forks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xray_bridge.ci.variables import read_event
from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

YES = frozenset({"true", "1", "yes"})
# Names of the CI system's own variables, which describe a run.
OWN = re.compile(
    r"CI|(?:AGENT|APPVEYOR|BITBUCKET|BITRISE|BRANCH|BUILD|BUILDKITE|CF|CHANGE|CI|CIRCLE|"
    r"CODEBUILD|DRONE|GIT|GITHUB|GITLAB|HARNESS|JENKINS|JOB|NODE|RUN|RUNNER|SEMAPHORE|"
    r"STAGE|SYSTEM|TEAMCITY|TRAVIS)_[A-Z0-9_]+"
)
SECRET = re.compile(r"TOKEN|PASS|SECRET|KEY|CREDENTIAL|JWT|AUTH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """
    The variables in which one CI system describes a fork.

    The run is that of a fork if the variable ``is_set`` is set, ``is_yes`` is true, or
    ``theirs`` is set and differs from ``ours``; ``rule`` decides without variables.
    """

    name: str
    is_set: str = ""
    is_yes: str = ""
    theirs: str = ""
    ours: str = ""
    rule: Callable[[Mapping[str, str]], bool] | None = None

    def tells(self, environ: Mapping[str, str]) -> bool:
        """Whether the environment is that of a fork's pull request."""
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
    Whether the event's head is in another repository; True if that is unknown.

    Source: GitHub's 'Webhook events and payloads', 'pull_request'.
    """
    if not environ.get("GITHUB_EVENT_NAME", "").startswith("pull_request"):
        return False
    request = read_event(environ).get("pull_request")
    head = request.get("head") if isinstance(request, dict) else None
    repository = head.get("repo") if isinstance(head, dict) else None
    return _is_other_repository(repository, environ)


def _follows_github_fork(environ: Mapping[str, str]) -> bool:
    """
    Whether the workflow before this one was that of a fork; True if that is unknown.

    Source: GitHub's 'Webhook events and payloads', 'workflow_run'.
    """
    if environ.get("GITHUB_EVENT_NAME") != "workflow_run":
        return False
    before = read_event(environ).get("workflow_run")
    repository = before.get("head_repository") if isinstance(before, dict) else None
    return _is_other_repository(repository, environ)


def _is_other_repository(repository: object, environ: Mapping[str, str]) -> bool:
    # The repository of a deleted fork is null.
    if not isinstance(repository, dict):
        return True
    name = str(repository.get("full_name") or "").lower()
    ours = environ.get("GITHUB_REPOSITORY", "").lower()
    if name and ours:
        return name != ours
    return repository.get("fork") is not False


def _normalise_repository(text: str) -> str:
    """Return host/owner/name, the same for all spellings of an address."""
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
# Variables with the name of the repository that runs the job.
NAMES = (
    "GITHUB_REPOSITORY",
    "CI_PROJECT_PATH",
    "BUILD_REPOSITORY_NAME",
    "TRAVIS_REPO_SLUG",
    "APPVEYOR_REPO_NAME",
    "SEMAPHORE_GIT_REPO_SLUG",
)


def system_of_fork(environ: Mapping[str, str]) -> str:
    """Return the CI system if this is a fork's pull request, else an empty text."""
    return next((each.name for each in FORKS if each.tells(environ)), "")


def system_of_foreign_results(environ: Mapping[str, str]) -> str:
    """
    Return the CI system if results of a fork are sent here, else an empty text.

    The code that is checked out may be our own: GitHub runs a workflow after another
    one (``workflow_run``), with our secrets and the fork's artifact.
    """
    follows = "GitHub Actions" if _follows_github_fork(environ) else ""
    return system_of_fork(environ) or follows


def names_of_repository(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names that CI gives to the repository."""
    return tuple(environ[name] for name in NAMES if environ.get(name))


def is_own_variable(name: str) -> bool:
    """Whether a variable is the CI system's own and not a secret."""
    return bool(OWN.fullmatch(name)) and not SECRET.search(name)
