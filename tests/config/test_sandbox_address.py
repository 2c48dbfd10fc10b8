"""The address of a sandbox that serves a folder, for sessions beside it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from xray_bridge.config import sandbox_address
from xray_bridge.config.sandbox_address import announce_address, find_address


if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "http://127.0.0.1:8979"
# Another process: a lock is held by a process.
ANNOUNCE = """\
import sys, pathlib
from xray_bridge.config.sandbox_address import announce_address
with announce_address(pathlib.Path(sys.argv[1]), sys.argv[2]):
    print("announced", flush=True)
    sys.stdin.read()
"""


def announced(folder: Path, address: str) -> subprocess.Popen[str]:
    """Start a process that announces an address until its input ends."""
    command = [sys.executable, "-c", ANNOUNCE, str(folder), address]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "announced\n"
    return process


def test_address_of_a_serving_process(tmp_path: Path) -> None:
    """It is found while the process runs, and not when it has ended."""
    with announced(tmp_path, ADDRESS) as process:
        during = find_address(tmp_path)
        process.communicate("")

    assert during == ADDRESS
    assert find_address(tmp_path) == ""


def test_address_of_a_killed_process(tmp_path: Path) -> None:
    """Its file is still there, and is not believed."""
    with announced(tmp_path, ADDRESS) as process:
        process.kill()

    assert (tmp_path / "address").read_text() == f"{ADDRESS}\n"
    assert find_address(tmp_path) == ""


def test_second_process_for_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address of the first one stays, also when the second one has ended."""
    monkeypatch.setattr(sandbox_address, "ATTEMPTS", 1)
    with announced(tmp_path, ADDRESS) as process:
        with announce_address(tmp_path, "http://127.0.0.1:4000"):
            pass
        found = find_address(tmp_path)
        process.communicate("")

    assert found == ADDRESS


@pytest.mark.parametrize(
    "text", ["http://evil.example.com:80", "http://127.0.0.1:80/x", "", "\udcff"]
)
def test_other_addresses(tmp_path: Path, text: str) -> None:
    """A file that names anything but a port of this machine names nothing."""
    with announced(tmp_path, ADDRESS) as process:
        (tmp_path / "address").write_bytes(text.encode(errors="surrogateescape"))
        found = find_address(tmp_path)
        process.communicate("")

    assert found == ""


def test_folder_that_nobody_serves(tmp_path: Path) -> None:
    """Nothing is found, and nothing is written."""
    assert find_address(tmp_path) == ""
    assert not list(tmp_path.iterdir())


def test_address_that_cannot_be_written(tmp_path: Path) -> None:
    """The sandbox runs all the same; others do not find it."""
    (tmp_path / sandbox_address.ADDRESS).mkdir()

    with announce_address(tmp_path, ADDRESS):
        found = find_address(tmp_path)

    assert found == ""
