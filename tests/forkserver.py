"""
Real processes without their start: interpreters that have imported everything, forked.

Most tests of the adapters start pytest, its workers, behave and ``xray-bridge``, each
of which would pay for a start and for its imports. ``Popen`` here is a
``subprocess.Popen`` that has a *zygote* do the fork: an interpreter per kind of command
that waits, with one thread, for requests on a Unix socket. The child gets arguments,
environment, working directory, streams and process group as a started one does, and
runs what ``python -m`` or ``python -c`` runs; its process id is its own.

A command that no zygote knows is started as ever, and so is one that would see the
difference: an environment with other ``PYTHON*`` variables or locale, or modules on the
path that would come before those a zygote has imported. With ``FORK_SERVER=no`` in the
environment, and where there is no fork, everything is started as ever.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from _socket import socket as PlainSocket  # noqa: N812 - tests patch the other one
from dataclasses import dataclass, field
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

# How a script begins that a test runs with ``-c`` and that imports what is ours.
FORKABLE = "# forkable"
# How a command of each kind begins. The last of pytest's is a worker of xdist's; ours
# has the second process, too.
KINDS = {
    "pytest": ("-m pytest", "-mpytest", "-u -c import sys;exec(eval(sys.stdin."),
    "behave": ("-m behave",),
    "xray_bridge": (
        "-m xray_bridge",
        "-c import sys; sys.path[:1] == ['']",
        f"-c {FORKABLE}",
    ),
}
# What a shell script starts a kind with.
PROGRAMS = {"pytest": "pytest", "behave": "behave", "xray-bridge": "xray_bridge"}
PROGRAM = """#!{python} -IS
import sys
from pathlib import Path
sys.path.append({root!r})
from tests import forkserver
forkserver.zygotes = forkserver.Zygotes(Path({folder!r}))
command = (sys.executable, "-m", {module!r}, *sys.argv[1:])
sys.exit(forkserver.Popen(command).wait())
"""
# Names the folder of zygotes that workers share.
SHARED = "FORK_SERVER_FOLDER"
NUMBER = struct.Struct("!i")
ZYGOTE = Path(__file__).with_name("zygote.py")
PLAIN = {
    "close_fds": True,
    "executable": None,
    "pass_fds": (),
    "preexec_fn": None,
    "shell": False,
}
Started = subprocess.Popen
_execute_child = Started._execute_child  # type: ignore[attr-defined]
_signature = inspect.signature(_execute_child)


@dataclass
class Zygotes:
    """
    Where zygotes are; who has a ``lock`` owns them, and starts them on demand.

    Those in the ``shared`` folder are somebody else's, and are taken first.
    """

    folder: Path
    lock: threading.Lock | None = None
    shared: Path | None = None
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def connect(self, kind: str, behave: str) -> PlainSocket | None:
        """Connect to a zygote; None where there is none."""
        name = _name(kind, behave)
        if self.shared and (line := _connect(self.shared / name)):
            return line
        self.start("xray_bridge")
        self.start(kind, behave)
        return _connect(self.folder / name)

    def start(self, kind: str, behave: str = "") -> None:
        """Start a zygote that is not there yet."""
        if self.lock:
            with self.lock:
                self._start_here(kind, behave)

    def _start_here(self, kind: str, behave: str) -> None:
        name = _name(kind, behave)
        if name in self.running:
            return
        environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        environ["PYTHONPATH"] = behave
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.folder / name))
            listener.listen(64)
            number = listener.fileno()
            self.running[name] = Started(
                [sys.executable, str(ZYGOTE), kind, str(self.folder), str(number)],
                stdin=subprocess.PIPE,
                env=environ,
                pass_fds=[number],
            )

    def programs(self, folder: Path) -> Path:
        """Make programs in a folder that fork what they are called after."""
        place = folder / "programs"
        place.mkdir()
        for name, module in PROGRAMS.items():
            self.start(module)
            (place / name).write_text(
                PROGRAM.format(
                    python=sys.executable,
                    root=str(ZYGOTE.parents[1]),
                    folder=str(self.folder),
                    module=module,
                )
            )
            (place / name).chmod(0o700)
        return place

    def close(self) -> None:
        """End the zygotes, and with them what they have forked."""
        for zygote in self.running.values():
            assert zygote.stdin is not None
            zygote.stdin.close()
        for zygote in self.running.values():
            zygote.wait(30)
        shutil.rmtree(self.folder)


def _connect(path: Path) -> PlainSocket | None:
    line = PlainSocket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(None)
    try:
        line.connect(str(path))
    except OSError:
        line.close()
        return None
    return line


def _name(kind: str, behave: str) -> str:
    return f"{kind}-{crc32(behave.encode())}"


zygotes: Zygotes | None = None


@contextlib.contextmanager
def available() -> Iterator[None]:
    """Have ``Popen`` use zygotes, which end with the block."""
    global zygotes  # noqa: PLW0603 - one per process, as interpreters are
    if not _is_possible():
        yield
        return
    shared = os.environ.get(SHARED)
    zygotes = _own(Path(shared) if shared else None)
    try:
        yield
    finally:
        zygotes.close()
        zygotes = None


def share() -> Callable[[], None]:
    """
    Start zygotes for the workers of this process, which collect meanwhile.

    Returns what ends them.
    """
    if not _is_possible():
        return lambda: None
    owned = _own()
    for kind in KINDS:
        owned.start(kind)
    os.environ[SHARED] = str(owned.folder)
    return owned.close


def _is_possible() -> bool:
    return os.environ.get("FORK_SERVER") != "no" and hasattr(os, "fork")


def _own(shared: Path | None = None) -> Zygotes:
    folder = Path(tempfile.mkdtemp(prefix="zygotes-"))
    return Zygotes(folder, threading.Lock(), shared)


class Popen(subprocess.Popen[Any]):
    """A process that was forked by a zygote, or started where that cannot be."""

    # To the zygote, which says there how the process has ended.
    _line: PlainSocket | None = None

    def _execute_child(self, *given: Any) -> None:
        call = _signature.bind(self, *given).arguments
        asked = _ask(call)
        if asked is None:
            _execute_child(self, *given)
            return
        self.pid, self._line = asked
        self._child_created = True
        names = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        ends = [call[name] for name in names]
        super()._close_pipe_fds(*ends)  # type: ignore[misc]

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if self._line is None:
            return super()._try_wait(wait_flags)  # type: ignore[misc,no-any-return]
        try:
            flags = socket.MSG_DONTWAIT if wait_flags & os.WNOHANG else 0
            answer = self._line.recv(NUMBER.size, flags)
        except BlockingIOError:
            return 0, 0
        self._line.close()
        self._line = None
        return self.pid, NUMBER.unpack(answer)[0] if answer else signal.SIGKILL

    def _internal_poll(self, *given: Any, **named: Any) -> int | None:
        if self._line is None:
            return super()._internal_poll(*given, **named)  # type: ignore[misc,no-any-return]
        lock: threading.Lock = self._waitpid_lock  # type: ignore[attr-defined]
        if self.returncode is None and lock.acquire(blocking=False):
            try:
                pid, status = self._try_wait(os.WNOHANG)
                if pid:
                    self._handle_exitstatus(status)  # type: ignore[attr-defined]
            finally:
                lock.release()
        return self.returncode


def _ask(call: Mapping[str, Any]) -> tuple[int, PlainSocket] | None:
    if not zygotes or isinstance(call["args"], (str, bytes)):
        return None
    command = [os.fsdecode(part) for part in call["args"]]
    kind = _kind(command)
    if not kind or any(call[name] != value for name, value in PLAIN.items()):
        return None
    environ = dict(os.environ if call["env"] is None else call["env"])
    path = environ.get("PYTHONPATH", "").split(os.pathsep)
    behaves = (part for part in path if Path(part, "behave", "__init__.py").exists())
    line = zygotes.connect(kind, next(behaves, "") if kind == "behave" else "")
    if line is None:
        return None
    request = {
        "command": command,
        "environ": environ,
        "folder": os.fsdecode(call["cwd"] or Path.cwd()),
        "group": None if call["start_new_session"] else os.getpgrp(),
    }
    content = dumps(request).encode("ascii")
    ends = (call["p2cread"], call["c2pwrite"], call["errwrite"])
    numbers = [own if end == -1 else end for own, end in enumerate(ends)]
    rights = struct.pack("3i", *numbers)
    head = NUMBER.pack(len(content))
    try:
        line.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        line.sendall(content)
        answer = line.recv(NUMBER.size)
    except OSError:
        answer = b""
    pid = NUMBER.unpack(answer)[0] if answer else 0
    if not pid:
        line.close()
        return None
    return pid, line


def _kind(command: Sequence[str]) -> str:
    if command[0] != sys.executable:
        return ""
    text = " ".join(command[1:])
    return next((kind for kind, begins in KINDS.items() if text.startswith(begins)), "")
