"""Data that a test can add to its result and to its Test."""

from __future__ import annotations

import calculator
import pytest


@pytest.mark.xray(
    "CALC-271",
    requirements=["CALC-301"],
    defects=["CALC-302"],
    labels=["smoke"],
    custom_fields={"Browser": "none"},
)
def test_mark():
    """A mark names a requirement, a defect, a label and a custom field."""
    assert calculator.add(2, 3) == 5


def test_fixture(xray):
    """The fixture adds the data of a mark while the test runs."""
    xray.key("CALC-272")
    xray.requirement("CALC-301")
    xray.defect("CALC-302")
    xray.custom_field("Browser", "none")
    xray.comment("On *four* processors.")


@pytest.mark.xray("CALC-273")
def test_evidence(xray, tmp_path):
    """A test attaches evidence: a file, and bytes."""
    (tmp_path / "log.txt").write_text("2 + 3 = 5\n")
    xray.attach(tmp_path / "log.txt")
    xray.attach(b'{"total": 5}', name="total.json", media_type="application/json")


@pytest.mark.xray("CALC-274")
def test_steps(xray):
    """All steps of a test pass."""
    with xray.step("Switch it on"):
        total = 0
    with xray.step("Add", data="2 and 3", expected="5"):
        total = calculator.add(2, 3)
        xray.attach(str(total).encode(), name="display.txt")
    assert total == 5


@pytest.mark.xray("CALC-275")
def test_step_fails(xray):
    """A step of a test fails, and the rest is not run."""
    with xray.step("Add", data="2 and 3", expected="5"):
        assert calculator.add(2, 3) == 5
    with xray.step("Subtract", data="3 from 5", expected="2"):
        assert calculator.subtract(5, 3) == 2
    with xray.step("Switch it off"):
        pass


@pytest.mark.xray("CALC-276")
def test_hooks(display):
    """A hook adds evidence and a defect to a failure; its output is sent too."""
    print("pressing the key for percent")
    display.append("percent of 50")
    calculator.percent(50)
