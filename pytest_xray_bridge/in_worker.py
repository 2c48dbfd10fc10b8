"""
Register what one of xdist's workers needs: everything that runs beside the tests.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_xray_bridge import annotator, options, selection, unstable_names
from pytest_xray_bridge.keyless_scenarios import KeylessScenarios
from pytest_xray_bridge.row_orders import RowSender
from xray_bridge.recording.guard import OWN_FAULTS


if TYPE_CHECKING:
    import pytest

# The key of xray-bridge's own errors in the output of a worker.
OWN = "xray_own_faults"
# The same name as in ``open_defects``, which is imported only if it is asked for.
OPEN_DEFECTS = "xray_open_defects"


def register(config: pytest.Config) -> None:
    """Register the plugins that the controller's input asks for."""
    given = options.worker_input(config)
    # The controller prints them. xdist sends the list as it is when the worker ends.
    config.workeroutput[OWN] = OWN_FAULTS.hand_over()  # type: ignore[attr-defined]
    add = config.pluginmanager.register
    if "xray" in given:
        add(annotator.make_in_worker(config), annotator.NAME)
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
    if selection.WORKER_INPUT in given:
        add(selection.make_in_worker(config), selection.NAME)
