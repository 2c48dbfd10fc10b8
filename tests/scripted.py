"""A server on loopback that does to each connection what its script says."""

from __future__ import annotations

import contextlib
import socket
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
    """One request, as it came in."""

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
        """Read one request, whole."""
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
        """Close such that the other side gets a reset, not an end."""
        linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.socket.close()


if TYPE_CHECKING:
    Script = Callable[[Peer], None]


def head(status: int, headers: Mapping[str, str], length: int) -> bytes:
    """Status line and headers of an answer."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def answer(status: int, body: bytes = b"{}", **headers: str) -> Script:
    """Read the request and answer; ``Retry_After`` is the header Retry-After."""

    def script(peer: Peer) -> None:
        peer.read()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        peer.write(head(status, named, len(body)) + body)

    return script


def reset_after_request(peer: Peer) -> None:
    """Take the request, then reset the connection."""
    peer.read()
    peer.reset()


def hang_up_after_request(peer: Peer) -> None:
    """Take the request, then close without an answer."""
    peer.read()


def say_nothing(peer: Peer) -> None:
    """Take the request and never answer."""
    peer.read()
    peer.stopped.wait(PATIENCE)


def break_off(peer: Peer) -> None:
    """Promise more than is sent."""
    peer.read()
    peer.write(head(200, {}, 1000) + b"only this")


@dataclass
class Scripted:
    """A running server: its address, and what it was sent."""

    url: str
    received: list[Received]


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
    received: list[Received] = []

    def serve() -> None:
        for number in range(1000):
            try:
                accepted, _ = listening.accept()
            except OSError:
                return
            script = scripts[min(number, len(scripts) - 1)]
            with accepted, contextlib.suppress(OSError, ValueError):
                accepted.settimeout(PATIENCE)
                inner = wrap(accepted) if wrap else accepted
                with inner:
                    script(Peer(inner, stopped, received))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        yield Scripted(address, received)
    finally:
        stopped.set()
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(PATIENCE)


def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
