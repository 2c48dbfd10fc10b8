"""
A build as Jira shows it, made from the facts of a run and the settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.config.jira_settings import AUTO, IN_PROGRESS, ROLLED_BACK
from xray_bridge.dataclass import dataclass
from xray_bridge.jira.builds import states
from xray_bridge.jira.builds.keys import choose_keys, find_keys
from xray_bridge.model.keys import project_of


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.builds.counts import Counts
    from xray_bridge.jira.builds.facts import Facts
    from xray_bridge.jira.builds.pipelines import Pipeline

LONGEST_URL = 2000
NOT_IN_XRAY = "the results are not in Xray yet"
RUNNING = "the tests are running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """
    One build of a pipeline, or one deployment by it.

    A build with a greater ``sequence`` replaces an earlier one of the same pipeline
    and number. ``keys`` are those of its issues. ``updated`` is in seconds since the
    epoch, ``duration`` in seconds. ``environment`` is empty for a build.
    """

    pipeline: str
    number: int
    sequence: int
    state: str
    url: str
    updated: float
    description: str
    keys: tuple[str, ...]
    counts: Counts | None = None
    label: str = ""
    revision: str = ""
    repository: str = ""
    branch: str = ""
    duration: int = 0
    environment: str = ""
    environment_type: str = ""


def make_build(  # noqa: PLR0913 - one keyword for each thing it shows
    facts: Facts,
    settings: Settings,
    pipeline: Pipeline,
    *,
    keys: tuple[str, ...],
    sequence: int,
    state: str,
    url: str,
    execution: str = "",
    environment: str = "",
) -> Build:
    """Make a build, or a deployment to ``environment``."""
    context = facts.context
    kind = settings.jira_environment_type or states.guess_type(environment)
    given = settings.fix_version
    version = (given != AUTO and given) or context.revision[:12]
    return Build(
        pipeline=settings.redactor.clean(pipeline.name),
        number=pipeline.number,
        sequence=sequence,
        state=state,
        url=url,
        updated=facts.finished,
        description=_describe(facts, state, execution, environment),
        keys=keys,
        counts=facts.counts,
        label=(environment and version) or f"#{pipeline.number}",
        revision=context.revision,
        repository=facts.details.repository,
        branch=context.branch,
        duration=max(0, round(facts.finished - facts.started)),
        environment=environment,
        environment_type=kind if environment else "",
    )


def choose_state(facts: Facts, settings: Settings, *, is_build: bool) -> str:
    """Return the state that is set, or that of the tests."""
    given = settings.jira_build_state
    if given and not (is_build and given == ROLLED_BACK):
        return given
    return states.decide_state(facts.counts, facts.incomplete)


def choose_url(facts: Facts, execution_url: str) -> str:
    """Return the page of the CI run, or that of the Test Execution; may be empty."""
    for url in (facts.context.build_url, execution_url):
        if url.startswith(("http://", "https://")) and len(url) <= LONGEST_URL:
            return url
    return ""


def collect_keys(
    facts: Facts, settings: Settings, execution: str
) -> tuple[tuple[str, ...], int]:
    """
    Return the keys of a build's issues, and the number of those that are too many.

    Those that a person gave, or wrote at a test, may belong to any project.
    """
    return choose_keys(_list_keys(facts, settings, execution))


def _list_keys(
    facts: Facts, settings: Settings, execution: str
) -> Iterator[tuple[str, ...]]:
    own = settings.project or project_of(settings.test_execution or execution)
    projects = {each.upper() for each in settings.jira_projects or (own,) if each}
    texts = {
        "branch": facts.context.branch,
        "title": facts.details.title,
        "message": facts.details.message,
    }
    yield settings.jira_issues
    for name, text in texts.items():
        if name in settings.jira_issues_from:
            yield tuple(find_keys(text, projects, any_case=name == "branch"))
    if "requirements" in settings.jira_issues_from:
        yield facts.requirements
    if "tests" in settings.jira_issues_from:
        yield facts.tests


def _describe(facts: Facts, state: str, execution: str, environment: str) -> str:
    parts = [f"deployment to {environment}"] if environment else []
    if state == IN_PROGRESS:
        return "; ".join((*parts, RUNNING))
    if facts.counts is not None:
        parts.append(facts.counts.describe())
        parts += [f"incomplete: {reason}" for reason in facts.incomplete[:1]]
        parts.append(f"Test Execution {execution}" if execution else NOT_IN_XRAY)
    return "; ".join(parts) or state
