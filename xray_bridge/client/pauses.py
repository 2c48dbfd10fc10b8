"""
The pauses between requests, and between searches in Jira.
"""

from __future__ import annotations

from xray_bridge.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Pauses:
    """
    Pauses in seconds.

    ``first``: before the first repetition of a request, doubled each time.
    ``looks``: before each search for a Test Execution that may have been created;
    Jira's search lags seconds behind, on Cloud sometimes longer. ``settled``: after
    this time Jira's search has caught up. ``in_progress``: after this time an import
    whose answer was lost has ended; until then a search may not find its result.
    ``same_issue``: between writes to one issue, whose number Jira limits.
    """

    first: float = 1.0
    looks: tuple[float, ...] = (0.0, 2.0, 5.0, 10.0)
    settled: float = 300.0
    in_progress: float = 300.0
    same_issue: float = 0.3
