"""
The table of the quarantine: ``[tool.xray-bridge.quarantine]``.

The process of the tests imports this module only if the table is given.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from xray_bridge.config.tables import read_table, whole_number
from xray_bridge.dataclass import dataclass
from xray_bridge.model.fingerprint import DIGITS, FAILURE
from xray_bridge.model.keys import KEY, spell_key
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Passes in a row after which the release of a test is proposed.
RELEASE_AFTER = 20
TESTS = "tests"
FINGERPRINT = re.compile(rf"{FAILURE}[0-9a-f]{{{DIGITS}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    A test in quarantine.

    ``test`` is a Test key, a node id of pytest, a Generic Test definition, the name of
    a scenario, or ``FILE.feature: NAME``. ``until`` is the last day, in UTC.
    ``fingerprints`` are the failures that are known; without them, all failures are.
    """

    test: str
    owner: str = ""
    issue: str = ""
    until: date | None = None
    fingerprints: tuple[str, ...] = ()

    @property
    def terms(self) -> str:
        """Who put the test into quarantine, until when, and why."""
        until = f"until {self.until}" if self.until else ""
        terms = " ".join(filter(None, (self.owner, until)))
        return ", ".join(filter(None, (terms, self.issue)))

    def why_invalid(self, today: date) -> str:
        """Return why the quarantine of the test is not in force; empty if it is."""
        if not self.owner:
            return "its quarantine has no owner"
        if self.until is None:
            return "its quarantine has no date (until)"
        if today > self.until:
            return f"its quarantine ended on {self.until}"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """
    The tests in quarantine, and the label that puts Tests of Xray into quarantine.

    ``owner``, ``issue`` and ``until`` are those of entries and labelled Tests that
    have none.
    """

    tests: tuple[Entry, ...] = ()
    label: str = ""
    owner: str = ""
    issue: str = ""
    until: date | None = None
    release_after: int = RELEASE_AFTER

    def complete(self, entry: Entry) -> Entry:
        """Return an entry with the values of the table where it has none."""
        return replace(
            entry,
            owner=entry.owner or self.owner,
            issue=entry.issue or self.issue,
            until=entry.until or self.until,
        )


def parse_quarantine(table: Mapping[str, Any]) -> Quarantine:
    """
    Read the table.

    Raises ValueError, which lists all mistakes.
    """
    mistakes: list[str] = []
    given = {name: value for name, value in table.items() if name != TESTS}
    found = read_table(given, OF_TABLE, mistakes, known=(*OF_TABLE, TESTS))
    entries = list(_read_entries(table.get(TESTS, []), mistakes))
    names = Counter(spell_name(each.test) for each in entries)
    mistakes += [f"{name} is there {n} times" for name, n in names.items() if n > 1]
    if mistakes:
        raise ValueError("; ".join(mistakes))
    quarantine = Quarantine(**found)
    return replace(quarantine, tests=tuple(map(quarantine.complete, entries)))


def to_table(quarantine: Quarantine) -> dict[str, object]:
    """Return the table as JSON can hold it; ``parse_quarantine`` reads it."""
    table: dict[str, object] = {
        "label": quarantine.label,
        "release_after": quarantine.release_after,
        TESTS: [_to_content(each) for each in quarantine.tests],
    }
    return {name: value for name, value in table.items() if value}


def _to_content(entry: Entry) -> dict[str, object]:
    content = {
        "test": entry.test,
        "owner": entry.owner,
        "issue": entry.issue,
        "until": str(entry.until) if entry.until else "",
        "fingerprint": list(entry.fingerprints),
    }
    return {name: value for name, value in content.items() if value}


def spell_name(test: str) -> str:
    """Return the name of a test, a Test key in upper case."""
    key = spell_key(test)
    return key if re.fullmatch(KEY, key) else test.strip()


def _read_entries(listed: object, mistakes: list[str]) -> Iterator[Entry]:
    if not isinstance(listed, list) or not all(isinstance(e, dict) for e in listed):
        mistakes.append(f"{TESTS} must be a list of tables")
        return
    for number, each in enumerate(listed, start=1):
        name = each.get("test")
        where = f"{name}: " if name and isinstance(name, str) else f"test {number}: "
        wrong: list[str] = []
        found = read_table(each, OF_ENTRY, wrong)
        mistakes += [where + text for text in wrong]
        if "test" in found:
            found["fingerprints"] = found.pop("fingerprint", ())
            yield Entry(**found)
        elif "test" not in each:
            mistakes.append(f"{where}`test` is missing: a Test key, or a test's name")


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = "must be a text"
        raise ValueError(msg)  # noqa: TRY004 - parsers speak in ValueError
    # It becomes one line of a comment, and of the terminal.
    return one_line(value)


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        msg = "must be a Test key, or the name of a test"
        raise ValueError(msg)
    return value.strip()


def _label(value: object) -> str:
    if not isinstance(value, str) or len(value.split()) != 1 or '"' in value:
        msg = "must be a label of Jira, which has no blanks"
        raise ValueError(msg)
    return value.strip()


def _date(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        msg = "must be a date, such as 2026-12-31"
        raise ValueError(msg) from None


def _fingerprints(value: object) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not all(
        isinstance(each, str) and FINGERPRINT.fullmatch(each) for each in given
    ):
        msg = f"must be a fingerprint, such as {FAILURE}0123456789ab, or a list of them"
        raise ValueError(msg)
    return tuple(given)


OF_TABLE: Mapping[str, Callable[[object], Any]] = {
    "label": _label,
    "owner": _text,
    "issue": _text,
    "until": _date,
    "release_after": whole_number(1),
}
OF_ENTRY: Mapping[str, Callable[[object], Any]] = {
    "test": _name,
    "owner": _text,
    "issue": _text,
    "until": _date,
    "fingerprint": _fingerprints,
}
