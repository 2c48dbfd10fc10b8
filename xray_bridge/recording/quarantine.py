"""
Begin the quarantine of a session: its table, and the Tests with its label in Xray.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.config.quarantine_table import parse_quarantine, to_table
from xray_bridge.model.times import today_in_utc
from xray_bridge.quarantine.entries import add_labelled
from xray_bridge.quarantine.verdicts import Verdicts
from xray_bridge.recording.questions import QUARANTINED, ask
from xray_bridge.runs.journal_lines import content_of, load_json
from xray_bridge.runs.run_directory import RunDirectory


if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from xray_bridge.recording.session import Session


def begin(session: Session, today: Callable[[], date] = today_in_utc) -> Verdicts:
    """
    Make the verdicts of a session that has a quarantine, after its check.

    The run directory records the quarantine with the labelled Tests.
    """
    settings = session.settings
    quarantine = parse_quarantine(settings.quarantine)
    labelled = ask(session, QUARANTINED)
    if labelled:
        quarantine = add_labelled(quarantine, labelled)
        table = to_table(quarantine)
        given = {"quarantine": json.dumps(table)}
        session.settings = settings.replaced(given, quarantine=table)
    return Verdicts(
        quarantine, project=settings.project, clean=session.redact, today=today()
    )


def note_tests(verdicts: Verdicts, folder: str) -> None:
    """Note which tests of the run directory are in quarantine, also passed ones."""
    for line in RunDirectory(Path(folder)).lines():
        verdicts.note(load_json(content_of(line)))
