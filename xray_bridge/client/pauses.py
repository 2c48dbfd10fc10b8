"""
How long to wait for a server, and for Jira's search: one value, passed down.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pauses:
    """
    All in seconds.

    ``first``: before the first repetition of a request, doubled each time.
    ``looks``: before each search for a Test Execution that may have been made;
    Jira's search lags seconds behind, on Cloud sometimes longer. ``settled``: by
    then every search has caught up. ``in_progress``: by then an import has ended
    whose answer was lost; until then a search may not find what it makes.
    """

    first: float = 1.0
    looks: tuple[float, ...] = (0.0, 2.0, 5.0, 10.0)
    settled: float = 300.0
    in_progress: float = 300.0
