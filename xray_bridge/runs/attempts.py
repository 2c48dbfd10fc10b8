"""
Results of a run and of its rerun become one result with both attempts.

Xray replaces the Test Runs of the Tests that an import names. So a rerun sends all
results of each Test that it ran: the new ones with their earlier failures, and the
earlier ones of rows that were not run again.

The run directory of a rerun has the earlier results in ``earlier.jsonl``. When its
session has ended, its journal becomes ``rerun.jsonl``, and a new journal is written
from both. A process that is killed in between repeats that.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from xray_bridge.atomic import replaced
from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.results import DID_NOT_RUN, Outcome
from xray_bridge.runs import codec, evidence, run_directory
from xray_bridge.runs.aggregate import attempt_lines
from xray_bridge.runs.journal_lines import encode_line, parse_line
from xray_bridge.runs.merge import identities_of
from xray_bridge.text import unique


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.run_directory import RunDirectory

    # Class name, name, and the cells of an outline's row.
    Identity = tuple[str, str, tuple[tuple[str, str], ...]]

EARLIER = "earlier.jsonl"
# An empty file: all earlier results belong to the rerun, because Xray has none.
ALL = "earlier.all"
# Results that Xray has already, beside a rerun that was merged, or that replaces an
# undelivered rerun.
ELSEWHERE = "elsewhere.jsonl"
RERUN = "rerun.jsonl"
# The outcome of a test that failed, by that of its rerun; any other is that of the
# rerun. A test that did not run again has not passed.
AFTER_A_FAILURE = {
    Outcome.PASSED: Outcome.FLAKY,
    **dict.fromkeys(DID_NOT_RUN, Outcome.FAILED),
}
# The first of ``attempt_lines``, and each of the others.
HEAD = re.compile(r"^Failed attempts before this one: \d+$", re.MULTILINE)
ATTEMPT = re.compile(r"^Attempt \d+ failed: ", re.MULTILINE)


def identify(run: TestRun) -> Identity:
    """Return what a test is known by in its rerun."""
    is_row = run.scenario is not None and bool(run.scenario.outline)
    return run.test.classname, run.test.name, run.parameters if is_row else ()


def join_attempts(earlier: TestRun, later: TestRun) -> TestRun:
    """
    Return the result of a test that was run again.

    It is flaky if it failed first and passed then. Its text names all failed attempts;
    evidence, defects and comments of all attempts are kept, everything else is that of
    the last.
    """
    if earlier.outcome is not Outcome.FAILED:
        return replace(later, position=earlier.position)
    before, older = split_attempts(earlier.message)
    message, newer = split_attempts(later.message)
    if later.outcome in DID_NOT_RUN:
        # It did not run again, so that this is no attempt.
        again = f"The rerun skipped it: {message}".rstrip(": ")
        message, failed = f"{before}\n{again}", older
    else:
        failed = [*older, before, *newer]
    texts = (message, *attempt_lines(failed))
    fields = {**dict(earlier.custom_fields), **dict(later.custom_fields)}
    comments = unique(([earlier.comment], [later.comment]))
    return replace(
        later,
        outcome=AFTER_A_FAILURE.get(later.outcome, later.outcome),
        message="\n".join(filter(None, texts)),
        comment="\n".join(filter(None, comments)),
        defects=unique((earlier.defects, later.defects)),
        custom_fields=tuple(fields.items()),
        evidence=evidence.with_distinct_names((*earlier.evidence, *later.evidence)),
        left_out=(*earlier.left_out, *later.left_out),
        position=earlier.position,
    )


def split_attempts(message: str) -> tuple[str, list[str]]:
    """Return a message without its ``attempt_lines``, and the attempts in them."""
    head = None
    for found in HEAD.finditer(message):
        head = found
    if head is None:
        return message, []
    _, *attempts = ATTEMPT.split(message[head.end() :])
    return message[: head.start()].rstrip("\n"), [
        each.rstrip("\n") for each in attempts
    ]


def complete_rerun(directory: RunDirectory) -> None:
    """
    Add the earlier results to the run of a rerun; do nothing for other runs.

    All are added if Xray does not have them: then the earlier run is a part of this
    one. Otherwise only those of Tests that ran again are. Raises RunDirectoryError.
    """
    earlier, rerun = directory.path / EARLIER, directory.path / RERUN
    if not earlier.exists():
        return
    try:
        if not rerun.exists() and directory.journal.exists():
            directory.journal.rename(rerun)
        if directory.journal.exists():
            return
        with replaced(directory.journal, private=True) as file:
            whole = has_all_earlier(directory)
            for line in _joined_lines(directory, whole=whole):
                file.write(line + b"\n")
    except OSError as error:
        msg = f"{directory.journal} cannot be written: {error.strerror}"
        raise RunDirectoryError(msg) from None


def is_partial_rerun(directory: RunDirectory) -> bool:
    """Whether a run has only the results of Tests that ran again."""
    if directory.has_file(ELSEWHERE):
        return True
    return directory.has_file(EARLIER) and not has_all_earlier(directory)


def has_all_earlier(directory: RunDirectory) -> bool:
    """Whether a rerun has all earlier results, because Xray has none of them."""
    return directory.has_file(ALL) or bool(directory.info.parts)


def has_run_again(directory: RunDirectory) -> bool:
    """Whether any test of a rerun has ended, whatever its outcome."""
    # The journal has earlier results, too, once it is completed.
    name = RERUN if directory.has_file(RERUN) else directory.journal.name
    return any(True for _ in _lines(directory, name))


def is_try(directory: RunDirectory) -> bool:
    """
    Whether a run is a rerun that sent nothing, and does not replace the earlier run.

    It was a dry run, also one that was killed, or none of the tests ran again.
    """
    info = directory.info
    if info.parts or not directory.has_file(EARLIER):
        return False
    is_dry = info.settings.get("dry_run") == "true" and not info.settings.get("collect")
    state = directory.state
    # Others have the results of a run that was merged, or put into a bucket.
    is_elsewhere = state.message.startswith(run_directory.ELSEWHERE)
    return is_dry or (state.state == run_directory.KEPT and not is_elsewhere)


def all_lines(directory: RunDirectory) -> Iterator[bytes]:
    """
    Yield the lines of a run; in a rerun, also earlier ones that it does not have.

    So a failure that did not run again is still known. Line ends are included.
    """
    yield from directory.lines()
    for line, _ in _not_again(directory):
        yield line + b"\n"


def runs_not_again(directory: RunDirectory) -> Iterator[TestRun]:
    """
    Yield the earlier results of a rerun that its own results do not replace.

    Other runs have none. Raises RunDirectoryError.
    """
    return (run for _, run in _not_again(directory))


def keep_elsewhere(parts: Iterable[RunDirectory], whole: RunDirectory) -> None:
    """
    Keep the results of parts that are reruns, and that Xray has, in a merged run.

    Raises RunDirectoryError.
    """
    path = whole.path / ELSEWHERE
    try:
        for part in filter(is_partial_rerun, parts):
            with path.open("ab") as file:
                file.writelines(line + b"\n" for line, _ in _not_again(part))
    except OSError as error:
        msg = f"{whole.path} cannot be written: {error.strerror}"
        raise RunDirectoryError(msg) from None


def _not_again(directory: RunDirectory) -> Iterator[tuple[bytes, TestRun]]:
    files = (EARLIER, ELSEWHERE)
    if not any(map(directory.has_file, files)):
        return
    own = (read_line(line, directory) for line in directory.lines())
    known = {identify(run) for run in own if run}
    for line in chain.from_iterable(_lines(directory, name) for name in files):
        run = read_line(line, directory)
        if run and identify(run) not in known:
            yield line, run


def _joined_lines(directory: RunDirectory, *, whole: bool) -> Iterator[bytes]:
    later: defaultdict[Identity, deque[TestRun]] = defaultdict(deque)
    touched: set[str] = set()
    damaged = []
    for line in _lines(directory, RERUN):
        run = read_line(line, directory)
        if run is None:
            damaged.append(line)
            continue
        later[identify(run)].append(run)
        touched.update(identities_of(run))
    for line in _lines(directory, EARLIER):
        run = read_line(line, directory)
        again = later.get(identify(run)) if run else None
        if run and again:
            yield encode_line(codec.encode(join_attempts(run, again.popleft())))
        elif whole or run is None or not touched.isdisjoint(identities_of(run)):
            yield line
    for runs in later.values():
        yield from (encode_line(codec.encode(run)) for run in runs)
    # Whoever reads the journal counts them.
    yield from damaged


def read_line(line: bytes, directory: RunDirectory) -> TestRun | None:
    """Return the result in a line; None if it is damaged."""
    try:
        return parse_line(line, directory.journal)
    except RunDirectoryError:
        return None


def _lines(directory: RunDirectory, name: str) -> Iterator[bytes]:
    """Yield complete lines, without line ends."""
    for line in directory.lines_of(name):
        if line.strip():
            yield line.rstrip(b"\n")
