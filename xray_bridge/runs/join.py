"""
Several run directories become one: the shards of a CI run, the parts of behavex.

The whole is a run from the moment when its ``run.json`` is there, which comes
last and names the parts. Until then nothing has happened; from then on the parts
are in it, whether or not they could still be marked.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from xray_bridge.atomic import replaced
from xray_bridge.config.setting import ADD_UP, DROPPED, FIRST_NOTED, MUST_AGREE
from xray_bridge.config.settings import TABLE, Settings, with_parts
from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.runs import evidence, inside, run_directory, under_way
from xray_bridge.runs.journal import Journal
from xray_bridge.text import merge_lines, unique


if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from pathlib import Path

    from xray_bridge.runs.run_directory import RunDirectory, RunInfo

# Where results go. Parts that want to go to different places are not one whole.
PLACES = with_parts(MUST_AGREE)
# What the whole can have one value of.
ONE_VALUE = with_parts(FIRST_NOTED)
# Of the session that recorded a part; the path may be one of another machine.
OF_A_PART = with_parts(DROPPED)
NOTHING = "nothing"
LONGEST = 60


class Part(NamedTuple):
    """A run directory that is to be a part, and what it is."""

    directory: RunDirectory
    info: RunInfo


def join(
    parts: Sequence[RunDirectory],
    report_dir: Path,
    *,
    given: Container[str] = (),
    incomplete: tuple[str, ...] = (),
) -> RunDirectory:
    """
    One run directory from several.

    Its settings and CI context are those of the part that began first, Test
    Environments are those of all; what differs besides is noted. ``given`` are
    settings that are given for the whole, so that the parts may differ in them.
    ``incomplete`` says why parts may be missing. Raises RunDirectoryError and
    UsageError; then nothing has changed.
    """
    with ExitStack() as claims:
        for part in parts:
            claims.enter_context(part.claim())
        in_order = _in_order(parts)
        info = _joined_info(in_order, report_dir, given)
        for part in parts:
            if not part.is_sealed:
                under_way.settle(part)
        whole = _joined(in_order, info, report_dir, incomplete)
        for part in parts:
            mark(part, whole)
    return whole


def preview(
    parts: Sequence[RunDirectory],
    report_dir: Path,
    folder: Path,
    *,
    given: Container[str] = (),
    incomplete: tuple[str, ...] = (),
) -> RunDirectory:
    """
    The run that ``join`` would make, in another folder; the parts stay as they are.

    Raises what ``join`` raises.
    """
    with ExitStack() as looks:
        for part in parts:
            looks.enter_context(part.look())
        in_order = _in_order(parts)
        info = _joined_info(in_order, report_dir, given)
        return _joined(in_order, info, folder, incomplete)


def _in_order(parts: Sequence[RunDirectory]) -> list[Part]:
    """Those that began first come first; raises RunDirectoryError for what was sent."""
    for part in parts:
        _refuse_sent(part)
    read = [Part(part, part.info) for part in parts]
    return sorted(read, key=lambda part: part.info.started)


def mark(part: RunDirectory, whole: RunDirectory) -> None:
    """Note in a part that its results are in a whole, and are not its own to send."""
    into = f"{run_directory.MERGED} {whole.id}"
    part.state = replace(part.state, state=run_directory.KEPT, message=into)


def leaves(directory: RunDirectory, info: RunInfo) -> tuple[str, ...]:
    """The runs that are in a run: its parts, or itself."""
    return info.parts or (directory.id,)


def _refuse_sent(part: RunDirectory) -> None:
    state = part.state
    if state.state in run_directory.UNDER_WAY or state.test_execution:
        msg = f"{part.path} was sent before, or may have been"
        raise RunDirectoryError(msg, hint="leave it out, or resend it alone")
    if state.message.startswith(run_directory.MERGED):
        msg = f"{part.path} was {state.message}"
        raise RunDirectoryError(msg, hint="resend that one")


def _joined(
    parts: Sequence[Part],
    info: RunInfo,
    report_dir: Path,
    incomplete: tuple[str, ...],
) -> RunDirectory:
    whole = run_directory.make(report_dir, info.id)
    try:
        for part in parts:
            _copy_evidence(part.directory, whole)
        _copy_lines([part.directory for part in parts], whole, incomplete)
        whole.info = info
    except RunDirectoryError:
        shutil.rmtree(whole.path, ignore_errors=True)
        raise
    return whole


def _joined_info(
    parts: Sequence[Part], report_dir: Path, given: Container[str]
) -> RunInfo:
    first = parts[0].info
    settings: dict[str, str] = {}
    for part in reversed(parts):
        said = part.info.settings.items()
        settings |= {k: v for k, v in said if v and k not in OF_A_PART}
    settings |= {"upload": "true", "report_dir": str(report_dir)}
    settings |= {name: ";".join(found) for name, found in _added_up(parts) if found}
    return replace(
        first,
        id=run_directory.new_id(first.started),
        settings=settings,
        parts=unique(leaves(*part) for part in parts),
        notices=(
            *merge_lines(part.info.notices for part in parts),
            *_differing(parts, given),
        ),
    )


def _added_up(parts: Sequence[Part]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The settings of which the merged run has the values of all parts."""
    for name in with_parts(ADD_UP):
        parse = TABLE[name].parse
        texts = (part.info.settings.get(name, "") for part in parts)
        yield name, unique(parse(text) if text else () for text in texts)


def _differing(parts: Sequence[Part], given: Container[str]) -> list[str]:
    """
    In what the parts differ, in words.

    Raises UsageError where results are to go to several places.
    """
    found = []
    for name in (*PLACES, *ONE_VALUE):
        said = _said(parts, name)
        if len(said) == 1 or name in given:
            continue
        values = [value for value in said if value != NOTHING]
        shown = "; ".join(f"{_cut(value)} ({_who(ids)})" for value, ids in said.items())
        setting = TABLE[name]
        msg = f"the parts differ in {setting.ini}: {shown}"
        if name in PLACES and len(values) > 1:
            hint = f"merge them apart, or say {setting.flag_name} for all"
            raise UsageError(msg, hint=hint)
        found.append(f"{msg}; the whole has {_cut(values[0])}")
    return found


def _said(parts: Sequence[Part], name: str) -> Mapping[str, list[str]]:
    """What the parts say of a setting, and which of them says it."""
    sources = [part.info.settings for part in parts]
    if name == Settings.revision.name and not any(each.get(name) for each in sources):
        sources = [part.info.ci for part in parts]
    found: dict[str, list[str]] = {}
    for part, said in zip(parts, sources, strict=True):
        found.setdefault(said.get(name) or NOTHING, []).append(part.directory.id)
    return found


def _who(ids: Sequence[str]) -> str:
    return ids[0] if len(ids) == 1 else f"{len(ids)} parts"


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}..."


def _copy_lines(
    parts: Sequence[RunDirectory], whole: RunDirectory, incomplete: tuple[str, ...]
) -> None:
    # What was missing from a whole that is a part now may be here.
    still = [
        reason
        for part in parts
        for reason in part.missing
        if not reason.startswith(run_directory.PARTS_MISSING)
    ]
    why = merge_lines((still, incomplete))
    written = Journal(whole)
    try:
        for line in chain.from_iterable(part.lines() for part in parts):
            written.copy_line(line)
    except OSError as error:
        msg = f"{error.filename} cannot be read: {error.strerror}"
        raise RunDirectoryError(msg) from None
    finally:
        written.close(why)


def _copy_evidence(part: RunDirectory, whole: RunDirectory) -> None:
    """
    Names are made of contents, so what is there already is the same.

    Raises RunDirectoryError.
    """
    source = part.path / evidence.FOLDER
    if not source.is_dir():
        return
    target = whole.path / evidence.FOLDER
    try:
        target.mkdir(mode=inside.PRIVATE_FOLDER, exist_ok=True)
        # Drafts of a process that was killed begin with a dot.
        for path in (path for path in source.iterdir() if path.name[0] != "."):
            with (
                inside.open_inside(source, path.name) as file,
                replaced(target / path.name, private=True) as copy,
            ):
                shutil.copyfileobj(file, copy)
    except OSError as error:
        msg = f"{source} cannot be copied: {error.strerror}"
        raise RunDirectoryError(msg, hint="set xray_report_dir") from None
