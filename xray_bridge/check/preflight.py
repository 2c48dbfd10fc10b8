"""
Checks with the server, before report files are sent, what it would refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.check import run_checks
from xray_bridge.client.connection import connect
from xray_bridge.errors import UsageError


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.config.settings import Settings

# Findings that stop an upload. For address and credentials the upload fails itself and
# can be repeated.
DECISIVE = frozenset(
    {"project", "test_plan", "test_execution", "fix_version", "environments"}
)


def run_preflight(of_runs: Sequence[Settings]) -> None:
    """
    Run the checks of a session once for each different set of settings.

    Raises UsageError for the first wrong finding that is decisive.
    """
    different = {str(each.given): each for each in of_runs}
    for settings in different.values():
        sends = settings.wants_upload and not (settings.dry_run or settings.sandbox)
        if not sends or settings.preflight == "off":
            continue
        findings = run_checks(settings, connect(settings), thorough=False)
        wrong = (each for each in findings if each.ok is False)
        first = next((each for each in wrong if each.what in DECISIVE), None)
        if first is not None:
            clean = settings.redactor.clean
            raise UsageError(clean(first.message), hint=clean(first.hint))
