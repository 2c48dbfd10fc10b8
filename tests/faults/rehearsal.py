"""
Uploads to the simulated server, with one fault where a table says.

As in the simulation: our own code, in this process, on a machine whose clock and
network are not real. So each row of a table takes milliseconds.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.table import rows
from tests.simulation.machine import Machine, simulated
from tests.simulation.server import TAKEN, Fate, Server
from tests.simulation.session import APART, KINDS, STATUSES, Kind, record
from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs import run_directory
from xray_bridge.runs.run_directory import RunDirectory
from xray_bridge.upload import publish


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from xray_bridge.model.receipt import Receipt

# What a request is for.
QUESTION, SEARCH, CREATE, MAKE, FILL = "question", "search", "create", "make", "fill"
# After the one that meets the fault.
MORE = 6


def numbered(sentences: Iterable[str]) -> list[Any]:
    """Parameters of a test, each marked with the row of ``rows.txt`` that it is."""
    ids = {text: each for each, text in rows().items()}
    return [
        pytest.param(text, id=ids[text], marks=pytest.mark.fault(ids[text]))
        for text in sentences
    ]


@dataclass
class Rehearsed(Server):
    """Meets requests with what a script has for their kind; the rest is taken."""

    script: dict[str, list[Fate]] = field(default_factory=dict)
    _kind: str = ""

    def send(self, method: str, address: str, **rest: Any) -> Any:
        """Note what it is for, then answer."""
        path, _, query = address.partition("?")
        self._kind = QUESTION
        for kind, ending in ((SEARCH, "/search"), (MAKE, "/issue")):
            if path.endswith(ending):
                self._kind = kind
        if "/import/" in path:
            self._kind = FILL if "testExecKey" in query else CREATE
        return super().send(method, address, **rest)

    def _fate(self, *, is_import: bool) -> tuple[Fate, str]:
        del is_import
        fates = self.script.get(self._kind)
        return (fates.pop(0), "scripted") if fates else (TAKEN, "taken")


@dataclass
class Played:
    """The results of an upload and of the resends after it."""

    server: Server
    kind: Kind
    directory: RunDirectory
    story: list[str]
    receipts: list[Receipt | None] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def first(self) -> Receipt | None:
        """That of the upload that met the fault; None where none was written."""
        return self.receipts[0]

    @property
    def places(self) -> dict[str, dict[str, str]]:
        """Each test with the Test Executions that have it, and its status there."""
        return {name: self.server.where(name) for name in self.kind.names}

    def judge(self, state: str) -> None:
        """Each result is to be there once, as it was, and nothing else claimed."""
        right = {name: [STATUSES[name]] for name in self.kind.names}
        found = {name: [*place.values()] for name, place in self.places.items()}
        if state != run_directory.DELIVERED:
            self.problems.append(f"after all, it is {state}")
        if found != right:
            self.problems.append(f"{found} is there")
        if self.problems:
            self.problems += self.story


class Rehearsal:
    """Plays uploads of each kind of run; ``folder`` is for their files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._templates: dict[str, RunDirectory] = {}

    def _copy(self, name: str) -> RunDirectory:
        if name not in self._templates:
            place = self._folder / f"template-{len(self._templates)}"
            self._templates[name] = record(place, KINDS[name])
        template = self._templates[name]
        path = self._folder / "session" / "runs" / template.id
        shutil.rmtree(self._folder / "session", ignore_errors=True)
        shutil.copytree(template.path, path)
        return RunDirectory(path)

    def play(
        self,
        script: dict[str, list[Fate]],
        *,
        name: str = "new",
        machine: Machine | None = None,
        kill_after: int = -1,
        between: Callable[[Machine], None] = lambda _: None,
    ) -> Played:
        """
        Upload, then resend until it is there, with time between.

        ``kill_after``: steps of the first upload. ``between`` is called after it.
        """
        machine = machine or Machine(random.Random(1))  # noqa: S311 - the same each time
        server = Rehearsed(machine, storm=0.0, lags=(0.0, 0.5), script=script)
        played = Played(server, KINDS[name], self._copy(name), machine.trace)
        with simulated(machine, server.send):
            for number in range(MORE):
                kills = kill_after if number == 0 else -1
                self._upload(played, machine, kills)
                if played.directory.state.state == run_directory.DELIVERED:
                    break
                if number == 0:
                    between(machine)
                machine.now += APART
            machine.now += APART
            server.settle()
        played.judge(played.directory.state.state)
        return played

    def _upload(self, played: Played, machine: Machine, kill_after: int) -> None:
        def work() -> Receipt | None:
            try:
                return publish.publish(played.directory, played.kind.settings)
            except RunDirectoryError as error:
                machine.trace.append(error.message)
                return None

        found = machine.run(work, kill_after=kill_after)
        played.receipts.append(found)
        played.server.settle()
        if found is None:
            return
        machine.trace.append(f"{found.status} {found.exit_code}")
        there = all(played.places.values())
        is_known = played.directory.state.test_execution
        if found.status == "delivered" and not there:
            played.problems.append("false delivered")
        if found.exit_code == 0 and found.status != "delivered":
            played.problems.append("false green")
        if found.status == "failed" and not is_known and any(played.places.values()):
            played.problems.append("said that nothing arrived, and it had")
