"""
In which format a run goes out, what of it goes, and what there is to say of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_bridge.client import log
from xray_bridge.formats import capabilities
from xray_bridge.model.formats import FORMATS, SCENARIO_FORMATS
from xray_bridge.runs import evidence
from xray_bridge.runs.merge import DEFINITION, identities
from xray_bridge.text import count, first_names, join_words, unique
from xray_bridge.upload.job import can_fill, existing_execution


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.merge import Results
    from xray_bridge.upload.job import Job

SHOWN_SHARED = 10
# What comes of several results, by the setting ``aggregate``.
DECIDES = {
    "worst": "the worst of them decides",
    "last": "the last of them decides",
    "all-failed": "it failed only if all of them did",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """
    The formats to write, of which the first is uploaded, as ``sent_as``.

    ``notices`` say what is unusual about it.
    """

    formats: tuple[str, ...]
    sent_as: str
    notices: tuple[str, ...] = ()


def choose(job: Job) -> Choice:
    """
    The formats that were set; with ``auto``, the one that carries everything.

    What Xray JSON would leave out altogether is no better off in it.
    """
    wanted = capabilities.needs(job.settings, job.dialect, job.results)
    # What made a Test Execution that cannot be filled again went out as it was.
    fills = bool(job.settings.test_execution) or can_fill(job, "xray")
    existing = bool(existing_execution(job)) and fills
    formats = job.settings.format
    if formats[0] != "auto":
        on_the_way = capabilities.sent_as(formats[0], existing=existing)
        lost = capabilities.missing(on_the_way, wanted)
        said = f"{FORMATS[formats[0]].title} cannot carry {join_words(lost)}"
        return Choice(
            formats=formats, sent_as=on_the_way, notices=(said,) if lost else ()
        )
    first = _usual(job)
    usual = (first, *(each for each in formats[1:] if each != first))
    on_the_way = capabilities.sent_as(first, existing=existing)
    missing = capabilities.better_elsewhere(on_the_way, wanted)
    if not missing:
        return Choice(formats=usual, sent_as=on_the_way)
    price = _price(job) if first == "junit" else []
    if price and not capabilities.missing(first, wanted):
        notice = (
            f"JUnit XML says {join_words(missing)} in comments only, or not to every "
            f"version of Xray; Xray JSON would, but not {join_words(price)}"
        )
        return Choice(formats=usual, sent_as=on_the_way, notices=(notice,))
    name = FORMATS[first].title
    said = f"{name} cannot carry {join_words(missing)}; Xray JSON could, but"
    if _would_lose(job, missing):
        notice = f"{said} has no place for scenarios without Test keys"
        return Choice(formats=usual, sent_as=on_the_way, notices=(notice,))
    said = f"Xray JSON in place of {FORMATS[first].title}, which cannot carry "
    return Choice(
        formats=("xray", *(each for each in formats[1:] if each != "xray")),
        sent_as="xray",
        notices=(f"{said}{join_words(missing)}",),
    )


def _would_lose(job: Job, missing: Sequence[str]) -> bool:
    """
    Whether Xray JSON would cost more than it brings.

    A result weighs more than a defect; a rule that the user has set weighs more
    than scenarios that Xray may not know.
    """
    homeless = capabilities.without_a_place("xray", job.results)
    if not homeless or homeless == len(job.results):
        return bool(homeless)
    set_by_user = capabilities.needs_of_settings(job.settings, job.dialect).values()
    return not set(missing) & set(set_by_user)


def _price(job: Job) -> list[str]:
    """
    What of the results JUnit XML says and Xray JSON does not.

    Xray JSON knows custom fields by their ids; a name goes into the comment.
    """
    found: dict[str, None] = {}
    for run in job.results.runs():
        found |= dict.fromkeys(capabilities.unsaid("xray", run))
        if not all(name.isascii() and name.isdigit() for name, _ in run.custom_fields):
            found["custom fields by name"] = None
    return list(found)


def _usual(job: Job) -> str:
    """What ``auto`` means where nothing speaks against it."""
    scenarios = job.results.scenarios
    if not scenarios:
        return "junit"
    if scenarios < len(job.results):
        return "xray"
    return "behave" if job.info.framework == "behave" else "cucumber"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """
    What of the results goes out: how many Tests, and the keys of those with one.

    ``left_out`` says what has no place in the format or is gone from the disk,
    ``notices`` what is not said of results that have a place.
    """

    tests: int
    test_keys: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def sent(job: Job, name: str) -> Sent:
    """What goes out in a format."""
    results = job.results
    has_all = capabilities.holds_everything(name)
    if has_all and not results.pieces_of_evidence:
        return Sent(tests=results.tests, test_keys=tuple(results.test_keys))
    found: dict[str, None] = {}
    others: list[str] = []
    lost: list[str] = []
    unsaid: list[list[str]] = []
    for run in results.runs():
        if not capabilities.can_hold(name, run):
            others.append(run.test.definition)
            continue
        found |= dict.fromkeys(identities(run))
        lost += _lost_evidence(run, results)
        if words := capabilities.unsaid(name, run):
            unsaid.append(words)
    keys = (each for each in found if not each.startswith(DEFINITION))
    if others:
        whose = f"{count(len(others), 'result')} ({first_names(unique([others]))})"
        lost.insert(0, f"{whose}: {capabilities.why_not_held(name)}")
    notices = []
    if unsaid:
        of_ = f"{join_words(unique(unsaid))} of {count(len(unsaid), 'result')}"
        notices.append(f"{FORMATS[name].title} has no place for {of_}")
    return Sent(
        tests=len(found),
        test_keys=tuple(keys),
        left_out=tuple(lost),
        notices=tuple(notices),
    )


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


def notices(job: Job, choice: Choice, going: Sent) -> list[str]:
    """What a person should know of this run, whatever becomes of it."""
    results, settings = job.results, job.settings
    why = "; ".join(choice.notices) or "nothing stands against it"
    formats = ", ".join(choice.formats)
    told = f"format {formats}, sent as {choice.sent_as}: {why}"
    log.info(told, settings.redactor.clean)
    found = [*choice.notices, *going.notices]
    first = choice.formats[0]
    if settings.wants_upload and choice.sent_as != first:
        why = f"the plain endpoint of {FORMATS[first].title} takes no Test Execution"
        found.append(f"sent as {FORMATS[choice.sent_as].title}: {why}")
    number = results.unkeyed_scenarios
    if number and choice.sent_as in SCENARIO_FORMATS:
        who = count(number, "scenario")
        carry, them = ("carries", "it") if number == 1 else ("carry", "them")
        found.append(
            f"{who} {carry} no Test key; Xray takes {them} only if it knows {them} "
            "by name"
        )
    return [*found, *_shared(job)]


def _shared(job: Job) -> Iterator[str]:
    """Tests that several tests are results of, which may be a slip of a key."""
    found = job.results.shared
    decides = DECIDES[job.settings.aggregate]
    keyed = frozenset(job.results.test_keys) if found else frozenset()
    for identity, names in list(found.items())[:SHOWN_SHARED]:
        if identity in keyed:
            tests = f"{len(names)} tests ({first_names(names)})"
            yield f"{identity} stands on {tests}: one Test Run, and {decides}"
        else:
            paths = unique([[name.partition(": ")[0] for name in names]])
            times = "twice" if len(names) == 2 else f"{len(names)} times"  # noqa: PLR2004 - a word of its own
            where = f"the {identity} stands {times} in {first_names(paths)}"
            yield f"{where}: without keys of their own they are one Test, and {decides}"
    if len(found) > SHOWN_SHARED:
        yield f"{len(found) - SHOWN_SHARED} more Tests have results of several tests"
