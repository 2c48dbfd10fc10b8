"""
The same with real processes, real SIGKILL and a raw socket; time runs FASTER here.

A process of its own is the server. Each client is forked from one that has imported
everything, runs ``xray-bridge upload`` or ``resend``, and may be killed at any moment.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.scripted import Peer, head
from tests.simulation.machine import START, Machine
from tests.simulation.server import (
    FATES,
    HALF,
    HALF_SENT,
    LATER,
    NO_CONNECTION,
    NOW,
    QUESTIONS,
    RESET,
    SILENCE,
    SLOW,
    TAKEN,
    Fate,
    Server,
)
from tests.simulation.session import APART, GIVEN, KINDS, STATUSES, record
from xray_bridge import cli
from xray_bridge.client import connection
from xray_bridge.client.pauses import Pauses
from xray_bridge.runs import run_directory
from xray_bridge.runs.run_directory import RunDirectory


if TYPE_CHECKING:
    from collections.abc import Iterator

# Seconds of the simulated server within one of ours.
FASTER = 50
USUAL = Pauses()
PAUSES = Pauses(
    first=USUAL.first / FASTER,
    looks=tuple(pause / FASTER for pause in USUAL.looks),
    settled=USUAL.settled / FASTER,
    in_progress=USUAL.in_progress / FASTER,
)
STORMY, CALM = 4, 4
# What is never killed ends by itself in this time, in seconds.
PATIENCE = 60.0
KINDS_HERE = ("new", "new, and filled", "existing", "report files")


class _FastMachine(Machine):
    """The server's machine: its clock runs faster than ours."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self._began = time.time()

    @property
    def now(self) -> float:
        """Its time."""
        return START + (time.time() - self._began) * FASTER

    @now.setter
    def now(self, _: float) -> None:
        """It runs by itself."""


class _Doors:
    """What the server does to connections; one question at a time changes it."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - to be repeated by its seed
        self._lock = threading.Lock()
        self._machine = _FastMachine(self._chance)
        self._server = Server(self._machine, storm=0.0)
        self._stopped = threading.Event()

    def open(self, accepted: socket.socket) -> None:
        """Serve one connection."""
        with accepted, contextlib.suppress(OSError, ValueError):
            accepted.settimeout(PATIENCE)
            self._serve(Peer(accepted, self._stopped))

    def _serve(self, peer: Peer) -> None:
        with self._lock:
            name = self._draw()
        fate = FATES[name]
        if fate is NO_CONNECTION or fate is HALF_SENT:
            peer.socket.recv(64)
            peer.reset()
            return
        peer.read()
        request = peer.received[-1]
        parts = urlsplit(request.target)
        query = {name: found[0] for name, found in parse_qs(parts.query).items()}
        if parts.path == "/weather":
            self._command(peer, query)
            return
        is_import = "/import/" in parts.path or parts.path.endswith("/issue")
        if not is_import and name not in QUESTIONS:
            fate = TAKEN
        with self._lock:
            self._server.settle()
            body, asked = request.body, self._machine.now
            done = b"{}"
            if fate.done == NOW:
                done = self._server._do(parts.path, query, body, asked)
            elif fate.done == LATER:
                self._server.do_later(parts.path, query, body)
        self._answer(peer, fate, done)

    def _answer(self, peer: Peer, fate: Fate, done: bytes) -> None:
        if fate.answer == SILENCE:
            peer.socket.recv(1)
            return
        self._stopped.wait(self._chance.choice(SLOW) / FASTER if fate.is_slow else 0.0)
        if fate.answer == RESET:
            peer.reset()
            return
        status, headers = 200, dict[str, str]()
        if isinstance(fate.answer, tuple):
            status, done, headers = fate.answer
        length = len(done)
        if fate.answer == HALF:
            done = done[: length // 2]
        peer.write(head(status, headers, length) + done)
        peer.socket.shutdown(socket.SHUT_WR)
        peer.socket.recv(1)

    def _draw(self) -> str:
        if self._chance.random() >= self._server.storm:
            return "taken"
        return self._chance.choice([*FATES])

    def _command(self, peer: Peer, query: dict[str, str]) -> None:
        """Another weather, a fresh start, or what there is."""
        with self._lock:
            if "fresh" in query:
                self._server = Server(self._machine, storm=0.0)
            if "storm" in query:
                self._server.storm = float(query["storm"])
            self._server.settle()
            names = [*STATUSES]
            found = json.dumps({name: self._server.where(name) for name in names})
        peer.write(head(200, {}, len(found)) + found.encode())


def _serve(listening: socket.socket, seed: int) -> None:
    """Be the server until somebody ends this process."""
    doors = _Doors(seed)
    while True:
        accepted, _ = listening.accept()
        threading.Thread(target=doors.open, args=(accepted,), daemon=True).start()


@contextlib.contextmanager
def _server(seed: int) -> Iterator[int]:
    """The port of a server that is a process of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        pid = os.fork()
        if not pid:
            _serve(listening, seed)
        try:
            yield listening.getsockname()[1]
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _ask(port: int, query: str) -> dict[str, dict[str, str]]:
    """Tell the server its weather, until it listens; what it has."""
    while True:
        with contextlib.suppress(OSError, ValueError):
            with socket.create_connection(("127.0.0.1", port), 5) as asking:
                asking.sendall(f"GET /weather?{query} HTTP/1.1\r\n\r\n".encode())
                asking.shutdown(socket.SHUT_WR)
                said = b"".join(iter(lambda: asking.recv(1 << 16), b""))
            found: dict[str, dict[str, str]] = json.loads(
                said.partition(b"\r\n\r\n")[2]
            )
            return found


def _client(path: Path, environ: dict[str, str], kill_after: float) -> int | None:
    """The exit code of ``xray-bridge resend``; None where it was killed."""
    pid = os.fork()
    if not pid:
        _be_client(path, environ)
    end = time.monotonic() + (kill_after if kill_after >= 0 else PATIENCE)
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def _be_client(path: Path, environ: dict[str, str]) -> None:
    """The command, in this process, to its end."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.environ.clear()
    os.environ.update(environ)
    connection.PAUSES = PAUSES
    code = 99
    try:
        code = cli.main(["resend", str(path)])
    finally:
        os._exit(code)


def run_for_real(
    seed: int, sessions: range
) -> tuple[Counter[str], list[tuple[int, str]]]:
    """Figures of these sessions, and what was wrong in which."""
    figures: Counter[str] = Counter()
    wrong: list[tuple[int, str]] = []
    folder = Path(tempfile.mkdtemp(prefix="xray-bridge-"))
    try:
        templates = {
            name: record(folder / f"template-{number}", KINDS[name])
            for number, name in enumerate(KINDS_HERE)
        }
        with _server(seed + sessions.start) as port:
            for number in sessions:
                chance = random.Random(f"{seed}/{number}")  # noqa: S311 - repeatable
                for fault in _session(chance, templates, folder, port, figures):
                    wrong.append((number, fault))
                    figures[f"WRONG: {fault}"] += 1
                figures["sessions"] += 1
    finally:
        shutil.rmtree(folder)
    return figures, wrong


def _session(
    chance: random.Random,
    templates: dict[str, RunDirectory],
    folder: Path,
    port: int,
    figures: Counter[str],
) -> list[str]:
    name = chance.choice(KINDS_HERE)
    kind = KINDS[name]
    path = folder / "session" / "runs" / templates[name].id
    shutil.rmtree(folder / "session", ignore_errors=True)
    shutil.copytree(templates[name].path, path)
    directory = RunDirectory(path)
    # Report files remember the address of where they were taken in.
    directory.info = replace(directory.info, settings={"upload": "yes"})
    limits = {"timeout": str(60 / FASTER), "deadline": str(120 / FASTER)}
    given = {**GIVEN, **kind.given, **limits, "url": f"http://127.0.0.1:{port}"}
    environ = {f"XRAY_{key.upper()}": value for key, value in given.items()}
    environ |= {"HOME": str(folder), "PATH": os.environ.get("PATH", "")}
    faults: dict[str, None] = {}
    _ask(port, f"fresh=1&storm={chance.choice((0.1, 0.3, 0.6))}")
    for attempt in range(STORMY + CALM):
        if attempt == STORMY:
            _ask(port, "storm=0")
        if directory.state.state == run_directory.DELIVERED:
            break
        is_killed = attempt < STORMY and chance.random() < 0.5
        code = _client(path, environ, chance.uniform(0, 0.4) if is_killed else -1)
        figures["uploads"] += 1
        figures["kills"] += code is None
        places = _ask(port, "")
        is_there = all(places[each] for each in kind.names)
        is_delivered = directory.state.state == run_directory.DELIVERED
        if (code == 0 or is_delivered) and not is_there:
            faults["false delivered"] = None
        if attempt >= STORMY and not is_delivered:
            time.sleep(APART / FASTER)
    _judge(directory, {each: _ask(port, "")[each] for each in kind.names}, faults)
    return [*faults]


def _judge(
    directory: RunDirectory,
    places: dict[str, dict[str, str]],
    faults: dict[str, None],
) -> None:
    if directory.state.state != run_directory.DELIVERED:
        faults[f"after all, it is {directory.state.state}"] = None
    if any(len(place) > 1 for place in places.values()):
        faults["twice"] = None
    if not all(places.values()):
        faults["lost"] = None
    for name, place in places.items():
        if set(place.values()) - {STATUSES[name]}:
            faults["false pass"] = None
