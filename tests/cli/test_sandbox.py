"""``xray-bridge sandbox``: what a user starts to rehearse an upload."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import requests

from tests.scripted import unused_port
from xray_bridge import cli


if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 60.0


def test_answers_of_a_file(tmp_path: Path) -> None:
    """The sandbox answers as the file says, then as it does otherwise."""
    told = {"path": "/rest/api/2/serverInfo", "status": 503, "body": {"error": "later"}}
    path = tmp_path / "answers.json"
    path.write_text(json.dumps([told]), encoding="utf-16")
    port = unused_port()
    command = ["sandbox", "--port", str(port), "--answers", str(path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "xray_bridge", *command, "--data", str(tmp_path / "d")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        answers = [serve_info(port) for _ in range(2)]
    finally:
        process.kill()
        process.wait()

    assert answers[0] == (503, {"error": "later"})
    assert answers[1][0] == 200


def serve_info(port: int) -> tuple[int, object]:
    """Status and body of an answer, once there is somebody to give one."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            url = f"http://127.0.0.1:{port}/rest/api/2/serverInfo"
            answer = requests.get(url, timeout=PATIENCE)
        except requests.ConnectionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return answer.status_code, answer.json()


@pytest.mark.parametrize("content", ["{}x", '[{"stauts": 400}]'])
def test_file_that_is_no_list_of_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    """One line that names the flag and the file, before anything listens."""
    path = tmp_path / "answers.json"
    path.write_text(content)
    command = ["sandbox", "--port", str(unused_port()), "--answers", str(path)]

    code = cli.main([*command, "--data", str(tmp_path / "data")])

    said = capsys.readouterr().err
    assert code == 2
    assert said.startswith(f"xray-bridge: error: --answers: {path}: ")
    assert said.count("\n") == 1
