"""The same failure has the same fingerprint, whoever recorded it and how."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests.builders import a_run, a_scenario, a_scenario_run, a_test
from xray_bridge.jira.defects.failures import label_of
from xray_bridge.model.fingerprint import (
    Cause,
    name_label,
    read_cause,
    stable_name,
    without_values,
)
from xray_bridge.model.results import Outcome


LONG = """\
    def test_total(cart):
>       assert total(cart) == 3

tests/test_cart.py:9:
_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _
src/shop/prices.py:31: in total
    return sum(map(price, cart))
_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _

item = <shop.Item object at 0x7f1c2a>

    def price(item):
        with clock() as now:
>           return PRICES[item]
E           KeyError: <shop.Item object at 0x7f1c2a>

src/shop/prices.py:12: KeyError"""
SHORT = """\
tests/test_cart.py:10: in test_total
    assert total(cart) == 3
src/shop/prices.py:31: in total
    return sum(map(price, cart))
src/shop/prices.py:14: in price
    return PRICES[item]
E   KeyError: <shop.Item object at 0x55aa10>"""
NATIVE = """\
Traceback (most recent call last):
  File "<site-packages>/behave/model.py", line 1991, in run
    match.run(runner.context)
  File "features/steps/cart.py", line 5, in step_total
    assert total(context.cart) == 3
  File "C:\\\\work\\\\src\\\\shop\\\\prices.py", line 31, in total
    return sum(map(price, cart))
           ^^^^^^^^^^^^^^^^^^^^
  File "src/shop/prices.py", line 99, in price
    return PRICES[item]
           ~~~~~~^^^^^^
KeyError: <shop.Item object at 0x99>"""
OTHERS = """\
tests/test_cart.py:10: in test_total
    json.loads(text)
<python>/json/__init__.py:346: in loads
    return _default_decoder.decode(s)
/opt/venv/lib/python3.13/site-packages/jsonfast/decoder.py:355: in raw_decode
    raise JSONDecodeError("Expecting value", s, err.value) from None
E   json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)"""
IN_PRICE = Cause(type="KeyError", place="prices.py price")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (LONG, IN_PRICE),
        (SHORT, IN_PRICE),
        (NATIVE, IN_PRICE),
        (f"Then the total is 3\n{NATIVE}", IN_PRICE),
        (f"setup: {SHORT}", IN_PRICE),
        (f"{LONG}\n\nteardown: {OTHERS}", IN_PRICE),
        (f"{SHORT}\nFailed attempts before this one: 1\nAttempt 1 failed: x", IN_PRICE),
        (OTHERS, Cause(type="JSONDecodeError", place="test_cart.py test_total")),
        (
            (
                f"{OTHERS}\n\nDuring handling of the above exception, another "
                f"exception occurred:\n\n{SHORT}"
            ),
            IN_PRICE,
        ),
        (
            (
                "def test_a():\n>       assert 1 == 2\nE       assert 1 == 2\n\n"
                "tests/test_a.py:2: AssertionError"
            ),
            Cause(type="AssertionError", place="test_a.py test_a"),
        ),
        (
            (
                "  + Exception Group Traceback (most recent call last):\n"
                '  |   File "tests/test_a.py", line 2, in test_a\n'
                "  |     raise group\n  | ExceptionGroup: g (2 sub-exceptions)\n"
                "  +-+---------------- 1 ----------------\n    | ValueError: 1"
            ),
            Cause(type="ExceptionGroup", place="test_a.py test_a"),
        ),
        (
            (
                "file /home/me/test_a.py, line 18\n  def test_b(nofix): pass\n"
                "E       fixture 'nofix' not found"
            ),
            Cause(place="fixture 'nofix' not found"),
        ),
        (
            "worker 'gw0' crashed while running 'tests/test_a.py::test_b'",
            Cause(
                place="worker 'gw<number>' crashed while running "
                "'tests/test_a.py::test_b'"
            ),
        ),
        (
            "ValueError: 3 is wrong",
            Cause(type="ValueError", place="ValueError: <number> is wrong"),
        ),
        (
            "tests/a.py:3: in test_a\n    assert 1 == 2\nE   assert 1 == 2",
            Cause(type="AssertionError", place="a.py test_a"),
        ),
        (
            "tests/test_12.py:3: in step_2\n    go()\nE   OSError: no",
            Cause(type="OSError", place="test_12.py step_2"),
        ),
        (
            (
                "Traceback (most recent call last):\n"
                '  File "/opt/old/behave/model.py", line 9, in run\n    match.run()\n'
                '  File "/opt/old/behave/matchers.py", line 8, in run\n    func()\n'
                '  File "tests/behave/steps/cart.py", line 7, in add\n    go()\n'
                '  File "/usr/lib/python3.13/json/decoder.py", line 6, in decode\n'
                "    raise\nValueError: no"
            ),
            Cause(type="ValueError", place="cart.py add"),
        ),
        ("", Cause()),
    ],
)
def test_cause_of_a_failure(text: str, cause: Cause) -> None:
    """It is the type, and the project's frame nearest to the exception."""
    assert read_cause(text) == cause


def test_lines_and_values_do_not_matter() -> None:
    """A test that moved within its file, or fails with other values, is the same."""
    first = a_run(Outcome.FAILED, message=LONG)
    later = a_run(Outcome.FAILED, message=LONG.replace(":12:", ":99:"))

    assert label_of(first, "CALC", per_row=False) == label_of(
        later, "CALC", per_row=False
    )


@pytest.mark.parametrize(
    "other",
    [
        a_run(Outcome.FAILED, name="test_sub", message=LONG),
        a_run(Outcome.FAILED, message=LONG.replace("KeyError", "TypeError")),
        a_run(Outcome.FAILED, message=LONG.replace("def price", "def cost")),
        a_run(Outcome.FAILED, message=LONG.replace("prices.py", "costs.py")),
    ],
)
def test_test_type_and_place_matter(other: object) -> None:
    """Another test, exception, function or file is another failure."""
    first = a_run(Outcome.FAILED, message=LONG)

    assert label_of(first, "CALC", per_row=False) != label_of(
        other,  # type: ignore[arg-type]
        "CALC",
        per_row=False,
    )


def test_projects_do_not_share_fingerprints() -> None:
    """Two projects from one template have tests of the same names."""
    run = a_run(Outcome.FAILED, message=LONG)

    assert label_of(run, "CALC", per_row=False) != label_of(run, "SHOP", per_row=False)


def test_the_form_of_a_label_is_stable() -> None:
    """Labels of earlier versions must be found again."""
    run = a_run(Outcome.FAILED, message=LONG)

    assert label_of(run, "CALC", per_row=False) == "xb-da5af097d989"
    assert name_label("CALC", "tests.test_a") == "xb-test-07ee8cfd95c0"


def test_rows_are_told_apart_by_their_values_only() -> None:
    """Addresses and times in the names of rows differ from run to run."""
    row = a_test("test_add[<X object at 0x7f01>-2026-01-02 03:04:05-7]")
    again = a_test("test_add[<X object at 0x7f99>-2026-11-12 13:14:15-7]")
    other = a_test("test_add[<X object at 0x7f99>-2026-11-12 13:14:15-8]")

    assert stable_name(row, per_row=True) == stable_name(again, per_row=True)
    assert stable_name(row, per_row=True) != stable_name(other, per_row=True)
    assert stable_name(row, per_row=False) == "tests.test_calculator.test_add"


def test_rows_of_an_outline_are_told_apart_by_their_parameters() -> None:
    """behave gives all rows of an outline one name."""
    scenario = a_scenario(outline="sums", row=1)
    one = a_scenario_run(
        Outcome.FAILED, scenario=scenario, parameters=(("a", "1"),), message=NATIVE
    )
    two = replace(one, parameters=(("a", "2"),))

    def labels(*, per_row: bool) -> set[str]:
        return {label_of(run, "CALC", per_row=per_row) for run in (one, two)}

    assert len(labels(per_row=False)) == 1
    assert len(labels(per_row=True)) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at 0xDEADbeef", "at <hex>"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id <uuid>"),
        ("2026-01-02T03:04:05.678Z later", "<time> later"),
        ("at 12:03:04", "at <time>"),
        ("commit 0123abcd9f", "commit <hex>"),
        ("in /tmp/pytest-of-me/pytest-3/x.txt now", "in <tmp> now"),
        ("in <tmp>/a/b: no", "in <tmp>: no"),
        ("took 12.5 s, 3 times", "took <number> s, <number> times"),
        ("feedface words stay", "feedface words stay"),
    ],
)
def test_values_are_removed_from_texts(text: str, expected: str) -> None:
    """Numbers, hexadecimal numbers, uuids, times and temporary paths differ."""
    assert without_values(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a." * 100_000,
        "A" * 200_000,
        "tests/a.py:1: " * 20_000,
        "E   " + "x:1: " * 40_000,
        "0123456789abcdef-" * 12_000,
        '  File "' * 20_000,
        "Traceback (most recent call last)\n" * 6_000,
        "1:" * 100_000,
        " | + " * 40_000,
        "<tmp>/" * 40_000,
        "C:\\" + "x\\" * 80_000,
    ],
)
def test_hostile_texts_take_no_time(text: str) -> None:
    """Failures contain whatever tests print; two seconds are plenty."""
    began = time.process_time()
    read_cause(text)

    assert time.process_time() - began < 2.0
