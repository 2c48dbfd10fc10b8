"""The comparison of the keys in code with the Tests in Xray."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import a_feature, a_run, a_scenario, a_scenario_run, recorded
from xray_bridge.check import keys
from xray_bridge.check.keys import AutomatedTest, Listing, XrayKeys
from xray_bridge.errors import ReportError


ADD = AutomatedTest(name="test_add", where="test_calc.py:3", keys=("CALC-1",))
ROW = AutomatedTest(name="test_add", where="test_calc.py:3", keys=("CALC-2",))
SUB = AutomatedTest(name="test_sub", where="test_calc.py:9", keys=("CALC-1",))
BARE = AutomatedTest(name="test_bare", where="test_calc.py:12")


def test_a_test_without_a_key_is_told() -> None:
    """A test without a key is listed once, for any number of rows."""
    found = keys.compare_keys(Listing(tests=(ADD, BARE, BARE)))

    assert found.tests == 2
    assert found.without_key == (BARE,)


def test_rows_with_keys_of_their_own_are_one_test_with_a_key() -> None:
    """A test counts as keyed if any of its rows has a key."""
    bare_row = AutomatedTest(name="test_add", where="test_calc.py:3")
    found = keys.compare_keys(Listing(tests=(ADD, ROW, bare_row)))

    assert (found.tests, found.without_key, found.shared) == (1, (), {})


def test_a_key_on_two_tests_is_told_with_both() -> None:
    """A key on two tests is listed with both: it may be a mistake."""
    found = keys.compare_keys(Listing(tests=(ADD, SUB)))

    assert found.shared == {"CALC-1": (ADD, SUB)}


def test_a_test_without_code_is_told_with_its_summary() -> None:
    """Only selected Tests without code are listed."""
    wanted = {"CALC-1": "Add", "CALC-8": "Clear the display"}
    asked = XrayKeys(wanted=wanted, selection="CALC-15")
    found = keys.compare_keys(Listing(tests=(ADD,)), asked)

    assert found.without_code == {"CALC-8": "Clear the display"}


def test_lines_name_every_finding_with_its_place() -> None:
    """Each line has a place, so that a person can find it."""
    asked = XrayKeys(
        no_tests={"CALC-1": "it is a Story"},
        unknown=("CALC-9",),
        wanted={"CALC-8": "Clear"},
        selection="CALC-15",
    )
    listing = Listing(
        tests=(ADD, SUB, BARE),
        missing=("test_x.py could not be collected",),
        malformed=("test_x.py:3: the mark is empty",),
    )
    found = keys.compare_keys(listing, asked)

    assert list(found.lines(keys.tests_by_key([ADD, SUB, BARE]))) == [
        "Tests: 3, 2 with a Test key",
        "Malformed marks and tags: 1",
        "  test_x.py:3: the mark is empty",
        "Without a Test key: 1",
        "  test_calc.py:12: test_bare",
        "On several tests: 1",
        "  CALC-1: test_calc.py:3: test_add; test_calc.py:9: test_sub",
        "Keys that are not Tests in Xray: 1",
        "  CALC-1: it is a Story (test_calc.py:3: test_add; test_calc.py:9: test_sub)",
        "Not looked up: 1",
        "  CALC-9",
        "Tests of CALC-15 without code: 1",
        "  CALC-8 Clear",
        "Incomplete: test_x.py could not be collected",
    ]


def test_run_directories_tell_their_tests_without_parameters(tmp_path: Path) -> None:
    """Rows of a test, and of an outline, count as one."""
    scenario = a_scenario(
        "sum -- @1.1", outline="sum", line=9, feature=a_feature(path="f/a.feature")
    )
    directory = recorded(
        tmp_path,
        a_run(keys=["CALC-1"], name="test_add[1]"),
        a_run(keys=["CALC-1"], name="test_add[2]"),
        a_scenario_run(scenario=scenario),
    )
    found = list(dict.fromkeys(keys.tests_in_runs([directory], [])))

    assert [(each.name.rpartition(".")[2], each.where) for each in found] == [
        ("test_add", ""),
        ("sum", "f/a.feature"),
    ]


def test_an_ignored_test_needs_no_key() -> None:
    """It is counted, and not listed."""
    ignored = AutomatedTest(name="test_try", where="test_calc.py:20", ignored=True)
    found = keys.compare_keys(Listing(tests=(ADD, ignored)))

    assert found.without_key == ()
    assert [*found.lines({})] == ["Tests: 2, 1 with a Test key, 1 ignored"]


def test_a_list_that_broke_off_is_refused(tmp_path: Path) -> None:
    """An incomplete list would report Tests without code by mistake."""
    path = tmp_path / "tests.jsonl"
    path.write_text('{"name": "a", "where": "", "keys": []}\n{"na')

    with pytest.raises(ReportError, match="cannot be read"):
        keys.read_listing(path)


def test_what_could_not_be_collected_is_told_once(tmp_path: Path) -> None:
    """A file that was not collected, or a malformed tag of several rows."""
    path = tmp_path / "tests.jsonl"
    lines = ['{"missing": "a.py could not"}', '{"malformed": "@CALC-0"}']
    path.write_text("\n".join([*lines, *lines]))

    found = keys.read_listing(path)

    assert found == Listing(missing=("a.py could not",), malformed=("@CALC-0",))
