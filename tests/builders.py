"""Builders of values for tests: each takes the fields that a test needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.client.connection import Basic, Bearer, Connection
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.jira import Jira
from xray_bridge.client.pauses import Pauses
from xray_bridge.config.redaction import Redactor
from xray_bridge.config.resolve import environment_layer, resolve
from xray_bridge.config.secret import Secret
from xray_bridge.jira.run import JiraRun
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER
from xray_bridge.model.results import (
    Evidence,
    Feature,
    Outcome,
    Scenario,
    Step,
    TestIssue,
    TestRun,
)
from xray_bridge.runs import run_directory
from xray_bridge.runs.evidence import EvidenceFolder, EvidenceSource
from xray_bridge.runs.journal import Journal
from xray_bridge.runs.merge import Results
from xray_bridge.upload.prepared_run import PreparedRun


if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xray_bridge.config.settings import Settings

# 2026-01-02 03:04:05 UTC, in seconds since the epoch.
STARTED = 1_767_323_045.0
TOKEN = "a-token-nobody-may-see"


def a_test(name: str = "test_add", **changes: Any) -> TestIssue:
    """A Test without a result."""
    return TestIssue(**{"classname": "tests.test_calculator", "name": name, **changes})


def a_run(
    outcome: Outcome = Outcome.PASSED,
    *,
    keys: Sequence[str] = (),
    name: str = "test_add",
    **changes: Any,
) -> TestRun:
    """One result of one Test; ``test`` may be a complete Test."""
    given = {"started": STARTED, "duration": 0.25, **changes}
    test = given.pop("test", None) or a_test(name, test_keys=tuple(keys))
    return TestRun(test=test, outcome=outcome, **given)


def a_step(
    outcome: Outcome = Outcome.PASSED,
    *,
    name: str = "the display is on",
    **changes: Any,
) -> Step:
    """One step of a scenario."""
    return Step(**{"keyword": "Given", "name": name, "outcome": outcome, **changes})


def a_feature(**changes: Any) -> Feature:
    """A feature file."""
    return Feature(**{"path": "features/add.feature", "name": "Adding", **changes})


def a_scenario(name: str = "two numbers", **changes: Any) -> Scenario:
    """A scenario and its place in a feature file."""
    return Scenario(**{"feature": a_feature(), "name": name, "line": 3, **changes})


def a_scenario_run(outcome: Outcome = Outcome.PASSED, **changes: Any) -> TestRun:
    """One result of a scenario with one step, which decides."""
    scenario = changes.pop("scenario", None) or a_scenario()
    given = {"name": scenario.name, "steps": (a_step(outcome),), **changes}
    return a_run(outcome, scenario=scenario, **given)


def run_info(**changes: Any) -> run_directory.RunInfo:
    """The description of a run, with an id of its own."""
    given = {
        "id": run_directory.new_id(STARTED),
        "framework": "pytest",
        "versions": {"pytest": "9.0.0"},
        "started": STARTED,
        "settings": {},
        **changes,
    }
    return run_directory.RunInfo(**given)


def recorded(tmp_path: Path, *runs: TestRun, **info: Any) -> run_directory.RunDirectory:
    """A run directory with these results, sealed."""
    directory = run_directory.create(tmp_path / ".xray", run_info(**info))
    written = Journal(directory)
    for run in runs:
        written.append(run)
    written.close()
    return directory


def attached(
    directory: run_directory.RunDirectory, content: bytes, name: str
) -> Evidence:
    """Evidence in a run directory."""
    folder = EvidenceFolder(directory.path, 10_000, str)
    return folder.add(EvidenceSource(content, name, "image/x"))


def a_shard(tmp_path: Path, *runs: dict[str, Any]) -> run_directory.RunDirectory:
    """
    A run directory with evidence, sealed.

    ``evidence`` and ``steps`` of each run: contents by name, which also says whose.
    """
    directory = run_directory.create(tmp_path / ".xray", run_info())
    written = Journal(directory)
    for run in runs:
        changes = dict(run)
        own = changes.pop("evidence", {})
        step = changes.pop("step", {})
        pieces = tuple(attached(directory, c, name) for name, c in own.items())
        of_step = tuple(attached(directory, c, name) for name, c in step.items())
        steps = (a_step(evidence=of_step),) if step else ()
        make = a_scenario_run if "scenario" in changes else a_run
        written.append(make(**{"evidence": pieces, "steps": steps, **changes}))
    written.close()
    return directory


def results(tmp_path: Path, *runs: TestRun, only_keyed: bool = False) -> Results:
    """Write these results to disk and read them back."""
    return Results([recorded(tmp_path, *runs)], only_keyed=only_keyed)


def settings_of(**given: str) -> Settings:
    """Settings as the environment gives them; ``token="..."`` is XRAY_TOKEN."""
    environ = {f"XRAY_{name.upper()}": value for name, value in given.items()}
    return resolve([environment_layer(environ)], {})


def a_prepared_run(
    tmp_path: Path,
    *runs: TestRun,
    framework: str = "pytest",
    deployment: str = SERVER,
    **given: str,
) -> PreparedRun:
    """A run that was read, with its settings."""
    directory = recorded(tmp_path, *runs, framework=framework)
    settings = settings_of(**given)
    return PreparedRun(
        directory=directory,
        folder=directory.path,
        settings=settings,
        info=directory.info,
        results=Results([directory], aggregate=settings.aggregate),
        dialect=DIALECTS[deployment].with_statuses(settings.statuses),
    )


def a_connection(url: str = "https://jira.example.com", **changes: Any) -> Connection:
    """A connection to Xray Server that uses no proxy."""
    token = Secret(TOKEN)
    given = {
        "dialect": DIALECTS[SERVER],
        "why": "set by xray_deployment",
        "url": url,
        "credentials": Bearer(token=token),
        "proxies": {},
        "pauses": Pauses(first=0.001),
        "redactor": Redactor([token]),
        **changes,
    }
    return Connection(**given)


def a_jira_connection(url: str, deployment: str = SERVER) -> Connection:
    """A connection with a login to the Jira at this address."""
    if deployment == SERVER:
        return a_connection(url)
    login = Basic(user="ann@example.com", password=Secret(TOKEN))
    return a_connection(
        url, dialect=DIALECTS[CLOUD], jira_url=url, jira_credentials=login
    )


def a_jira(url: str, deployment: str = SERVER) -> Jira:
    """The client of the Jira at this address."""
    connection = a_jira_connection(url, deployment)
    return Jira.for_connection(connection, Http(connection, Deadline(10)))


def a_jira_run(
    directory: run_directory.RunDirectory,
    url: str = "https://jira.example.com",
    test_execution: str = "CALC-7",
    deployment: str = SERVER,
    **given: str,
) -> JiraRun:
    """A run that was sent to this Jira, with its settings."""
    connection = a_jira_connection(url, deployment)
    found = Results([directory])
    return JiraRun(
        settings=settings_of(**given),
        info=directory.info,
        results=found,
        directory=directory,
        connection=connection,
        http=Http(connection, Deadline(10)),
        test_execution=test_execution,
        counts=dict(found.counts),
    )
