"""Fixtures of all tests, and what this project adds to its results by hooks."""

from __future__ import annotations

import pytest

from xray_bridge import EvidenceSource


# Doctests cannot have marks.
KEYS_OF_DOCTESTS = {
    "calculator.add": "CALC-251",
    "calculator.subtract": "CALC-252",
    "calculator.divide": "CALC-253",
}


def pytest_xray_test_keys(item):
    """More keys than those in marks and tags."""
    return KEYS_OF_DOCTESTS.get(item.name)


def pytest_xray_defects(report):
    """A failure that is known has its issue, wherever it shows."""
    return "CALC-302" if "NotImplementedError" in report.longreprtext else None


def pytest_xray_evidence(item, report):
    """What was on the display when a test failed."""
    if report.failed and "display" in item.funcargs:
        shown = "\n".join(item.funcargs["display"]).encode()
        return [EvidenceSource(shown, "display.txt", "text/plain")]
    return None


@pytest.fixture
def display():
    """What the calculator shows, line by line."""
    return ["0"]


@pytest.fixture
def battery():
    """Is never there."""
    raise OSError("no battery")


@pytest.fixture
def cover():
    """Opens, and does not close again."""
    yield
    raise OSError("the cover is stuck")


@pytest.fixture
def solar_cell():
    """Depends on the weather."""
    pytest.skip("it is dark")
