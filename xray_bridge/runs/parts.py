"""
Which run directories are the parts of one whole, and which were sent before.

Artifacts of CI jobs lie anywhere, hidden folders included, and may be there
twice. What belongs together is known by its run id; what became of it by its
state, and by the wholes that name it.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.runs import run_directory
from xray_bridge.runs.join import leaves
from xray_bridge.runs.run_directory import RunDirectory


if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from xray_bridge.runs.run_directory import RunInfo, State

# One of these stands beside ``run.json``, which other programs write, too.
OURS = frozenset({"journal.jsonl", "lock", "state.json"})
# From those that nobody has touched to those that Xray has.
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
NOT_HERE = "which is not here"
REHEARSED = "not to be sent: rehearsed, or without results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A run directory that was found, or named, and what is known of it."""

    directory: RunDirectory
    info: RunInfo
    state: State
    is_named: bool = False

    @property
    def id(self) -> str:
        """The run's."""
        return self.directory.id

    @property
    def is_whole(self) -> bool:
        """Whether parts were merged into it."""
        return bool(self.info.parts)

    @property
    def leaves(self) -> frozenset[str]:
        """The runs that are in it."""
        return frozenset(leaves(self.directory, self.info))

    def is_in(self, whole: Shard) -> bool:
        """Whether its results are in a whole."""
        if whole.id == self.id or not self.leaves <= whole.leaves:
            return False
        return not self.is_whole or len(self.leaves) < len(whole.leaves)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    What there is to send: ``shards`` to be joined, or one that is a whole already.

    ``sent`` says what was left out, because it was sent before. ``parts`` are all
    there are, these included; ``delivered`` the wholes among them.
    """

    shards: tuple[Shard, ...]
    sent: tuple[str, ...]
    parts: frozenset[str]
    delivered: tuple[Shard, ...]

    @property
    def whole(self) -> RunDirectory | None:
        """What an earlier attempt has joined, where nothing has come since."""
        first = self.shards[0] if len(self.shards) == 1 else None
        return first.directory if first and first.is_whole else None


def is_run(path: Path) -> bool:
    """Whether a run directory lies at a path."""
    return (path / "run.json").is_file()


def search(folder: Path) -> Iterator[RunDirectory]:
    """
    All run directories below a folder, hidden folders included, links not.

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
    """The runs that were merged into one of these, marked or not."""
    wholes = list(_wholes(directories))
    unsent = (each for each in wholes if each.state.state in run_directory.UNSENT)
    inner = {each.id for each in unsent if any(map(each.is_in, wholes))}
    return frozenset(inner).union(*(each.leaves for each in wholes))


def find(paths: Sequence[Path], report_dir: Path, *, run_id: str = "") -> Found:
    """
    What is to be sent of all that is at or below ``paths``.

    With ``run_id``, only parts of that. Wholes of these parts that an earlier
    attempt has left in ``report_dir`` count. Raises UsageError for what does not
    belong together, RunDirectoryError for what cannot be read, or was named and
    sent before.
    """
    known = _at(paths)
    wholes = {each.id: each for each in _wholes(run_directory.find(report_dir))}
    wholes |= {each.id: each for each in known if each.is_whole}
    here = {each.id: each for each in _of_run(known, run_id)}
    for whole in wholes.values():
        if any(each.is_in(whole) for each in here.values()):
            here.setdefault(whole.id, whole)
    if not here:
        raise _nothing(paths, known, run_id)
    became = {each.id: _became(each, wholes.values()) for each in here.values()}
    _refuse_named(here.values(), became)
    shards = tuple(each for each in here.values() if not became[each.id])
    _refuse_mixture(shards, paths)
    gone: dict[str, set[str]] = {}
    for each in here.values():
        # What is in a whole that is sent now needs no words.
        if became[each.id] and not any(map(each.is_in, shards)):
            gone.setdefault(became[each.id], set()).update(each.leaves)
    if not shards:
        _refuse_lost(gone)
    return Found(
        shards=shards,
        sent=tuple(f"{_parts(len(ids))} {said}" for said, ids in gone.items()),
        parts=frozenset().union(
            *(e.leaves for e in here.values() if became[e.id] != REHEARSED)
        ),
        delivered=tuple(
            each
            for each in here.values()
            if each.is_whole and each.state.state == run_directory.DELIVERED
        ),
    )


def _at(paths: Sequence[Path]) -> list[Shard]:
    """Each run once, however often it lies there: the copy that has come furthest."""
    found: dict[str, Shard] = {}
    for path in paths:
        if not path.is_dir():
            msg = f"{path} is not a run directory, nor a folder with some in it"
            raise UsageError(msg, hint="they live in .xray/runs")
        is_named = is_run(path)
        for directory in [RunDirectory(path)] if is_named else search(path):
            shard = _read(directory, is_named=is_named)
            if shard.info.framework == run_directory.REPORT_FILES:
                if is_named:
                    msg = f"{path} holds report files, which are no part of others"
                    raise UsageError(msg, hint=f"xray-bridge resend {path}")
                continue
            other = found.setdefault(shard.id, shard)
            found[shard.id] = max(other, shard, key=_rank)
    return list(found.values())


def _rank(shard: Shard) -> tuple[int, int]:
    state = shard.state.state
    rank = FURTHEST_LAST.index(state) if state in FURTHEST_LAST else -1
    with contextlib.suppress(OSError):
        return rank, shard.directory.journal.stat().st_size
    return rank, 0


def _read(directory: RunDirectory, *, is_named: bool = False) -> Shard:
    return Shard(
        directory=directory,
        info=directory.info,
        state=directory.state,
        is_named=is_named,
    )


def _wholes(directories: Iterable[RunDirectory]) -> Iterator[Shard]:
    """Those that are wholes; what cannot be read is told of where it is sent."""
    for directory in directories:
        with contextlib.suppress(RunDirectoryError):
            shard = _read(directory)
            if shard.is_whole:
                yield shard


def _of_run(known: Sequence[Shard], run_id: str) -> Iterator[Shard]:
    for each in known:
        if not run_id or each.info.run_id == run_id:
            yield each
        elif each.is_named:
            own = _name(each.info.run_id)
            msg = f"{each.directory.path} is not of run id {run_id}, but of {own}"
            raise UsageError(msg, hint="leave it out, or --run-id and XRAY_RUN_ID")


def _became(shard: Shard, wholes: Iterable[Shard]) -> str:
    """Why it is not to be sent, in words; empty where it is."""
    holding = [each for each in wholes if shard.is_in(each)]
    if holding:
        # A whole may be a part itself: the last one has most.
        whole = max(holding, key=lambda each: len(each.leaves))
        is_sent = whole.state.state == run_directory.DELIVERED
        return _delivered(whole) if is_sent else f"merged into {whole.id}"
    if shard.state.message.startswith(run_directory.MERGED):
        return f"{shard.state.message}, {NOT_HERE}"
    if shard.state.state == run_directory.DELIVERED:
        return _delivered(shard)
    # Whoever names a rehearsal wants it sent.
    is_kept = shard.state.state == run_directory.KEPT and not shard.is_whole
    return REHEARSED if is_kept and not shard.is_named else ""


def _delivered(shard: Shard) -> str:
    return f"delivered before, as {shard.state.test_execution}"


def _refuse_named(shards: Iterable[Shard], became: dict[str, str]) -> None:
    for each in shards:
        if each.is_named and became[each.id]:
            msg = f"{each.directory.path} was {became[each.id]}"
            raise RunDirectoryError(msg, hint="leave it out")


def _refuse_lost(gone: Iterable[str]) -> None:
    """
    Nothing is left to send, but not because all was sent.

    What was merged on another machine may have been sent there, or not.
    """
    for said in gone:
        if said.endswith(NOT_HERE):
            msg = f"the parts were {said}"
            raise RunDirectoryError(msg, hint="resend it where it was made")
        if said == REHEARSED:
            msg = f"what is there is {said}"
            raise UsageError(msg, hint="name the run directories to send them")


def _refuse_mixture(shards: Collection[Shard], paths: Sequence[Path]) -> None:
    run_ids = Counter(each.info.run_id for each in shards)
    if len(run_ids) > 1:
        where = " ".join(map(str, paths))
        first = next(filter(None, run_ids))
        msg = f"these are parts of several CI runs: {_listed(run_ids)}"
        hint = f"take one of them, as in: xray-bridge upload --run-id {first} {where}"
        raise UsageError(msg, hint=hint)
    frameworks = Counter(each.info.framework for each in shards)
    if len(frameworks) > 1:
        msg = f"these are parts of several frameworks: {_listed(frameworks)}"
        hint = "one Test Execution each: name the folder of one"
        raise UsageError(msg, hint=hint)


def _nothing(
    paths: Sequence[Path], known: Collection[Shard], run_id: str
) -> UsageError:
    where = " and ".join(map(str, paths))
    if not known:
        msg = f"there is no run directory in {where}"
        hint = "do artifacts hold hidden folders, such as .xray? Report files are "
        hint += f"named by a glob: '{paths[0]}/**/*.xml'"
        return UsageError(msg, hint=hint)
    there = _listed(Counter(each.info.run_id for each in known))
    msg = f"there is no run directory of run id {run_id} in {where}"
    return UsageError(msg, hint=f"there are some of {there}")


def _listed(counted: Counter[str]) -> str:
    in_order = sorted(counted.items(), key=lambda item: (not item[0], item[0]))
    return ", ".join(f"{_name(name)} ({number})" for name, number in in_order)


def _name(run_id: str) -> str:
    return run_id or "no run id"


def _parts(number: int) -> str:
    return "1 part was" if number == 1 else f"{number} parts were"
