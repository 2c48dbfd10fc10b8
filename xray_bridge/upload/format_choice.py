"""
In which format a run goes out, and what a person should know of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_bridge.client import log
from xray_bridge.formats import capabilities
from xray_bridge.model.formats import FORMATS, SCENARIO_FORMATS, Need
from xray_bridge.text import count, first_names, join_words, unique


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.upload.contents import Contents
    from xray_bridge.upload.prepared_run import PreparedRun

SHOWN_SHARED = 10
# What comes of several results, by the setting ``aggregate``.
DECIDES = {
    "worst": "the worst of them decides",
    "last": "the last of them decides",
    "all-failed": "it failed only if all of them did",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatChoice:
    """
    The formats to write, of which the first is uploaded, as ``sent_as``.

    ``notices`` say what is unusual about it.
    """

    formats: tuple[str, ...]
    sent_as: str
    notices: tuple[str, ...] = ()


def choose_format(run: PreparedRun) -> FormatChoice:
    """
    The formats that were set; with ``auto``, the one that carries everything.

    What Xray JSON would leave out altogether is no better off in it.
    """
    # What made a Test Execution that cannot be filled again went out as it was.
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
            name = FORMATS[first].title
            notices = (f"{name} cannot carry {join_words(lost)}",)
    formats = (first, *(each for each in others if each != first))
    return FormatChoice(formats=formats, sent_as=sent_as, notices=notices)


def _choose_first(
    run: PreparedRun, wanted: Mapping[Need, str], *, existing: bool
) -> tuple[str, tuple[str, ...]]:
    """The format that ``auto`` means, and why where it is not the usual one."""
    usual = _usual(run)
    sent_as = capabilities.sent_as(usual, existing=existing)
    missing = capabilities.better_elsewhere(sent_as, wanted)
    if not missing:
        return usual, ()
    name, words = FORMATS[usual].title, join_words(missing)
    price = _price(run) if usual == "junit" else []
    if price and not capabilities.missing_needs(usual, wanted):
        notice = (
            f"{name} says {words} in comments only, or not to every "
            f"version of Xray; Xray JSON would, but not {join_words(price)}"
        )
        return usual, (notice,)
    if _would_lose(run, missing):
        why = "Xray JSON could, but has no place for scenarios without Test keys"
        return usual, (f"{name} cannot carry {words}; {why}",)
    notice = f"Xray JSON in place of {name}, which cannot carry {words}"
    return "xray", (notice,)


def _would_lose(run: PreparedRun, missing: Sequence[str]) -> bool:
    """
    Whether Xray JSON would cost more than it brings.

    A result weighs more than a defect; a rule that the user has set weighs more
    than scenarios that Xray may not know.
    """
    homeless = capabilities.without_a_place("xray", run.results)
    if not homeless or homeless == len(run.results):
        return bool(homeless)
    set_by_user = capabilities.needs_of_settings(run.settings, run.dialect).values()
    return not set(missing) & set(set_by_user)


def _price(run: PreparedRun) -> list[str]:
    """
    What of the results JUnit XML says and Xray JSON does not.

    Xray JSON knows custom fields by their ids; a name goes into the comment.
    """
    found: dict[str, None] = {}
    for each in run.results.runs():
        found |= dict.fromkeys(capabilities.find_unsaid("xray", each))
        if not all(name.isascii() and name.isdigit() for name, _ in each.custom_fields):
            found["custom fields by name"] = None
    return list(found)


def _usual(run: PreparedRun) -> str:
    """What ``auto`` means where nothing speaks against it."""
    scenarios = run.results.scenarios
    if not scenarios:
        return "junit"
    if scenarios < len(run.results):
        return "xray"
    return "behave" if run.info.framework == "behave" else "cucumber"


def notices_of(
    run: PreparedRun, choice: FormatChoice, contents: Contents
) -> Iterator[str]:
    """What a person should know of this run, whatever becomes of it."""
    _log(run, choice)
    yield from choice.notices
    yield from contents.notices
    first = choice.formats[0]
    if run.settings.wants_upload and choice.sent_as != first:
        name = FORMATS[first].title
        why = f"the plain endpoint of {name} takes no Test Execution"
        yield f"sent as {FORMATS[choice.sent_as].title}: {why}"
    number = run.results.unkeyed_scenarios
    if number and choice.sent_as in SCENARIO_FORMATS:
        who = count(number, "scenario")
        carry, them = ("carries", "it") if number == 1 else ("carry", "them")
        yield (
            f"{who} {carry} no Test key; Xray takes {them} only if it knows {them} "
            "by name"
        )
    yield from _shared(run)


def _log(run: PreparedRun, choice: FormatChoice) -> None:
    if not log.is_enabled():
        return
    why = "; ".join(choice.notices) or "nothing stands against it"
    formats = ", ".join(choice.formats)
    text = f"format {formats}, sent as {choice.sent_as}: {why}"
    log.info(text, run.settings.redactor.clean)


def _shared(run: PreparedRun) -> Iterator[str]:
    """Tests that several tests are results of, which may be a slip of a key."""
    found = run.results.shared
    decides = DECIDES[run.settings.aggregate]
    keyed = frozenset(run.results.test_keys) if found else frozenset()
    for identity, names in list(found.items())[:SHOWN_SHARED]:
        if identity in keyed:
            tests = f"{len(names)} tests ({first_names(names)})"
            yield f"{identity} stands on {tests}: one Test Run, and {decides}"
        else:
            paths = unique([[name.partition(": ")[0] for name in names]])
            times = "twice" if len(names) == 2 else f"{len(names)} times"  # noqa: PLR2004 - a word of its own
            # A scenario has its file in its name.
            others = [each for each in paths if f"{each}: " not in identity]
            within = f" in {first_names(others)}" if others else ""
            where = f"the {identity} stands {times}{within}"
            yield f"{where}: without keys of their own they are one Test, and {decides}"
    if len(found) > SHOWN_SHARED:
        yield f"{len(found) - SHOWN_SHARED} more Tests have results of several tests"
