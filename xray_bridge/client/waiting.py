"""
How long to wait before a request is repeated.
"""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.client.response import Answer

LONGEST_PAUSE = 20.0


def retry_after(answer: Answer) -> float:
    """
    Return the seconds that the server asks to wait; 0 if unknown.

    A date is read by the server's clock, which may be wrong.
    """
    value = answer.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])
    try:
        now = time.time() + (read_skew(answer.headers) or 0.0)
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return 0.0


def read_skew(headers: Mapping[str, str]) -> float | None:
    """Return the seconds by which the server's clock is ahead; None if unknown."""
    try:
        date = parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    return None if "Age" in headers else date - time.time()


def backoff(attempt: int, first: float) -> float:
    """Return a random pause up to 1, 2, 4, ... times ``first``, at most 20 s."""
    longest = min(LONGEST_PAUSE, first * 2.0 ** (attempt - 1))
    return random.uniform(0, longest)  # noqa: S311 - jitter, not a secret
