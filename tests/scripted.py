"""A server on loopback that treats each connection as its script says."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# What a test that hangs may cost, in seconds.
PATIENCE = 10.0


@dataclass(frozen=True)
class Received:
    """One received request."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Peer:
    """The server's end of one connection."""

    socket: socket.socket
    stopped: threading.Event
    received: list[Received] = field(default_factory=list)

    def read(self) -> None:
        """Read one complete request."""
        with self.socket.makefile("rb") as file:
            method, target, _ = file.readline().decode("latin-1").split(" ", 2)
            headers = {}
            while line := file.readline().strip().decode("latin-1"):
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = file.read(int(headers.get("content-length", 0)))
        self.received.append(Received(method, target, headers, body))

    def write(self, content: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(content)

    def drip(self, content: bytes, pause: float) -> None:
        """Send bytes one by one, with ``pause`` seconds after each."""
        for byte in content:
            self.write(bytes([byte]))
            if self.stopped.wait(pause):
                return

    def reset(self) -> None:
        """Close the connection so that the other side gets a reset."""
        linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.socket.close()


if TYPE_CHECKING:
    Script = Callable[[Peer], None]


def head(status: int, headers: Mapping[str, str], length: int) -> bytes:
    """Status line and headers of an answer, the last on its connection."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {length}"]
    lines += ["Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def answer(status: int, body: bytes = b"{}", **headers: str) -> Script:
    """Read the request and answer; ``Retry_After`` is the header Retry-After."""

    def script(peer: Peer) -> None:
        peer.read()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        peer.write(head(status, named, len(body)) + body)

    return script


def by_path(answers: Mapping[str, tuple[int, bytes, Mapping[str, str]]]) -> Script:
    """Answer each path with status, body and headers; others with a page and 404."""

    def script(peer: Peer) -> None:
        peer.read()
        path = peer.received[-1].target.partition("?")[0]
        status, body, headers = answers.get(path, (404, b"<html>Not found</html>", {}))
        peer.write(head(status, headers, len(body)) + body)

    return script


def reset_after_request(peer: Peer) -> None:
    """Read the request, then reset the connection."""
    peer.read()
    peer.reset()


def hang_up_after_request(peer: Peer) -> None:
    """Read the request, then close without an answer."""
    peer.read()


def keep_alive(peer: Peer) -> None:
    """Answer all requests on the connection."""
    peer.socket.settimeout(1)
    while True:
        peer.read()
        peer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


def say_nothing(peer: Peer) -> None:
    """Read the request and never answer."""
    peer.read()
    peer.stopped.wait(PATIENCE)


def break_off(peer: Peer) -> None:
    """Send less than the header announces."""
    peer.read()
    peer.write(head(200, {}, 1000) + b"only this")


@dataclass
class Scripted:
    """A running server: its address, received requests, number of connections."""

    url: str
    received: list[Received] = field(default_factory=list)
    connections: int = 0


@contextlib.contextmanager
def scripted(
    *scripts: Script,
    port: int = 0,
    wrap: Callable[[socket.socket], socket.socket] | None = None,
) -> Iterator[Scripted]:
    """
    Serve one script for each connection; the last one serves all that follow.

    ``wrap`` makes a TLS socket of a connection's.
    """
    listening = socket.create_server(("127.0.0.1", port))
    stopped = threading.Event()
    server = Scripted(f"http://127.0.0.1:{listening.getsockname()[1]}")

    def serve() -> None:
        for number in range(1000):
            try:
                accepted, _ = listening.accept()
            except OSError:
                return
            server.connections += 1
            script = scripts[min(number, len(scripts) - 1)]
            with accepted, contextlib.suppress(OSError, ValueError):
                accepted.settimeout(PATIENCE)
                inner = wrap(accepted) if wrap else accepted
                with inner:
                    script(Peer(inner, stopped, server.received))
                    _say_goodbye(inner)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        stopped.set()
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(PATIENCE)


def _say_goodbye(connection: socket.socket) -> None:
    """Close the connection so that a reset cannot destroy sent data."""
    if isinstance(connection, ssl.SSLSocket):
        return
    connection.settimeout(1)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(1 << 16):
        pass


def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
