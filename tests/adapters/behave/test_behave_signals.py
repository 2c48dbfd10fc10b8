"""A run that gets a signal ends in an orderly way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project

STEPS = """
import pathlib, time
from behave import step

@step("it works")
def _(context): pass

@step("it takes long")
def _(context):
    pathlib.Path("running").touch()
    time.sleep(60)
"""
FEATURE = """
Feature: Slow
  @TEST_CALC-1
  Scenario: first
    Given it works
  @TEST_CALC-2
  Scenario: second
    Given it takes long
"""
CODES = {"SIGTERM": 143, "SIGHUP": 129}


@pytest.mark.parametrize("name", CODES)
@pytest.mark.fault("G04", "G06")
def test_a_signal_ends_the_run_and_keeps_its_results(
    project: Project, name: str
) -> None:
    """Nothing was sent; what was recorded is there to be sent."""
    if signal.getsignal(getattr(signal, name)) is signal.SIG_IGN:
        pytest.skip(f"{name} is ignored here, as under nohup")
    project.write({"features/a.feature": FEATURE, "features/steps/steps.py": STEPS})
    ours = ["-f", "behave_xray_bridge:XrayFormatter"]
    upload = ["-D", "xray_upload=yes", "-D", "xray_sandbox=yes"]
    process = subprocess.Popen(
        [sys.executable, "-m", "behave", *ours, *upload],
        cwd=project.path,
        env={**os.environ, "PYTHONPATH": project.python_path},
        stdout=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 60
    while not (project.path / "running").exists() and time.monotonic() < end:
        time.sleep(0.05)

    process.send_signal(getattr(signal, name))
    said, _ = process.communicate(timeout=60)

    assert process.returncode == CODES[name]
    assert "Interrupted, so nothing was uploaded. To send the results" in said
    assert project.outcomes == {"first": "passed"}
