"""
Convert values of other tools' JSON, which may have any type.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from xray_bridge.formats.read.protocol import Verdict, verdict_of


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.model.results import Outcome


# The longest text in characters; the rest of a longer one is left out.
LONGEST_TEXT = 100_000
# The year 5138 in seconds, and 1973 in milliseconds; the end of the year 9999.
_FIRST_MILLISECONDS = 1e11
LATEST = 253_402_300_799.0


def to_text(value: Any) -> str:
    """Convert to a text; empty for null, lists and objects."""
    if value is None or isinstance(value, (dict, list, bool)):
        return ""
    return str(value)[:LONGEST_TEXT]


def to_texts(value: Any) -> list[str]:
    """Convert a list, or a single value, to texts."""
    found = value if isinstance(value, list) else [value]
    return [*filter(None, map(to_text, found))]


def member_at(value: Any, *names: str) -> Any:
    """Return the value below these names, one after the other; or None."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def to_objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list."""
    found = value if isinstance(value, list) else ()
    return [each for each in found if isinstance(each, dict)]


def to_number(value: Any) -> float:
    """Convert to a finite number that is not negative; 0.0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return 0.0
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return 0.0
    return found if math.isfinite(found) and found > 0 else 0.0


def to_count(value: Any) -> int | None:
    """Convert to a count; None if the value is none."""
    is_count = isinstance(value, (int, float, str)) and not isinstance(value, bool)
    return int(to_number(value)) if is_count else None


def to_time(value: Any) -> float | None:
    """Convert seconds, milliseconds or ISO 8601 to seconds since the epoch."""
    if isinstance(value, str) and not re.fullmatch(r"[\d.]+", value):
        return _parse_iso(value)
    found = to_number(value)
    if found >= _FIRST_MILLISECONDS:
        found /= 1000
    return found if 0 < found < LATEST else None


def _parse_iso(value: str) -> float | None:
    # Python before 3.11 takes three or six digits only, Go writes nine.
    plain = re.sub(r"\.(\d+)", lambda m: f".{m[1][:6]:0<6}", value.strip(), count=1)
    try:
        found = datetime.fromisoformat(plain.replace("Z", "+00:00"))
        at = found if found.tzinfo else found.replace(tzinfo=timezone.utc)
        return at.timestamp() if at.timestamp() > 0 else None
    except (ValueError, OverflowError):
        return None


def verdict_from(word: str, others: Mapping[str, Outcome]) -> Verdict:
    """Find the outcome of a word in the format's own table, else in the common one."""
    outcome = others.get(word.strip().lower())
    return verdict_of(word) if outcome is None else Verdict(outcome=outcome)


def short_path(path: str) -> str:
    """
    Return a file and its folder, without the parts that differ between machines.

    Tools of Node write absolute paths, but the name of a test must not depend on the
    machine.
    """
    parts = [each for each in re.split(r"[\\/]+", path) if each]
    return "/".join(parts[-2:])


def join_parts(*parts: str, between: str = " > ") -> str:
    """Join the parts that are not empty."""
    return between.join(filter(None, parts))


def join_paragraphs(*parts: str) -> str:
    """Join texts with line ends, each text once."""
    return "\n".join(dict.fromkeys(filter(None, (part.strip() for part in parts))))
