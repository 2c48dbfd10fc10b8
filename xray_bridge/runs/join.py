"""
Merge several run directories into one: the parts of a CI run, or of behavex.

The merged run exists from the moment when its ``run.json`` is written, which comes
last and names the parts. Before that, nothing has happened; after that, the parts
are merged, even if they could not be marked.
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
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.runs import evidence, inside, run_directory, under_way
from xray_bridge.runs.journal import Journal
from xray_bridge.text import merge_lines, unique


if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from pathlib import Path

    from xray_bridge.runs.run_directory import RunDirectory, RunInfo

# Where results go. Parts that differ in these settings cannot be merged.
PLACES = with_parts(MUST_AGREE)
# Settings of which the merged run has one value.
ONE_VALUE = with_parts(FIRST_NOTED)
# Settings of a part only; a path may be one of another machine.
OF_A_PART = with_parts(DROPPED)
NOTHING = "not set"
LONGEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinOptions:
    """
    What is known of a merged run beside its parts.

    ``given`` are settings that are given for it, so that the parts may differ in them.
    ``incomplete`` says why parts may be missing. ``split_by`` is what all its parts
    have in common, and other parts of the CI run have not.
    """

    given: Container[str] = ()
    incomplete: tuple[str, ...] = ()
    split_by: str = ""


PLAIN = JoinOptions()


class Part(NamedTuple):
    """A run directory to merge, and its info."""

    directory: RunDirectory
    info: RunInfo


def join_parts(
    parts: Sequence[RunDirectory],
    report_dir: Path,
    options: JoinOptions = PLAIN,
) -> RunDirectory:
    """
    Merge several run directories into one.

    It has the settings and the CI context of the part that began first, and the Test
    Environments of all; notices name other differences. Raises RunDirectoryError and
    UsageError; then nothing has changed.
    """
    # Imported here, because most commands that look for parts merge none.
    from xray_bridge.runs.attempts import complete_rerun

    with ExitStack() as claims:
        for part in parts:
            claims.enter_context(part.claim())
        in_order = _in_order(parts)
        info = _merged_info(in_order, report_dir, options)
        for part in parts:
            if not part.is_sealed:
                under_way.settle_run(part)
            complete_rerun(part)
        whole = _write_merged(in_order, info, report_dir, options.incomplete)
        for part in parts:
            mark_merged(part, whole)
    return whole


def preview_join(
    parts: Sequence[RunDirectory],
    report_dir: Path,
    folder: Path,
    options: JoinOptions = PLAIN,
) -> RunDirectory:
    """
    Make the run of ``join`` in another folder; the parts do not change.

    Raises the errors of ``join``.
    """
    with ExitStack() as looks:
        for part in parts:
            looks.enter_context(part.look())
        in_order = _in_order(parts)
        info = _merged_info(in_order, report_dir, options)
        return _write_merged(in_order, info, folder, options.incomplete)


def join_copies(
    parts: Sequence[RunDirectory], report_dir: Path, options: JoinOptions = PLAIN
) -> RunDirectory:
    """Merge copies of sealed parts, which need no marks. Raises like ``join_parts``."""
    return preview_join(parts, report_dir, report_dir, options)


def _in_order(parts: Sequence[RunDirectory]) -> list[Part]:
    """Sort parts by start; raise RunDirectoryError for a part that was sent."""
    for part in parts:
        _refuse_sent(part)
    read = [Part(part, part.info) for part in parts]
    return sorted(read, key=lambda part: part.info.started)


def mark_merged(part: RunDirectory, whole: RunDirectory) -> None:
    """Note in a part that it was merged, so that it is not sent alone."""
    into = f"{run_directory.MERGED} {whole.id}"
    part.state = replace(part.state, state=run_directory.KEPT, message=into)


def part_ids(directory: RunDirectory, info: RunInfo) -> tuple[str, ...]:
    """Return the ids of a run's parts, or its own id."""
    return info.parts or (directory.id,)


def _refuse_sent(part: RunDirectory) -> None:
    state = part.state
    if state.state in run_directory.UNDER_WAY or state.test_execution:
        msg = f"{part.path} was already sent, or may have been"
        raise RunDirectoryError(msg, hint="leave it out, or resend only this run")
    if state.message.startswith(run_directory.ELSEWHERE):
        msg = f"{part.path} was {state.message}"
        is_merged = state.message.startswith(run_directory.MERGED)
        hint = "resend that run" if is_merged else "upload it from there"
        raise RunDirectoryError(msg, hint=hint)


def _write_merged(
    parts: Sequence[Part],
    info: RunInfo,
    report_dir: Path,
    incomplete: tuple[str, ...],
) -> RunDirectory:
    # Imported here, because most commands that look for parts merge none.
    from xray_bridge.runs.attempts import keep_elsewhere

    whole = run_directory.make(report_dir, info.id)
    try:
        for part in parts:
            _copy_evidence(part.directory, whole)
        directories = [part.directory for part in parts]
        _copy_lines(directories, whole, incomplete)
        keep_elsewhere(directories, whole)
        whole.info = info
    except RunDirectoryError:
        shutil.rmtree(whole.path, ignore_errors=True)
        raise
    return whole


def _merged_info(
    parts: Sequence[Part], report_dir: Path, options: JoinOptions
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
        parts=unique(part_ids(*part) for part in parts),
        notices=(
            *merge_lines(part.info.notices for part in parts),
            *_notices_of_differences(parts, options.given),
        ),
        split_by=options.split_by,
    )


def _added_up(parts: Sequence[Part]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield settings of which the merged run has the values of all parts."""
    for name in with_parts(ADD_UP):
        parse = TABLE[name].parse
        texts = (part.info.settings.get(name, "") for part in parts)
        yield name, unique(parse(text) if text else () for text in texts)


def _notices_of_differences(parts: Sequence[Part], given: Container[str]) -> list[str]:
    """
    Return notices about settings in which the parts differ.

    Raises UsageError if their results go to different places.
    """
    found = []
    for name in (*PLACES, *ONE_VALUE):
        said = _values_of(parts, name)
        if len(said) == 1 or name in given:
            continue
        values = [value for value in said if value != NOTHING]
        shown = "; ".join(
            f"{_cut_value(value)} ({_name_parts(ids)})" for value, ids in said.items()
        )
        setting = TABLE[name]
        msg = f"the parts differ in {setting.ini}: {shown}"
        if name in PLACES and len(values) > 1:
            hint = f"merge them separately, or give {setting.flag_name} for all"
            raise UsageError(msg, hint=hint)
        found.append(f"{msg}; the merged run has {_cut_value(values[0])}")
    return found


def _values_of(parts: Sequence[Part], name: str) -> Mapping[str, list[str]]:
    """Return the values of a setting, with the ids of the parts that have them."""
    sources = [part.info.settings for part in parts]
    if name == Settings.revision.name and not any(each.get(name) for each in sources):
        sources = [part.info.ci for part in parts]
    found: dict[str, list[str]] = {}
    for part, said in zip(parts, sources, strict=True):
        found.setdefault(said.get(name) or NOTHING, []).append(part.directory.id)
    return found


def _name_parts(ids: Sequence[str]) -> str:
    return ids[0] if len(ids) == 1 else f"{len(ids)} parts"


def _cut_value(value: str) -> str:
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}..."


def _copy_lines(
    parts: Sequence[RunDirectory], whole: RunDirectory, incomplete: tuple[str, ...]
) -> None:
    # Parts that were missing from an earlier merged run may be here now.
    still = [
        reason
        for part in parts
        for reason in part.missing
        if not reason.startswith(run_directory.PARTS_MISSING)
    ]
    why = merge_lines((still, incomplete))
    written = Journal(whole)
    try:
        for lines in chain.from_iterable(part.blocks() for part in parts):
            written.copy_lines(lines)
    except OSError as error:
        msg = f"{error.filename} cannot be read: {error.strerror}"
        raise RunDirectoryError(msg) from None
    finally:
        written.close(why, sum(part.state.ignored for part in parts))


def _copy_evidence(part: RunDirectory, whole: RunDirectory) -> None:
    """
    Copy the evidence; an existing file of the same name has the same content.

    Raises RunDirectoryError.
    """
    names = part.names_in(evidence.FOLDER)
    if not names:
        return
    target = whole.path / evidence.FOLDER
    try:
        target.mkdir(mode=inside.PRIVATE_FOLDER, exist_ok=True)
        for name, file in part.open_files(names):
            with replaced(whole.path / name, private=True) as copy:
                shutil.copyfileobj(file, copy)
    except OSError as error:
        source = error.filename or part.path / evidence.FOLDER
        msg = f"{source} cannot be copied: {error.strerror}"
        raise RunDirectoryError(msg, hint="set xray_report_dir") from None
