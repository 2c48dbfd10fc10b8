"""
One SQLite file that several threads and processes may use at once.

A connection is closed when its outermost use in the thread ends. So no connection
stays open, and a request needs only one.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from xray_sandbox.store import schema


_PATIENCE = 60.0


class Database:
    """Connections and transactions; knows no table."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._write_ahead()
        with self.transaction():
            for statement in schema.TABLES:
                self.run(statement)

    def _write_ahead(self) -> None:
        """Switch to WAL; SQLite does not wait for this one by itself."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                with self.session() as connection:
                    connection.execute("PRAGMA journal_mode = WAL").fetchone()
            except sqlite3.OperationalError as error:
                if "lock" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return

    @contextmanager
    def session(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection, opened if necessary."""
        current: sqlite3.Connection | None = getattr(self._local, "current", None)
        if current is not None:
            yield current
            return
        with closing(self._connect()) as connection:
            self._local.current = connection
            try:
                yield connection
            finally:
                self._local.current = None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all or nothing; an inner transaction is part of the outer one."""
        with self.session() as connection:
            if connection.in_transaction:
                yield
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:  # any error is raised again
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Execute one statement; return the id of the inserted row, or 0."""
        with self.session() as connection:
            return connection.execute(sql, values).lastrowid or 0

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows."""
        with self.session() as connection:
            return connection.execute(sql, values).fetchall()

    def first(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row, if there is one."""
        rows = self.all(sql, values)
        return rows[0] if rows else None
