"""
What Xray took and refused of all that was sent, by Test keys and names of tests.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

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
    """How many Tests were sent, what was refused of them, and notices."""

    tests: int
    refused: tuple[Refused, ...]
    notices: tuple[str, ...]


def account_for(
    upload: Upload, arrivals: Arrivals, current_key: Callable[[str], str]
) -> Account:
    """
    Compare what was sent with all that Xray has answered.

    ``current_key`` tells under which key the server has an issue today.
    """
    run, answer = upload.run, arrivals.answer
    shipments, notices = _as_answered(upload, answer)
    tests = sum(each.tests for each in shipments)
    refused = [*answer.refused, *_unmentioned(shipments, arrivals, current_key)]
    # Of a file of another tool nobody knows how many Tests Xray makes.
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
    The shipments that the answer is to, and what it cannot tell.

    Where the first answer was lost, the second is to Xray JSON, and cannot speak of
    all that went out before.
    """
    first, *others = upload.shipments
    if not answer.resent or first.name or first.report.format in XML_FORMATS:
        return upload.shipments, []
    again = contents_of(upload.run, "xray")
    lost = count(first.tests - again.tests, "scenario")
    notices = [f"no telling whether Xray took {lost} without a Test key"]
    resent = replace(first, tests=again.tests, test_keys=again.test_keys)
    return [resent, *others], notices if again.tests < first.tests else []


def _unmentioned(
    shipments: Sequence[Shipment],
    arrivals: Arrivals,
    current_key: Callable[[str], str],
) -> Iterator[Refused]:
    """
    What Xray simply does not mention.

    Server lists what it took; what was sent and is in neither list was not taken.
    """
    answer = arrivals.answer
    if answer.accepted is None:
        return
    listed = (*answer.accepted, *(each.key for each in answer.refused))
    known = {key.upper() for key in listed}
    sent = dict.fromkeys(key for each in shipments for key in each.test_keys)
    others = known.difference(key.upper() for key in sent)
    for key in sent:
        if key.upper() not in known and not _is_under_another(key, others, current_key):
            yield Refused(key=key, message="Xray does not list it among what it took")
    for each in shipments:
        if each.name and not each.test_keys and arrivals.has_none_of(each.id):
            yield Refused(key="", message=f"Xray lists nothing of {each.name}")


def _is_under_another(
    key: str, others: set[str], current_key: Callable[[str], str]
) -> bool:
    """
    Whether Xray lists a Test under a key that it has got since.

    A renamed project keeps the numbers of its issues; one that was moved Jira finds by
    its old key. Each of the others stands for one Test only.
    """
    number = key.rpartition("-")[2]
    renamed = {each for each in others if each.rpartition("-")[2] == number}
    if not renamed and others:
        renamed = {current_key(key).upper()} & others
    if renamed:
        others.remove(min(renamed))
    return bool(renamed)


def _without_key(answer: ImportAnswer, expected: int) -> list[Refused]:
    """Tests without a key that are missing among those that were taken."""
    missing = expected - len(set(answer.accepted or ()))
    if answer.accepted is None or missing <= 0:
        return []
    were = "was" if missing == 1 else "were"
    who = f"{count(missing, 'result')} without a Test key {were}"
    return [Refused(key="", message=f"{who} not taken")]


def _made_elsewhere(run: PreparedRun, answer: ImportAnswer) -> Iterator[str]:
    """What is to be known of Test Executions that another job has made."""
    others = ", ".join(key for key in answer.found if key != answer.key)
    if not run.is_shared:
        if others:
            why = f"while nobody could tell whether {answer.key} was"
            yield f"{others} was made {why}; delete it if it is empty"
        return
    ci_run = f"CI run {run.info.run_id}"
    if answer.key in answer.found:
        yield f"{answer.key} was made of {ci_run} before, and was filled again"
    if others:
        why = "jobs that ran at the same time; delete the duplicates"
        yield f"{others} was made of {ci_run} as well, by {why}"
