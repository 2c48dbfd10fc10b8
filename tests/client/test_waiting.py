"""How long to wait, by the server's header and its clock."""

from __future__ import annotations

import random
import time
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from xray_bridge.client.response import Answer
from xray_bridge.client.waiting import backoff, read_skew, retry_after


if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = 1_767_323_045.0


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock does not move."""
    monkeypatch.setattr(time, "time", lambda: NOW)


def date(seconds: float) -> str:
    """An HTTP date, that long after now."""
    moment = datetime.fromtimestamp(NOW + seconds, timezone.utc)
    return format_datetime(moment, usegmt=True)


def waits(**headers: str) -> float:
    """Return the seconds to wait after an answer with these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return retry_after(Answer(status=429, headers=named, content=b"", url="x"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0.0),
        ({"Retry_After": " 7 "}, 7.0),
        ({"Retry_After": "soon"}, 0.0),
        ({"Retry_After": "9" * 400}, 999_999_999_999.0),
        ({"Retry_After": date(30)}, 30.0),
        ({"Retry_After": date(-30)}, 0.0),
        # Its clock is ahead by an hour.
        ({"Retry_After": date(3630), "Date": date(3600)}, 30.0),
        # A date of a kept answer does not show its clock.
        ({"Retry_After": date(30), "Date": date(-3600), "Age": "3600"}, 30.0),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float) -> None:
    """The header is seconds, or a date by the server's clock."""
    assert waits(**headers) == seconds


@pytest.mark.parametrize(
    ("headers", "ahead"),
    [
        ({}, None),
        ({"Date": "today"}, None),
        ({"Date": date(0)}, 0.0),
        ({"Date": date(90)}, 90.0),
        ({"Date": date(-90)}, -90.0),
        ({"Date": date(-90), "Age": "90"}, None),
    ],
)
def test_skew(headers: Mapping[str, str], ahead: float | None) -> None:
    """The skew is the time by which the server's clock is ahead."""
    assert read_skew(headers) == ahead


@pytest.mark.parametrize(
    ("attempt", "first", "longest"),
    [(1, 0.5, 0.5), (2, 0.5, 1.0), (3, 0.5, 2.0), (7, 0.5, 20.0), (9, 1.0, 20.0)],
)
def test_backoff(
    monkeypatch: pytest.MonkeyPatch, attempt: int, first: float, longest: float
) -> None:
    """A pause is random, at most twice as long as before, and never over 20 s."""
    asked: list[tuple[float, float]] = []

    def between(least: float, most: float) -> float:
        asked.append((least, most))
        return most

    monkeypatch.setattr(random, "uniform", between)

    assert backoff(attempt, first) == longest
    assert asked == [(0, longest)]
