"""``xray-bridge sandbox``: what a user starts to rehearse an upload."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests

from tests.scripted import unused_port
from xray_bridge import cli


if TYPE_CHECKING:
    from collections.abc import Iterator
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


@contextmanager
def served(folder: Path, *flags: str) -> Iterator[str]:
    """Run the command for this folder; yield its first line."""
    command = [sys.executable, "-u", "-m", "xray_bridge", "sandbox", *flags]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        try:
            yield line
        finally:
            process.kill()


def test_second_sandbox_of_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It does not start, and says where the first one is."""
    with served(tmp_path, "--port", str(unused_port())) as line:
        code = cli.main(["sandbox", "--data", str(tmp_path / ".xray/sandbox")])

    address = line.removeprefix("Xray sandbox: ")
    assert code == 2
    assert f"has a sandbox already, at {address}" in capsys.readouterr().err


def test_sandboxes_of_two_folders(tmp_path: Path) -> None:
    """The second one takes a free port, unless a port is asked for."""
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with served(folders[0]) as first, served(folders[1]) as second:
        assert first.startswith("Xray sandbox: http://127.0.0.1:")
        assert second.startswith("Xray sandbox: http://127.0.0.1:")
        assert first != second


def test_port_that_is_in_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A port that was asked for is not replaced by another one."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        code = cli.main(["sandbox", "--port", port, "--data", str(tmp_path)])

    assert code == 2
    assert f"port {port} cannot be used" in capsys.readouterr().err


def test_projects_that_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once it has been told them, an unknown one fails as in a real Jira."""
    monkeypatch.chdir(tmp_path)
    with served(tmp_path, "--port", str(unused_port()), "--projects", "SHOP,DEMO"):
        pass
    codes = {
        project: cli.main(["check", "--sandbox", "--project", project])
        for project in ("SHOP", "DEMO", "CALC", "NOPE")
    }

    assert codes == {"SHOP": 0, "DEMO": 0, "CALC": 0, "NOPE": 85}
    assert "there is no project NOPE" in capsys.readouterr().out


def test_projects_that_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A word that cannot be the key of a project is refused."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["sandbox", "--data", str(tmp_path), "--projects", "SHOP,x y"])

    assert ended.value.code == 2
    assert "'x' is not the key of a project" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_port_that_is_none(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A number that cannot be a port is refused."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["sandbox", f"--port={port}"])

    assert ended.value.code == 2
    assert f"'{port}' is not a port" in capsys.readouterr().err


def break_database(folder: Path) -> None:
    """Write something else where the sandbox has its data."""
    folder.mkdir(parents=True)
    (folder / "sandbox.sqlite3").write_bytes(b"nothing of SQLite" * 100)


def test_data_that_is_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that names the folder."""
    break_database(tmp_path / "data")

    code = cli.main(["sandbox", "--data", str(tmp_path / "data")])

    expected = f"error: --data: {tmp_path / 'data'}: file is not a database ("
    assert code == 2
    assert expected in capsys.readouterr().err


def test_data_that_is_no_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not taken for a problem of the port."""
    (tmp_path / "data").write_bytes(b"a file")

    code = cli.main(["sandbox", "--data", str(tmp_path / "data")])

    assert code == 2
    assert f"error: --data: {tmp_path / 'data'}: " in capsys.readouterr().err


def test_check_with_damaged_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the folder of the data, not that of a copy."""
    monkeypatch.chdir(tmp_path)
    break_database(tmp_path / ".xray" / "sandbox")

    code = cli.main(["check", "--sandbox"])

    found = capsys.readouterr().err
    assert code == 2
    assert "the data of the sandbox in .xray/sandbox cannot be used: file is" in found
    assert "(delete that folder" in found


@pytest.mark.real_start
def test_link_of_an_upload(tmp_path: Path) -> None:
    """It is where this folder is served; otherwise there is the command to serve it."""
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuite><testcase classname="a" name="b"/></testsuite>', encoding="utf-8"
    )
    upload = [sys.executable, "-m", "xray_bridge", "upload", "report.xml", "--sandbox"]

    def send() -> str:
        return subprocess.check_output(upload, cwd=tmp_path, text=True)

    before = send()
    with served(tmp_path, "--port", str(unused_port())) as line:
        during = send()

    assert "\nNote: to see CALC-102 in a browser, run `xray-bridge sandbox`\n" in before
    address = line.removeprefix("Xray sandbox: ")
    assert f"Test Execution: CALC-103 {address}/browse/CALC-103\n" in during
