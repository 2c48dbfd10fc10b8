"""
What of the results of a run goes out in a format, and what is lost on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_bridge.formats import capabilities
from xray_bridge.model.formats import FORMATS
from xray_bridge.runs import evidence
from xray_bridge.runs.merge import DEFINITION, identities
from xray_bridge.text import count, first_names, join_words, unique


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.merge import Results
    from xray_bridge.upload.prepared_run import PreparedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """
    How many Tests have results that go out, and the keys of those with one.

    ``left_out`` are results that have no place in the format and evidence that is
    gone from the disk, ``notices`` what is not said of results that have a place.
    """

    tests: int
    test_keys: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def contents_of(run: PreparedRun, name: str) -> Contents:
    """What goes out in a format."""
    results = run.results
    if capabilities.holds_everything(name) and not results.pieces_of_evidence:
        return Contents(tests=results.tests, test_keys=tuple(results.test_keys))
    found: dict[str, None] = {}
    not_held: list[str] = []
    lost: list[str] = []
    unsaid: list[list[str]] = []
    for each in results.runs():
        if not capabilities.can_hold(name, each):
            not_held.append(each.test.definition)
            continue
        found |= dict.fromkeys(identities(each))
        lost += _lost_evidence(each, results)
        if words := capabilities.find_unsaid(name, each):
            unsaid.append(words)
    return Contents(
        tests=len(found),
        test_keys=tuple(each for each in found if not each.startswith(DEFINITION)),
        left_out=(*_left_out(name, not_held), *lost),
        notices=tuple(_notices(name, unsaid)),
    )


def _left_out(name: str, definitions: Sequence[str]) -> Iterator[str]:
    if definitions:
        number = count(len(definitions), "result")
        who = f"{number} ({first_names(unique([definitions]))})"
        yield f"{who}: {capabilities.why_not_held(name)}"


def _notices(name: str, unsaid: Sequence[Sequence[str]]) -> Iterator[str]:
    if unsaid:
        words = f"{join_words(unique(unsaid))} of {count(len(unsaid), 'result')}"
        yield f"{FORMATS[name].title} has no place for {words}"


def _lost_evidence(run: TestRun, results: Results) -> Iterator[str]:
    """
    Evidence whose file is gone, or empty, in words.

    Archives of CI systems may hold the journal and not the folder beside it.
    """
    for piece in evidence.of_run(run):
        path = results.path_of(piece)
        if path is None or not path.stat().st_size:
            what = f"{piece.name}, which is gone from the run directory"
            yield f"{run.test.definition}: {what}"
