"""A disk that fails at each file of a run directory, and an end before each step."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import Self

from tests.faults.rehearsal import CREATE, FILL, Rehearsal, numbered
from tests.simulation.machine import REPLACE, Machine
from tests.simulation.server import LATER, NEVER, NOW, PAGE, RESET, Fate
from xray_bridge import atomic
from xray_bridge.upload import arrivals


ERRORS = ("EIO", "ENOSPC", "EACCES", "EROFS")
STEPS = ("opened", "written", "synced", "replaced")
FILES = ("state.json", "receipt.json", "xray.env", "report.xml", "arrived.jsonl")
ALL = -1


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    """One folder for all."""
    folder: Path = tmp_path_factory.mktemp("rehearsal")
    return Rehearsal(folder)


class BadDisk(Machine):
    """Fails at one step of one file: the ``number``-th time, or at all times."""

    def __init__(self, file: str, step: str, error: str, number: int) -> None:
        super().__init__(random.Random(1))  # noqa: S311 - the same each time
        self._file, self._step, self._error = file, step, getattr(errno, error)
        self._number = number
        self.is_bad = True

    def fail(self, step: str, path: object) -> None:
        """Raise the error, if this is the place for it."""
        name = os.path.basename(str(path))  # noqa: PTH119
        is_ours = name == self._file or name.startswith(f".{self._file}.")
        if not (self.is_bad and self.running and is_ours and step == self._step):
            return
        self._number -= 1
        if self._number <= 0:
            self.is_bad = self._number < ALL
            raise OSError(self._error, os.strerror(self._error), str(path))

    def replace(self, source: Any, target: Any, **how: Any) -> None:
        """Replace a file, or fail."""
        self.fail("replaced", target)
        REPLACE(source, target, **how)

    def fsync(self, file: int) -> None:
        """Fail, or do nothing, which nobody notices here."""
        self.fail("synced", Path(f"/proc/self/fd/{file}").readlink())


class BadFile:
    """A file that may fail when it is written."""

    def __init__(self, file: Any, path: object, machine: BadDisk) -> None:
        self._file, self._path, self._machine = file, path, machine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, content: bytes) -> int:
        """Write, or fail."""
        self._machine.fail("written", self._path)
        count: int = self._file.write(content)
        return count

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize(
    "sentence",
    numbered(
        f"{error} when {file} is {step}"
        for file in FILES
        for step in STEPS
        for error in ERRORS
        if (file, step) != ("arrived.jsonl", "replaced")
    ),
)
def test_disk(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch, sentence: str
) -> None:
    """Once, later, or for the whole upload: each result arrives once."""
    error, _, file, _, step = sentence.split()
    played = []
    for number in (1, 2, ALL):
        machine = BadDisk(file, step, error, number)

        def opened(path: Any, *rest: Any, machine: Any = machine, **more: Any) -> Any:
            machine.fail("opened", path)
            return BadFile(open(path, *rest, **more), path, machine)  # noqa: PTH123

        monkeypatch.setattr(atomic, "open", opened, raising=False)
        monkeypatch.setattr(arrivals, "open", opened, raising=False)

        def mend(machine: Machine) -> None:
            assert isinstance(machine, BadDisk)
            machine.is_bad = False

        lost = {CREATE: [Fate(NOW, RESET)]} if number == ALL else {}
        played.append(rehearsal.play(lost, machine=machine, between=mend))

    assert [each.problems for each in played if each.problems] == []


KILLS: dict[str, tuple[str, dict[str, list[Fate]]]] = {
    "a new Test Execution": ("new", {}),
    "a lost answer": ("new", {CREATE: [Fate(NOW, RESET)]}),
    "a dropped request": ("new", {CREATE: [Fate(NEVER, RESET)]}),
    "an import that goes on": ("new", {CREATE: [Fate(LATER, RESET)]}),
    "a 500 of what was done": ("new", {CREATE: [Fate(NOW, (500, PAGE, {}))]}),
    "a second request for fields": ("new, and filled", {}),
    "a second request that is lost": ("new, and filled", {FILL: [Fate(NOW, RESET)]}),
    "an existing Test Execution": ("existing", {}),
    "an existing one, answer lost": ("existing", {FILL: [Fate(NOW, RESET)]}),
    "three report files": ("report files", {}),
}


@pytest.mark.parametrize(
    "sentence", numbered(f"SIGKILL before each step of {each}" for each in KILLS)
)
def test_kill(rehearsal: Rehearsal, sentence: str) -> None:
    """Before the first, the second, ... until one upload comes to its end."""
    name, script = KILLS[sentence.removeprefix("SIGKILL before each step of ")]
    played = []
    for steps in range(200):
        fates = {phase: [*found] for phase, found in script.items()}
        machine = Machine(random.Random(steps))  # noqa: S311 - the same each time
        found = rehearsal.play(fates, name=name, machine=machine, kill_after=steps)
        played.append(found)
        if found.first is not None:
            break

    assert len(played) > 12
    assert [each.problems for each in played if each.problems] == []
