"""The sandbox as a server on this machine."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from xray_sandbox.errors import DataError
from xray_sandbox.store.demo import seed_demo
from xray_sandbox.store.store import Store
from xray_sandbox.web.answers import read_answers
from xray_sandbox.web.app import create_app


_HOST = "127.0.0.1"
_DATABASE = "sandbox.sqlite3"


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that answers at `url`."""

    url: str
    store: Store


class _QuietHandler(WSGIRequestHandler):
    """Log nothing, and keep the path of the request line with its double slashes."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Log nothing."""

    def make_environ(self) -> dict[str, Any]:
        """Add the path from the request line to the usual environment."""
        words = self.requestline.split(" ")
        target = words[1] if len(words) > 1 else ""
        return {**super().make_environ(), "sandbox.path": target.partition("?")[0]}


@contextmanager
def running(  # noqa: PLR0913 - one for each option of a sandbox
    data: Path,
    *,
    port: int = 0,
    adopt: bool = False,
    public_url: str | None = None,
    seed: bool = True,
    answers: Path | None = None,
    search_lag: float = 0,
    projects: Sequence[str] | None = None,
) -> Iterator[RunningSandbox]:
    """
    Run a sandbox on 127.0.0.1 for the length of a `with` block.

    `data` is a directory, which is created if necessary; several sandboxes may share
    one; raises DataError if it cannot be used. `port` 0 chooses a free port. `seed`
    adds the demo project. `answers` is a file of prepared answers; raises AnswersError.
    `search_lag` is the time in seconds until Jira's search finds a new issue.
    `projects` are the only ones that `adopt` creates, now and later; an empty sequence
    allows any again.
    """
    told = read_answers(answers) if answers else ()
    store = _open_store(data, seed, projects)
    app = create_app(
        store,
        adopt=adopt,
        public_url=public_url,
        answers=told,
        search_lag=search_lag,
    )
    with _open_listener(port) as listener:
        server = make_server(
            _HOST,
            port,
            app,
            threaded=True,
            request_handler=_QuietHandler,
            fd=listener.fileno(),
        )
        url = f"http://{_HOST}:{listener.getsockname()[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield RunningSandbox(url, store)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _open_store(data: Path, seed: bool, projects: Sequence[str] | None) -> Store:
    try:
        store = Store(data / _DATABASE)
        if seed:
            seed_demo(store)
        if projects is not None:
            store.limit_projects(projects)
    except (OSError, sqlite3.Error) as error:
        msg = f"{data}: {getattr(error, 'strerror', None) or error}"
        raise DataError(msg) from error
    return store


def _open_listener(port: int) -> socket.socket:
    """Open a listening socket; werkzeug would exit if the port is in use."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener
