"""
What each recorded session needs for datasets, without importing more than it must.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.errors import RunDirectoryError


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xray_bridge.recording.datasets import Datasets
    from xray_bridge.recording.session import Session

# The same name as in ``xray_bridge.datasets.files``.
FOLDER = "datasets"


def make_source(
    run: str,
    given: Mapping[str, str],
    *,
    root: str,
    list_code: Callable[[], Iterable[str]],
) -> Callable[[], Datasets]:
    """
    Return a function that opens datasets, with folder and environment of this moment.

    ``run`` is the run directory, ``given`` are the settings of the session, ``root`` is
    its project. ``list_code`` returns the files and folders with its tests.
    """
    environ, folder = dict(os.environ), str(Path.cwd())

    def open_datasets() -> Datasets:
        from xray_bridge.recording.datasets import open_for_run

        return open_for_run(
            run=run,
            given=given,
            environ=environ,
            folder=folder,
            code=[str(Path(folder, each)) for each in list_code()],
            root=root,
        )

    return open_datasets


def note_rows(session: Session) -> None:
    """Add the notices of a session that has read a dataset, after its journal ended."""
    if session.folder and Path(session.folder, FOLDER).is_dir():
        from xray_bridge.recording import dataset_rows

        with contextlib.suppress(OSError, ValueError, RunDirectoryError):
            dataset_rows.add_notices(session)
