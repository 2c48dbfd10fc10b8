"""
Register what one of xdist's workers needs: everything that runs beside the tests.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_xray_bridge import annotator, options, selection, unstable_names
from pytest_xray_bridge.annotator import Annotator
from pytest_xray_bridge.crash_notes import note_path
from pytest_xray_bridge.keyless_scenarios import KeylessScenarios
from pytest_xray_bridge.row_orders import RowSender
from pytest_xray_bridge.worker_path import WorkerPath
from xray_bridge.config import resolve
from xray_bridge.recording import dataset_source
from xray_bridge.recording.guard import OWN_FAULTS
from xray_bridge.recording.running import RUNNING
from xray_bridge.recording.running_note import RunningNote
from xray_bridge.runs.evidence import EvidenceFolder
from xray_bridge.runs.scrub import Scrub, local_folders


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pytest

    from xray_bridge.recording.datasets import Datasets

# The key of xray-bridge's own errors in the output of a worker.
OWN = "xray_own_faults"
# The same names as in ``open_defects``, ``quarantine`` and ``rerun``, which are
# imported only if they are asked for.
OPEN_DEFECTS = "xray_open_defects"
QUARANTINE = "xray_quarantine"
RERUN = "xray_rerun"


def register(config: pytest.Config) -> None:
    """Register the plugins that the controller's input asks for."""
    given = options.worker_input(config)
    # The controller prints them. xdist sends the list as it is when the worker ends.
    config.workeroutput[OWN] = OWN_FAULTS.hand_over()  # type: ignore[attr-defined]
    add = config.pluginmanager.register
    if "xray" in given:
        found = given["xray"]
        RUNNING.source = make_source(config, found["folder"], found["settings"])
        annotates = _make_annotator(config)
        add(annotates, annotator.NAME)
        add(WorkerPath(annotates), WorkerPath.NAME)
        write = partial(
            unstable_names.write, given["xray"]["folder"], given["workerid"]
        )
        add(unstable_names.NameNotices(write), unstable_names.NameNotices.NAME)
        refusal = str(given["xray"]["keyless"])
        prefixes = given["xray"]["tag_prefixes"]
        keyless = KeylessScenarios(config, prefixes, lambda: refusal)
        add(keyless, KeylessScenarios.NAME)
        rows = RowSender(given["xray"]["folder"], given["workerid"])
        add(rows, RowSender.NAME)
    if OPEN_DEFECTS in given:
        from pytest_xray_bridge import open_defects

        found = open_defects.make_in_worker(config)
        if found is not None:
            add(found, open_defects.NAME)
    if QUARANTINE in given:
        from pytest_xray_bridge.quarantine import Deselected

        add(Deselected(config), Deselected.NAME)
    if RERUN in given:
        from pytest_xray_bridge import rerun

        rerun.register_in_worker(config)
    if selection.WORKER_INPUT in given:
        add(selection.make_in_worker(config), selection.NAME)


def make_source(
    config: pytest.Config, run: str, settings: Mapping[str, str]
) -> Callable[[], Datasets]:
    """Return a function that opens the datasets of the session, if a test has one."""

    def list_code() -> Iterator[str]:
        return (each.partition("::")[0] for each in config.args)

    root = str(config.rootpath)
    return dataset_source.make_source(run, settings, root=root, list_code=list_code)


def _make_annotator(config: pytest.Config) -> Annotator:
    """Make the annotator of one of xdist's workers from the controller's input."""
    found = options.worker_input(config)
    given = found["xray"]
    # Secrets are not sent to workers: these have the environment themselves.
    redactor = resolve.redactor_of(os.environ, given["redact"])
    scrub = Scrub.of(redactor, local_folders(str(config.rootpath), os.environ))
    place = given["folder"]
    folder = EvidenceFolder(Path(place), given["evidence_limit"], scrub.clean)
    note = RunningNote(note_path(place, found["workerid"]), scrub.encode_line)
    return Annotator(config, given["tag_prefixes"], lambda: folder, lambda: note)


def to_worker_input(
    folder: str,
    prefixes: Sequence[str],
    evidence_limit: int,
    redact: str,
    settings: Mapping[str, str],
) -> dict[str, Any]:
    """Make the input of a worker in the controller; builtins only."""
    return {
        "folder": folder,
        "tag_prefixes": list(prefixes),
        "evidence_limit": evidence_limit,
        "redact": redact,
        # Without secrets, as in the run directory.
        "settings": dict(settings),
    }
