"""Which tests get which keys."""

from __future__ import annotations

from typing import Any

import pytest

from xray_bridge.client.known_tests import KnownTest
from xray_bridge.source.places import TestPlace
from xray_bridge.source.plan import KeyPlan, plan_keys


ADD = TestPlace(
    name="test_add",
    where="test_calc.py:3",
    file="/p/test_calc.py",
    function=("test_add",),
    xray_name="test_calc.test_add",
)
SUM = TestPlace(
    name="sum", where="f/a.feature:4", file="/p/f/a.feature", line=4, xray_name="sum"
)


def a_function(name: str, *, xray_name: str = "", **changes: Any) -> TestPlace:
    """Make the place of a function, or of one of its rows."""
    given: dict[str, Any] = {
        "name": name,
        "where": "test_calc.py:9",
        "file": "/p/test_calc.py",
        "function": (name,),
        "xray_name": xray_name or f"test_calc.{name}",
    }
    return TestPlace(**{**given, **changes})


def a_test(key: str, definition: str) -> KnownTest:
    """Make a Generic Test."""
    return KnownTest(key=key, summary="Any", definition=definition)


def a_scenario(key: str, summary: str = "sum") -> KnownTest:
    """Make a Cucumber Test."""
    return KnownTest(key=key, summary=summary, is_of_scenario=True)


def keys_of(plan: KeyPlan) -> dict[str, str]:
    """Return the keys by the names of the tests."""
    return {new.place.name: new.key for new in plan.new}


def test_a_function_is_found_by_its_definition() -> None:
    """Its summary does not count: people change it."""
    known = [
        a_test("CALC-1", "test_calc.test_add"),
        KnownTest(key="CALC-2", summary="test_calc.test_add", is_of_scenario=True),
    ]

    assert keys_of(plan_keys([ADD], known)) == {"test_add": "CALC-1"}


def test_a_scenario_is_found_by_its_name_among_scenarios() -> None:
    """A Generic Test or a manual Test of the same name is another Test."""
    known = [
        KnownTest(key="CALC-1", summary="sum", definition="sum"),
        KnownTest(key="CALC-2", summary="sum"),
        a_scenario("CALC-3"),
    ]

    assert keys_of(plan_keys([SUM], known)) == {"sum": "CALC-3"}


def test_a_test_type_that_nobody_knows_gives_no_key() -> None:
    """It may be another Test of the same name."""
    known = [KnownTest(key="CALC-1", summary="sum", is_of_scenario=None)]

    plan = plan_keys([SUM], known)

    assert keys_of(plan) == {}
    assert [*plan.refused.values()] == [
        "the Test Type of CALC-1 may not be for scenarios"
    ]


def test_rows_get_one_key_and_the_others_are_named() -> None:
    """The oldest Test of the rows gets all results, so the others get none."""
    rows = [
        a_function("test_row", xray_name=f"test_calc.test_row[{row}]") for row in "ab"
    ]
    known = [
        a_test("CALC-10", "test_calc.test_row[a]"),
        a_test("CALC-9", "test_calc.test_row[b]"),
    ]
    (new,) = plan_keys(rows, known).new

    assert str(new) == ("test_calc.py:9: test_row: CALC-9; no more results for CALC-10")


@pytest.mark.parametrize("changes", [{"keys": ("CALC-7",)}, {"ignored": True}])
def test_a_test_that_needs_no_key_is_left_alone(changes: dict[str, Any]) -> None:
    """One row with a key is enough: people have decided about this test."""
    rows = [a_function("test_row"), a_function("test_row", **changes)]
    plan = plan_keys(rows, [a_test("CALC-1", "test_calc.test_row")])

    assert plan == KeyPlan()


def test_tests_of_one_name_in_two_files_get_no_key() -> None:
    """Both are named: one Test would show the results of two tests."""
    twin = TestPlace(
        name="sum",
        where="f/b.feature:2",
        file="/p/f/b.feature",
        line=2,
        xray_name="sum",
    )
    plan = plan_keys([SUM, twin], [a_scenario("CALC-1")])

    assert not plan.new
    assert plan.refused == {
        "f/a.feature:4: sum": "it has the same name in Xray as f/b.feature:2: sum",
        "f/b.feature:2: sum": "it has the same name in Xray as f/a.feature:4: sum",
    }


def test_a_key_that_another_test_has_is_not_written_again() -> None:
    """The other test was renamed, perhaps, and this one has its old name."""
    renamed = a_function("test_sum", keys=("CALC-1",))
    plan = plan_keys([ADD, renamed], [a_test("CALC-1", "test_calc.test_add")])

    assert not plan.new
    assert plan.refused == {
        "test_calc.py:3: test_add": "its key CALC-1 is on test_calc.py:9: test_sum"
    }


def test_two_tests_of_one_name_in_xray_are_named() -> None:
    """Xray would use one of them; people decide which."""
    known = [a_test(key, "test_calc.test_add") for key in ("CALC-12", "CALC-3")]
    plan = plan_keys([ADD], known)

    assert plan.refused == {
        "test_calc.py:3: test_add": "CALC-3 and CALC-12 have the same name, "
        "'test_calc.test_add'"
    }


def test_a_generated_test_is_listed_and_gets_no_key() -> None:
    """There is no function to mark."""
    place = a_function("test_made", generated="it is generated")
    plan = plan_keys([place], [a_test("CALC-1", "test_calc.test_made")])

    assert (plan.new, plan.refused) == (
        (),
        {"test_calc.py:9: test_made": "it is generated"},
    )


def test_a_test_that_xray_does_not_know_is_listed() -> None:
    """It has not been uploaded yet."""
    plan = plan_keys([ADD], [a_test("CALC-1", "test_calc.test_other")])

    assert plan == KeyPlan(unknown=("test_calc.py:3: test_add",))
