"""
The test that runs in this process, for functions that users call without a fixture.

Page objects import this module in every session: it imports nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Callable

    from xray_bridge.recording.annotations import Annotations
    from xray_bridge.recording.datasets import Datasets


def find_nothing() -> None:
    """No test runs that is recorded."""


def warn_user(text: str, path: str, line: int) -> None:
    """Warn about a line of the user's code, as Python does."""
    import warnings

    warnings.warn_explicit(text, UserWarning, path, line)


class RunningTest:
    """
    The place where an adapter says which test runs.

    ``find`` returns the annotations of the running test; None if there is none, or if
    it is not recorded. ``warn`` gets a text about a line of the user's code.
    ``source`` opens the datasets of a recorded session, ``datasets`` are the opened.
    """

    def __init__(self) -> None:
        self.find: Callable[[], Annotations | None] = find_nothing
        self.warn: Callable[[str, str, int], None] = warn_user
        self.source: Callable[[], Datasets] | None = None
        self.datasets: Datasets | None = None

    def reset(self) -> None:
        """The session of the adapter is over."""
        self.find, self.warn = find_nothing, warn_user
        self.source = self.datasets = None


RUNNING = RunningTest()
