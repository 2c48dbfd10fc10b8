"""
What a session does for builds in Jira: record more of CI, and tell how the tests go.

Only sessions that ask for builds import more for it.
"""

from __future__ import annotations

import platform
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.ci.pull_requests import describe_run
from xray_bridge.recording.second_process import SecondProcessError


if TYPE_CHECKING:
    from collections.abc import Callable

    from xray_bridge.config.settings import Settings
    from xray_bridge.recording.second_process import SecondProcess

# A CI system that cancels a job kills it after a while.
FEW_SECONDS = 10.0


class BuildNews:
    """
    The news of one session for Jira.

    ``started`` is when Jira was told that the tests begin, in seconds since the epoch;
    0: it was not.
    """

    def __init__(self, second_process: SecondProcess) -> None:
        self.started = 0.0
        self._second_process = second_process
        self._python = platform.python_version()

    def flags(self, settings: Settings) -> tuple[str, ...]:
        """Return the flag by which the preflight tells Jira that the tests begin."""
        if not settings.announces_builds or settings.dry_run or settings.sandbox:
            return ()
        self.started = time.time()
        return ("--announce", repr(self.started))

    def cancel(self, settings: Settings, run: str) -> list[str]:
        """
        Tell Jira, which shows a build in progress, that it was cancelled.

        Returns notices; never raises.
        """
        if not self.started:
            return []
        with suppress(SecondProcessError, KeyboardInterrupt):
            answer = self._second_process.run(
                "jira",
                "session",
                run,
                "--given",
                "-",
                deadline=min(settings.deadline, FEW_SECONDS),
                stdin=settings.given,
            )
            return [str(notice) for notice in answer.content.get("notices", ())]
        return []

    def describe_ci(
        self, settings: Settings, clean: Callable[[str], str]
    ) -> dict[str, str]:
        """Return the context of the CI run; for builds, more of it."""
        environ = self._second_process.environ
        found = describe_run(environ)
        if not settings.shows_builds:
            return found
        from xray_bridge.ci.details import read_details

        folder = Path(self._second_process.folder)
        details = asdict(read_details(environ, folder, self._python))
        return {**found, **{name: clean(text) for name, text in details.items()}}
