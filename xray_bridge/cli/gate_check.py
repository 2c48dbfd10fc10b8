"""
Check the gate at the end of a command that has sent results.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.errors import (
    ConnectionDisabledError,
    RunDirectoryError,
    XrayBridgeError,
)
from xray_bridge.model import receipt as states
from xray_bridge.runs import json_files
from xray_bridge.runs.find import run_path
from xray_bridge.runs.report_files import info_of
from xray_bridge.runs.run_directory import RunDirectory
from xray_bridge.runs.split import find_others


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xray_bridge.config.effective import Effective
    from xray_bridge.model.gate import GateVerdict
    from xray_bridge.model.receipt import Receipt

# Nothing was to be sent.
NOT_WANTED = frozenset({states.KEPT, states.SKIPPED})
NOT_HERE = "the gate is checked by the job that has sent the results"
NOT_DELIVERED = "the results were not delivered"
DELIVERED = frozenset({states.DELIVERED, states.PARTLY_REFUSED})


def with_gate(receipts: Sequence[Receipt], command: Effective) -> list[Receipt]:
    """
    Return the receipts of one run; the last one has the verdict of the gate, if any.

    A dry run only names the rules. The exit code of a gate replaces only 0. A gate that
    was checked already is not checked again.
    """
    if not command.local.gate or any(each.status in NOT_WANTED for each in receipts):
        return list(receipts)
    *before, last = receipts
    if last.gate:
        return list(receipts)
    if last.status == states.DRY_RUN:
        from xray_bridge.gate.rules import describe_gate
        from xray_bridge.gate.step import read_gate

        rules = describe_gate(read_gate(command.local))
        return [*before, replace(last, plan=(*last.plan, f"then check: {rules}"))]
    report_dir = Path(command.local.report_dir)
    paths = (run_path(each.run, report_dir) for each in receipts if each.run)
    directories = [RunDirectory(path) for path in paths if path]
    if not directories and last.status in DELIVERED:
        # Another job has sent these results, and has checked its gate.
        return [*before, replace(last, notices=(*last.notices, NOT_HERE))]
    verdict = _check(receipts, directories, command)
    verdict = verdict.cleaned(command.local.redactor.clean)
    found = replace(last, gate=verdict)
    if not any(each.exit_code for each in receipts):
        found = replace(found, exit_code=found.gate_code)
    if directories:
        found = _write(found, directories[-1])
    return [*before, found]


def _write(found: Receipt, directory: RunDirectory) -> Receipt:
    try:
        with directory.claim():
            path = directory.path / "receipt.json"
            json_files.write_json(path, found.to_json())
    except RunDirectoryError as error:
        return replace(found, notices=(*found.notices, error.message))
    return found


def _check(
    receipts: Sequence[Receipt],
    directories: Sequence[RunDirectory],
    command: Effective,
) -> GateVerdict:
    # Of several Test Executions, some may have no results.
    statuses = {each.status for each in receipts} - {states.EMPTY}
    is_delivered = bool(statuses) and statuses <= DELIVERED
    return check_directories(
        directories,
        command,
        why_offline="" if is_delivered else NOT_DELIVERED,
        receipts=receipts,
    )


def check_directories(
    directories: Sequence[RunDirectory],
    command: Effective,
    *,
    why_offline: str = "",
    receipts: Sequence[Receipt] = (),
) -> GateVerdict:
    """
    Check the gate of a run; ask its server if a rule needs that.

    A run that was split has one gate, also if only one of its Test Executions is given.
    With ``why_offline`` no server is asked.
    """
    from xray_bridge.client.connection import connect
    from xray_bridge.gate.facts import UnknownError
    from xray_bridge.gate.step import RunToCheck, check_run, needs_server

    also: Mapping[str, object] = {"upload": "yes", "collect": "", "dry_run": ""}
    own = command.for_run(info_of(directories[0]), also) if directories else command
    settings, connection = command.local, None
    offline: Exception | None = UnknownError(why_offline) if why_offline else None
    others = find_others(directories, Path(settings.report_dir))
    everything = (*directories, *others)
    # Another job may have sent some, and have their run directories.
    sent = (each.test_execution.get("key", "") for each in receipts)
    # What the receipts know of is not all of a run with others.
    compared = () if others else receipts
    with ExitStack() as stack:
        try:
            settings = own.local
            if not offline and needs_server(settings):
                settings = stack.enter_context(own.with_server(looks_only=True))
                connection = connect(settings)
        except ConnectionDisabledError as error:
            offline = UnknownError(str(error))
        except XrayBridgeError as error:
            offline = error
        run = RunToCheck(
            directories=everything,
            settings=settings,
            executions=(*(each.state.test_execution for each in everything), *sent),
            connection=connection,
            offline=offline,
            changes=tuple(each.changes for each in compared if each.changes),
        )
        return check_run(run)
