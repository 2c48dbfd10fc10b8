"""
The pipelines of Xray's Jenkins page, replayed against the sandbox.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.examples.conftest import NOT_THEIRS, OURS, Workplace
from xray_sandbox import CREDENTIALS, RunningSandbox, TestExecutionRow, running


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")
Replay = Callable[..., TestExecutionRow]


@pytest.fixture(params=[pytest.param("server", marks=pytest.mark.real_start), "cloud"])
def sandbox(
    tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[RunningSandbox, dict[str, str]]]:
    """A sandbox that refuses what it does not know, and who may come in."""
    logins = {
        "server": {"XRAY_TOKEN": CREDENTIALS.token},
        "cloud": {
            "XRAY_CLIENT_ID": CREDENTIALS.client_id,
            "XRAY_CLIENT_SECRET": CREDENTIALS.client_secret,
            "XRAY_JIRA_USER": CREDENTIALS.user,
            "XRAY_JIRA_TOKEN": CREDENTIALS.password,
        },
    }
    with running(tmp_path / "data") as found:
        login = logins[request.param]
        site = {"XRAY_JIRA_URL": found.url} if request.param == "cloud" else {}
        yield found, {"XRAY_URL": found.url, **login, **site}


@pytest.fixture
def replay(
    workplace: Workplace, sandbox: tuple[RunningSandbox, dict[str, str]]
) -> Replay:
    """Run a script as a CI does; the Test Execution that it has made."""
    server, login = sandbox
    theirs = {k: v for k, v in os.environ.items() if not k.startswith(NOT_THEIRS)}

    def run(script: str, **environ: str) -> TestExecutionRow:
        done = subprocess.run(
            ["sh", str(workplace.root / "examples" / "jenkins" / script)],  # noqa: S607
            env={**theirs, **OURS, **login, **environ, "PATH": workplace.programs},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (newest, *_) = server.store.test_executions()
        found = server.store.test_execution(newest.key)
        assert found is not None
        return found

    return run


def words(execution: TestExecutionRow) -> list[str]:
    """Statuses, those of both products as one."""
    return sorted(run.status.removesuffix("ED") for run in execution.runs)


def test_junit_by_a_glob_into_one_test_execution(replay: Replay) -> None:
    """With the fix version of the page; the red suite's results are there, too."""
    execution = replay("junit.sh")

    assert execution.fix_versions == ("v3.0",)
    assert words(execution) == ["FAIL", "PASS", "PASS", "PASS"]


def test_cucumber_with_jira_as_master(
    replay: Replay, sandbox: tuple[RunningSandbox, dict[str, str]]
) -> None:
    """No project is named: the tags of the scenarios say where results belong."""
    execution = replay("cucumber-standard.sh")
    paths = [request.path for request in sandbox[0].store.requests()]

    assert {run.test_key for run in execution.runs} == {"CALC-78", "CALC-79"}
    assert words(execution) == ["PASS", "PASS"]
    assert any(path.endswith("/import/execution/cucumber") for path in paths)


def test_cucumber_with_git_as_master(
    replay: Replay, sandbox: tuple[RunningSandbox, dict[str, str]]
) -> None:
    """What git says of a scenario is what runs, and what is reported."""
    execution = replay("cucumber-vcs.sh")
    (test,) = (t for t in sandbox[0].store.tests() if t.key == "CALC-78")

    assert "I have entered 20" in test.scenario
    assert words(execution) == ["PASS", "PASS"]


def test_parameters_from_the_environment(replay: Replay) -> None:
    """In each field."""
    execution = replay(
        "parameters.sh", PROJECT_KEY="CALC", TARGET="chrome", BUILD_NUMBER="7"
    )

    assert execution.environments == ("chrome",)
    assert execution.revision == "CALC7"
    assert execution.summary == "Build 7 on chrome"
