"""
A zygote: an interpreter that has imported the modules of a command, and forks.

``forkserver`` starts it, and talks to it. It has one thread, which waits for requests
on a Unix socket; it ends, and its children with it, when its standard input does.
"""

from __future__ import annotations

import atexit
import codecs
import contextlib
import gc
import importlib
import io
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
from dataclasses import dataclass
from importlib.metadata import Distribution, PathDistribution, distributions
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Any


# Started as a script: not the folder of the script, the one above.
sys.path[0] = str(Path(__file__).parents[1])
from tests import forkserver  # noqa: E402
from tests.forkserver import NUMBER  # noqa: E402


del sys.path[0]
if TYPE_CHECKING:
    from collections.abc import Sequence

# Of an environment, what a child can take over when it has started already.
ADAPTABLE = {"PYTHONPATH", "PYTHONIOENCODING"}


@dataclass(frozen=True)
class Request:
    """A request for a process."""

    command: list[str]
    environ: dict[str, str]
    folder: str
    group: int | None
    streams: list[int]

    @property
    def path(self) -> list[str]:
        """The folders of ``PYTHONPATH``."""
        parts = self.environ.get("PYTHONPATH", "").split(os.pathsep)
        return [str(Path(self.folder, part)) for part in parts if part]


def _receive(line: socket.socket) -> Request | None:
    head, streams, _, _ = socket.recv_fds(line, NUMBER.size, 3)
    if not head:
        return None
    with line.makefile("rb") as file:
        content = loads(file.read(NUMBER.unpack(head)[0]))
    return Request(streams=streams, **content)


def _can_be_forked(request: Request) -> bool:
    """Whether a forked child would be the same as a started process."""
    own = {k: v for k, v in os.environ.items() if k.startswith("PYTHON")}
    theirs = {k: v for k, v in request.environ.items() if k.startswith("PYTHON")}
    names = {*own, *theirs} - ADAPTABLE
    words = {k for k in request.environ if k.startswith(("LC_", "LANG"))}
    same = all(own.get(name) == theirs.get(name) for name in names) and all(
        request.environ[name] == os.environ.get(name) for name in words
    )
    return same and not any(map(_shadows, (request.folder, *request.path)))


def _shadows(folder: str) -> bool:
    """Whether a module there would come before one that is already imported."""
    imported = {name for name in sys.modules if "." not in name}
    for entry in os.scandir(folder) if Path(folder).is_dir() else ():
        name, _, kind = entry.name.partition(".")
        if name in {"sitecustomize", "usercustomize"}:
            return True
        is_module = kind == "py" or Path(entry.path, "__init__.py").exists()
        if name in imported and is_module:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if not file.startswith(entry.path):
                return True
    return False


def _serve(listener: socket.socket) -> Request:
    """Fork a child for each request; returns in the child."""
    lines: dict[int, socket.socket] = {}
    ended, end = os.pipe()
    os.set_blocking(ended, False)
    os.set_blocking(end, False)
    signal.set_wakeup_fd(end, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        sources: list[Any] = [0, ended, listener]
        ready, _, _ = select.select(sources, [], [])
        if 0 in ready:
            # Its owner has ended.
            for pid in lines:
                os.kill(pid, signal.SIGKILL)
            sys.exit()
        if ended in ready:
            os.read(ended, 4096)
            _reap(lines)
        if listener not in ready:
            continue
        line, _ = listener.accept()
        request = _receive(line)
        can = request is not None and _can_be_forked(request)
        child = os.fork() if can else None
        if request and child == 0:
            signal.set_wakeup_fd(-1)
            for each in (*lines.values(), line, listener):
                each.close()
            os.close(ended)
            os.close(end)
            # As a process that was started inherits it.
            signal.signal(signal.SIGINT, interrupt)
            return request
        for number in request.streams if request else ():
            os.close(number)
        with contextlib.suppress(OSError):
            line.sendall(NUMBER.pack(child or 0))
        if child:
            lines[child] = line
        else:
            line.close()


def _reap(lines: dict[int, socket.socket]) -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            with lines.pop(pid) as line, contextlib.suppress(OSError):
                line.sendall(NUMBER.pack(status))


def _become(request: Request, site: Sequence[str]) -> None:
    """Run as the requested process, and end as it does."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if request.group is None:
        os.setsid()
    else:
        with contextlib.suppress(OSError):
            os.setpgid(0, request.group)
    for number, stream in enumerate(request.streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environ)
    time.tzset()
    tempfile.tempdir = None
    sys.orig_argv = list(request.command)
    arguments = request.command[1:]
    is_unbuffered = arguments[0] == "-u"
    del arguments[: int(is_unbuffered)]
    _open_streams(is_unbuffered=is_unbuffered)
    flag, name = arguments[0][:2], arguments[0][2:]
    what = name or arguments.pop(1)
    sys.argv = [flag, *arguments[1:]]
    first = request.folder if flag == "-m" else ""
    sys.path[:] = [first, *dict.fromkeys((*request.path, *site))]
    main = types.ModuleType("__main__")
    if "__annotations__" in vars(sys.modules["__main__"]):
        # Until Python 3.13.
        main.__annotations__ = {}
    sys.modules["__main__"] = main
    if flag == "-m":
        runpy._run_module_as_main(what)  # type: ignore[attr-defined]
    else:
        exec(compile(what, "<string>", "exec"), main.__dict__)  # noqa: S102 - as -c does


def _end(code: Any) -> None:
    """End like an interpreter, but let the system free the memory."""
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)  # noqa: T201 - as an interpreter does
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        code = 120
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit((code or 0) & 0xFF)


def _open_streams(*, is_unbuffered: bool) -> None:
    encoding, _, errors = os.environ.get("PYTHONIOENCODING", "").partition(":")
    usual = errors or ("strict" if encoding else sys.stdin.errors)
    kinds = (usual, usual, "backslashreplace")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        old = getattr(sys, name)
        raw = io.FileIO(number, "rb" if number == 0 else "wb", closefd=False)
        # What open() would do, too: a name is a string here.
        raw.name = f"<{name}>"
        buffer = io.BufferedReader(raw) if number == 0 else io.BufferedWriter(raw)
        new = io.TextIOWrapper(
            buffer,
            encoding=codecs.lookup(encoding).name if encoding else old.encoding,
            errors=kinds[number],
            newline=None if number == 0 else "\n",
            line_buffering=raw.isatty() or number == 2,
            write_through=is_unbuffered and number > 0,
        )
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)


SESSION = """
import execnet.gateway, execnet.multi, execnet.rsync, pytest_rerunfailures
import xdist.dsession, xdist.remote, xdist.scheduler, xdist.workermanage

def test_it(tmp_path): pass
"""


def _remember_what_is_installed() -> None:
    """Each session of pytest reads twice what each distribution has, for plugins."""
    for name in ("entry_points", "files", "metadata"):
        setattr(PathDistribution, name, _remembered(getattr(Distribution, name)))
    for each in distributions():
        _ = each.metadata


def _remembered(read: Any) -> property:
    known: dict[str, Any] = {}

    def get(distribution: Any) -> Any:
        path = str(distribution._path)
        if path not in known:
            known[path] = read.fget(distribution)
        return known[path]

    return property(get)


def _import_all(package: str) -> None:
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(found.__path__, f"{package}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _import_pytest() -> None:
    """Run a session, to import the plugins and rewrite their assertions."""
    import pytest

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pytest.ini").touch()
        Path(folder, "test_session.py").write_text(SESSION, encoding="ascii")
        os.chdir(folder)
        # The last is imported all the same, but its sessions leave a thread behind.
        none = (
            "cacheprovider",
            "hypothesispytest",
            "pytest_httpserver",
            "rerunfailures",
        )
        flags = [f"-pno:{name}" for name in none]
        with Path(os.devnull).open("w") as quiet, contextlib.redirect_stdout(quiet):
            assert pytest.main([*flags, "--basetemp=t"]) == 0
        del sys.modules["test_session"]
        os.chdir("/")
    _import_all("pytest_xray_bridge")


def _import_behave() -> None:
    _import_all("behave.reporter")
    for name in ("configuration", "formatter._builtins", "runner", "runner_util"):
        # Not all are behave 1.2.6's.
        with contextlib.suppress(ImportError):
            importlib.import_module(f"behave.{name}")
    _import_all("behave_xray_bridge")


def _import_xray_bridge() -> None:
    _import_all("xray_bridge")
    _import_all("xray_sandbox")


def _main(kind: str, folder: str, number: int) -> None:
    behave = os.environ.get("PYTHONPATH")
    site = [part for part in sys.path if part != behave]
    # Users have folders of that name.
    del sys.modules["tests"], sys.modules["tests.forkserver"]
    listener = socket.socket(fileno=number)
    listener.set_inheritable(False)
    subprocess.Popen = forkserver.Popen  # type: ignore[misc]
    load = {
        "pytest": _import_pytest,
        "behave": _import_behave,
        "xray_bridge": _import_xray_bridge,
    }
    _remember_what_is_installed()
    load[kind]()
    assert threading.active_count() == 1, threading.enumerate()
    gc.collect()
    gc.freeze()
    request = _serve(listener)
    forkserver.zygotes = forkserver.Zygotes(Path(folder))
    try:
        _become(request, site)
        _end(None)
    except SystemExit as ended:
        _end(ended.code)


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
