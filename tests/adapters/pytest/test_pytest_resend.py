"""Results of a failed upload are sent from the checkout of their session only."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests import scripted
from xray_bridge.config.stored_connections import OWN_FILE_VARIABLE


if TYPE_CHECKING:
    from pathlib import Path

    from tests.scripted_xray import Xray


def start(
    folder: Path, *command: str, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Pytest or the command, as people start them."""
    without = {k: v for k, v in os.environ.items() if not k.startswith("XRAY_")}
    own = {OWN_FILE_VARIABLE: str(folder / "none.toml"), "XRAY_TOKEN": "a-token"}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**without, **own, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.real_start
def test_a_session_and_a_bare_resend(tmp_path: Path, server: Xray) -> None:
    """By the address of ``pytest.ini``; a run that says otherwise is refused."""
    down = f"http://127.0.0.1:{scripted.unused_port()}"
    ini = "[pytest]\nxray_upload = yes\nxray_project = CALC\nxray_url = "
    (tmp_path / "pytest.ini").write_text(f"{ini}{down}\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n", encoding="utf-8")

    first = start(tmp_path, "pytest", XRAY_DEADLINE="1")
    [run] = (tmp_path / ".xray" / "runs").iterdir()
    again = start(tmp_path, "xray_bridge", "resend", XRAY_DEADLINE="1")
    path = run / "run.json"
    content = path.read_text(encoding="utf-8")
    path.write_text(content.replace(down, server.url), encoding="utf-8")
    forged = start(tmp_path, "xray_bridge", "resend", XRAY_DEADLINE="1")
    asked = len(server.sent)

    assert (first.returncode, again.returncode) == (80, 80), first.stdout + again.stderr
    assert re.search(r"xray-bridge resend \.xray/runs/\S+$", first.stdout, re.MULTILINE)
    assert json.loads(content)["settings"]["url"] == down
    assert forged.returncode == 2
    assert server.url in forged.stdout
    assert down in forged.stdout
    assert asked == 0


@pytest.mark.real_start
def test_the_line_repeats_the_command_line(tmp_path: Path) -> None:
    """Nothing else knows the address any more."""
    down = f"http://127.0.0.1:{scripted.unused_port()}"
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n", encoding="utf-8")
    flags = ["--xray-upload", f"--xray-url={down}", "--xray-project=CALC"]

    done = start(tmp_path, "pytest", *flags, XRAY_DEADLINE="1")
    bare = start(tmp_path, "xray_bridge", "resend")

    line = re.search(
        r"xray-bridge (resend \.xray/runs/\S+ .*)$", done.stdout, re.MULTILINE
    )
    assert line is not None, done.stdout
    assert line[1].endswith(f"--url {down}")
    assert bare.returncode == 2
    assert f"--url {down}" in bare.stdout
    repeated = start(tmp_path, "xray_bridge", *line[1].split(), XRAY_DEADLINE="1")
    assert repeated.returncode == 80, repeated.stdout
