"""
Determine which results a format can hold, and what is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.formats import capabilities
from xray_bridge.model.formats import FORMATS, SCENARIO_FORMATS
from xray_bridge.runs import evidence
from xray_bridge.runs.groups import DEFINITION, KeyList, digest_of
from xray_bridge.runs.merge import identities_of
from xray_bridge.text import count, first_names, join_words, unique


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.merge import Results
    from xray_bridge.upload.prepared_run import PreparedRun

# Details that Xray JSON can hold, and formats of scenarios cannot.
IN_XRAY_JSON = frozenset({"comments", "custom fields"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """
    The number of Tests that are sent, and the keys of the Tests that have one.

    ``test_keys`` can be read several times, and is false if it is empty.
    ``left_out``: results that the format cannot hold, and evidence that is missing
    from the disk. ``notices``: details that the format cannot hold.
    """

    tests: int
    test_keys: Iterable[str]
    left_out: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def contents_of(run: PreparedRun, name: str) -> Contents:
    """Determine what is sent in a format."""
    results = run.results
    if capabilities.holds_everything(name) and not results.pieces_of_evidence:
        return Contents(tests=results.tests, test_keys=results.test_keys)
    not_held: list[str] = []
    lost: list[str] = []
    unsaid: list[list[str]] = []
    for each in results.runs():
        if not capabilities.can_hold(name, each):
            not_held.append(each.test.definition)
            continue
        lost += _lost_evidence(each, results)
        if words := capabilities.find_unsaid(name, each):
            unsaid.append(words)
    tests, test_keys = results.tests, results.test_keys
    if not_held:
        tests, test_keys = _count_held(results, name)
    return Contents(
        tests=tests,
        test_keys=test_keys,
        left_out=(*_left_out(name, not_held), *lost),
        notices=tuple(_notices_of(name, unsaid)),
    )


def _count_held(results: Results, name: str) -> tuple[int, KeyList]:
    """Count the Tests with results that a format can hold, and list their keys."""
    tests: set[int] = set()
    keys = KeyList()
    for each in results.runs():
        if capabilities.can_hold(name, each):
            for identity in identities_of(each):
                digest = digest_of(identity)
                if digest not in tests and not identity.startswith(DEFINITION):
                    keys.append(identity)
                tests.add(digest)
    return len(tests), keys


def _left_out(name: str, definitions: Sequence[str]) -> Iterator[str]:
    if definitions:
        number = count(len(definitions), "result")
        who = f"{number} ({first_names(unique([definitions]))})"
        yield f"{who}: {capabilities.why_not_held(name)}{_hint_for(name)}"


def _hint_for(name: str) -> str:
    """Return the setting with which Tests that are no scenarios are sent, if any."""
    return "; set xray_format = xray to send them" if name in SCENARIO_FORMATS else ""


def _notices_of(name: str, unsaid: Sequence[Sequence[str]]) -> Iterator[str]:
    if unsaid:
        words = f"{join_words(unique(unsaid))} of {count(len(unsaid), 'result')}"
        other = "xray" if name in SCENARIO_FORMATS else "junit"
        is_held = name not in SCENARIO_FORMATS or all(
            map(IN_XRAY_JSON.issuperset, unsaid)
        )
        hint = f"; set xray_format = {other} to send them" if is_held else ""
        yield f"{FORMATS[name].title} has no place for {words}{hint}"


def _lost_evidence(run: TestRun, results: Results) -> Iterator[str]:
    """
    Yield a text for each piece of evidence whose file is missing or empty.

    An artifact of a CI system may contain the journal but not the evidence folder.
    """
    for piece in evidence.of_run(run):
        path = results.path_of(piece)
        if path is None or not path.stat().st_size:
            what = f"{piece.name}, which is missing from the run directory"
            yield f"{run.test.definition}: {what}"
