"""Which Test belongs to which test: by key, by the lock file, by name, by body."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sync.values import a_line, a_scenario, a_test, an_issue
from xray_bridge.sync.match import Matches, match_tests


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xray_bridge.client.test_issues import TestTexts
    from xray_bridge.sync.code import CodeTest
    from xray_bridge.sync.lock import Entry


def match(
    tests: Sequence[CodeTest],
    lines: Iterable[Entry] = (),
    issues: Iterable[TestTexts] = (),
    *,
    is_complete: bool = True,
) -> Matches:
    """Match, with the tests of all lines gone if the tests are complete."""
    return match_tests(tests, lines, issues, "CALC", lambda _: is_complete)


def keys_of(found: Matches) -> dict[str, str]:
    """Return keys by name; empty for a Test that is to be created."""
    return {m.test.name: m.issue.key if m.issue else "" for m in found.found}


def reasons_of(found: Matches) -> str:
    """Return why tests were left out."""
    return "; ".join(found.left_out.values())


def test_a_new_test_gets_a_new_test() -> None:
    """Neither lock file nor Xray know it."""
    assert keys_of(match([a_test()])) == {"test_a.test_one": ""}


def test_a_test_that_an_upload_has_made_is_found_by_its_definition() -> None:
    """As by the next upload; the lock file may be missing."""
    found = match([a_test()], issues=[an_issue()])

    assert keys_of(found) == {"test_a.test_one": "CALC-1"}
    assert found.found[0].is_adopted


def test_a_scenario_is_found_by_its_summary() -> None:
    """Among Tests that can be scenarios."""
    issues = [
        an_issue(summary="sum"),
        an_issue("CALC-2", type="Manual", summary="sum", definition=""),
        an_issue("CALC-3", type="Cucumber", summary="sum", definition=""),
    ]

    assert keys_of(match([a_scenario()], issues=issues)) == {"a.feature: sum": "CALC-3"}


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"type": "BDD", "kind": "Gherkin"}, "CALC-1"),
        ({"type": "BDD", "steps": "Given it is"}, "CALC-1"),
        ({"type": "Cucumber", "kind": "Steps"}, ""),
    ],
)
def test_a_scenario_is_found_whatever_its_test_type_is_called(
    values: dict[str, str], key: str
) -> None:
    """By its kind on Cloud, by its steps on Server."""
    issue = an_issue(summary="sum", definition="", **values)

    assert keys_of(match([a_scenario()], issues=[issue])) == {"a.feature: sum": key}


@pytest.mark.parametrize(("type_", "said"), [("BDD", "Type BDD may"), ("", "Type may")])
def test_a_test_type_that_nobody_knows(type_: str, said: str) -> None:
    """No second Test is created, and no other Test is taken."""
    issue = an_issue(summary="sum", definition="", type=type_)

    found = match([a_scenario()], issues=[issue])
    keyed = match([a_scenario(key="CALC-1")], issues=[issue])

    assert keys_of(found) == {}
    assert said in reasons_of(found)
    assert keys_of(keyed) == {"a.feature: sum": "CALC-1"}


def test_two_tests_of_one_name_in_xray_are_named() -> None:
    """An upload would take either."""
    found = match([a_test()], issues=[an_issue(), an_issue("CALC-2")])

    assert reasons_of(found) == (
        "CALC-1 and CALC-2 have its name in Xray; write the right key into the code"
    )


def test_a_key_in_code_wins() -> None:
    """The lock file said another; this is no rename, and the old Test is free."""
    issues = [an_issue(), an_issue("CALC-2", definition="")]
    found = match([a_test(key="CALC-2")], [a_line()], issues)

    assert keys_of(found) == {"test_a.test_one": "CALC-2"}
    assert found.found[0].is_adopted


def test_a_renamed_test_with_a_key_keeps_its_line() -> None:
    """What was written last is known by it."""
    found = match([a_test("test_a.test_new", key="CALC-1")], [a_line()], [an_issue()])

    assert found.found[0].is_renamed
    assert found.gone == ()


def test_a_key_that_is_no_test() -> None:
    """It may be a typing mistake, so no Test is created."""
    found = match([a_test(key="CALC-9")])

    assert keys_of(found) == {}
    assert "CALC-9 is no Test of the project that this account can see" in reasons_of(
        found
    )


def test_keys_of_other_projects_are_not_ours() -> None:
    """One suite may report to two projects."""
    found = match([a_test(key="SHOP-9")])

    assert (keys_of(found), found.left_out, len(found.foreign)) == ({}, {}, 1)


def test_a_test_that_is_lost_is_not_created_again() -> None:
    """The account may only not see it."""
    found = match([a_test()], [a_line()])

    assert keys_of(found) == {}
    assert "If it was deleted, remove the line from the lock file" in reasons_of(found)
    assert found.kept == (a_line(),)


def test_a_test_that_people_have_renamed_in_xray() -> None:
    """An upload would not find it by its definition."""
    found = match([a_test()], [a_line()], [an_issue(definition="other")])

    assert "CALC-1 is 'other' in Xray now, so an upload does not find it" in reasons_of(
        found
    )


def test_a_moved_test_keeps_its_test() -> None:
    """Name and body are the same, also if others have the same body."""
    tests = [a_test("test_b.test_one"), a_test("test_b.test_two")]
    lines = [a_line(), a_line("test_a.test_two", "CALC-2")]
    issues = [an_issue(), an_issue("CALC-2", definition="test_a.test_two")]
    found = match(tests, lines, issues)

    assert keys_of(found) == {"test_b.test_one": "CALC-1", "test_b.test_two": "CALC-2"}
    assert found.gone == ()


def test_a_renamed_test_keeps_its_test() -> None:
    """No other test has its body, so it can be no other."""
    found = match([a_test("test_a.test_new")], [a_line()], [an_issue()])

    assert keys_of(found) == {"test_a.test_new": "CALC-1"}


def test_rows_of_a_renamed_function_keep_their_tests() -> None:
    """They share a body, and are told apart by the row."""
    tests = [a_test("test_a.test_new[1]"), a_test("test_a.test_new[2]")]
    lines = [
        a_line("test_a.test_old[1]"),
        a_line("test_a.test_old[2]", "CALC-2"),
    ]
    issues = [
        an_issue(definition="test_a.test_old[1]"),
        an_issue("CALC-2", definition="test_a.test_old[2]"),
    ]

    assert keys_of(match(tests, lines, issues)) == {
        "test_a.test_new[1]": "CALC-1",
        "test_a.test_new[2]": "CALC-2",
    }


def test_a_rename_that_can_be_two_is_not_guessed() -> None:
    """Another test has the same body: it may be new, and the old one deleted."""
    tests = [a_test("test_a.test_new"), a_test("test_a.test_two")]
    lines = [a_line(), a_line("test_a.test_two", "CALC-2")]
    issues = [an_issue(), an_issue("CALC-2", definition="test_a.test_two")]
    found = match(tests, lines, issues)

    assert keys_of(found) == {"test_a.test_two": "CALC-2"}
    assert reasons_of(found) == (
        "it may be a renamed one of test_a.test_one (CALC-1). Write the right key into "
        "the code, or remove their lines from the lock file to create a new Test"
    )
    assert found.kept == (a_line(),)


def test_a_test_without_a_body_is_not_renamed() -> None:
    """Generated tests have none that can be read."""
    test = a_test("test_a.test_new", body="")
    found = match([test], [a_line(body="")], [an_issue()])

    assert keys_of(found) == {"test_a.test_new": ""}
    assert [each.key for each in found.gone] == ["CALC-1"]


def test_part_of_the_tests_shows_no_rename() -> None:
    """The old test may be among the others."""
    found = match(
        [a_test("test_a.test_new")], [a_line()], [an_issue()], is_complete=False
    )

    assert keys_of(found) == {"test_a.test_new": ""}
    assert (found.gone, found.kept) == ((), (a_line(),))


def test_an_upload_between_a_rename_and_the_sync() -> None:
    """It has made a Test of the new name, and people decide which one stays."""
    issues = [an_issue(), an_issue("CALC-2", definition="test_a.test_new")]
    found = match([a_test("test_a.test_new")], [a_line()], issues)

    assert keys_of(found) == {}
    assert "an upload has already made CALC-2 for the new name" in reasons_of(found)


def test_a_deleted_test_is_gone() -> None:
    """Its Test stays in Xray with its results."""
    found = match([], [a_line()], [an_issue()])

    assert [each.key for each in found.gone] == ["CALC-1"]


def test_no_test_gets_the_test_of_another() -> None:
    """A person has given it the definition of a new test in Xray."""
    issues = [an_issue(definition="test_a.test_two")]
    tests = [a_test(), a_test("test_a.test_two", body="0")]
    found = match(tests, [a_line()], issues)

    assert keys_of(found) == {}
    assert "its Test CALC-1 belongs to test_a.test_one" in reasons_of(found)


def test_a_sync_that_ended_after_a_rename() -> None:
    """Xray has the new name already, and the lock file the old one."""
    issues = [an_issue(definition="test_a.test_new")]
    found = match([a_test("test_a.test_new")], [a_line()], issues)

    assert keys_of(found) == {"test_a.test_new": "CALC-1"}
    assert found.gone == ()
