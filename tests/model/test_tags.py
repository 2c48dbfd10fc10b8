"""The grammar of tags in feature files."""

from __future__ import annotations

import pytest

from xray_bridge.model import tags
from xray_bridge.model.tags import TagMeaning


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("CALC-1", TagMeaning(test_keys=("CALC-1",))),
        ("@CALC-1", TagMeaning(test_keys=("CALC-1",))),
        ("A1_B-12", TagMeaning(test_keys=("A1_B-12",))),
        ("TEST_CALC-1", TagMeaning(test_keys=("CALC-1",))),
        ("REQ_CALC-7", TagMeaning(requirements=("CALC-7",))),
        ("PRECOND_CALC-5", TagMeaning()),
        ("TESTSET_CALC-5", TagMeaning()),
        ("jira.testcase('CALC-1')", TagMeaning(test_keys=("CALC-1",))),
        ('jira.testcase("CALC-1")', TagMeaning(test_keys=("CALC-1",))),
        ("jira.testcase(CALC-1)", TagMeaning(test_keys=("CALC-1",))),
        ("jira.testcase('AB-1','CD-2')", TagMeaning(test_keys=("AB-1", "CD-2"))),
        ("allure.testcase('CALC-1')", TagMeaning(test_keys=("CALC-1",))),
        ("jira.test_plan('CALC-15')", TagMeaning(test_plans=("CALC-15",))),
        ("jira.test_execution('CALC-2')", TagMeaning(test_executions=("CALC-2",))),
        ("jira.testcase('calc-1')", TagMeaning(malformed=("jira.testcase('calc-1')",))),
        ("TEST_calc-1", TagMeaning(malformed=("TEST_calc-1",))),
        ("TEST_CALC-01", TagMeaning(malformed=("TEST_CALC-01",))),
        ("TEST_DATA", TagMeaning(labels=("TEST_DATA",))),
        ("smoke", TagMeaning(labels=("smoke",))),
        ("calc-1", TagMeaning(labels=("calc-1",))),
        ("utf-8", TagMeaning(labels=("utf-8",))),
        ("allure.label('x')", TagMeaning(labels=("allure.label('x')",))),
        ("use.with_os=linux", TagMeaning(labels=("use.with_os=linux",))),
    ],
)
def test_tag_on_a_scenario(tag: str, expected: TagMeaning) -> None:
    """Each form says what Xray, or behave-xray, lets it say."""
    assert tags.read([tag]) == expected


def test_own_key_wins_over_inherited() -> None:
    """The key nearest to the scenario is its Test."""
    assert tags.read(["CALC-1"], ["TEST_CALC-9"]).test_keys == ("CALC-1",)


def test_prefixed_key_is_inherited() -> None:
    """A feature can name the Test of all its scenarios, with a prefix."""
    assert tags.read(["smoke"], ["TEST_CALC-9"]).test_keys == ("CALC-9",)


def test_plain_key_on_a_feature_is_no_test() -> None:
    """Xray exports the Test Execution's key there."""
    found = tags.read([], ["CALC-99"])

    assert found.test_keys == ()
    assert found.exported_from == ("CALC-99",)


def test_requirements_add_up() -> None:
    """A feature's requirements are those of its scenarios, too."""
    found = tags.read(["REQ_CALC-8", "REQ_CALC-7"], ["REQ_CALC-7"])

    assert found.requirements == ("CALC-7", "CALC-8")


def test_labels_are_not_inherited() -> None:
    """A label on a feature is the feature's."""
    assert tags.read(["a"], ["b"]).labels == ("a",)


def test_prefixes_are_a_setting() -> None:
    """An instance of Xray may spell its prefixes in another way."""
    prefixes = ("TestName:", "Story:")
    found = tags.read(["TestName:CALC-1", "Story:CALC-7"], prefixes=prefixes)

    assert found == TagMeaning(test_keys=("CALC-1",), requirements=("CALC-7",))
