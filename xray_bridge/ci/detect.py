"""
Detect the CI system from the environment, by a table and without network.

The variable names are those that each system documents. The order matters if a system
also sets the variables of another (Harness sets those of Drone).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xray_bridge.ci import variables as rules
from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# User and password, or a token, before the host.
CREDENTIALS = re.compile(r"(?<=://)[^/?#\s]*@")
HEADS, TAGS = "refs/heads/", "refs/tags/"
AZURE_PAGE = (
    "{SYSTEM_TEAMFOUNDATIONSERVERURI}{SYSTEM_TEAMPROJECTID}"
    "/_build/results?buildId={BUILD_BUILDID}"
)
BITBUCKET_PAGE = (
    "https://bitbucket.org/{BITBUCKET_REPO_FULL_NAME}"
    "/addon/pipelines/home#!/results/{BITBUCKET_BUILD_NUMBER}"
)
APPVEYOR_PAGE = (
    "{APPVEYOR_URL}/project/{APPVEYOR_ACCOUNT_NAME}/{APPVEYOR_PROJECT_SLUG}"
    "/builds/{APPVEYOR_BUILD_ID}"
)
CLOUD_BUILDS = "https://console.cloud.google.com/cloud-build/builds"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """
    One CI system, and the variables that describe a run of it.

    The system is this one if the variable ``detect`` is set, to ``value`` if that is
    given. The other fields are templates, in which ``{NAME}`` is a variable; the first
    template whose variables are all set counts. ``more`` adds variables that the
    system's own rules compute. ``slug`` is its name in run ids.
    """

    name: str
    slug: str
    detect: str
    value: str = ""
    revision: tuple[str, ...]
    branch: tuple[str, ...]
    tag: str = ""
    number: str = ""
    url: tuple[str, ...]
    run_id: tuple[str, ...]
    more: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """
    The data of a CI run; fields that the system does not give are empty.

    ``run_id`` is the same for all jobs of one pipeline run, and for retries of a job.
    """

    name: str = ""
    revision: str = ""
    build_url: str = ""
    build_number: str = ""
    branch: str = ""
    run_id: str = ""
    tag: str = ""


SYSTEMS = (
    System(
        name="GitHub Actions",
        slug="github",
        detect="GITHUB_ACTIONS",
        # For a pull request GITHUB_SHA is a temporary merge commit.
        revision=("{HEAD_OF_PULL_REQUEST}", "{GITHUB_SHA}"),
        branch=("{GITHUB_HEAD_REF}", "{GITHUB_REF_NAME}"),
        tag="{TAG_OF_REF}",
        number="{GITHUB_RUN_NUMBER}",
        url=("{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",),
        run_id=("{GITHUB_RUN_ID}",),
        more=rules.read_github,
    ),
    System(
        name="GitLab CI",
        slug="gitlab",
        detect="GITLAB_CI",
        revision=("{CI_MERGE_REQUEST_SOURCE_BRANCH_SHA}", "{CI_COMMIT_SHA}"),
        branch=("{CI_MERGE_REQUEST_SOURCE_BRANCH_NAME}", "{CI_COMMIT_REF_NAME}"),
        tag="{CI_COMMIT_TAG}",
        number="{CI_PIPELINE_IID}",
        url=("{CI_PIPELINE_URL}",),
        run_id=("{CI_PIPELINE_ID}",),
    ),
    System(
        name="Jenkins",
        slug="jenkins",
        detect="JENKINS_URL",
        revision=("{GIT_COMMIT}",),
        branch=("{CHANGE_BRANCH}", "{BRANCH_NAME}", "{GIT_BRANCH}"),
        tag="{TAG_NAME}",
        number="{BUILD_NUMBER}",
        url=("{BUILD_URL}", "{RUN_DISPLAY_URL}"),
        run_id=("{BUILD_TAG}",),
    ),
    System(
        name="Azure Pipelines",
        slug="azure",
        detect="TF_BUILD",
        revision=("{SYSTEM_PULLREQUEST_SOURCECOMMITID}", "{BUILD_SOURCEVERSION}"),
        branch=("{SYSTEM_PULLREQUEST_SOURCEBRANCH}", "{BUILD_SOURCEBRANCH}"),
        number="{BUILD_BUILDID}",
        url=(AZURE_PAGE,),
        run_id=("{BUILD_BUILDID}",),
    ),
    System(
        name="Bitbucket Pipelines",
        slug="bitbucket",
        detect="BITBUCKET_BUILD_NUMBER",
        revision=("{BITBUCKET_COMMIT}",),
        branch=("{BITBUCKET_BRANCH}",),
        tag="{BITBUCKET_TAG}",
        number="{BITBUCKET_BUILD_NUMBER}",
        url=(BITBUCKET_PAGE,),
        run_id=("{BITBUCKET_REPO_FULL_NAME}-{BITBUCKET_BUILD_NUMBER}",),
    ),
    System(
        name="CircleCI",
        slug="circleci",
        detect="CIRCLECI",
        revision=("{CIRCLE_SHA1}",),
        branch=("{CIRCLE_BRANCH}",),
        tag="{CIRCLE_TAG}",
        number="{CIRCLE_BUILD_NUM}",
        url=("{CIRCLE_BUILD_URL}",),
        run_id=("{CIRCLE_WORKFLOW_ID}",),
    ),
    System(
        name="Harness CI",
        slug="harness",
        detect="HARNESS_BUILD_ID",
        revision=("{DRONE_COMMIT_SHA}", "{CI_COMMIT_SHA}"),
        # For a pull request DRONE_COMMIT_BRANCH is the target branch.
        branch=("{DRONE_SOURCE_BRANCH}", "{DRONE_COMMIT_BRANCH}"),
        tag="{DRONE_TAG}",
        number="{HARNESS_BUILD_ID}",
        url=("{CI_BUILD_LINK}", "{DRONE_BUILD_LINK}"),
        run_id=(
            "{HARNESS_PROJECT_ID}-{HARNESS_PIPELINE_ID}-{HARNESS_BUILD_ID}",
            "{DRONE_REPO}-{HARNESS_BUILD_ID}",
        ),
    ),
    System(
        name="Drone",
        slug="drone",
        detect="DRONE",
        revision=("{DRONE_COMMIT_SHA}",),
        branch=("{DRONE_SOURCE_BRANCH}", "{DRONE_BRANCH}"),
        tag="{DRONE_TAG}",
        number="{DRONE_BUILD_NUMBER}",
        url=("{DRONE_BUILD_LINK}",),
        run_id=("{DRONE_REPO}-{DRONE_BUILD_NUMBER}",),
    ),
    System(
        name="Buildkite",
        slug="buildkite",
        detect="BUILDKITE",
        revision=("{BUILDKITE_COMMIT}",),
        branch=("{BUILDKITE_BRANCH}",),
        tag="{BUILDKITE_TAG}",
        number="{BUILDKITE_BUILD_NUMBER}",
        url=("{BUILDKITE_BUILD_URL}",),
        run_id=("{BUILDKITE_BUILD_ID}",),
    ),
    System(
        name="TeamCity",
        slug="teamcity",
        detect="TEAMCITY_VERSION",
        revision=("{BUILD_VCS_NUMBER}",),
        branch=("{teamcity.build.branch}",),
        number="{BUILD_NUMBER}",
        url=("{BUILD_URL}",),
        run_id=("{teamcity.build.id}",),
        more=rules.read_teamcity,
    ),
    System(
        name="Travis CI",
        slug="travis",
        detect="TRAVIS",
        revision=("{TRAVIS_PULL_REQUEST_SHA}", "{TRAVIS_COMMIT}"),
        branch=("{TRAVIS_PULL_REQUEST_BRANCH}", "{TRAVIS_BRANCH}"),
        tag="{TRAVIS_TAG}",
        number="{TRAVIS_BUILD_NUMBER}",
        url=("{TRAVIS_BUILD_WEB_URL}",),
        run_id=("{TRAVIS_BUILD_ID}",),
    ),
    System(
        name="AppVeyor",
        slug="appveyor",
        detect="APPVEYOR",
        revision=("{APPVEYOR_PULL_REQUEST_HEAD_COMMIT}", "{APPVEYOR_REPO_COMMIT}"),
        branch=("{APPVEYOR_PULL_REQUEST_HEAD_REPO_BRANCH}", "{APPVEYOR_REPO_BRANCH}"),
        tag="{APPVEYOR_REPO_TAG_NAME}",
        number="{APPVEYOR_BUILD_NUMBER}",
        url=(APPVEYOR_PAGE,),
        run_id=("{APPVEYOR_BUILD_ID}",),
    ),
    System(
        name="AWS CodeBuild",
        slug="codebuild",
        detect="CODEBUILD_BUILD_ARN",
        revision=("{CODEBUILD_RESOLVED_SOURCE_VERSION}",),
        branch=("{CODEBUILD_WEBHOOK_HEAD_REF}",),
        number="{CODEBUILD_BUILD_NUMBER}",
        url=("{CODEBUILD_PUBLIC_BUILD_URL}", "{URL_FROM_ARN}"),
        run_id=("{BUILD_OF_ARN}",),
        more=rules.read_codebuild,
    ),
    System(
        name="Google Cloud Build",
        slug="cloudbuild",
        detect="BUILDER_OUTPUT",
        revision=("{COMMIT_SHA}",),
        branch=("{_HEAD_BRANCH}", "{BRANCH_NAME}"),
        tag="{TAG_NAME}",
        url=(
            f"{CLOUD_BUILDS};region={{LOCATION}}/{{BUILD_ID}}?project={{PROJECT_ID}}",
            f"{CLOUD_BUILDS}/{{BUILD_ID}}?project={{PROJECT_ID}}",
        ),
        run_id=("{BUILD_ID}",),
    ),
    System(
        name="Woodpecker CI",
        slug="woodpecker",
        detect="CI",
        value="woodpecker",
        revision=("{CI_COMMIT_SHA}",),
        branch=("{CI_COMMIT_SOURCE_BRANCH}", "{CI_COMMIT_BRANCH}"),
        tag="{CI_COMMIT_TAG}",
        number="{CI_PIPELINE_NUMBER}",
        url=("{CI_PIPELINE_URL}",),
        run_id=("{CI_REPO}-{CI_PIPELINE_NUMBER}",),
    ),
)


def read_context(found: Mapping[str, str]) -> Context:
    """Read a recorded context; names that a newer version wrote are ignored."""
    return Context(**{name: found[name] for name in Context.__slots__ if name in found})


def find_system(environ: Mapping[str, str]) -> System | None:
    """Find the CI system of this environment; None outside CI."""
    return next((each for each in SYSTEMS if _is_system(each, environ)), None)


def detect(environ: Mapping[str, str]) -> Context:
    """Detect the CI context; empty outside CI."""
    found = find_system(environ)
    if found is None:
        return Context()
    variables = {**environ, **(found.more(environ) if found.more else {})}
    branch = _fill_first(found.branch, variables)
    return Context(
        name=found.name,
        revision=_clean_revision(_fill_first(found.revision, variables)),
        build_url=_clean_url(_fill_first(found.url, variables)),
        build_number=_fill_first((found.number,), variables),
        branch=clean_branch(branch),
        run_id=_make_run_id(found.slug, _fill_first(found.run_id, variables)),
        tag=_find_tag(_fill_first((found.tag,), variables), branch),
    )


def _is_system(each: System, environ: Mapping[str, str]) -> bool:
    found = environ.get(each.detect, "")
    return found == each.value if each.value else bool(found)


def _fill_first(templates: tuple[str, ...], variables: Mapping[str, str]) -> str:
    """Fill the first template whose variables are all set."""
    filled = (rules.fill_template(template, variables) for template in templates)
    return next(filter(None, filled), "")


def _clean_revision(found: str) -> str:
    # Buildkite gives HEAD for a build without a commit.
    return "" if found == "HEAD" else found


def clean_branch(found: str) -> str:
    """Return the name of a branch without what Git writes before it."""
    return found.removeprefix(HEADS).removeprefix("origin/")


def _find_tag(found: str, branch: str) -> str:
    """Return the tag that is built; some systems give its reference as a branch."""
    reference = branch if branch.startswith(TAGS) else ""
    return (found or reference).removeprefix(TAGS)


def _clean_url(found: str) -> str:
    is_address = found.startswith(("http://", "https://"))
    return CREDENTIALS.sub("", found) if is_address else ""


def _make_run_id(slug: str, found: str) -> str:
    return f"{slug}-{found}" if found else ""
