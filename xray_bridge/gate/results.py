"""
The results of run directories, test by test, as a gate counts them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.model.results import Outcome
from xray_bridge.runs.aggregate import worst_outcome
from xray_bridge.runs.failures import name_of
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Iterable

    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.report_files import Files


@dataclass(slots=True)
class Tally:
    """
    The worst result of one test.

    ``is_spared``: each of its failures is in quarantine.
    """

    name: str
    keys: tuple[str, ...]
    outcome: Outcome
    is_spared: bool

    @property
    def shown(self) -> str:
        """The name after its Test keys."""
        return " ".join((*self.keys, self.name))


def tally_tests(runs: Iterable[TestRun]) -> list[Tally]:
    """Return the tests by name; one may have run in several Test Environments."""
    found: dict[str, Tally] = {}
    for run in runs:
        name = one_line(name_of(run, per_row=True))
        is_spared = bool(run.quarantined) or run.outcome is not Outcome.FAILED
        known = found.get(name)
        if known is None:
            found[name] = Tally(name, run.test.test_keys, run.outcome, is_spared)
        else:
            known.outcome = worst_outcome((known.outcome, run.outcome))
            known.is_spared = known.is_spared and is_spared
    return list(found.values())


def tally_files(files: Files) -> list[Tally]:
    """Return the tests of report files: most of them are only counted there."""
    named = iter(files.failures)
    found = []
    for word, number in files.counts.items():
        outcome = Outcome(word)
        for at in range(1, number + 1):
            failure = next(named, None) if outcome is Outcome.FAILED else None
            name = failure.name if failure else f"{word} {at}"
            keys = failure.keys if failure else ()
            is_spared = outcome is not Outcome.FAILED
            found.append(Tally(name, keys, outcome, is_spared))
    return found
