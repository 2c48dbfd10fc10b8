"""
Decide which builds and deployments of a run are sent, and why one is not.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.config import fork_guard
from xray_bridge.dataclass import dataclass
from xray_bridge.jira.builds import build as builds
from xray_bridge.jira.builds.pipelines import find_pipeline
from xray_bridge.text import join_words


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.builds.build import Build
    from xray_bridge.jira.builds.facts import Facts
    from xray_bridge.jira.builds.pipelines import Pipeline

BUILD, DEPLOYMENT = "build", "deployment"
KINDS = (BUILD, DEPLOYMENT)
# The values of the setting ``jira_issues_from``, for messages.
WORDS = {
    "branch": "the branch",
    "title": "the title of the pull request",
    "message": "the commit message",
    "requirements": "the requirements of the tests",
    "tests": "the Test keys",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The builds to send, and notices; ``pipeline`` is None if nothing is sent."""

    builds: tuple[Build, ...] = ()
    notices: tuple[str, ...] = ()
    pipeline: Pipeline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    What is asked for: the kinds, and what only the caller knows.

    ``execution`` is the key of the Test Execution, ``execution_url`` its page; both
    may be empty. ``state``: other than that of the settings and tests. ``issue_word``
    is the word of the product.
    """

    settings: Settings
    environ: Mapping[str, str]
    sequence: int
    kinds: tuple[str, ...] = KINDS
    execution: str = ""
    execution_url: str = ""
    state: str = ""
    issue_word: str = "issue"

    @property
    def report_dir(self) -> Path:
        """The folder with the run directories."""
        return Path(self.settings.report_dir)


def list_kinds(settings: Settings) -> tuple[str, ...]:
    """Return the kinds that the settings ask for."""
    wanted = {BUILD: settings.jira_build, DEPLOYMENT: bool(settings.jira_environment)}
    return tuple(kind for kind in KINDS if wanted[kind])


def make_plan(facts: Facts, asked: Request) -> Plan:
    """Decide what is sent, without asking a server."""
    settings = asked.settings
    what = join_words(asked.kinds)
    states = {kind: _choose_state(facts, asked, kind) for kind in asked.kinds}
    kinds = [kind for kind in asked.kinds if states[kind] in settings.jira_build_on]
    if not kinds:
        return Plan()
    if system := fork_guard.find_forbidden_fork(asked.environ):
        return _send_none(what, f"this is a pull request from a fork ({system})")
    pipeline = find_pipeline(
        settings, facts.details, facts.started, facts.directory, asked.report_dir
    )
    if pipeline is None:
        return _send_none(
            what, "this is no known CI system; set xray_jira_pipeline to send it"
        )
    url = builds.choose_url(facts, asked.execution_url)
    if not url:
        return _send_none(
            what, "there is neither a CI run nor a Test Execution to link to"
        )
    keys, left_out = builds.collect_keys(facts, settings, asked.execution)
    if not keys:
        return _send_none(what, _explain_no_keys(asked))
    made = tuple(
        builds.make_build(
            facts,
            settings,
            pipeline,
            keys=keys,
            sequence=asked.sequence,
            state=states[kind],
            url=url,
            execution=asked.execution,
            environment=settings.jira_environment if kind == DEPLOYMENT else "",
        )
        for kind in kinds
    )
    notices = tuple(_list_cuts(len(keys), left_out, asked.issue_word))
    return Plan(builds=made, notices=notices, pipeline=pipeline)


def _choose_state(facts: Facts, asked: Request, kind: str) -> str:
    is_build = kind == BUILD
    return asked.state or builds.choose_state(facts, asked.settings, is_build=is_build)


def _send_none(what: str, why: str) -> Plan:
    return Plan(notices=(f"no {what} is sent to Jira: {why}",))


def _explain_no_keys(asked: Request) -> str:
    looked = asked.settings.jira_issues_from
    where = ", ".join(WORDS[each] for each in WORDS if each in looked)
    word = asked.issue_word
    return f"no {word} is named in {where}; set xray_jira_issues to name one"


def _list_cuts(kept: int, left_out: int, word: str) -> Iterator[str]:
    if left_out:
        yield f"Jira takes {kept} {word}s for a build; {left_out} more are left out"
