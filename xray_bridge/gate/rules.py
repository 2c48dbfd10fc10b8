"""
The rules of a gate, as a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import (
    AuthenticationError,
    RefusedError,
    RunDirectoryError,
    UsageError,
    XrayBridgeError,
)
from xray_bridge.gate.facts import UnknownError, UnsetError
from xray_bridge.model.gate import FAILED, NOT_CHECKED, PASSED, GateRow, GateVerdict
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from xray_bridge.config.gate_table import Gate
    from xray_bridge.gate.facts import Facts

# No reason to pass: results that cannot be read, a setting that is missing or wrong.
WRONG = UnsetError, RunDirectoryError, UsageError, AuthenticationError
# The server refuses the question for good, such as a query with a mistake. Other
# refusals are those of a server that is busy or broken.
REFUSED = frozenset(range(400, 500)) - {408, 425, 429}
# Names that a receipt keeps for each rule.
KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a rule found; ``names`` are what is too much or missing."""

    found: str
    is_kept: bool
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """
    A rule: its name, which is that of its limit, and how it is measured.

    ``describe`` says what the limit means.
    """

    name: str
    describe: Callable[[Any], str]
    measure: Callable[[Any, Facts, Gate], Measured]


def _at_most(
    list_names: Callable[[Facts], Sequence[str]],
) -> Callable[[int, Facts, Gate], Measured]:
    def measure(limit: int, facts: Facts, _: Gate) -> Measured:
        try:
            names, more = list_names(facts), ""
        except UnknownError as unknown:
            if len(unknown.known) <= limit:
                raise
            names, more = unknown.known, " or more"
        is_kept = len(names) <= limit
        return Measured(found=f"{len(names)}{more}", is_kept=is_kept, names=names)

    return measure


def _at_least(limit: int, facts: Facts, _: Gate) -> Measured:
    number = facts.count_tests()
    return Measured(found=str(number), is_kept=number >= limit)


def _present(limit: Sequence[str], facts: Facts, _: Gate) -> Measured:
    known = facts.list_environments()
    missing = [name for name in limit if name not in known]
    return Measured(found=", ".join(known), is_kept=not missing, names=missing)


def _none(
    word: str, list_names: Callable[[Facts, Gate], Sequence[str]]
) -> Callable[[object, Facts, Gate], Measured]:
    def measure(_: object, facts: Facts, gate: Gate) -> Measured:
        names = list_names(facts, gate)
        return Measured(found=f"{len(names)} {word}", is_kept=not names, names=names)

    return measure


RULES = (
    Rule("min_tests", "at least {}".format, _at_least),
    Rule("max_failures", "at most {}".format, _at_most(lambda f: f.list_failures())),
    Rule(
        "max_new_failures",
        "at most {}".format,
        _at_most(lambda f: f.list_new_failures()),
    ),
    Rule("max_flaky", "at most {}".format, _at_most(lambda f: f.list_flaky())),
    Rule("environments", ", ".join, _present),
    Rule(
        "no_expired_quarantine",
        lambda _: "none",
        _none("expired", lambda f, _: f.list_expired()),
    ),
    Rule(
        "all_tests_of_plan",
        lambda _: "a result each",
        _none("without", lambda f, _: f.list_missing_tests()),
    ),
    Rule(
        "requirements_covered",
        lambda _: "a Test each",
        _none("without", lambda f, gate: f.list_uncovered(gate)),
    ),
)


def check_rules(gate: Gate, facts: Facts) -> GateVerdict:
    """Check all rules that the gate has; a fact that is not known fails no rule."""
    return GateVerdict(
        rows=tuple(
            _check_rule(rule, limit, gate, facts) for rule, limit in list_limits(gate)
        )
    )


def list_limits(gate: Gate) -> Iterator[tuple[Rule, Any]]:
    """Yield the rules that the gate has, with their limits."""
    for rule in RULES:
        limit = getattr(gate, rule.name)
        if limit is not None and limit is not False and limit != ():
            yield rule, limit


def describe_gate(gate: Gate) -> str:
    """Name the rules of a gate on one line, for a dry run."""
    return ", ".join(
        f"{rule.name} ({rule.describe(limit)})" for rule, limit in list_limits(gate)
    )


def _check_rule(rule: Rule, limit: Any, gate: Gate, facts: Facts) -> GateRow:
    shown = rule.describe(limit)
    try:
        measured = rule.measure(limit, facts, gate)
    except (UnsetError, UnknownError, XrayBridgeError) as error:
        reason = one_line(str(error))
        result = FAILED if _is_wrong(error) else NOT_CHECKED
        return GateRow(rule=rule.name, limit=shown, result=result, reason=reason)
    return GateRow(
        rule=rule.name,
        limit=shown,
        found=one_line(measured.found),
        result=PASSED if measured.is_kept else FAILED,
        # Summaries of requirements and names of environments may be any text.
        names=tuple(map(one_line, measured.names[:KEPT])),
    )


def _is_wrong(error: Exception) -> bool:
    """Whether an error fails a rule; a server that does not answer fails none."""
    if isinstance(error, RefusedError):
        return error.status in REFUSED
    return isinstance(error, WRONG)
