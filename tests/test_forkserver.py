"""Forked processes behave like started ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests import forkserver


pytestmark = pytest.mark.skipif(
    os.environ.get("FORK_SERVER") == "no" or not hasattr(os, "fork"),
    reason="nothing is forked here",
)
SHOWS = """
import json, os, signal, sys, threading

def test_it():
    names = ("stdin", "stdout", "stderr")
    streams = [getattr(sys, f"__{name}__") for name in names]
    found = {
        "argv": sys.argv,
        "orig_argv": sys.orig_argv,
        "path": sys.path,
        "environ": dict(os.environ),
        "folder": os.getcwd(),
        "streams": [(s.name, s.encoding, s.errors, s.newlines) for s in streams],
        "group": os.getpgrp(),
        "session": os.getsid(0) == os.getpid(),
        "signals": [str(signal.getsignal(n)) for n in (2, 13, 15, 17)],
        "main": sorted(vars(sys.modules["__main__"])),
        "file": sys.modules["__main__"].__file__,
        "threads": threading.active_count(),
        "open": len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc") else 0,
        "parent": os.getppid(),
    }
    with open("found.json", "w") as file:
        json.dump(found, file)
"""
COMMAND = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
COMMAND += ["-p", "no:hypothesispytest", "-p", "no:pytest_httpserver"]


@pytest.fixture(autouse=True)
def _not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use only the zygotes of this process."""
    monkeypatch.delenv(forkserver.SHARED, raising=False)
    monkeypatch.setattr(forkserver.zygotes, "shared", None)


def show(folder: Path, how: type[subprocess.Popen[Any]], **given: Any) -> Any:
    """Print the properties of a process that it can see itself."""
    (folder / "test_shows.py").write_text(SHOWS)
    quiet = subprocess.DEVNULL
    started = how(COMMAND, cwd=folder, stdin=quiet, stdout=quiet, **given)
    assert started.wait() == 0
    return json.loads((folder / "found.json").read_text())


def own_zygotes() -> set[int]:
    """Process ids of this process's zygotes."""
    assert forkserver.zygotes is not None
    return {zygote.pid for zygote in forkserver.zygotes.running.values()}


@pytest.mark.parametrize("alone", [False, True], ids=["group", "session"])
def test_a_forked_process_sees_what_a_started_one_sees(
    tmp_path: Path, *, alone: bool
) -> None:
    """A forked process sees the same as a started one, except its parent."""
    environ = {**os.environ, "GREETING": "hello", "PYTHONIOENCODING": "latin-1"}
    environ["PYTHONPATH"] = os.pathsep.join((str(tmp_path / "lib"), "relative"))
    given: dict[str, Any] = {"env": environ, "start_new_session": alone}
    forked = show(tmp_path, forkserver.Popen, **given)
    started = show(tmp_path, forkserver.Started, **given)
    parents = forked.pop("parent"), started.pop("parent")
    if alone:
        del forked["group"], started["group"]

    assert forked == started
    assert parents[0] in own_zygotes()
    assert parents[1] == os.getpid()


@pytest.mark.parametrize(
    "environ",
    [{"PYTHONDEVMODE": "1"}, {"LC_ALL": "de_AT.ISO-8859-1"}],
    ids=["interpreter", "locale"],
)
def test_another_interpreter_is_started(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    """A process with another interpreter option is started, not forked."""
    found = show(tmp_path, forkserver.Popen, env={**os.environ, **environ})

    assert found["parent"] == os.getpid()


@pytest.mark.parametrize("name", ["json.py", "pluggy/__init__.py", "sitecustomize.py"])
def test_a_module_that_comes_first_is_imported(tmp_path: Path, name: str) -> None:
    """A process with its own module of an imported name is started, not forked."""
    (tmp_path / "lib" / name).parent.mkdir(parents=True)
    (tmp_path / "lib" / name).write_text("import os; os._exit(7)")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "lib")}
    started = forkserver.Popen(COMMAND, cwd=tmp_path, env=environ)

    assert started.wait() == 7


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("assert 0", 1),
        ("os._exit(9)", 9),
        ("os.kill(os.getpid(), 11)", -11),
        ("pytest.exit('enough', 5)", 5),
    ],
)
def test_how_a_process_ends(tmp_path: Path, body: str, code: int) -> None:
    """A forked process reports its exit code, or the signal that ended it."""
    test = f"import os, pytest\ndef test_it():\n    {body}\n"
    (tmp_path / "test_ends.py").write_text(test)
    done = subprocess.run(COMMAND, cwd=tmp_path, capture_output=True, check=False)

    assert done.returncode == code


def test_a_process_is_killed(tmp_path: Path) -> None:
    """A deadline ends the process, and a poll reports it."""
    (tmp_path / "test_slow.py").write_text(
        "import os, time\n"
        "def test_it():\n"
        "    open(f'pid-{os.getpid()}', 'w').close()\n"
        "    time.sleep(60)\n"
    )
    started = forkserver.Popen(COMMAND, cwd=tmp_path, stdout=subprocess.DEVNULL)
    while not (tmp_path / f"pid-{started.pid}").exists():
        time.sleep(0.01)
    before = started.poll()
    started.send_signal(signal.SIGKILL)

    assert before is None
    assert started.wait(10) == started.poll() == -signal.SIGKILL


def test_processes_do_not_outlive_their_zygote(tmp_path: Path) -> None:
    """At the end of the tests, all forked processes and zygotes are ended."""
    (tmp_path / "test_slow.py").write_text(
        "import time\n"
        "def test_it():\n"
        "    open('here', 'w').close()\n"
        "    time.sleep(60)\n"
    )
    kept = forkserver.zygotes
    with forkserver.available():
        assert forkserver.zygotes is not None
        folder = forkserver.zygotes.folder
        started = forkserver.Popen(COMMAND, cwd=tmp_path, stdout=subprocess.DEVNULL)
        while not (tmp_path / "here").exists():
            time.sleep(0.01)
    forkserver.zygotes = kept

    assert started.wait(10) == -signal.SIGKILL
    assert not folder.exists()


def test_what_is_shared_is_not_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker forks the zygotes of the process that has started it."""
    monkeypatch.setenv(forkserver.SHARED, "")
    kept = forkserver.zygotes
    end = forkserver.share()
    with forkserver.available():
        found = show(tmp_path, forkserver.Popen)
        started = own_zygotes()
    forkserver.zygotes = kept
    end()

    assert not started
    assert found["parent"] != os.getpid()


def test_workers_and_the_second_process_are_forked(tmp_path: Path) -> None:
    """A forked session forks its own processes, too."""
    (tmp_path / "conftest.py").write_text(
        "import os\n"
        "def pytest_sessionstart(session):\n"
        "    open(f'session-of-{os.getppid()}-{os.getpid()}', 'w').close()\n"
    )
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    command = [*COMMAND, "-n2", "--xray-upload", "--xray-sandbox"]
    subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    sessions = [path.name.split("-") for path in tmp_path.glob("session-of-*")]

    assert len(sessions) == 3
    assert {int(parent) for _, _, parent, _ in sessions} <= own_zygotes()
