"""
The outcome of an upload, for machines (``receipt.json``) and for people.
"""

from __future__ import annotations

from dataclasses import asdict, field, fields, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import GateError
from xray_bridge.text import quote_command


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xray_bridge.model.changes import Changes
    from xray_bridge.model.gate import GateVerdict

DELIVERED = "delivered"
PARTLY_REFUSED = "partly refused"
FAILED = "failed"
AMBIGUOUS = "ambiguous"
DRY_RUN = "dry run"
EMPTY = "empty"
KEPT = "kept"
SKIPPED = "skipped"
STATUSES = frozenset(
    {DELIVERED, PARTLY_REFUSED, FAILED, AMBIGUOUS, DRY_RUN, EMPTY, KEPT, SKIPPED}
)
# An ambiguous upload is described in the same words everywhere.
UNKNOWN = "UNKNOWN: Xray may or may not have received the results"
# Lines about missing evidence on a screen; receipt.json has all.
SHOWN = 10
# Failures in receipt.json and in what CI systems show.
FAILURES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A result that Xray refused."""

    key: str
    tests: tuple[str, ...] = ()
    message: str = ""


def join_refusals(parts: Iterable[Iterable[Refused]]) -> tuple[Refused, ...]:
    """
    Join the refusals of several answers; those of one Test key are joined if equal.

    Equal refusals without a key may be about different Tests, so both are kept.
    """
    found: list[Refused] = []
    known: set[Refused] = set()
    for each in chain.from_iterable(parts):
        if not each.key or each not in known:
            found.append(each)
            known.add(each)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """
    A failed Test: its name, its keys and the first line of its message.

    ``file`` and ``line`` are the place of a scenario, or of the failure, relative to
    the folder of the session; empty and 0 if they are unknown.
    """

    name: str
    keys: tuple[str, ...] = ()
    message: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """
    The result of an upload.

    ``counts`` are results by outcome; ``sent`` and ``accepted`` are numbers of Tests.
    ``accepted`` is ``None`` if Xray does not say it (Cloud answers with the Test
    Execution only). ``failures`` are the first FAILURES failed Tests. ``duration`` is
    in seconds. ``commands`` are lines for the CI system that reads this process's
    output; no file has them, nor ``resend_flags``, with which the run can be sent
    later. ``ignored`` is the number of tests that ran and are not reported, because
    users have left them out. ``changes`` are those since an earlier run; None if the
    setting ``compare`` is not set. ``gate`` is its verdict; None if there is none.
    """

    status: str
    run: str = ""
    test_execution: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    sent: int = 0
    accepted: int | None = None
    refused: tuple[Refused, ...] = ()
    failures: tuple[Failure, ...] = ()
    left_out: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    report: Mapping[str, Any] = field(default_factory=dict)
    plan: tuple[str, ...] = ()
    attempts: int = 0
    duration: float = 0.0
    error: Mapping[str, str] = field(default_factory=dict)
    exit_code: int = 0
    commands: tuple[str, ...] = ()
    resend_flags: str = ""
    ignored: int = 0
    changes: Changes | None = None
    gate: GateVerdict | None = None

    @property
    def refused_tests(self) -> int:
        """How many Tests Xray refused: one refusal may be of several without a key."""
        if not self.refused or self.accepted is None:
            return len(self.refused)
        return max(len(self.refused), self.sent - self.accepted)

    def to_json(self) -> dict[str, Any]:
        """Convert to builtins, as they stand in ``receipt.json``."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        found["refused"] = [asdict(each) for each in self.refused]
        found["failures"] = [asdict(each) for each in self.failures]
        del found["resend_flags"]
        for name, value in (("changes", self.changes), ("gate", self.gate)):
            if value is not None:
                found[name] = value.to_json()
            else:
                del found[name]
        if not self.commands:
            del found["commands"]
        return found

    def cleaned(self, clean: Callable[[str], str]) -> Receipt:
        """Return the receipt with ``clean`` applied to all texts of others."""
        return replace(
            self,
            test_execution={
                name: clean(text) for name, text in self.test_execution.items()
            },
            error={name: clean(text) for name, text in self.error.items()},
            refused=tuple(replace(r, message=clean(r.message)) for r in self.refused),
            failures=tuple(
                replace(f, name=clean(f.name), message=clean(f.message))
                for f in self.failures
            ),
            notices=tuple(map(clean, self.notices)),
            incomplete=tuple(map(clean, self.incomplete)),
            left_out=tuple(map(clean, self.left_out)),
            plan=tuple(map(clean, self.plan)),
            changes=self.changes.cleaned(clean) if self.changes else None,
            gate=self.gate.cleaned(clean) if self.gate else None,
        )

    @property
    def gate_code(self) -> int:
        """The exit code of a gate that is not passed, or 0."""
        return GateError.exit_code if self.gate and self.gate.has_failed else 0

    @property
    def resend_command(self) -> str:
        """The command that sends the run later."""
        return quote_command("xray-bridge", "resend", self.run, flags=self.resend_flags)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Receipt:
        """Make a receipt from what ``to_json`` returned; unknown keys are ignored."""
        known = {each.name for each in fields(cls)}
        rest: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in found.items()
            if key in known
        }
        refused = tuple(
            Refused(key=r["key"], tests=tuple(r["tests"]), message=r["message"])
            for r in rest.pop("refused", ())
        )
        failures = tuple(
            Failure(**{**failure, "keys": tuple(failure["keys"])})
            for failure in rest.pop("failures", ())
        )
        given = rest.pop("changes", None)
        changes = _read_changes(given) if given else None
        judged = rest.pop("gate", None)
        gate = _read_gate(judged) if judged else None
        return cls(
            **rest, refused=refused, failures=failures, changes=changes, gate=gate
        )

    def lines(self) -> list[str]:
        """Return the lines that people read at the end of the session."""
        lines = list(_headline_of(self))
        if self.counts:
            counted = ", ".join(f"{n} {word}" for word, n in self.counts.items() if n)
            lines.append(f"Results: {counted}")
        lines += ignored_lines(self.ignored)
        lines += self.changes.lines() if self.changes else ()
        lines += [f"  {line}" for line in self.plan]
        lines += [
            f"Refused by Xray: {_name_refused(refused)}{refused.message}"
            for refused in self.refused
        ]
        lines += [f"Incomplete: {reason}" for reason in self.incomplete]
        lines += [f"Left out: {what}" for what in self.left_out[:SHOWN]]
        if len(self.left_out) > SHOWN:
            lines.append(f"... and {len(self.left_out) - SHOWN} more in receipt.json")
        lines += [f"Note: {notice}" for notice in self.notices]
        lines += self.gate.lines() if self.gate else ()
        if self.run:
            lines.append(f"Run directory: {self.run}")
        return lines


def _read_changes(found: Mapping[str, Any]) -> Changes:
    # Only runs that were compared need it.
    from xray_bridge.model.changes import Changes

    return Changes.from_json(found)


def _read_gate(found: Mapping[str, Any]) -> GateVerdict:
    from xray_bridge.model.gate import GateVerdict

    return GateVerdict.from_json(found)


def ignored_lines(number: int) -> list[str]:
    """Return the line about tests that users have left out; none if there are none."""
    return [f"Ignored: {number} (not reported, as marked)"] if number else []


def _name_refused(refused: Refused) -> str:
    tests = ", ".join(refused.tests[:3]) + (", ..." if len(refused.tests) > 3 else "")  # noqa: PLR2004
    named = f" ({tests})" if tests else ""
    return f"{refused.key or 'a result'}{named}: " if refused.key or tests else ""


def _headline_of(receipt: Receipt) -> list[str]:
    execution = receipt.test_execution
    where = f"{execution.get('key', '')} {execution.get('url', '')}".strip()
    slug = receipt.error.get("slug", "")
    error = f"{receipt.error.get('message', '')}{slug and f' [{slug}]'}"
    resend = f"To send them: {receipt.resend_command}"
    saved = [f"The results are saved. {resend}"] if receipt.run else []
    accepted = "" if receipt.accepted is None else f", {receipt.accepted} accepted"
    tests = f"{receipt.sent} sent{accepted}, {receipt.refused_tests} refused"
    return {
        DELIVERED: [f"Test Execution: {where}", f"Tests: {tests}"],
        PARTLY_REFUSED: [f"Test Execution: {where}", f"Tests: {tests}"],
        DRY_RUN: ["Dry run: nothing was sent. xray-bridge would send:"],
        EMPTY: [
            f"Nothing to upload{'' if receipt.notices else ': no test has a result'}."
        ],
        KEPT: ["Not uploaded; the report is written."],
        SKIPPED: [f"Not uploaded. {resend}" if receipt.run else "Not uploaded."],
        FAILED: [f"NOT DELIVERED: {error}", *saved],
        AMBIGUOUS: [
            f"{UNKNOWN}: {error}",
            *saved,
        ],
    }[receipt.status]
