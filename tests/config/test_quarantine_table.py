"""The table of the quarantine."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from xray_bridge.config import resolve, shared_file
from xray_bridge.config.quarantine_table import (
    Entry,
    parse_quarantine,
    to_table,
)
from xray_bridge.errors import SettingError


DAY = date(2026, 12, 31)


def entry(**changes: Any) -> Entry:
    """An entry that is in force until DAY."""
    return Entry(**{"test": "CALC-1", "owner": "Anna", "until": DAY, **changes})


def test_values_of_the_table_are_those_of_entries_that_have_none() -> None:
    """An entry's own values win."""
    table = {
        "owner": "QA",
        "until": "2026-12-31",
        "tests": [{"test": "calc-1"}, {"test": "CALC-2", "owner": "Ben"}],
    }

    first, second = parse_quarantine(table).tests

    assert (first.owner, first.until, second.owner) == ("QA", DAY, "Ben")


def test_the_table_is_read_back() -> None:
    """A run directory holds the quarantine as JSON."""
    tests = [
        {
            "test": "CALC-1",
            "owner": "Anna",
            "until": "2026-12-31",
            "fingerprint": ["xb-0123456789ab"],
        },
        {"test": "a scenario"},
    ]
    found = parse_quarantine({"label": "known", "release_after": 5, "tests": tests})

    assert parse_quarantine(json.loads(json.dumps(to_table(found)))) == found


@pytest.mark.parametrize(
    ("today", "is_in_force"),
    [(date(2026, 12, 31), True), (date(2027, 1, 1), False)],
)
def test_the_last_day_belongs_to_the_quarantine(
    today: date, *, is_in_force: bool
) -> None:
    """It ends when the day is over, in UTC."""
    assert (not entry().why_invalid(today)) is is_in_force


@pytest.mark.parametrize(
    ("table", "mistakes"),
    [
        ({"tests": {}}, "tests must be a list of tables"),
        ({"tests": ["CALC-1"]}, "tests must be a list of tables"),
        ({"test": []}, "there is no key test (did you mean tests?)"),
        ({"release_after": 0}, "release_after is 0, but must be a whole number from 1"),
        ({"release_after": True}, "release_after is True, but must be a whole number "),
        ({"label": "two words"}, "label is 'two words', but must be a label of Jira"),
        ({"tests": [{"test": 7}]}, "test 1: test is 7, but must be a Test key, or the"),
        ({"tests": [{"test": " "}]}, "test is ' ', but must be a Test key"),
        (
            {"tests": [{"test": "calc-1"}, {"test": "CALC-1"}]},
            "CALC-1 is there 2 times",
        ),
        (
            {"tests": [{"test": "a", "until": "31.12.2026"}]},
            "a: until is '31.12.2026', but must be a date, such as 2026-12-31",
        ),
        ({"tests": [{"test": "a", "owner": 3}]}, "a: owner is 3, but must be a text"),
        (
            {"tests": [{"test": "a", "fingerprint": ["xb-1"]}]},
            "a: fingerprint is ['xb-1'], but must be a fingerprint, such as",
        ),
    ],
)
def test_mistakes_are_named(table: dict[str, Any], mistakes: str) -> None:
    """Each says what must be there instead."""
    with pytest.raises(ValueError, match=re.escape(mistakes)):
        parse_quarantine(table)


def test_a_project_file_has_dates(tmp_path: Path) -> None:
    """A date of TOML is read like a text; the file and the setting are named."""
    path = tmp_path / "pyproject.toml"
    path.write_text(
        "[[tool.xray-bridge.quarantine.tests]]\ntest = 'CALC-1'\nuntil = 2026-12-31\n"
    )
    layer = shared_file.shared_file_layer(tmp_path)
    assert layer is not None
    settings = resolve.resolve([layer], {})
    path.write_text("[tool.xray-bridge.quarantine]\nuntil = 2026-12-31T07:00:00Z\n")
    wrong = shared_file.shared_file_layer(tmp_path)
    assert wrong is not None

    assert parse_quarantine(settings.quarantine).tests[0].until == DAY
    with pytest.raises(SettingError, match=r"quarantine \(pyproject.toml\): until is "):
        resolve.resolve([wrong], {})


def test_names_of_people_are_readable_on_a_terminal() -> None:
    """Jira lets people choose their names."""
    entry = {"test": "CALC-1", "owner": "anna\x1b[2J\r\nb"}

    (found,) = parse_quarantine({"tests": [entry]}).tests

    assert not set("\x1b\r\n").intersection(found.terms)
