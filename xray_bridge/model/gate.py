"""
The verdict of a gate, rule by rule.

It is in ``receipt.json`` as ``gate``.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass, read_flat
from xray_bridge.text import format_table


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PASSED, FAILED, NOT_CHECKED = "passed", "FAILED", "not checked"
RESULTS = (PASSED, FAILED, NOT_CHECKED)
# Names that a rule lists.
NAMED = 5
HEADS = ("RULE", "LIMIT", "FOUND", "RESULT")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRow:
    """
    One rule: its limit, what was found, and its result.

    ``names`` are the first tests, requirements or other things that are too many or
    missing. ``reason`` says why the rule was not checked, or why it failed.
    """

    rule: str
    limit: str
    found: str = ""
    result: str = PASSED
    names: tuple[str, ...] = ()
    reason: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells of a table, under HEADS."""
        return self.rule, self.limit, self.found, self.verdict

    @property
    def verdict(self) -> str:
        """The result, with the first names."""
        if self.result != FAILED:
            return self.result
        shown = [*self.names[:NAMED]]
        shown += ["..."] if len(self.names) > NAMED else ()
        details = ", ".join(shown) or self.reason
        return f"{self.result}: {details}" if details else self.result


@dataclass(frozen=True, slots=True, kw_only=True)
class GateVerdict:
    """The results of all rules of a gate, in the order of the rules."""

    rows: tuple[GateRow, ...] = ()

    @property
    def has_failed(self) -> bool:
        """Whether a rule has failed; rules that were not checked have not."""
        return any(row.result == FAILED for row in self.rows)

    @property
    def headline(self) -> str:
        """The verdict in a few words."""
        failed = [row.rule for row in self.rows if row.result == FAILED]
        return f"Gate: FAILED ({', '.join(failed)})" if failed else "Gate: passed"

    @property
    def notes(self) -> list[str]:
        """One line for each reason why rules were not checked."""
        reasons: dict[str, list[str]] = {}
        for row in self.rows:
            if row.result == NOT_CHECKED:
                reasons.setdefault(row.reason, []).append(row.rule)
        return [f"not checked: {', '.join(r)}: {why}" for why, r in reasons.items()]

    def lines(self) -> Iterator[str]:
        """Yield the lines for a terminal: a table, and notes."""
        yield self.headline
        table = format_table([HEADS, *(row.cells for row in self.rows)])
        yield from (f"  {line}" for line in (*table, *self.notes))

    def to_json(self) -> dict[str, Any]:
        """Convert to builtins, as they stand in ``receipt.json``."""
        return {
            "passed": not self.has_failed,
            "rules": [asdict(row) for row in self.rows],
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> GateVerdict:
        """Make the value from what ``to_json`` returned; ignore unknown keys."""
        rows = (read_flat(GateRow, row) for row in found.get("rules", ()))
        return cls(rows=tuple(rows))

    def cleaned(self, clean: Callable[[str], str]) -> GateVerdict:
        """Return the verdict with ``clean`` applied to all texts of others."""
        rows = (
            replace(
                row,
                names=tuple(map(clean, row.names)),
                reason=clean(row.reason),
                found=clean(row.found),
            )
            for row in self.rows
        )
        return GateVerdict(rows=tuple(rows))
