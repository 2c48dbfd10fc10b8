"""
Give the Test Execution another status: the setting ``transition``.

The setting is a status, or a status with values for the fields of the transition's
screen: ``Done; Resolution = Fixed``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.client import transitions
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import UsageError
from xray_bridge.jira.run import Step


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.client.transitions import Status, Transition, TransitionField
    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.run import JiraRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The wanted status, and values by the names or ids of fields."""

    status: str
    values: Mapping[str, str]


def read_target(text: str) -> Target:
    """Read the setting, which its parser has checked."""
    status, *parts = (part.strip() for part in text.split(";"))
    pairs = (part.partition("=") for part in parts if part)
    values = {name.strip(): value.strip() for name, _, value in pairs}
    return Target(status=status, values=values)


def _is_wanted(settings: Settings) -> bool:
    return bool(settings.transition)


def _describe(run: JiraRun) -> Iterator[str]:
    target = read_target(run.settings.transition)
    also = "".join(f", {name} = {value}" for name, value in target.values.items())
    yield f"move {run.target} to {target.status}{also}"


def _apply(run: JiraRun) -> Iterator[str]:
    target = read_target(run.settings.transition)
    jira, key = run.jira, run.test_execution
    before = transitions.read_status(jira, key)
    offered = transitions.list_transitions(jira, key) if before.name else ()
    chosen = choose_transition(target.status, before, offered)
    if chosen is None:
        return
    fields = fill_fields(chosen, target.values)
    transitions.do_transition(jira, key, chosen, fields)
    yield f"{key} is now {chosen.to.name or target.status}"


def choose_transition(
    wanted: str, before: Status, offered: Sequence[Transition]
) -> Transition | None:
    """
    Choose the transition to a status, by its name or else by its category.

    The name of a transition counts, too. None if the issue has that status. Raises
    UsageError if no transition leads there, or several do.
    """
    if _is_named(wanted, before.name):
        return None
    for matches in (
        [each for each in offered if _is_named(wanted, each.to.name)],
        [each for each in offered if _is_named(wanted, each.name)],
    ):
        # Several to the same status differ in their screens only.
        if matches:
            return min(matches, key=lambda each: len(_needed_fields(each)))
    if _is_named(wanted, before.category, before.category_name):
        return None
    found = [
        each
        for each in offered
        if _is_named(wanted, each.to.category, each.to.category_name)
    ]
    if len({each.to.name for each in found}) == 1:
        return min(found, key=lambda each: len(_needed_fields(each)))
    names = ", ".join(dict.fromkeys(each.to.name for each in found or offered))
    if found:
        msg = f"{wanted} is the category of several statuses: {names}"
        raise UsageError(msg, hint="set xray_transition to one of them")
    now = f"from {before.name}" if before.name else "now"
    msg = f"no transition leads to {wanted} {now}"
    there = f"xray_transition can be {names}" if names else "there is none"
    hint = f"{there}; the account needs the permission Transition Issues"
    raise UsageError(msg, hint=hint)


def fill_fields(chosen: Transition, values: Mapping[str, str]) -> dict[str, Any]:
    """
    Make the fields of a transition from given values.

    Raises UsageError for a value that Jira does not allow, for a field that is not on
    the screen, and for a required field without a value.
    """
    by_name = {each.name.casefold(): each for each in chosen.fields}
    by_id = {each.id.casefold(): each for each in chosen.fields}
    found: dict[str, Any] = {}
    for name, value in values.items():
        field = by_id.get(name.casefold()) or by_name.get(name.casefold())
        if field is None:
            there = ", ".join(each.name for each in chosen.fields) or "no field"
            msg = f"the transition {chosen.name} has no field {name}, but {there}"
            raise UsageError(msg, hint="correct xray_transition")
        found[field.id] = _make_value(field, value)
    missing = [each for each in _needed_fields(chosen) if each.id not in found]
    if missing:
        named = "; ".join(map(_describe_field, missing))
        msg = f"the transition {chosen.name} needs {named}"
        example = f"{chosen.to.name}; {missing[0].name} = VALUE"
        raise UsageError(msg, hint=f"set xray_transition to {example}")
    return found


def _needed_fields(transition: Transition) -> list[TransitionField]:
    return [each for each in transition.fields if each.is_needed]


def _describe_field(field: TransitionField) -> str:
    allowed = f" ({', '.join(field.allowed)})" if field.allowed else ""
    return f"{field.name}{allowed}"


def _make_value(field: TransitionField, value: str) -> Any:
    """Make a value in Jira's form: by its id, if the values are listed."""
    if not field.allowed:
        return [value] if field.is_list else value
    known = {name.casefold(): each for name, each in field.allowed.items()}
    if value.casefold() not in known:
        msg = f"{field.name} cannot be {value}"
        raise UsageError(msg, hint=f"use {', '.join(field.allowed)}")
    chosen = {"id": known[value.casefold()]}
    return [chosen] if field.is_list else chosen


def _is_named(wanted: str, *names: str) -> bool:
    """Whether a person means one of these names; blanks and case do not count."""
    return _fold(wanted) in map(_fold, filter(None, names))


def _fold(text: str) -> str:
    return "".join(text.split()).casefold()


TRANSITION = Step(
    name="transition", is_wanted=_is_wanted, describe=_describe, apply=_apply
)
