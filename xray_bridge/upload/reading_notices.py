"""
Notices about how a report was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.formats.read.protocol import Reading
    from xray_bridge.upload.overlaps import Counted

# Repeated names in a notice.
SHOWN = 3


def notices_of(reading: Reading, counted: Counted, *, has_rows: bool) -> Iterator[str]:
    """
    Yield lines about one file, without its name.

    ``has_rows``: the format has rows, so repeated names are normal.
    """
    if reading.changes:
        shown = (f"{what} ({number})" for what, number in reading.changes.items())
        yield f"repaired in the copy that is sent: {'; '.join(shown)}"
    yield from reading.disagreements
    yield from reading.notices
    for word in counted.unknown_words:
        yield f"the outcome {word!r} is unknown and counts as failed"
    if counted.repeated and not has_rows:
        yield _of_repeated(counted)


def _of_repeated(counted: Counted) -> str:
    """Rows, attempts, classes of one name: without keys Xray makes one Test of them."""
    names = [*counted.repeated_names][:SHOWN]
    number = counted.repeated
    shown = ", ".join([*names, *(["..."] if number > SHOWN else [])])
    one = "name appears" if number == 1 else "names appear"
    return (
        f"{number} {one} several times ({shown}): each name is one Test, and "
        "its worst result counts; some may be attempts of one test"
    )
