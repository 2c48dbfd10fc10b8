"""
What a person should know of how a report was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.formats.read.protocol import Reading
    from xray_bridge.upload.overlaps import Counted

# Of names that several results have.
SHOWN = 3


def notices_of(reading: Reading, counted: Counted, *, has_rows: bool) -> Iterator[str]:
    """
    Lines for one file, without its name.

    ``has_rows``: the format has rows of its own, so names may well be repeated.
    """
    if reading.changes:
        shown = (f"{what} ({number})" for what, number in reading.changes.items())
        yield f"mended in the copy that is sent: {'; '.join(shown)}"
    yield from reading.disagreements
    yield from reading.notices
    for word in counted.unknown_words:
        yield f"the outcome {word!r} is unknown and counts as failed"
    if counted.repeated and not has_rows:
        yield _of_repeated(counted)


def _of_repeated(counted: Counted) -> str:
    """Rows, classes of one name, attempts: without keys Xray takes them for one."""
    names = [name for name in counted.repeated.values() if name]
    shown = ", ".join(names[:SHOWN])
    more = ", ..." if len(counted.repeated) > SHOWN else ""
    number = len(counted.repeated)
    one = "name stands" if number == 1 else "names stand"
    return (
        f"{number} {one} there several times ({shown}{more}): each is one Test, of "
        "which the worst result counts; attempts of one test may be among them"
    )
