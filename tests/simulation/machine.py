"""
A machine of which time and death are simulated; files lie in a folder in memory.

Each call that leaves something behind (a file replaced or synced, a request, a wait)
is a step, and the process may end before any of them. Nothing that a dead process
would still do, such as a ``finally``, has an effect.
"""

from __future__ import annotations

import contextlib
import os
import random
import stat
import sys
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

# Imported late by what is measured; its clock has to be there to be replaced.
from xray_bridge.client import connection, http
from xray_bridge.errors import AmbiguousError
from xray_bridge.upload import intake, parallel, publish, report_files  # noqa: F401


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# 2026-01-02 03:04:05 UTC.
START = 1_767_323_045.0


class KilledError(BaseException):
    """The process has ended: SIGKILL, or the machine lost its power."""


class Machine:
    """
    One machine: ``now`` is the time, ``dead`` says that its process was killed.

    ``ahead``: by how many seconds its clock is wrong, once somebody has set it.
    ``trace`` has the steps of the process, for a person.
    """

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.now = START
        self.ahead = 0.0
        self.dead = False
        self.running = False
        self.trace: list[str] = []
        self._left = -1

    def run(self, work: Callable[[], Any], *, kill_after: int = -1) -> Any:
        """
        What ``work`` returns, or None where it was killed.

        ``kill_after``: how many steps it takes before; negative: it is not killed.
        """
        self.dead, self.running, self._left = False, True, kill_after
        try:
            return work()
        except KilledError:
            return None
        finally:
            self.running = False

    def step(self, what: str) -> None:
        """Take a step, or be killed before it."""
        if not self.running:
            return
        if self.dead:
            raise KilledError
        self.trace.append(f"{self.now - START:9.1f} {what}")
        if self._left == 0:
            self.trace.append("          killed before that")
            self.dead = True
            raise KilledError
        self._left -= 1

    def wait(self, seconds: float) -> None:
        """Let time pass; it may be cut short by the end of the process."""
        self.step(f"wait {seconds:.1f} s")
        self.now += max(0.0, seconds)

    def replace(self, source: Any, target: Any, **how: Any) -> None:
        """Replace a file: the old one before, the new one after."""
        self.step(f"replace {os.path.basename(target)}")  # noqa: PTH119
        REPLACE(source, target, **how)
        if self.running:
            told = self.now + self.ahead
            os.utime(target, (told, told))

    def fsync(self, file: int) -> None:
        """Sync a file; who dies before it may leave the half of a line."""
        try:
            self.step("fsync")
        except KilledError:
            self._tear(file)
            raise
        if not self.running:
            FSYNC(file)

    def _tear(self, file: int) -> None:
        found = os.fstat(file)
        if stat.S_ISREG(found.st_mode) and self.chance.random() < 0.5:
            lost = self.chance.randrange(1, 60)
            os.ftruncate(file, max(0, found.st_size - lost))

    def within(self, seconds: float, do: Callable[[], Any]) -> Any:
        """Replaces ``http.run_within``: no thread, and time by this clock."""
        began = self.now
        found = do()
        if self.now > began + seconds:
            self.now = began + seconds
            msg = "the deadline passed while the server was answering"
            raise AmbiguousError(msg)
        return found


class Clock:
    """The module ``time``, of which the machine decides three functions."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.sleep = machine.wait

    def time(self) -> float:
        """Seconds since the epoch, as the clock on the wall tells them."""
        return self._machine.now + self._machine.ahead

    def monotonic(self) -> float:
        """Seconds since some moment, whoever sets the clock."""
        return self._machine.now

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


class Sessions:
    """Stands in for ``requests.Session``: what it sends goes to a function."""

    def __init__(self, send: Callable[..., Any]) -> None:
        self.request = send

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


REPLACE, FSYNC = os.replace, os.fsync


@cache
def _users(_: int) -> tuple[tuple[Any, str], ...]:
    """The modules of ours that use time or chance, while so many are imported."""
    wanted = {"time": time, "random": random}
    return tuple(
        (module, name)
        for path, module in [*sys.modules.items()]
        if path.startswith("xray_bridge.")
        for name, module_wanted in wanted.items()
        if getattr(module, name, None) is module_wanted
    )


@contextlib.contextmanager
def simulated(machine: Machine, send: Callable[..., Any]) -> Iterator[None]:
    """
    Let our code run on ``machine``, with ``send`` in place of the network.

    Only while the machine is ``running`` do files behave in another way.
    """
    stands_in = {"time": Clock(machine), "random": machine.chance}
    changes: list[tuple[Any, str, Any]] = [
        *((module, name, stands_in[name]) for module, name in _users(len(sys.modules))),
        (os, "replace", machine.replace),
        (os, "fsync", machine.fsync),
        (http, "run_within", machine.within),
        # The only door to the network.
        (http.Http, "_session", lambda _: Sessions(send)),
        # Certificates of this machine, which nothing is asked with.
        (connection, "CA_VARIABLES", ()),
    ]
    before = [(where, name, getattr(where, name)) for where, name, _ in changes]
    for where, name, value in changes:
        setattr(where, name, value)
    try:
        yield
    finally:
        for where, name, value in before:
            setattr(where, name, value)
