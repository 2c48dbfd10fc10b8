"""One test for each way in which a test can end."""

from __future__ import annotations

import os
import sys

import calculator
import pytest


@pytest.mark.xray("CALC-201")
def test_passes():
    """A test passes."""
    assert calculator.add(2, 3) == 5


@pytest.mark.xray("CALC-202")
def test_fails():
    """An assertion fails."""
    assert calculator.subtract(5, 3) == 2


@pytest.mark.xray("CALC-203")
def test_raises():
    """An exception is raised."""
    calculator.divide(1, 0)


@pytest.mark.xray("CALC-204")
def test_setup_fails(battery):
    """A fixture fails before the test."""
    assert calculator.add(2, 3) == 5


@pytest.mark.xray("CALC-205")
def test_teardown_fails(cover):
    """A test passes, and a fixture fails after it."""
    assert calculator.add(2, 3) == 5


@pytest.mark.xray("CALC-206")
def test_fails_twice(cover):
    """A test fails, and so does a fixture after it."""
    assert calculator.subtract(5, 3) == 2


@pytest.mark.xray("CALC-207")
@pytest.mark.skip(reason="the display has no room for them yet")
def test_skip_mark():
    """A mark skips a test."""


@pytest.mark.xray("CALC-208")
@pytest.mark.skipif(sys.maxsize > 0, reason="of no use on this machine")
def test_skip_condition():
    """A mark skips a test on a condition."""


@pytest.mark.xray("CALC-209")
def test_skip_within():
    """A test skips itself while it runs."""
    if calculator.add(2, 3) == 5:
        pytest.skip("there is nothing to do")


@pytest.mark.xray("CALC-210")
def test_skip_import():
    """A module that a test needs is missing."""
    pytest.importorskip("abacus")


@pytest.mark.xray("CALC-211")
def test_skip_fixture(solar_cell):
    """A fixture skips a test."""


@pytest.mark.xray("CALC-212")
@pytest.mark.xfail(reason="known bug")
def test_xfail():
    """A test fails as expected."""
    assert calculator.subtract(5, 3) == 2


@pytest.mark.xray("CALC-213")
def test_xfail_within():
    """A test declares while it runs that it is expected to fail."""
    pytest.xfail("known bug")


@pytest.mark.xray("CALC-214")
@pytest.mark.xfail(reason="fixed last week")
def test_xpass():
    """A test passes, although a failure was expected."""
    assert calculator.add(2, 3) == 5


@pytest.mark.xray("CALC-215")
@pytest.mark.xfail(reason="fixed last week", strict=True)
def test_xpass_strict():
    """A test passes, although a failure was expected in strict mode."""
    assert calculator.add(2, 3) == 5


@pytest.mark.xray("CALC-216")
@pytest.mark.xfail(reason="it would never end", run=False)
def test_xfail_not_run():
    """A test is expected to fail and is not run."""


@pytest.mark.xray("CALC-217")
@pytest.mark.xfail(raises=AssertionError, reason="known bug")
def test_xfail_otherwise():
    """A test fails with another exception than expected."""
    calculator.divide(1, 0)


@pytest.mark.xray("CALC-218")
@pytest.mark.xfail(reason="known bug")
def test_xfail_teardown(cover):
    """A test is expected to fail, and so does a fixture after it."""
    assert calculator.subtract(5, 3) == 2


attempts = []


@pytest.mark.xray("CALC-219")
@pytest.mark.flaky(reruns=2)
def test_flaky():
    """A test fails, is rerun, and passes."""
    attempts.append(calculator.add(2, 3))
    assert len(attempts) == 2


@pytest.mark.xray("CALC-220")
@pytest.mark.flaky(reruns=2)
def test_never_passes():
    """A test fails, is rerun, and fails each time."""
    assert calculator.subtract(5, 3) == 2


@pytest.mark.xray("CALC-221")
@pytest.mark.skipif(
    "PYTEST_XDIST_WORKER" not in os.environ, reason="it would end the whole session"
)
def test_crashes():
    """A worker of xdist crashes."""
    os._exit(1)
