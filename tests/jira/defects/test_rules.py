"""The rules for defects are read strictly."""

from __future__ import annotations

import pytest

from tests.builders import settings_of
from xray_bridge.errors import SettingError
from xray_bridge.jira.defects.rules import PARSERS, Rules, parse_rules
from xray_bridge.jira.defects.settings import refuse_odd_rules


def test_all_keys_are_read() -> None:
    """Each field of ``Rules`` has a parser, and the values arrive."""
    rules = parse_rules(
        {
            "project": "bugs",
            "type": "Defect",
            "priority": {"smoke": "High", "default": "Low"},
            "severity": "Major",
            "components": ["Cart", "API"],
            "labels": "nightly",
            "fields": {"Team": "${test.name}"},
            "per": "row",
            "max": 0,
            "most": 1,
            "close_after": 3,
            "status": {"Parked": "closed"},
            "resolution": {"Duplicate": "new"},
        },
        project="CALC",
    )

    assert set(PARSERS) == set(Rules.__slots__)
    assert rules.project == "BUGS"
    assert rules.priority == {"smoke": "High", "default": "Low"}
    assert rules.severity == {"default": "Major"}
    assert rules.components == ("Cart", "API")
    assert rules.labels == ("nightly",)
    assert rules.status == {"parked": "closed"}
    assert rules.resolution == {"duplicate": "new"}
    assert (rules.max, rules.most, rules.close_after) == (0, 1.0, 3)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"sumary": "x"}, "there is no key sumary (did you mean summary?)"),
        ({"zzz": 1}, "there is no key zzz (known: project, type"),
        ({"per": "rows"}, "per is 'rows', but must be one of test, row"),
        ({"max": "10"}, "max is '10', but must be a whole number from 0"),
        ({"max": True}, "max is True, but must be a whole number from 0"),
        ({"close_after": 0}, "close_after is 0, but must be a whole number from 1"),
        ({"most": 1.5}, "most is 1.5, but must be a number from 0 to 1"),
        ({"most": 50}, "most is 50, but must be a number from 0 to 1"),
        ({"most": True}, "most is True, but must be a number from 0 to 1"),
        ({"evidence": "no"}, "evidence is 'no', but must be true or false"),
        ({"labels": ["two words"]}, "but a label of Jira has no blanks"),
        ({"components": [1]}, "components is [1], but must be a list of texts"),
        ({"priority": {"a": 1}}, "but must be a table of texts"),
        ({"fields": []}, "fields is [], but must be a table of fields"),
        ({"status": {"Done": "shut"}}, "'shut' is not one of open, closed"),
        ({"project": "no key!"}, "but must be a project key, such as CALC"),
        ({"type": 3}, "type is 3, but must be a text"),
        (
            {"summary": "${test.nam}"},
            "there is no ${test.nam} (did you mean ${test.name}?)",
        ),
        ({"fields": {"X": {"v": ["${ci.uri}"]}}}, "did you mean ${ci.url}?"),
    ],
)
def test_a_mistake_is_named_with_the_key(table: dict[str, object], said: str) -> None:
    """An unknown key is named with the nearest one, a wrong value with its key."""
    with pytest.raises(SettingError) as caught:
        parse_rules(table)

    assert said in str(caught.value)


def test_rules_are_refused_before_the_first_test() -> None:
    """Also while defects are off: a mistake would show when they are turned on."""
    settings = settings_of(project="CALC", defect_rules='{"maxx": 1}')

    with pytest.raises(SettingError, match="did you mean max"):
        refuse_odd_rules(settings)


def test_create_needs_a_project() -> None:
    """A run into an existing Test Execution has the project of its key."""
    refuse_odd_rules(settings_of(test_execution="CALC-5", defects="create"))

    with pytest.raises(SettingError, match="no project for bugs"):
        refuse_odd_rules(settings_of(defects="create"))
