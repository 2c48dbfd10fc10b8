"""
Find the pull or merge request of a CI run, and how to comment on it.

Addresses come from the variables that each system itself sets, tokens only from the
environment. Sources: GitHub's "REST API endpoints for issue comments", GitLab's "Notes
API", Bitbucket Cloud's "Pullrequests" and Azure DevOps' "Pull Request Threads".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xray_bridge.ci.pull_requests import find_pull_request
from xray_bridge.ci.variables import fill_template, read_event
from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GITHUB, GITLAB, BITBUCKET, AZURE = "github", "gitlab", "bitbucket", "azure"
# The API of Bitbucket Cloud; no variable has its address.
BITBUCKET_API = "https://api.bitbucket.org"
NUMBER = re.compile(r"[0-9]{1,18}")
# Names of owners and repositories, and ids, which need no quotes in addresses.
PLAIN = re.compile(r"(?!.*\.\.)[\w.{}-]+(?:/[\w.{}-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """
    A service that hosts pull requests.

    ``url`` and ``path`` are templates of the API's address and of the comments, with
    variables of the CI system and ``NUMBER``, that of the pull request. ``token`` is
    the variable with the token, ``header`` the form of the login. ``longest`` is the
    limit of a comment in bytes. ``mark`` is a form of text that readers do not see.
    ``missing`` says how to get the permission. ``number`` finds the number of the pull
    request, ``is_here`` whether the repository is hosted there.
    """

    name: str
    slug: str
    title: str
    url: str
    path: str
    token: str
    header: tuple[str, str] = ("Authorization", "Bearer {}")
    longest: int
    mark: str = "<!-- {} -->"
    missing: str
    number: Callable[[Mapping[str, str]], str]
    is_here: Callable[[Mapping[str, str]], bool] = bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A pull request: its service, the API's address, the path of its comments."""

    service: Service
    url: str
    path: str
    number: str

    def __str__(self) -> str:
        """Return the words for a person."""
        return f"{self.service.title} {self.number} on {self.service.name}"


def _find_github_number(environ: Mapping[str, str]) -> str:
    """Read the number from the ref, or from the event of ``pull_request_target``."""
    found = find_pull_request(environ)
    if NUMBER.fullmatch(found):
        return found
    number = read_event(environ).get("number") if found else None
    return str(number) if isinstance(number, int) else ""


def _read(*names: str) -> Callable[[Mapping[str, str]], str]:
    """Return the function that reads the first of these variables that is set."""

    def find(environ: Mapping[str, str]) -> str:
        return next((environ[name] for name in names if environ.get(name)), "")

    return find


def _is_azure_repository(environ: Mapping[str, str]) -> bool:
    """Azure Pipelines also builds repositories of other services."""
    return environ.get("BUILD_REPOSITORY_PROVIDER", "TfsGit") == "TfsGit"


SERVICES: Mapping[str, Service] = {
    each.slug: each
    for each in (
        Service(
            name="GitHub",
            slug=GITHUB,
            title="pull request",
            url="{GITHUB_API_URL}",
            path="/repos/{GITHUB_REPOSITORY}/issues/{NUMBER}/comments",
            token="GITHUB_TOKEN",  # noqa: S106 - its name
            # 65,536 characters.
            longest=65_000,
            missing="add `permissions: pull-requests: write` to the job, and "
            "`GITHUB_TOKEN: ${{ github.token }}` to the env of the step",
            number=_find_github_number,
        ),
        Service(
            name="GitLab",
            slug=GITLAB,
            title="merge request",
            url="{CI_API_V4_URL}",
            path="/projects/{CI_MERGE_REQUEST_PROJECT_ID}/merge_requests/{NUMBER}/notes",
            token="GITLAB_TOKEN",  # noqa: S106 - its name
            header=("PRIVATE-TOKEN", "{}"),
            # 1,000,000 characters.
            longest=500_000,
            missing="make a project access token with the scope api and the role "
            "Developer, and set it as the masked variable GITLAB_TOKEN; "
            "CI_JOB_TOKEN cannot comment",
            number=_read("CI_MERGE_REQUEST_IID"),
        ),
        Service(
            name="Bitbucket",
            slug=BITBUCKET,
            title="pull request",
            url=BITBUCKET_API,
            path="/2.0/repositories/{BITBUCKET_REPO_FULL_NAME}/pullrequests/{NUMBER}"
            "/comments",
            token="BITBUCKET_TOKEN",  # noqa: S106 - its name
            # 32,768 characters.
            longest=32_000,
            # Bitbucket shows HTML comments as text, and hides unused references.
            mark="[//]: # ({})",
            missing="make a repository access token with the permission to write pull "
            "requests, and set it as the secured variable BITBUCKET_TOKEN",
            number=_read("BITBUCKET_PR_ID"),
        ),
        Service(
            name="Azure Repos",
            slug=AZURE,
            title="pull request",
            url="{SYSTEM_COLLECTIONURI}",
            path="/{SYSTEM_TEAMPROJECTID}/_apis/git/repositories/{BUILD_REPOSITORY_ID}"
            "/pullRequests/{NUMBER}/threads",
            token="SYSTEM_ACCESSTOKEN",  # noqa: S106 - its name
            # 150,000 characters.
            longest=150_000,
            missing="set `SYSTEM_ACCESSTOKEN: $(System.AccessToken)` in the env of the "
            "step, and allow `Contribute to pull requests` to the build service in the "
            "security of the repository",
            number=_read("SYSTEM_PULLREQUEST_PULLREQUESTID"),
            is_here=_is_azure_repository,
        ),
    )
}


def find_place(service: Service, environ: Mapping[str, str]) -> Place | None:
    """Return the pull request of this CI run; None if the run is not one of it."""
    number = service.number(environ).strip()
    if not NUMBER.fullmatch(number) or not service.is_here(environ):
        return None
    plain = {name: text for name, text in environ.items() if PLAIN.fullmatch(text)}
    path = fill_template(service.path, {**plain, "NUMBER": number})
    url = fill_template(service.url, environ).rstrip("/")
    if not path or not url:
        return None
    return Place(service=service, url=url, path=path, number=number)
