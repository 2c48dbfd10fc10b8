"""Lists in pages, by `startAt` and `maxResults`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request

from xray_sandbox.errors import RefusedError


_PAGE = 50
_LIMIT = 200


def cut_page(found: Sequence[Any], name: str, **more: Any) -> dict[str, Any]:
    """One page of a list, which is the member `name`."""
    start, limit = read_number("startAt", 0), read_number("maxResults", _PAGE)
    limit = min(limit, _LIMIT)
    page = list(found[start : start + limit])
    return {
        "startAt": start,
        "maxResults": limit,
        "total": len(found),
        "isLast": start + len(page) >= len(found),
        name: page,
        **more,
    }


def read_number(name: str, default: int) -> int:
    """A whole number of the query that is not negative."""
    text = request.args.get(name, str(default))
    if not text.isdecimal():
        raise RefusedError(f"The value of '{name}' must be a whole number.")
    return int(text)
