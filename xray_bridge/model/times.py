"""
Tell the day, and format times for Xray and Jira, from seconds since the epoch.
"""

from __future__ import annotations

from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from datetime import date


def today_in_utc() -> date:
    """Return the day on which quarantines end."""
    return datetime.now(timezone.utc).date()


def iso_time(seconds: float | None) -> str:
    """Format a time for Xray JSON: ISO 8601 with an offset and without fractions."""
    if seconds is None:
        return ""
    return _format_second(int(seconds))


# Many tests start and end in one second.
@lru_cache(maxsize=8)
def _format_second(seconds: int) -> str:
    moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
    return moment.isoformat(timespec="seconds")


def jira_time(seconds: float | None) -> str:
    """Format a time for Jira's fields: milliseconds, offset without a colon."""
    if seconds is None:
        return ""
    moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"
