"""
Compare the results of two runs, test by test.

A test is known again by its name; if that is new, by its Test key. So a test keeps its
history when it is renamed, or gets a key.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any, TypeVar

from xray_bridge.dataclass import dataclass
from xray_bridge.model.changes import LISTED, Change, Changes
from xray_bridge.model.results import Outcome
from xray_bridge.runs.aggregate import worst_outcome


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xray_bridge.model.changes import Baseline

T = TypeVar("T")

# A test is slower if it takes FACTOR times as long, and SECONDS more. A machine that is
# slower as a whole is the median of all tests, and does not count.
FACTOR, SECONDS = 2.0, 2.0
# Of one run in the other: with fewer tests it is only a part, as with ``-k``.
ENOUGH_SHARED = 0.5
# Tests whose times say something about the machine, in seconds, and how many it needs.
TELLING, ENOUGH = 0.1, 10
BAD, GOOD, SKIPPED, OTHER = "bad", "good", "skipped", "other"
GROUPS = {
    Outcome.FAILED: BAD,
    Outcome.PASSED: GOOD,
    Outcome.XFAILED: GOOD,
    Outcome.XPASSED: GOOD,
    Outcome.FLAKY: GOOD,
    Outcome.SKIPPED: SKIPPED,
    Outcome.NOT_RUN: OTHER,
}
# The lists of a test, by its groups before and now.
CHANGES = {
    (GOOD, BAD): "newly_failing",
    (SKIPPED, BAD): "newly_failing",
    (OTHER, BAD): "newly_failing",
    (BAD, GOOD): "fixed",
    (GOOD, SKIPPED): "newly_skipped",
    (BAD, SKIPPED): "newly_skipped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    The result of a test in one of two runs.

    ``id`` is what it is known by: its name, or its Test in Xray. ``seconds`` is 0 if it
    is not known; ``message`` is the main line of a failure.
    """

    id: str
    name: str
    outcome: Outcome
    keys: tuple[str, ...] = ()
    seconds: float = 0.0
    message: str = ""


def share_of(some: Mapping[str, Entry], others: Mapping[str, Entry]) -> float:
    """Return how many of some tests are also among others, from 0 to 1."""
    keys = {key for entry in others.values() for key in entry.keys}
    shared = sum(
        entry.id in others or not keys.isdisjoint(entry.keys) for entry in some.values()
    )
    return shared / len(some) if some else 1.0


def choose_first(found: Iterable[tuple[float, T]]) -> T | None:
    """
    Return the first baseline that shares enough tests with a run.

    If there is none, the first that shares any. ``found`` are pairs: the share, from 0
    to 1, and the baseline.
    """
    part = None
    for share, each in found:
        if share >= ENOUGH_SHARED:
            return each
        if share and part is None:
            part = each
    return part


def join_entries(entries: Iterable[Entry]) -> dict[str, Entry]:
    """
    Return one entry for each id: the worst outcome, and the longest time.

    A test has several results in one run if it ran in several Test Environments.
    """
    found: dict[str, Entry] = {}
    for entry in entries:
        known = found.get(entry.id)
        if known is None:
            found[entry.id] = entry
            continue
        worst = worst_outcome((known.outcome, entry.outcome))
        found[entry.id] = replace(
            known,
            outcome=worst,
            keys=tuple(dict.fromkeys((*known.keys, *entry.keys))),
            seconds=max(known.seconds, entry.seconds),
            message=known.message or entry.message,
        )
    return found


def compare(
    now: Mapping[str, Entry], before: Mapping[str, Entry], baseline: Baseline
) -> Changes:
    """
    Compare the entries of two runs, which are by id.

    If this run has only a part of the tests, none of the others is listed as not run.
    """
    is_part = share_of(before, now) < ENOUGH_SHARED
    pairs = list(_pair_entries(now, before))
    seen = {old.id for _, old in pairs if old}
    lists: dict[str, list[Change]] = {
        "newly_failing": [],
        "newly_skipped": [],
        "fixed": [],
        "new": [_make_change(None, new) for new, old in pairs if old is None],
        "not_run": []
        if is_part
        else [_make_change(e, None) for e in before.values() if e.id not in seen],
        "slower": _find_slower([(old, new) for new, old in pairs if old]),
    }
    for new, old in pairs:
        group = GROUPS[old.outcome] if old else OTHER
        if kind := CHANGES.get((group, GROUPS[new.outcome])):
            lists[kind].append(_make_change(old, new))
    first: dict[str, Any] = {k: tuple(found[:LISTED]) for k, found in lists.items()}
    counts = {kind: len(found) for kind, found in lists.items()}
    return Changes(baseline=baseline, is_part=is_part, counts=counts, **first)


def _pair_entries(
    now: Mapping[str, Entry], before: Mapping[str, Entry]
) -> Iterator[tuple[Entry, Entry | None]]:
    """Yield each entry with the earlier one of the same test; None for a new test."""
    rest = [entry for entry in before.values() if entry.id not in now]
    by_key = {key: entry for entry in rest for key in entry.keys}
    for entry in now.values():
        renamed = (by_key[key] for key in entry.keys if key in by_key)
        yield entry, before.get(entry.id) or next(renamed, None)


def _find_slower(pairs: Sequence[tuple[Entry, Entry]]) -> list[Change]:
    """Return the tests that became slower, those first that lost most time."""
    passed = [
        (old, new)
        for old, new in pairs
        if old.seconds and new.seconds
        if GROUPS[old.outcome] == GROUPS[new.outcome] == GOOD
    ]
    pace = _measure_pace(passed)
    found = [
        (old, new)
        for old, new in passed
        if new.seconds >= old.seconds * pace * FACTOR
        if new.seconds - old.seconds * pace >= SECONDS
    ]
    found.sort(key=lambda pair: pair[0].seconds - pair[1].seconds)
    return [_make_change(old, new, has_times=True) for old, new in found]


def _measure_pace(pairs: Sequence[tuple[Entry, Entry]]) -> float:
    """Return how much slower the machine is than before; 1 if it is not slower."""
    ratios = [n.seconds / o.seconds for o, n in pairs if o.seconds >= TELLING]
    return max(1.0, median(ratios)) if len(ratios) >= ENOUGH else 1.0


def _make_change(
    before: Entry | None, now: Entry | None, *, has_times: bool = False
) -> Change:
    shown = now or before
    assert shown is not None  # noqa: S101 - one of both is given
    return Change(
        name=shown.name,
        keys=shown.keys,
        before=before.outcome.value if before else "",
        now=now.outcome.value if now else "",
        seconds_before=round(before.seconds, 3) if before and has_times else 0.0,
        seconds=round(now.seconds, 3) if now and has_times else 0.0,
        message=now.message if now else "",
    )
