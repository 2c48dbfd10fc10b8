"""
Choose the format in which a run is sent, with notices for the user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.client import log
from xray_bridge.dataclass import dataclass
from xray_bridge.formats import capabilities
from xray_bridge.model.formats import SCENARIO_FORMATS, Need, title_of
from xray_bridge.text import count, first_names, join_words, unique


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.upload.contents import Contents
    from xray_bridge.upload.prepared_run import PreparedRun

SHOWN_SHARED = 10
# How several results become one, by the setting ``aggregate``.
DECIDES = {
    "worst": "the worst of them decides",
    "last": "the last of them decides",
    "all-failed": "it failed only if all of them did",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatChoice:
    """
    The formats to write; the first is uploaded, as ``sent_as``.

    ``notices`` explain an unusual choice.
    """

    formats: tuple[str, ...]
    sent_as: str
    notices: tuple[str, ...] = ()


def choose_format(run: PreparedRun) -> FormatChoice:
    """
    Choose the formats that are set; with ``auto``, one that can hold everything.

    Xray JSON is not chosen for results that it cannot hold at all.
    """
    # A run that cannot be sent again has been sent in its own format.
    existing = bool(run.existing_execution) and run.can_fill("xray")
    wanted = capabilities.needs_of_run(run.settings, run.dialect, run.results)
    first, *others = run.settings.format
    notices: tuple[str, ...] = ()
    if first == "auto":
        first, notices = _choose_first(run, wanted, existing=existing)
        sent_as = capabilities.sent_as(first, existing=existing)
    else:
        sent_as = capabilities.sent_as(first, existing=existing)
        if lost := capabilities.missing_needs(sent_as, wanted):
            name = title_of(first)
            hint = (
                "" if _loses_results(run) else "; set xray_format = xray to send them"
            )
            notices = (f"{name} cannot contain {join_words(lost)}{hint}",)
    formats = (first, *(each for each in others if each != first))
    return FormatChoice(formats=formats, sent_as=sent_as, notices=notices)


def _choose_first(
    run: PreparedRun, wanted: Mapping[Need, str], *, existing: bool
) -> tuple[str, tuple[str, ...]]:
    """Choose the format for ``auto``; a notice says why if it is not the usual one."""
    usual = _usual_format(run)
    sent_as = capabilities.sent_as(usual, existing=existing)
    missing = capabilities.better_elsewhere(sent_as, wanted)
    if not missing:
        return usual, ()
    name, words = title_of(usual), join_words(missing)
    price = _lost_details(run) if usual == "junit" else []
    if price and not capabilities.missing_needs(usual, wanted):
        notice = (
            f"{name} can state {words} only in comments, or only for some versions of "
            f"Xray; Xray JSON can, but it cannot state {join_words(price)}; set "
            "xray_format = xray to use it"
        )
        return usual, (notice,)
    if _would_lose(run, missing):
        why = (
            "Xray JSON can, but cannot contain scenarios without Test keys; set "
            "xray_format = xray to send only those with keys"
        )
        return usual, (f"{name} cannot contain {words}; {why}",)
    notice = (
        f"Xray JSON is used instead of {name}, which cannot contain {words}; set "
        f"xray_format = {usual} to prefer {name}"
    )
    return "xray", (notice,)


def _loses_results(run: PreparedRun) -> bool:
    """Whether Xray JSON cannot hold some of the results."""
    return capabilities.without_a_place("xray", run.results) > 0


def _would_lose(run: PreparedRun, missing: Sequence[str]) -> bool:
    """
    Return whether Xray JSON would lose more than it adds.

    A result is worth more than a defect; a rule that the user has set is worth more
    than scenarios that Xray may not know.
    """
    homeless = capabilities.without_a_place("xray", run.results)
    if not homeless or homeless == len(run.results):
        return bool(homeless)
    set_by_user = capabilities.needs_of_settings(run.settings, run.dialect).values()
    return not set(missing) & set(set_by_user)


def _lost_details(run: PreparedRun) -> list[str]:
    """
    Return the details that JUnit XML can hold and Xray JSON cannot.

    Xray JSON has custom fields by id; a field given by name becomes a comment.
    """
    found: dict[str, None] = {}
    for each in run.results.runs():
        found |= dict.fromkeys(capabilities.find_unsaid("xray", each))
        if not all(name.isascii() and name.isdigit() for name, _ in each.custom_fields):
            found["custom fields by name"] = None
    return list(found)


def _usual_format(run: PreparedRun) -> str:
    """Return the usual format for ``auto``."""
    scenarios = run.results.scenarios
    if not scenarios:
        return "junit"
    if scenarios < len(run.results):
        return "xray"
    return "behave" if run.info.framework == "behave" else "cucumber"


def notices_of(
    run: PreparedRun, choice: FormatChoice, contents: Contents
) -> Iterator[str]:
    """Yield notices about the format and about shared Test keys."""
    _log_choice(run, choice)
    yield from choice.notices
    yield from contents.notices
    first = choice.formats[0]
    if run.settings.wants_upload and choice.sent_as != first:
        name = title_of(first)
        why = f"the endpoint of {name} cannot fill an existing Test Execution"
        sent_as = title_of(choice.sent_as)
        yield f"sent as {sent_as}: {why} (xray_test_execution)"
    number = run.results.unkeyed_scenarios
    if number and choice.sent_as in SCENARIO_FORMATS:
        who = count(number, "scenario")
        have, them = ("has", "it") if number == 1 else ("have", "them")
        yield (
            f"{who} {have} no Test key; Xray accepts {them} only if it knows {them} "
            "by name; set xray_only_keyed = yes to leave such tests out"
        )
    yield from _shared_notices(run)


def _log_choice(run: PreparedRun, choice: FormatChoice) -> None:
    if not log.is_enabled():
        return
    why = "; ".join(choice.notices) or "nothing speaks against it"
    formats = ", ".join(choice.formats)
    text = f"format {formats}, sent as {choice.sent_as}: {why}"
    log.info(text, run.settings.redactor.clean)


def _shared_notices(run: PreparedRun) -> Iterator[str]:
    """Yield notices about Tests with results of several tests: a key may be wrong."""
    found = run.results.shared
    rule = run.settings.aggregate
    decides = f"{DECIDES[rule]} (xray_aggregate = {rule})"
    keyed = frozenset(run.results.test_keys) if found else frozenset()
    for identity, names in list(found.items())[:SHOWN_SHARED]:
        if identity in keyed:
            tests = f"{len(names)} tests ({first_names(names)})"
            yield f"{identity} is the key of {tests}: one Test Run, and {decides}"
        else:
            paths = unique([[name.partition(": ")[0] for name in names]])
            times = "twice" if len(names) == 2 else f"{len(names)} times"  # noqa: PLR2004 - a word of its own
            # A scenario's name includes its file.
            others = [each for each in paths if f"{each}: " not in identity]
            within = f" in {first_names(others)}" if others else ""
            where = f"the {identity} appears {times}{within}"
            yield f"{where}: without Test keys they are one Test, and {decides}"
    if len(found) > SHOWN_SHARED:
        yield f"{len(found) - SHOWN_SHARED} more Tests have results of several tests"
