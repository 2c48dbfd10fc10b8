"""A session with everything shown shows no secret, and leaves none behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from xray_bridge.config.stored_connections import OWN_FILE_VARIABLE


SECRET = "s3cret-of-this-job"
# A test that fails beside our own values, with its environment among its locals; a hook
# that looks at what the second process is started with; a fault of ours in a traceback.
CONFTEST = """
import subprocess
from xray_bridge.recording import second_process

real = second_process.Popen

def noted(command, **options):
    with open("argv", "a") as file:
        print(command, file=file)
    return real(command, **options)

second_process.Popen = noted
"""
TESTS = """
import os
from xray_bridge.config.resolve import environment_layer, resolve

def test_it():
    settings = resolve([environment_layer(os.environ)])
    token, password = settings.token, os.environ["XRAY_TOKEN"]
    assert token == "another"
"""


@pytest.mark.real_start
@pytest.mark.fault("C14")
def test_nothing_shows_a_secret(tmp_path: Path) -> None:
    """No argument, no file of a run or of ``--debug``, and no output shows one."""
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    url = "http://127.0.0.1:9"
    environ = {
        **os.environ,
        "XRAY_TOKEN": SECRET,
        "XRAY_URL": url,
        "XRAY_PROJECT": "CALC",
        "XRAY_DEADLINE": "1",
        OWN_FILE_VARIABLE: str(tmp_path / "none.toml"),
    }
    flags = [
        "--xray-upload",
        "--showlocals",
        "--debug",
        "--full-trace",
        "-p",
        "no:xdist",
    ]

    done = subprocess.run(
        [sys.executable, "-m", "pytest", *flags],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "NOT DELIVERED" in done.stdout, done.stdout + done.stderr
    assert "Secret('***')" in done.stdout
    argv = (tmp_path / "argv").read_text(encoding="utf-8")
    assert "upload" in argv
    [run] = (tmp_path / ".xray" / "runs").iterdir()
    recorded = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert recorded["settings"]["url"] == url
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"receipt.json", "journal.jsonl", "pytestdebug.log"} <= {
        path.name for path in files
    }
    holding = [path.name for path in files if SECRET.encode() in path.read_bytes()]
    assert holding == []
    ours = done.stdout[done.stdout.index("NOT DELIVERED") :] + done.stderr
    assert SECRET not in ours
