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
    then every search has caught up. ``quick``: an import that takes longer may go
    on when its answer is lost, and a search does not find what is not finished.
    ``in_progress``: by then it has ended, one way or the other.
    """

    first: float = 1.0
    looks: tuple[float, ...] = (0.0, 2.0, 5.0, 10.0)
    settled: float = 300.0
    quick: float = 5.0
    in_progress: float = 300.0
