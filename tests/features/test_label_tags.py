"""Tags that look like keys of another project."""

from __future__ import annotations

import pytest

from xray_bridge.features import gherkin
from xray_bridge.features.label_tags import move_to_labels


PREFIXES = ("TEST_", "REQ_", "PRECOND_", "TESTSET_")


@pytest.mark.parametrize(
    ("tags", "labels", "asked"),
    [
        ("@TEST_CALC-78 @UTF-8 @WCAG-2", ("UTF-8", "WCAG-2"), []),
        ("@UTF-8 @CALC-78", ("UTF-8",), []),
        ("@UTF-8 @ISO-8859 @UTF-16", ("UTF-8", "ISO-8859", "UTF-16"), ["UTF", "ISO"]),
        ("@SHOP-1", (), ["SHOP"]),
        ("@TEST_SHOP-1", (), []),
        ("@REQ_SHOP-1 @CALC-78", (), []),
        ("@CALC-78 @CALC-79 @smoke", (), []),
    ],
)
def test_label_tags(tags: str, labels: tuple[str, ...], asked: list[str]) -> None:
    """They are labels beside a key, or if there is no such project."""
    questions = []

    def is_project(name: str) -> bool:
        questions.append(name)
        return name == "SHOP"

    text = f"Feature: F\n\n  {tags}\n  Scenario: S\n    * x\n"
    found, notices = move_to_labels(
        {"a.feature": gherkin.read_feature(text)}, PREFIXES, "CALC", is_project
    )

    (scenario,) = found["a.feature"].scenarios
    words = [tag.removeprefix("@") for tag in tags.split()]
    assert scenario.labels == labels
    assert sorted((*scenario.tags, *scenario.labels)) == sorted(words)
    assert questions == asked
    assert len(notices) == (len(labels) if asked else 0)


def test_prefixes_of_another_instance() -> None:
    """A tag with the instance's own prefix is a key."""
    text = (
        "Feature: F\n  @T_SHOP-1 @UTF-8\n  Scenario: S\n"
        "  @T_CALC-1 @UTF-8\n  Scenario: T\n"
    )

    found, notices = move_to_labels(
        {"a.feature": gherkin.read_feature(text)},
        ("T_", "R_", "P_", "S_"),
        "CALC",
        lambda _: False,
    )

    scenarios = found["a.feature"].scenarios
    assert [each.tags for each in scenarios] == [("T_SHOP-1",), ("T_CALC-1",)]
    assert [each.labels for each in scenarios] == [("UTF-8",), ("UTF-8",)]
    assert notices == ("a.feature:3: @UTF-8 is a label: there is no project UTF",)


def test_each_scenario_has_its_notices() -> None:
    """All scenarios of all files are in them, in order."""
    text = "Feature: F\n  @UTF-8\n  Scenario: S\n  @ISO-1 @ISO-2\n  Scenario: T\n"
    feature = gherkin.read_feature(text)

    _, notices = move_to_labels(
        {"a": feature, "b": feature}, PREFIXES, "CALC", lambda _: False
    )

    assert [notice.partition(" is")[0] for notice in notices] == [
        "a:3: @UTF-8",
        "a:5: @ISO-1",
        "a:5: @ISO-2",
        "b:3: @UTF-8",
        "b:5: @ISO-1",
        "b:5: @ISO-2",
    ]
