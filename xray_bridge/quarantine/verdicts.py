"""
Decide which failures of a session are spared.

The process of the tests imports this module only if the session has a quarantine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.model.fingerprint import failure_label, read_cause, stable_name
from xray_bridge.model.results import Outcome, TestIssue
from xray_bridge.quarantine.entries import Entries
from xray_bridge.text import count, one_line


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from xray_bridge.config.quarantine_table import Entry, Quarantine
    from xray_bridge.runs.codec import Line

# Lines about failures without a quarantine.
SHOWN = 10
TEARDOWN = "teardown: "
NOTE = "Quarantined by {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """
    A failure, its fingerprint, and why it counts; ``reason`` is empty if it is spared.
    """

    name: str
    fingerprint: str
    entry: Entry | None
    reason: str = ""

    @property
    def line(self) -> str:
        """The line about the failure, for the end of the session."""
        known = f"{self.name} [{self.fingerprint}]"
        if self.entry is None:
            return f"Not in quarantine: {known}"
        if self.reason:
            return f"Quarantine not in force: {known}: {self.reason}"
        return f"Quarantined: {known}: {self.entry.terms}"


class Verdicts:
    """
    The verdicts about the failures of a session, in the order of its tests.

    ``clean`` removes secrets and local folders from the text of a failure, as it is
    done before a text is recorded: both have the same fingerprint.
    """

    def __init__(
        self,
        quarantine: Quarantine,
        *,
        project: str,
        clean: Callable[[str], str],
        today: date,
    ) -> None:
        self.judged: list[Judged] = []
        self._entries = Entries(quarantine)
        self._project = project
        self._clean = clean
        self._today = today
        self._refused: dict[str, str] = {}

    @property
    def spared(self) -> list[Judged]:
        """The failures that do not change the exit code."""
        return [each for each in self.judged if each.entry and not each.reason]

    @property
    def counted(self) -> list[Judged]:
        """The failures that count as ever."""
        return [each for each in self.judged if each.entry is None or each.reason]

    def refuse(self, definition: str, reason: str) -> None:
        """Let the failure of this test count, whatever its quarantine says."""
        self._refused[definition] = reason

    def note(self, line: Line) -> None:
        """Note that a test has run, whatever its outcome."""
        self._entries.find(line)

    @property
    def has_unused(self) -> bool:
        """Whether an entry names no test so far."""
        return bool(self._entries.unused)

    def judge(self, line: Line) -> None:
        """Judge a finished test; the line of a failure that is spared says so."""
        entry = self._entries.find(line)
        if line["outcome"] != Outcome.FAILED.value:
            return
        test = TestIssue(classname=line["classname"], name=line["name"])
        message = self._clean(_text_of(line))
        label = failure_label(
            self._project, stable_name(test, per_row=False), read_cause(message)
        )
        keys = " ".join(line.get("test_keys", ()))
        name = one_line(self._clean(f"{keys} {test.definition}"))
        reason = self._refused.get(test.definition, "")
        if entry is not None:
            reason = reason or self._why_counted(entry, label, message)
            if not reason:
                line["quarantined"] = NOTE.format(entry.terms)
        self.judged.append(
            Judged(name=name, fingerprint=label, entry=entry, reason=reason)
        )

    def _why_counted(self, entry: Entry, label: str, message: str) -> str:
        invalid = entry.why_invalid(self._today)
        if invalid:
            return invalid
        if entry.fingerprints and label not in entry.fingerprints:
            known = " ".join(entry.fingerprints)
            return f"it is another failure than the known one, {known}"
        # A fixture that others share may have failed.
        is_alone = message.startswith(TEARDOWN) and entry.fingerprints
        if not is_alone and f"\n{TEARDOWN}" in f"\n{message}":
            return "a teardown failed, which may concern other tests"
        return ""

    def list_lines(self, why_red: str, *, is_full: bool) -> list[str]:
        """
        List the lines for the end of the session.

        ``why_red``: why the exit code stays as it is, empty if it becomes 0.
        ``is_full``: all tests of the project were to run.
        """
        # With workers, tests end in another order each time.
        judged = sorted(self.judged, key=lambda each: each.name)
        known = [each for each in judged if each.entry]
        others = [each for each in judged if each.entry is None]
        lines = [each.line for each in (*known, *others[:SHOWN])]
        if len(others) > SHOWN:
            lines.append(f"... and {len(others) - SHOWN} more that are not in it")
        if is_full:
            lines += [
                f"Quarantine: {each.test} names no test of this run; remove it, or "
                "correct its name"
                for each in self._entries.unused
            ]
        number = len(self.spared)
        if number and why_red:
            lines.append(f"Quarantine: the exit code is not spared, because {why_red}")
        elif number:
            all_of_them = f"all failures ({number}) are in it"
            lines.append(f"Quarantine: exit code 0, because {all_of_them}")
        return lines

    def why_red(self, incomplete: Iterable[str]) -> str:
        """Return why the exit code is not spared; empty if all failures are spared."""
        counted = len(self.counted)
        if counted:
            return f"{counted} of {count(len(self.judged), 'failure')} count"
        return next((f"results are missing: {each}" for each in incomplete), "")


def _text_of(line: Line) -> str:
    """Return the text of a failure, or that of its first step that has one."""
    steps = line.get("steps", ())
    first = next((s["message"] for s in steps if s.get("message")), "")
    return line.get("message") or str(first)
