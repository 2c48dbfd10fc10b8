"""Points in time as Xray and Jira spell them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.builders import STARTED
from xray_bridge.model.times import iso_time, jira_time


if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["UTC", "Asia/Kolkata", "America/St_Johns"])
def _zone(request: pytest.FixtureRequest) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("the zone cannot be changed here")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_zone")
def test_iso_has_an_offset_and_no_fractions() -> None:
    """The form that Xray JSON takes, in every zone."""
    assert iso_time(STARTED + 0.999) == "2026-01-02T03:04:05+00:00"


@pytest.mark.usefixtures("_zone")
def test_jira_time_has_milliseconds_and_no_colon() -> None:
    """The form of Jira's datetime fields, in every zone."""
    assert jira_time(STARTED + 0.25) == "2026-01-02T03:04:05.250+0000"


@pytest.mark.parametrize("spell", [iso_time, jira_time])
def test_unknown_moment_is_nothing(spell: object) -> None:
    """No time, no text."""
    assert callable(spell)

    assert spell(None) == ""
