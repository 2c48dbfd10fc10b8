"""
List the failures of a run with their fingerprints, and what the quarantine says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.quarantine.verdicts import Verdicts
from xray_bridge.runs import codec
from xray_bridge.runs.merge import Results


if TYPE_CHECKING:
    from datetime import date

    from xray_bridge.config.quarantine_table import Quarantine
    from xray_bridge.quarantine.verdicts import Judged
    from xray_bridge.runs.run_directory import RunDirectory


def judge_run(
    directory: RunDirectory, quarantine: Quarantine, *, project: str, today: date
) -> list[Judged]:
    """
    Judge the failures of a run directory, in the order in which the tests ended.

    Raises RunDirectoryError.
    """
    # The texts were cleaned before they were recorded.
    verdicts = Verdicts(quarantine, project=project, clean=str, today=today)
    for run in Results([directory]).all_runs():
        verdicts.judge(codec.encode(run))
    return verdicts.judged
