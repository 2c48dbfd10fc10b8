"""Tags in feature files: nothing else changes."""

from __future__ import annotations

import pytest

from xray_bridge.model import tags
from xray_bridge.source.feature_tags import (
    ScenarioKey,
    ScenarioKeys,
    add_tags,
    remove_tags,
)


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ("", "\t@CALC-1\n"),
        ("\t# note\n", "\t# note\n\t@CALC-1\n"),
        ("\t@slow\n", "\t@slow @CALC-1\n"),
        ("\t@a\n\t@b  # why @c\n", "\t@a\n\t@b @CALC-1  # why @c\n"),
        ("\t@a\n\n\t# note\n", "\t@a @CALC-1\n\n\t# note\n"),
        ("\t@a#1  \n", "\t@a#1 @CALC-1  \n"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_tag_joins_the_tags_above(above: str, expected: str, end: str) -> None:
    """Else it gets a line of its own, indented like the scenario."""
    head, scenario = "Feature: F\n", "\tScenario: s\n\t\tGiven it works"
    content = f"{head}{above}{scenario}".replace("\n", end).encode()
    number = 2 + above.count("\n")
    found = add_tags(content, {number: ScenarioKey(name="s", key="CALC-1")})

    assert found == f"{head}{expected}{scenario}".replace("\n", end).encode()


def test_several_scenarios_of_a_file_get_their_tags() -> None:
    """Lines that are added do not move the others' tags."""
    content = "# language: de\nFunktion: ü\n Szenario: é\n  Gegeben x\n Szenario: b"
    keys = {
        3: ScenarioKey(name="é", key="CALC-1"),
        5: ScenarioKey(name="b", key="CALC-2"),
    }
    found = add_tags(content.encode(), keys).decode()

    assert found.replace(" @CALC-1\n", "").replace(" @CALC-2\n", "") == content
    assert found.index("@CALC-1\n Szenario: é") < found.index("@CALC-2\n Szenario: b")


@pytest.mark.parametrize("line", [0, 1, 99])
def test_a_line_of_another_text_is_refused(line: int) -> None:
    """The file was changed since the tests were collected."""
    with pytest.raises(ValueError, match="is not the scenario 'sum'"):
        add_tags(
            b"Feature: F\n  Scenario: sum", {line: ScenarioKey(name="sum", key="")}
        )


def find_key(tag: str) -> str:
    """Return the Test key of a tag, as Xray's default prefixes say."""
    return next(iter(tags.read([tag]).test_keys), "")


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ("\t@CALC-1\n", ""),
        ("\t@slow @CALC-1\n", "\t@slow\n"),
        ("\t@TEST_CALC-1 @REQ_CALC-7\n", "\t@REQ_CALC-7\n"),
        ("\t@a\n\t@b @CALC-1  # why @c\n", "\t@a\n\t@b  # why @c\n"),
        ("\t@CALC-1\n\n\t# note\n", "\n\t# note\n"),
        ("\t@CALC-1  # why\n", "\t# why\n"),
        ("\t@jira.testcase('CALC-1')   @b\n", "\t@b\n"),
        ("\t@a\n\t@CALC-1 @CALC-2\n\t@b\n", "\t@a\n\t@b\n"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tags_with_keys_are_removed(above: str, expected: str, end: str) -> None:
    """All other tags and all comments stay; an empty line of tags goes."""
    head, scenario = "Feature: F\n", "\tScenario: s\n\t\tGiven it works"
    content = f"{head}{above}{scenario}".replace("\n", end).encode()
    number = 2 + above.count("\n")
    wanted = {number: ScenarioKeys(name="s", keys=("CALC-1",))}
    found = remove_tags(content, wanted, find_key)

    assert found == (f"{head}{expected}{scenario}".replace("\n", end).encode(), [])


def test_a_key_of_the_feature_stays() -> None:
    """It is one of all its scenarios; others lose theirs."""
    content = b"@CALC-1\nFeature: F\n @a\n Scenario: s\n @CALC-2\n Scenario: t\n"
    wanted = {
        4: ScenarioKeys(name="s", keys=("CALC-1",)),
        6: ScenarioKeys(name="t", keys=("CALC-2",)),
    }

    assert remove_tags(content, wanted, find_key) == (
        content.replace(b" @CALC-2\n", b""),
        [4],
    )


def test_another_scenario_on_a_line_to_remove_from() -> None:
    """The file was changed after the collection."""
    with pytest.raises(ValueError, match="line 1 is not the scenario 's'"):
        remove_tags(b"Feature: F", {1: ScenarioKeys(name="s", keys=("A-1",))}, find_key)
