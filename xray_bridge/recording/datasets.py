"""
Find the rows of datasets in the process of the tests.

A recorded session fetches them once, in a second process, into its run directory: the
first process that needs one asks for all that the code names, under a lock, and all of
xdist's workers read the same files. Other sessions read the files in
``.xray/datasets``, and ask nobody.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.datasets import files, scan
from xray_bridge.datasets.cached import FETCH, find_projects, note_cached, read_cached
from xray_bridge.datasets.rows import Rows
from xray_bridge.errors import RunDirectoryError, RunInUseError, UsageError
from xray_bridge.locks import Lock
from xray_bridge.model.keys import is_key, spell_key
from xray_bridge.recording.running import RUNNING
from xray_bridge.recording.second_process import SecondProcess, SecondProcessError


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xray_bridge.model.dataset import Dataset

PAUSE = 0.05
# Seconds for all requests; a session waits for them.
DEADLINE = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """
    Where the datasets of a recorded session come from.

    ``run`` is its run directory, ``given`` its settings, ``code`` the files and folders
    with its tests.
    """

    run: str
    given: Mapping[str, str]
    second_process: SecondProcess
    code: tuple[str, ...] = ()


class Datasets:
    """
    The datasets that this process has read.

    ``projects`` are folders that may have a ``.xray/datasets``.
    """

    def __init__(self, source: Source | None, projects: Sequence[Path]) -> None:
        self._source = source
        self._projects = tuple(projects)
        self._known: dict[str, Dataset] = {}

    def find(self, key: str) -> Dataset:
        """Return the dataset of a Test; without rows, its problem says why."""
        if key not in self._known:
            found = self._read_of_run(key) if self._source else None
            self._known[key] = found or self._read_cached(key, "")
        return self._known[key]

    def _read_of_run(self, key: str) -> Dataset | None:
        """Return the dataset in the run directory; fetch it if it is not there."""
        source = self._source
        if source is None:
            return None
        folder = Path(source.run, files.FOLDER)
        try:
            found = files.read(folder, key)
            if found is not None:
                return found
            folder.mkdir(mode=files.PRIVATE_FOLDER, exist_ok=True)
            lock = _wait_for_lock(folder / "lock", DEADLINE)
        except (OSError, files.DamagedError, RunDirectoryError) as error:
            return self._read_cached(key, str(error))
        try:
            found = files.read(folder, key)
            return found or self._fetch(source, folder, key)
        except files.DamagedError as error:
            return self._read_cached(key, str(error))
        finally:
            if lock is not None:
                lock.release()

    def _fetch(self, source: Source, folder: Path, key: str) -> Dataset:
        named = scan.find_keys(map(Path, source.code))
        known = {path.stem for path in folder.glob("*.json")}
        others = [each for each in named if each not in known and each != key]
        try:
            answer = source.second_process.run(
                *FETCH.split()[1:],
                key,
                *others,
                *("--into", str(folder), "--given", "-"),
                deadline=DEADLINE,
                stdin=source.given,
            )
            error = answer.content.get("error")
            why = error["message"] if error else ""
        except SecondProcessError as problem:
            why = str(problem)
        fetched = files.read(folder, key)
        if fetched is not None:
            return fetched
        found = self._read_cached(key, why or "it was not fetched")
        # All workers have the same rows, and the end of the session says which.
        files.write(folder, found)
        return found

    def _read_cached(self, key: str, why: str) -> Dataset:
        """Return the last rows; ``why`` says why they were not fetched now."""
        found = read_cached(self._projects, key, why)
        return note_cached([found], why)[0] if why else found


def _wait_for_lock(path: Path, deadline: float) -> Lock | None:
    """Wait while another worker fetches; None if that takes too long."""
    end = time.monotonic() + deadline
    while True:
        try:
            return Lock(path)
        except RunInUseError:
            if time.monotonic() > end:
                return None
            time.sleep(PAUSE)


def dataset(key: str) -> Rows:
    """
    Return the rows of a Test's dataset in Xray, for ``parametrize`` and for loops.

    A recorded session has fetched them; any other has those that were fetched last.
    Without rows there is one that raises DatasetError when it is used. Raises
    UsageError for a text that is no key.
    """
    if not is_key(str(key)):
        msg = f"dataset({key!r}): a key looks like CALC-15"
        raise UsageError(msg)
    return Rows(find(spell_key(key)))


def find(key: str) -> Dataset:
    """Return the dataset of a Test for the session of this process."""
    return open_datasets().find(key)


def open_datasets() -> Datasets:
    """Return the datasets of the session; without one, those that were fetched last."""
    if RUNNING.datasets is None:
        if RUNNING.source is None:
            # Not kept: a session may begin later.
            return Datasets(None, find_projects(Path.cwd()))
        RUNNING.datasets = RUNNING.source()
    return RUNNING.datasets


def open_for_run(  # noqa: PLR0913 - it is called once, with names
    *,
    run: str,
    given: Mapping[str, str],
    environ: Mapping[str, str],
    folder: str,
    code: Sequence[str],
    root: str,
) -> Datasets:
    """Return the datasets of a recorded session; ``folder`` is where it began."""
    source = Source(
        run=run,
        given=given,
        second_process=SecondProcess(environ=environ, folder=folder, is_quiet=True),
        code=tuple(code),
    )
    return Datasets(source, [*find_projects(Path(folder)), Path(root)])
