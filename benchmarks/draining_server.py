"""A server that takes any upload and answers as Xray Server does, as fast as it can."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

BUFFER = 1 << 20
ISSUE = {"id": "1", "key": "DEMO-1", "self": "http://127.0.0.1/rest/api/2/issue/1"}
PROJECT = {"id": "1", "key": "DEMO", "issueTypes": [{"id": "1", "name": "Test"}]}
# Beginnings of paths, and answers; the first that fits.
ANSWERS: tuple[tuple[str, object], ...] = (
    ("/rest/raven/", {"testExecIssue": ISSUE}),
    ("/rest/api/2/myself", {"name": "bench", "displayName": "bench"}),
    ("/rest/api/2/project/", PROJECT),
    ("/rest/api/2/field", []),
    ("", {"issues": [], "total": 0, "startAt": 0, "maxResults": 50}),
)


@contextmanager
def serve() -> Iterator[str]:
    """Serve in threads of this process; gives the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _accept(listener: socket.socket) -> None:
    # Ends when the listener is closed.
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    buffer = bytearray(BUFFER)
    with connection, suppress(ConnectionError), connection.makefile("rb") as file:
        while line := file.readline():
            path = line.decode().split(" ")[1]
            headers = _read_headers(file)
            if "100-continue" in headers.get("expect", ""):
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            left = int(headers.get("content-length", "0"))
            while left > 0:
                got = file.readinto1(memoryview(buffer)[: min(left, BUFFER)])
                if not got:
                    return
                left -= got
            found = next(each for begin, each in ANSWERS if path.startswith(begin))
            body = json.dumps(found).encode()
            head = (
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            connection.sendall(head.encode() + body)
            if headers.get("connection") == "close":
                return


def _read_headers(file: BufferedReader) -> dict[str, str]:
    headers = {}
    while line := file.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip().lower()
    return headers
