"""
Compare the results that were sent with the results that Xray accepted and refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.model.formats import XML_FORMATS
from xray_bridge.model.receipt import Refused
from xray_bridge.text import count
from xray_bridge.upload.contents import contents_of


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from xray_bridge.client.import_answer import ImportAnswer
    from xray_bridge.upload.arrivals import Arrivals
    from xray_bridge.upload.prepared_run import PreparedRun
    from xray_bridge.upload.shipment import Shipment, Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The number of Tests sent, the refused results, and notices."""

    tests: int
    refused: tuple[Refused, ...]
    notices: tuple[str, ...]


def account_for(
    upload: Upload, arrivals: Arrivals, current_key: Callable[[str], str]
) -> Account:
    """
    Compare the sent Tests with all answers of Xray.

    ``current_key`` maps an old issue key to the key that the issue has now.
    """
    run, answer = upload.run, arrivals.answer
    shipments, notices = _as_answered(upload, answer)
    tests = sum(each.tests for each in shipments)
    refused = [*answer.refused, *_find_unmentioned(shipments, arrivals, current_key)]
    # The number of Tests that Xray makes from another tool's file is unknown.
    if len(shipments) == 1 and not shipments[0].name:
        refused += _without_key(answer, tests - len(refused))
    names = run.results.names({each.key for each in refused})
    return Account(
        tests=tests,
        refused=tuple(replace(r, tests=names.get(r.key, r.tests)) for r in refused),
        notices=(
            *_made_elsewhere(run, answer),
            *notices,
            *(f"Xray says: {each}" for each in answer.notices),
        ),
    )


def _as_answered(
    upload: Upload, answer: ImportAnswer
) -> tuple[Sequence[Shipment], list[str]]:
    """
    Return the shipments that the answer is about, and notices about the others.

    If the first answer was lost, the results were sent again as Xray JSON, which
    may contain fewer of them.
    """
    first, *others = upload.shipments
    if not answer.resent or first.name or first.report.format in XML_FORMATS:
        return upload.shipments, []
    again = contents_of(upload.run, "xray")
    lost = count(first.tests - again.tests, "scenario")
    notices = [f"unknown: Xray may or may not have received {lost} without a Test key"]
    resent = replace(first, tests=again.tests, test_keys=again.test_keys)
    return [resent, *others], notices if again.tests < first.tests else []


def _find_unmentioned(
    shipments: Sequence[Shipment],
    arrivals: Arrivals,
    current_key: Callable[[str], str],
) -> Iterator[Refused]:
    """
    Yield the Tests that Xray does not mention.

    Server lists accepted and refused Tests; a Test in neither list was not accepted.
    """
    answer = arrivals.answer
    if answer.accepted is None:
        return
    listed = (*answer.accepted, *(each.key for each in answer.refused))
    known = {key.upper() for key in listed}
    # There may be very many keys, and few are missing.
    others = known.difference(key.upper() for key in _keys_of(shipments))
    missing = (key for key in _keys_of(shipments) if key.upper() not in known)
    for key in dict.fromkeys(missing):
        if not _is_under_another(key, others, current_key):
            yield Refused(
                key=key, message="Xray does not list it among the results it accepted"
            )
    for each in shipments:
        if each.name and not each.test_keys and arrivals.has_none_of(each.id):
            yield Refused(key="", message=f"Xray lists no results of {each.name}")


def _keys_of(shipments: Sequence[Shipment]) -> Iterator[str]:
    return (key for each in shipments for key in each.test_keys)


def _is_under_another(
    key: str, others: set[str], current_key: Callable[[str], str]
) -> bool:
    """
    Return whether Xray lists a Test under a new key.

    A renamed project keeps the numbers of its issues; Jira finds a moved issue by its
    old key. Each key in ``others`` counts for one Test only.
    """
    number = key.rpartition("-")[2]
    renamed = {each for each in others if each.rpartition("-")[2] == number}
    if not renamed and others:
        renamed = {current_key(key).upper()} & others
    if renamed:
        others.remove(min(renamed))
    return bool(renamed)


def _without_key(answer: ImportAnswer, expected: int) -> list[Refused]:
    """Count the Tests without a key that Xray did not accept."""
    missing = expected - len(set(answer.accepted or ()))
    if answer.accepted is None or missing <= 0:
        return []
    were = "was" if missing == 1 else "were"
    who = f"{count(missing, 'result')} without a Test key {were}"
    return [Refused(key="", message=f"{who} not accepted")]


def _made_elsewhere(run: PreparedRun, answer: ImportAnswer) -> Iterator[str]:
    """Yield notices about Test Executions that another job has created."""
    others = ", ".join(key for key in answer.found if key != answer.key)
    if not run.is_shared:
        if others:
            why = f"while it was unknown whether {answer.key} was"
            yield f"{others} was created {why}; delete it if it is empty"
        return
    ci_run = f"CI run {run.info.run_id}"
    if answer.key in answer.found:
        yield f"{answer.key} already existed for {ci_run}; its results were replaced"
    if others:
        why = "jobs that ran at the same time; delete the duplicates"
        yield f"{others} was also created for {ci_run}, by {why}"
