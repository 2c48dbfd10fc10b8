"""
Find the run that this CI run has made.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from xray_bridge.ci import detect
from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs import parts, run_directory


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.jira.builds.facts import Place
    from xray_bridge.runs.run_directory import RunDirectory


def find_last_run(report_dir: Path, place: Place) -> RunDirectory | None:
    """
    Return the last run of this CI run, or outside CI the last run.

    A merged run is preferred to its parts. An older run of another CI run would show
    another build, and one whose session is not over would show half of it.
    """
    known = run_directory.find(report_dir)
    merged = parts.in_wholes(known)
    here = detect.detect(place.environ).run_id
    found = None
    for each in known:
        with suppress(RunDirectoryError):
            if each.id not in merged and each.info.ci.get("run_id", "") == here:
                with each.look():
                    found = each
    return found
