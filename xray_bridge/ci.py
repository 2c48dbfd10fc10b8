"""
Which CI this is, read from the environment; a table, no network.

Variable names are those that each system documents; order matters where one
system also sets another's variables (Harness sets Drone's).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class System:
    """How one CI system tells its context; ``{NAME}`` in ``url`` is a variable."""

    name: str
    detect: str
    revision: tuple[str, ...]
    url: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What CI tells about this run; empty where it does not."""

    name: str = ""
    revision: str = ""
    build_url: str = ""
    build_number: str = ""
    branch: str = ""
    run_id: str = ""


SYSTEMS = (
    System(
        "GitHub Actions",
        "GITHUB_ACTIONS",
        ("GITHUB_SHA",),
        "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
        "GITHUB_RUN_NUMBER",
    ),
    System(
        "GitLab CI",
        "GITLAB_CI",
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "CI_COMMIT_SHA"),
        "{CI_PIPELINE_URL}",
        "CI_PIPELINE_IID",
    ),
    System("Jenkins", "JENKINS_URL", ("GIT_COMMIT",), "{BUILD_URL}", "BUILD_NUMBER"),
    System(
        "Azure Pipelines",
        "TF_BUILD",
        ("SYSTEM_PULLREQUEST_SOURCECOMMITID", "BUILD_SOURCEVERSION"),
        "{SYSTEM_TEAMFOUNDATIONSERVERURI}{SYSTEM_TEAMPROJECTID}"
        "/_build/results?buildId={BUILD_BUILDID}",
        "BUILD_BUILDID",
    ),
    System(
        "Bitbucket Pipelines",
        "BITBUCKET_BUILD_NUMBER",
        ("BITBUCKET_COMMIT",),
        "https://bitbucket.org/{BITBUCKET_REPO_FULL_NAME}"
        "/addon/pipelines/home#!/results/{BITBUCKET_BUILD_NUMBER}",
        "BITBUCKET_BUILD_NUMBER",
    ),
    System(
        "CircleCI",
        "CIRCLECI",
        ("CIRCLE_SHA1",),
        "{CIRCLE_BUILD_URL}",
        "CIRCLE_BUILD_NUM",
    ),
    System(
        "Harness CI",
        "HARNESS_BUILD_ID",
        ("DRONE_COMMIT_SHA", "CI_COMMIT_SHA"),
        "{CI_BUILD_LINK}",
        "HARNESS_BUILD_ID",
    ),
    System(
        "Drone",
        "DRONE",
        ("DRONE_COMMIT_SHA",),
        "{DRONE_BUILD_LINK}",
        "DRONE_BUILD_NUMBER",
    ),
    System(
        "Buildkite",
        "BUILDKITE",
        ("BUILDKITE_COMMIT",),
        "{BUILDKITE_BUILD_URL}",
        "BUILDKITE_BUILD_NUMBER",
    ),
    System(
        "TeamCity",
        "TEAMCITY_VERSION",
        ("BUILD_VCS_NUMBER",),
        "{BUILD_URL}",
        "BUILD_NUMBER",
    ),
)


def context(found: Mapping[str, str]) -> Context:
    """What a run directory has recorded; unknown names are a newer version's."""
    return Context(**{name: found[name] for name in Context.__slots__ if name in found})


def detect(environ: Mapping[str, str]) -> Context:
    """What CI tells; an empty context outside CI."""
    for system in SYSTEMS:
        if environ.get(system.detect):
            return Context(
                name=system.name,
                revision=_first(system.revision, environ),
                build_url=_url(system.url, environ),
                build_number=environ.get(system.number, ""),
            )
    return Context()


def _first(names: tuple[str, ...], environ: Mapping[str, str]) -> str:
    found = next((environ[name] for name in names if environ.get(name)), "")
    # Buildkite says HEAD when it was not told a commit.
    return "" if found == "HEAD" else found


def _url(template: str, environ: Mapping[str, str]) -> str:
    try:
        found = template.format_map(dict(environ))
    except KeyError:
        return ""
    return found if found.startswith(("http://", "https://")) else ""
