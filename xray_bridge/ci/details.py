"""
More data of a CI run, for builds and deployments in Jira.

Only sessions that ask for builds read it. Tests of a matrix run in several jobs of one
build, so a job needs a name of its own: else one job would replace the counts of
another. The variable names are those that each system documents.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.ci import detect
from xray_bridge.ci.repositories import clean_repository
from xray_bridge.ci.variables import fill_template, read_event
from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Programs that run the same tests several times in one job name the run here.
RUNNERS = ("TOX_ENV_NAME", "NOX_CURRENT_SESSION")
# Characters of a title or a message in which keys are looked for.
LONGEST = 4000
# The integer of Jira's API has 64 bits.
NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    The variables of one CI system; fields are templates, as in ``detect.System``.

    ``pipeline`` is the same in all builds, ``job`` in all runs of the job. ``copies``
    are pairs of variables with the index of a parallel job and the number of them.
    ``is_plain``: the jobs of a matrix have the same name. ``number`` is an integer, if
    the build number is not one. ``attempt`` differs if a job runs again.
    """

    pipeline: tuple[str, ...]
    job: tuple[str, ...] = ()
    copies: tuple[tuple[str, str], ...] = ()
    is_plain: bool = False
    number: tuple[str, ...] = ()
    repository: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    attempt: tuple[str, ...] = ()
    more: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """
    The data of a CI run for builds; fields that the system does not give are empty.

    All fields are texts, also ``number``, which is an integer. ``variant`` tells the
    jobs of a matrix apart if their names do not. ``folder`` is the folder of the
    session in its repository. ``title`` is that of a pull request.
    """

    pipeline: str = ""
    job: str = ""
    variant: str = ""
    folder: str = ""
    number: str = ""
    repository: str = ""
    title: str = ""
    message: str = ""
    attempt: str = ""


def _read_github(environ: Mapping[str, str]) -> dict[str, str]:
    """Read title and message from the event, which anybody on the web may write."""
    event = read_event(environ)
    found = {
        "TITLE": _dig(event, "pull_request", "title"),
        "MESSAGE": _dig(event, "head_commit", "message")
        or _dig(event, "merge_group", "head_commit", "message"),
    }
    return {name: text for name, text in found.items() if text}


def _dig(found: object, *names: str) -> str:
    """Return the text below these names; empty if there is none."""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _read_travis(environ: Mapping[str, str]) -> dict[str, str]:
    """Read the job's index: its number is that of the build, a dot and the index."""
    _, dot, index = environ.get("TRAVIS_JOB_NUMBER", "").partition(".")
    return {"JOB_INDEX": index} if dot else {}


def _read_codebuild(environ: Mapping[str, str]) -> dict[str, str]:
    """Read the project from the build's id, ``PROJECT:UUID``."""
    project, colon, _ = environ.get("CODEBUILD_BUILD_ID", "").partition(":")
    return {"PROJECT_OF_BUILD": project} if colon else {}


# By the slug of the system in ``detect``.
ROWS = {
    "github": Row(
        pipeline=("{GITHUB_REPOSITORY}/{GITHUB_WORKFLOW}", "{GITHUB_REPOSITORY}"),
        job=("{GITHUB_JOB}",),
        is_plain=True,
        repository=("{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}",),
        title=("{TITLE}",),
        message=("{MESSAGE}",),
        attempt=("{GITHUB_RUN_ATTEMPT}",),
        more=_read_github,
    ),
    "gitlab": Row(
        pipeline=("{CI_PROJECT_PATH}",),
        # It has the values of a matrix and the index of a parallel job.
        job=("{CI_JOB_NAME}",),
        repository=("{CI_PROJECT_URL}",),
        title=("{CI_MERGE_REQUEST_TITLE}",),
        message=("{CI_COMMIT_MESSAGE}",),
        attempt=("{CI_JOB_ID}",),
    ),
    "jenkins": Row(
        pipeline=("{JOB_NAME}",),
        job=("{STAGE_NAME}",),
        is_plain=True,
        repository=("{GIT_URL}",),
        title=("{CHANGE_TITLE}",),
    ),
    "azure": Row(
        pipeline=("{SYSTEM_TEAMPROJECT}/{BUILD_DEFINITIONNAME}",),
        job=("{SYSTEM_JOBDISPLAYNAME}", "{AGENT_JOBNAME}"),
        copies=(("SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE"),),
        # BUILD_BUILDNUMBER is a text with a format of its own.
        number=("{BUILD_BUILDID}",),
        repository=("{BUILD_REPOSITORY_URI}",),
        message=("{BUILD_SOURCEVERSIONMESSAGE}",),
        attempt=("{SYSTEM_JOBATTEMPT}",),
    ),
    "bitbucket": Row(
        pipeline=("{BITBUCKET_REPO_FULL_NAME}",),
        copies=(("BITBUCKET_PARALLEL_STEP", "BITBUCKET_PARALLEL_STEP_COUNT"),),
        repository=("{BITBUCKET_GIT_HTTP_ORIGIN}",),
        attempt=("{BITBUCKET_STEP_RUN_NUMBER}",),
    ),
    "circleci": Row(
        pipeline=("{CIRCLE_PROJECT_USERNAME}/{CIRCLE_PROJECT_REPONAME}",),
        job=("{CIRCLE_JOB}",),
        copies=(("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL"),),
        repository=("{CIRCLE_REPOSITORY_URL}",),
    ),
    "harness": Row(
        pipeline=("{HARNESS_PROJECT_ID}/{HARNESS_PIPELINE_ID}", "{DRONE_REPO}"),
        job=("{HARNESS_STAGE_ID}/{DRONE_STEP_NAME}", "{HARNESS_STAGE_ID}"),
        copies=(
            ("HARNESS_STAGE_INDEX", "HARNESS_STAGE_TOTAL"),
            ("HARNESS_STEP_INDEX", "HARNESS_STEP_TOTAL"),
            ("HARNESS_NODE_INDEX", "HARNESS_NODE_TOTAL"),
        ),
        repository=("{CI_REPO_LINK}", "{DRONE_REPO_LINK}", "{DRONE_GIT_HTTP_URL}"),
        title=("{DRONE_PULL_REQUEST_TITLE}",),
        message=("{CI_COMMIT_MESSAGE}", "{DRONE_COMMIT_MESSAGE}"),
        attempt=("{HARNESS_EXECUTION_ID}",),
    ),
    "drone": Row(
        pipeline=("{DRONE_REPO}",),
        job=("{DRONE_STAGE_NAME}/{DRONE_STEP_NAME}", "{DRONE_STAGE_NAME}"),
        repository=("{DRONE_REPO_LINK}", "{DRONE_GIT_HTTP_URL}"),
        title=("{DRONE_PULL_REQUEST_TITLE}",),
        message=("{DRONE_COMMIT_MESSAGE}",),
    ),
    "buildkite": Row(
        pipeline=("{BUILDKITE_ORGANIZATION_SLUG}/{BUILDKITE_PIPELINE_SLUG}",),
        job=("{BUILDKITE_LABEL}", "{BUILDKITE_STEP_KEY}"),
        copies=(("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT"),),
        repository=("{BUILDKITE_REPO}",),
        message=("{BUILDKITE_MESSAGE}",),
        attempt=("{BUILDKITE_JOB_ID}",),
    ),
    "teamcity": Row(
        pipeline=("{TEAMCITY_PROJECT_NAME}/{TEAMCITY_BUILDCONF_NAME}",),
        # BUILD_NUMBER is any text.
        number=("{teamcity.build.id}", "{BUILD_NUMBER}"),
    ),
    "travis": Row(
        pipeline=("{TRAVIS_REPO_SLUG}",),
        job=("{TRAVIS_JOB_NAME}", "{JOB_INDEX}"),
        repository=("https://github.com/{TRAVIS_REPO_SLUG}",),
        message=("{TRAVIS_COMMIT_MESSAGE}",),
        attempt=("{TRAVIS_JOB_ID}",),
        more=_read_travis,
    ),
    "appveyor": Row(
        pipeline=("{APPVEYOR_ACCOUNT_NAME}/{APPVEYOR_PROJECT_SLUG}",),
        job=("{APPVEYOR_JOB_NAME}", "{APPVEYOR_JOB_NUMBER}"),
        title=("{APPVEYOR_PULL_REQUEST_TITLE}",),
        message=(
            "{APPVEYOR_REPO_COMMIT_MESSAGE}\n{APPVEYOR_REPO_COMMIT_MESSAGE_EXTENDED}",
            "{APPVEYOR_REPO_COMMIT_MESSAGE}",
        ),
        attempt=("{APPVEYOR_JOB_ID}",),
    ),
    "codebuild": Row(
        pipeline=("{PROJECT_OF_BUILD}",),
        job=("{CODEBUILD_BATCH_BUILD_IDENTIFIER}",),
        repository=("{CODEBUILD_SOURCE_REPO_URL}",),
        more=_read_codebuild,
    ),
    "cloudbuild": Row(
        pipeline=("{PROJECT_ID}/{TRIGGER_NAME}", "{PROJECT_ID}/{REPO_NAME}"),
    ),
    "woodpecker": Row(
        pipeline=("{CI_REPO}",),
        job=("{CI_WORKFLOW_NAME}/{CI_STEP_NAME}", "{CI_WORKFLOW_NAME}"),
        repository=("{CI_REPO_URL}",),
        message=("{CI_COMMIT_MESSAGE}",),
    ),
}


def read_details(environ: Mapping[str, str], folder: Path, python: str = "") -> Details:
    """
    Read the details of the CI run; empty outside CI.

    ``folder`` is that of the session; the version ``python`` tells jobs of a matrix
    apart.
    """
    system = detect.find_system(environ)
    if system is None:
        return Details()
    row = ROWS[system.slug]
    extra = [each(environ) for each in (system.more, row.more) if each]
    variables = {**environ, **{k: v for each in extra for k, v in each.items()}}

    def fill(templates: tuple[str, ...]) -> str:
        filled = (fill_template(each, variables) for each in templates)
        return next(filter(None, filled), "")[:LONGEST]

    minor = ".".join(python.split(".")[:2])
    matrix = (environ.get("RUNNER_OS", ""), minor) if row.is_plain else ()
    runner = next((environ[name] for name in RUNNERS if environ.get(name)), "")
    number = fill((*row.number, system.number))
    return Details(
        pipeline=fill(row.pipeline),
        job="/".join(filter(None, (fill(row.job), *_read_copies(row, environ)))),
        variant="/".join(filter(None, (*matrix, runner))),
        folder=_find_folder(folder),
        number=number if NUMBER.fullmatch(number) else "",
        repository=clean_repository(fill(row.repository)),
        title=fill(row.title),
        message=fill(row.message),
        attempt=fill(row.attempt),
    )


def read_recorded(found: Mapping[str, str]) -> Details:
    """
    Read recorded details; other names are ignored.

    Anybody may have written them, so ``number`` is an integer, ``repository`` the
    address of a page, or empty.
    """
    names = [name for name in Details.__slots__ if name in found]
    known = {name: str(found[name])[:LONGEST] for name in names}
    if not NUMBER.fullmatch(known.get("number", "")):
        known.pop("number", None)
    repository = clean_repository(known.pop("repository", ""))
    return Details(**known, repository=repository)


def fill_gaps(details: Details, others: Details) -> Details:
    """Return the details, with those of ``others`` where they are empty."""
    gaps = [name for name in Details.__slots__ if not getattr(details, name)]
    return replace(details, **{name: getattr(others, name) for name in gaps})


def _read_copies(row: Row, environ: Mapping[str, str]) -> list[str]:
    """Return the index of each kind of parallel jobs, if there are several."""
    pairs = ((environ.get(i, ""), environ.get(total, "")) for i, total in row.copies)
    return [index for index, total in pairs if index and total not in {"", "0", "1"}]


def _find_folder(folder: Path) -> str:
    """Return the folder's path in its repository; empty at the top or outside."""
    for above in (folder, *folder.parents):
        if (above / ".git").exists():
            found = folder.relative_to(above).as_posix()
            return "" if found == "." else found
    return ""
