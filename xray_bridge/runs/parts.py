"""
Find the run directories that are parts of one CI run and are not sent yet.

Artifacts of CI jobs may be in any folder, also hidden ones, and may be there twice.
The run id shows which parts belong together; their states, and merged runs that name
them, show which were sent.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.runs import run_directory
from xray_bridge.runs.join import part_ids
from xray_bridge.runs.run_directory import RunDirectory
from xray_bridge.text import quote_command


if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from xray_bridge.runs.run_directory import RunInfo, State

# One of these files is beside ``run.json``, which other programs write, too.
OURS = frozenset({"journal.jsonl", "lock", "state.json"})
# From untouched runs to delivered runs.
FURTHEST_LAST = (
    run_directory.RECORDED,
    run_directory.SEALED,
    run_directory.FAILED,
    run_directory.KEPT,
    run_directory.SENDING,
    run_directory.AMBIGUOUS,
    run_directory.REFUSED,
    run_directory.DELIVERED,
)
NOT_HERE = "which was not found here"
REHEARSED = "not sent: dry run, or no results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A run directory that was found or named, with its info and state."""

    directory: RunDirectory
    info: RunInfo
    state: State
    is_named: bool = False

    @property
    def id(self) -> str:
        """The id of the run."""
        return self.directory.id

    @property
    def is_whole(self) -> bool:
        """Whether it is a merged run."""
        return bool(self.info.parts)

    @property
    def leaves(self) -> frozenset[str]:
        """The ids of its parts, or its own id."""
        return frozenset(part_ids(self.directory, self.info))

    def is_in(self, whole: Shard) -> bool:
        """Return whether its results are in a merged run."""
        if whole.id == self.id or not self.leaves <= whole.leaves:
            return False
        return not self.is_whole or len(self.leaves) < len(whole.leaves)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    Runs to send: ``shards`` to merge, or one run that is merged already.

    ``sent`` are notices about parts that are left out, because they were sent before.
    ``parts`` are the ids of all parts; ``delivered`` are merged runs that were sent.
    ``outdated`` are merged runs that were not, and have parts that were run again: the
    parts are merged anew.
    """

    shards: tuple[Shard, ...]
    sent: tuple[str, ...]
    parts: frozenset[str]
    delivered: tuple[Shard, ...]
    outdated: tuple[Shard, ...] = ()

    @property
    def whole(self) -> RunDirectory | None:
        """The merged run of an earlier attempt, if there are no new parts."""
        first = self.shards[0] if len(self.shards) == 1 else None
        return first.directory if first and first.is_whole else None


def is_run(path: Path) -> bool:
    """Return whether a path is a run directory."""
    return (path / "run.json").is_file()


def search_folder(folder: Path) -> Iterator[RunDirectory]:
    """
    Find all run directories below a folder, also in hidden folders, but not in links.

    Raises RunDirectoryError for a folder that cannot be read: parts may be in it.
    """

    def refuse(error: OSError) -> None:
        msg = f"{error.filename} cannot be read: {error.strerror}"
        raise RunDirectoryError(msg) from None

    for path, folders, files in os.walk(folder, onerror=refuse):
        if "run.json" in files and OURS & set(files):
            folders.clear()
            yield RunDirectory(Path(path))
        folders[:] = sorted(name for name in folders if name != ".git")


def in_wholes(directories: Iterable[RunDirectory]) -> frozenset[str]:
    """Return the ids of runs that were merged into one of these, marked or not."""
    wholes = list(_merged_runs(directories))
    unsent = (each for each in wholes if each.state.state in run_directory.UNSENT)
    inner = {each.id for each in unsent if any(map(each.is_in, wholes))}
    return frozenset(inner).union(*(each.leaves for each in wholes))


def find_parts(
    paths: Sequence[Path],
    report_dir: Path,
    *,
    run_id: str = "",
    copies: Sequence[RunDirectory] = (),
    replaced: frozenset[str] = frozenset(),
) -> Found:
    """
    Find the runs to send at or below ``paths``, or choose them from ``copies``.

    ``run_id``: only parts of this CI run. ``replaced`` are the ids of parts that were
    run again, and whose results are in ``copies``. Merged runs of these parts that an
    earlier attempt has left in ``report_dir`` count. Raises UsageError for parts that
    do not belong together, RunDirectoryError for runs that cannot be read, or that are
    named and were sent before.
    """
    known = [_read_shard(each) for each in copies] or _read_all(paths)
    wholes = {each.id: each for each in _merged_runs(run_directory.find(report_dir))}
    wholes |= {each.id: each for each in known if each.is_whole}
    outdated = _find_outdated(wholes.values(), {each.id for each in known}, replaced)
    for each in outdated:
        del wholes[each.id]
    here = {each.id: each for each in _of_run(known, run_id)}
    for whole in wholes.values():
        if any(each.is_in(whole) for each in here.values()):
            here.setdefault(whole.id, whole)
    if not here:
        raise _nothing_found(paths, known, run_id)
    became = {each.id: _why_not_sent(each, wholes.values()) for each in here.values()}
    _refuse_named(here.values(), became)
    shards = tuple(each for each in here.values() if not became[each.id])
    _refuse_mixture(shards, paths)
    gone: dict[str, set[str]] = {}
    for each in here.values():
        # No notice about parts of a merged run that is sent now.
        if became[each.id] and not any(map(each.is_in, shards)):
            gone.setdefault(became[each.id], set()).update(each.leaves)
    if not shards:
        _refuse_lost(gone)
    return Found(
        shards=shards,
        sent=tuple(f"{_count_parts(len(ids))} {said}" for said, ids in gone.items()),
        parts=frozenset().union(
            *(e.leaves for e in here.values() if became[e.id] != REHEARSED)
        )
        - replaced,
        delivered=tuple(
            each
            for each in here.values()
            if each.is_whole and each.state.state == run_directory.DELIVERED
        ),
        outdated=outdated,
    )


def _find_outdated(
    wholes: Iterable[Shard], known: set[str], replaced: frozenset[str]
) -> tuple[Shard, ...]:
    """Return the unsent merged runs with replaced parts, and with known parts else."""
    return tuple(
        each
        for each in wholes
        if each.state.state in run_directory.UNSENT
        and each.leaves & replaced
        and each.leaves <= known | replaced
    )


def _read_all(paths: Sequence[Path]) -> list[Shard]:
    """Read each run once; of several copies, the one with the latest state."""
    found: dict[str, Shard] = {}
    for path in paths:
        if not path.is_dir():
            msg = f"{path} is not a run directory, and contains none"
            raise UsageError(msg, hint="run directories are in .xray/runs")
        is_named = is_run(path)
        for directory in [RunDirectory(path)] if is_named else search_folder(path):
            shard = _read_shard(directory, is_named=is_named)
            if shard.info.framework == run_directory.REPORT_FILES:
                if is_named:
                    msg = f"{path} contains report files, which cannot be merged"
                    command = quote_command("xray-bridge", "resend", str(path))
                    raise UsageError(msg, hint=f"send it alone: {command}")
                continue
            other = found.setdefault(shard.id, shard)
            found[shard.id] = max(other, shard, key=_rank_of)
    return list(found.values())


def _rank_of(shard: Shard) -> tuple[int, int]:
    state = shard.state.state
    rank = FURTHEST_LAST.index(state) if state in FURTHEST_LAST else -1
    with contextlib.suppress(OSError):
        return rank, shard.directory.journal.stat().st_size
    return rank, 0


def _read_shard(directory: RunDirectory, *, is_named: bool = False) -> Shard:
    return Shard(
        directory=directory,
        info=directory.info,
        state=directory.state,
        is_named=is_named,
    )


def _merged_runs(directories: Iterable[RunDirectory]) -> Iterator[Shard]:
    """Yield merged runs; sending reports a run that cannot be read."""
    for directory in directories:
        with contextlib.suppress(RunDirectoryError):
            shard = _read_shard(directory)
            if shard.is_whole:
                yield shard


def _of_run(known: Sequence[Shard], run_id: str) -> Iterator[Shard]:
    for each in known:
        if not run_id or each.info.run_id == run_id:
            yield each
        elif each.is_named:
            own = _name_run_id(each.info.run_id)
            path = each.directory.path
            msg = f"{path} does not belong to run id {run_id}, but to {own}"
            raise UsageError(
                msg, hint="leave out the path, or --run-id and XRAY_RUN_ID"
            )


def _why_not_sent(shard: Shard, wholes: Iterable[Shard]) -> str:
    """Return why a run is not sent; empty if it is."""
    # The rerun of an undelivered rerun has the same parts as that.
    into = shard.state.message.removeprefix(run_directory.MERGED).strip()
    holding = [each for each in wholes if shard.is_in(each) or each.id == into]
    if holding:
        # A merged run may be a part itself: the last one has most parts.
        whole = max(holding, key=lambda each: len(each.leaves))
        is_sent = whole.state.state == run_directory.DELIVERED
        return _delivered_as(whole) if is_sent else f"merged into {whole.id}"
    if shard.state.message.startswith(run_directory.MERGED):
        return f"{shard.state.message}, {NOT_HERE}"
    if shard.state.message.startswith(run_directory.PUT):
        return shard.state.message
    if shard.state.state == run_directory.DELIVERED:
        return _delivered_as(shard)
    # A dry run that is named is sent.
    is_kept = shard.state.state == run_directory.KEPT and not shard.is_whole
    return REHEARSED if is_kept and not shard.is_named else ""


def _delivered_as(shard: Shard) -> str:
    return f"already delivered, as {shard.state.test_execution}"


def _refuse_named(shards: Iterable[Shard], became: dict[str, str]) -> None:
    for each in shards:
        if each.is_named and became[each.id]:
            msg = f"{each.directory.path} was {became[each.id]}"
            raise RunDirectoryError(msg, hint="leave it out")


def _refuse_lost(gone: Iterable[str]) -> None:
    """
    Raise an error if parts remain that were not sent here.

    A merged run on another machine may have been sent there, or not.
    """
    for said in gone:
        if said.endswith(NOT_HERE):
            msg = f"the parts were {said}"
            raise RunDirectoryError(
                msg, hint="resend it on the machine where it was merged"
            )
        if said.startswith(run_directory.PUT):
            place = said.removeprefix(run_directory.PUT).strip()
            msg = f"nothing to send here: the parts were {said}"
            hint = quote_command("xray-bridge", "upload", place, "--run-id", "ID")
            raise UsageError(msg, hint=hint)
        if said == REHEARSED:
            msg = "nothing to send: these runs are dry runs or have no results"
            raise UsageError(msg, hint="name the run directories to send them")


def _refuse_mixture(shards: Collection[Shard], paths: Sequence[Path]) -> None:
    run_ids = Counter(each.info.run_id for each in shards)
    if len(run_ids) > 1:
        what = ("--run-id", next(filter(None, run_ids)), *map(str, paths))
        msg = f"these are parts of several CI runs: {_list_counted(run_ids)}"
        command = quote_command("xray-bridge", "upload", *what)
        raise UsageError(msg, hint=f"choose one of them: {command}")
    frameworks = Counter(each.info.framework for each in shards)
    if len(frameworks) > 1:
        msg = f"these are parts of several frameworks: {_list_counted(frameworks)}"
        hint = "upload each framework on its own: give the folder of one"
        raise UsageError(msg, hint=hint)


def _nothing_found(
    paths: Sequence[Path], known: Collection[Shard], run_id: str
) -> UsageError:
    where = " and ".join(map(str, paths))
    if not known:
        msg = f"there is no run directory in {where}"
        hint = "do the artifacts include hidden folders, such as .xray? To upload "
        hint += "report files, name them, or a folder with .xml or .json files"
        return UsageError(msg, hint=hint)
    there = _list_counted(Counter(each.info.run_id for each in known))
    msg = f"there is no run directory of run id {run_id} in {where}"
    return UsageError(msg, hint=f"found instead: {there}")


def _list_counted(counted: Counter[str]) -> str:
    in_order = sorted(counted.items(), key=lambda item: (not item[0], item[0]))
    return ", ".join(f"{_name_run_id(name)} ({number})" for name, number in in_order)


def _name_run_id(run_id: str) -> str:
    return run_id or "no run id"


def _count_parts(number: int) -> str:
    return "1 part was" if number == 1 else f"{number} parts were"
