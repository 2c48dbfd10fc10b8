"""
Say at the end of a session which rows of datasets have no result.

Only a session that has read a dataset imports it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.datasets import files
from xray_bridge.datasets.compare import compare_rows
from xray_bridge.runs.journal_lines import content_of, load_json
from xray_bridge.runs.run_directory import RunDirectory


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.model.dataset import Dataset
    from xray_bridge.recording.session import Session

WITHOUT_RESULT = "without a result"
NOT_THERE = "with a result, but not in its dataset"


def add_notices(session: Session) -> None:
    """Add the notices about datasets, after the journal was closed."""
    folder = Path(session.folder)
    datasets = [*read_all(folder)]
    rows: dict[str, list[dict[str, str]]] = {each.key: [] for each in datasets}
    for key, row in _rows_in(folder):
        if key in rows:
            rows[key].append(row)
    for each in datasets:
        for notice in each.notices:
            session.add_notice(notice)
        if session.settings.collect:
            # Other parts of the run have the other rows.
            continue
        found = compare_rows(each, rows[each.key], session.redact)
        for line in found.lines(WITHOUT_RESULT, NOT_THERE) if found else ():
            session.add_notice(line)


def read_all(run: Path) -> Iterator[Dataset]:
    """Yield the datasets in a run directory that have rows."""
    for path in sorted((run / files.FOLDER).glob("*.json")):
        try:
            found = files.read(path.parent, path.stem)
        except ValueError:
            continue
        if found is not None and found.rows:
            yield found


def _rows_in(run: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the parameters of each result, for each of its Tests."""
    for line in RunDirectory(run).lines():
        found = load_json(content_of(line))
        row = {str(name): str(value) for name, value in found.get("parameters", ())}
        for key in found.get("test_keys", ()) if row else ():
            yield str(key), row
