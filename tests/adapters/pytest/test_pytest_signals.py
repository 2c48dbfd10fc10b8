"""A session that gets a signal ends in an orderly way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.adapters.pytest.conftest import OURS, Project


SLOW = """
import pathlib, time, pytest

@pytest.mark.xray("CALC-1")
def test_first(): pass

@pytest.mark.xray("CALC-2")
def test_second():
    pathlib.Path("running").touch()
    try:
        time.sleep(60)
    except Exception:
        pass

def teardown_module():
    pathlib.Path("cleaned up").touch()
"""
HANDLED = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
"""
SLOW_END = """
import time
def pytest_sessionfinish():
    open("ending", "w").close()
    time.sleep(60)
"""
CODES = {"SIGTERM": 143, "SIGHUP": 129}


def _start(project: Project, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *OURS]
    upload = ("--xray-upload", "--xray-sandbox", *arguments)
    return subprocess.Popen(
        [*command, *upload],
        cwd=project.pytester.path,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _wait_for(project: Project, name: str) -> None:
    end = time.monotonic() + 60
    while not (project.pytester.path / name).exists():
        assert time.monotonic() < end, name
        time.sleep(0.05)


@pytest.mark.parametrize("name", CODES)
@pytest.mark.fault("G04", "G06")
def test_a_signal_ends_the_session_and_keeps_its_results(
    project: Project, workers: tuple[str, ...], name: str
) -> None:
    """Nothing was sent; ``resend`` sends what was recorded."""
    if signal.getsignal(getattr(signal, name)) is signal.SIG_IGN:
        pytest.skip(f"{name} is ignored here, as under nohup")
    project.pytester.makepyfile(test_slow=SLOW)
    process = _start(project, *workers)
    _wait_for(project, "running")
    while not project.journal:
        time.sleep(0.05)

    os.kill(process.pid, getattr(signal, name))
    said, _ = process.communicate(timeout=60)

    assert process.returncode == CODES[name]
    assert "Interrupted, so nothing was uploaded. To send the results" in said
    assert [line["test_keys"] for line in project.journal] == [["CALC-1"]]
    assert workers or (project.pytester.path / "cleaned up").exists()
    assert project.runs[0].joinpath("state.json").exists()
    resend = [sys.executable, "-m", "xray_bridge", "resend", "--sandbox"]
    subprocess.run(resend, cwd=project.pytester.path, check=True)
    assert project.statuses == {"CALC-1": "PASS"}


def test_a_second_signal_ends_at_once(project: Project) -> None:
    """As the system would have it."""
    project.pytester.makepyfile(test_slow=SLOW)
    project.pytester.makeconftest(SLOW_END)
    process = _start(project)
    _wait_for(project, "running")

    os.kill(process.pid, signal.SIGTERM)
    _wait_for(project, "ending")
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=30)

    assert process.returncode == -signal.SIGTERM


def test_a_signal_that_somebody_handles_is_theirs(project: Project) -> None:
    """A handler in a project's ``conftest.py`` stays."""
    project.pytester.makepyfile(test_slow=SLOW)
    project.pytester.makeconftest(HANDLED)
    process = _start(project)
    _wait_for(project, "running")

    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=30)

    assert process.returncode != 143


def test_handlers_are_gone_after_the_session(project: Project) -> None:
    """After ``pytest.main`` the process has its old handlers."""
    project.pytester.makepyfile("def test_it(): pass")
    project.pytester.makepyfile(
        calls="""
        import signal, sys, pytest
        code = pytest.main(["--xray-upload", "--xray-sandbox", "-p", "no:xdist"])
        sys.exit(signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL or code)
        """
    )

    finished = project.pytester.run(sys.executable, "calls.py")

    assert finished.ret == 0
