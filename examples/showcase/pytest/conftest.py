"""Fixtures for all tests, and hooks that add data to results."""

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
    """Return keys in addition to those in marks and tags."""
    return KEYS_OF_DOCTESTS.get(item.name)


def pytest_xray_defects(report):
    """Return the issue of a known failure."""
    return "CALC-302" if "NotImplementedError" in report.longreprtext else None


def pytest_xray_evidence(item, report):
    """Return the display at the time of the failure."""
    if report.failed and "display" in item.funcargs:
        shown = "\n".join(item.funcargs["display"]).encode()
        return [EvidenceSource(shown, "display.txt", "text/plain")]
    return None


@pytest.fixture
def display():
    """The lines on the calculator's paper."""
    return ["0"]


@pytest.fixture
def battery():
    """Fail before the test."""
    raise OSError("no battery")


@pytest.fixture
def cover():
    """Fail after the test."""
    yield
    raise OSError("the cover is stuck")


@pytest.fixture
def solar_cell():
    """Skip the test."""
    pytest.skip("it is dark")
