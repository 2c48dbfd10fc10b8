"""Killed in the middle: what was finished is on disk, and is sent once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.adapters.pytest.conftest import OURS, Project
from xray_sandbox import CREDENTIALS, RunningSandbox, running


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BRIDGE = (sys.executable, "-m", "xray_bridge")
SLOW = """
import time, pytest

@pytest.mark.xray("CALC-1")
def test_first(): pass

@pytest.mark.xray("CALC-2")
def test_second(): time.sleep(60)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningSandbox]:
    """A sandbox that is as strict as Xray."""
    with running(tmp_path / "server-data") as sandbox:
        yield sandbox


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["serial", "n2"])
@pytest.mark.fault("G07")
def test_finished_tests_survive_sigkill(
    project: Project, server: RunningSandbox, workers: tuple[str, ...]
) -> None:
    """``xray-bridge resend`` sends them once, and the one under way as unfinished."""
    project.pytester.makepyfile(test_slow=SLOW)
    environ = {
        **os.environ,
        "XRAY_URL": server.url,
        "XRAY_TOKEN": CREDENTIALS.token,
        "XRAY_PROJECT": "CALC",
    }
    folder = project.pytester.path
    before = len(server.store.test_executions())
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *OURS]
    process = subprocess.Popen(
        [*command, "--xray-upload", *workers],
        cwd=folder,
        env=environ,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    _wait_for_a_result(project)

    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(2):
        subprocess.run([*BRIDGE, "resend"], cwd=folder, env=environ, check=True)

    assert len(server.store.test_executions()) == before + 1
    execution = server.store.test_execution(server.store.test_executions()[0].key)
    assert execution is not None
    statuses = {run.test_key: run.status for run in execution.runs}
    assert statuses == {"CALC-1": "PASS", "CALC-2": "TODO"}
    assert "killed before it ended" in execution.description


def _wait_for_a_result(project: Project) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        begun = [run for run in project.runs if (run / "journal.jsonl").exists()]
        if begun and project.journal:
            return
        time.sleep(0.05)
    pytest.fail("no test has finished")


@pytest.mark.fault("I06")
def test_a_run_under_way_is_not_sent(project: Project) -> None:
    """``resend`` leaves alone what another process is still writing."""
    project.pytester.makepyfile(
        """
        import subprocess, sys

        def test_resends():
            command = [sys.executable, "-m", "xray_bridge", "resend", "--sandbox"]
            said = subprocess.run(command, capture_output=True, text=True)
            assert "is in use by another process" in said.stdout
            assert said.returncode == 0
        """
    )

    result = project.upload()

    result.assert_outcomes(passed=1)
    assert len(project.executions) == 1
