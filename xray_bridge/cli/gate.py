"""
``xray-bridge gate``: check the rules of the gate on results that are there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import console, options
from xray_bridge.cli.gate_check import check_directories
from xray_bridge.config.setting import EXECUTION
from xray_bridge.config.settings import Settings, settings_in
from xray_bridge.errors import GateError, UsageError
from xray_bridge.model.keys import is_key, spell_key
from xray_bridge.runs.find import find_run, run_path
from xray_bridge.runs.run_directory import MERGED


if TYPE_CHECKING:
    import argparse

    from xray_bridge.config.effective import Effective
    from xray_bridge.model.gate import GateVerdict
    from xray_bridge.runs.run_directory import RunDirectory

USED = (
    *options.OF_A_CONNECTION,
    *settings_in(EXECUTION),
    Settings.gate,
    Settings.compare,
    Settings.release_date,
    Settings.defect_rules,
    Settings.statuses,
)
NO_GATE = "there is no gate: neither [tool.xray-bridge.gate] nor --gate has rules"


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "gate",
        help=help_text,
        description="Checks the rules of [tool.xray-bridge.gate] on a run directory, "
        "or on a Test Execution or Test Plan in Xray. The exit code is 86 if a rule is "
        "not kept. A rule whose answer is not known is not checked.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "name",
        metavar="RUN|KEY",
        help="a run directory or its name, or the key of a Test Execution or Test Plan",
    )
    options.add_flags(parser, USED)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Check the gate, and print its table.

    Raises UsageError if there is no gate, or no such run or issue, and DeliveryError
    if the server does not answer for an issue: its results are nowhere else.
    """
    command = options.resolve_settings(arguments, reads_frameworks=True)
    if not command.local.gate:
        raise UsageError(NO_GATE)
    report_dir = Path(command.local.report_dir)
    key = spell_key(arguments.name)
    if run_path(arguments.name, report_dir) is None and is_key(key):
        verdict = _check_issue(key, command)
    else:
        directory = find_run(arguments.name, report_dir)
        _refuse_merged(directory)
        is_delivered = bool(directory.state.test_execution)
        why_offline = "" if is_delivered else "the run has not been delivered"
        verdict = check_directories([directory], command, why_offline=why_offline)
    verdict = verdict.cleaned(command.local.redactor.clean)
    console.emit(arguments, verdict.to_json(), list(verdict.lines()))
    return GateError.exit_code if verdict.has_failed else 0


def _refuse_merged(directory: RunDirectory) -> None:
    """Raise UsageError for a run with only a part of the results of another one."""
    state = directory.state
    if state.message.startswith(MERGED):
        msg = f"{directory.id} was {state.message}"
        raise UsageError(msg, hint="check that run")


def _check_issue(key: str, command: Effective) -> GateVerdict:
    from xray_bridge.ci.pull_requests import describe_run
    from xray_bridge.client.connection import connect
    from xray_bridge.gate.of_issues import IssueFacts
    from xray_bridge.gate.questions import Server
    from xray_bridge.gate.rules import check_rules
    from xray_bridge.gate.step import read_gate

    with command.with_server(looks_only=True) as settings:
        server = Server(settings, connect(settings))
        facts = IssueFacts(key, settings, server, describe_run(os.environ))
        facts.read_statuses()
        return check_rules(read_gate(settings), facts)
