"""
``xray-bridge rerun``: run the failed tests of a run again.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import console, options
from xray_bridge.config.settings import Settings
from xray_bridge.errors import UsageError
from xray_bridge.runs import attempts, rerun
from xray_bridge.runs.join import mark_merged
from xray_bridge.runs.rerun_plan import TAKEN
from xray_bridge.runs.run_directory import RunDirectory
from xray_bridge.text import count, quote_command


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xray_bridge.runs.rerun import Rerun

USAGE = "xray-bridge rerun [RUN] -- pytest"
SHOWN = 20
NOTHING_SENT = "nothing was sent, so the next rerun is again one of {}"
# As shells do it.
NOT_FOUND, NOT_EXECUTABLE, SIGNALLED = 127, 126, 128


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "rerun",
        help=help_text,
        description="Runs only those tests again that failed in a run, and sends their "
        "results into the same Test Execution. The Test Runs there name both "
        "attempts. Give the command that ran the tests after --.",
        epilog=f"Example: {USAGE} -n 4",
        allow_abbrev=False,
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="RUN",
        help="a run directory or its name; default: the latest run",
    )
    options.add_flags(
        parser,
        (Settings.report_dir, Settings.dry_run),
        {Settings.dry_run.name: "run nothing; print the command and the tests"},
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the failed tests; return the exit code of the command."""
    _refuse_missing_dashes(arguments)
    settings = options.resolve_settings(
        arguments, reads_frameworks=True, looks_only=True
    )
    report_dir = Path(settings.local.report_dir)
    name = next(iter(arguments.paths), None)
    directory = rerun.find_run_to_rerun(name, report_dir)
    command = _read_command(arguments)
    found = rerun.plan_rerun(directory)
    document = {
        "run": found.plan.run,
        "tests": found.names,
        "test_execution": found.plan.test_execution,
        "command": command,
    }
    if not (found.names or found.runs_others):
        line = f"Nothing failed in {found.plan.run}: nothing runs again."
        console.emit(arguments, document, [line])
        return 0
    if settings.local.dry_run:
        console.emit(arguments, document, _describe(found, command))
        return 0
    with tempfile.TemporaryDirectory(prefix="xray-rerun-") as name:
        folder = Path(name)
        found.write(folder)
        for notice in found.notices:
            console.warn(f"xray-bridge: {notice}")
        environ = found.environ_for(folder, settings.local.redact)
        if options.is_flag_given(arguments, Settings.report_dir.name):
            environ[Settings.report_dir.environment] = str(report_dir)
        code = _run_command(command, environ, arguments)
        taken = _read_taken(folder)
    nothing = _settle(directory, taken)
    if nothing and not code:
        # behave ends with 0 if it has nothing to run.
        raise nothing
    if nothing:
        console.warn(f"xray-bridge: {nothing}")
    console.emit(arguments, {**document, "exit_code": code}, [])
    return code


def _settle(directory: RunDirectory, taken: RunDirectory | None) -> UsageError | None:
    """Note what became of the earlier run; return an error if no test ran again."""
    if taken is None:
        msg = "the command recorded no results with xray-bridge, so none were sent"
        hint = f"it must start pytest or behave with xray-bridge, as in {USAGE}"
        return UsageError(msg, hint=hint)
    # The session removes it if it ends before its first test.
    is_there = taken.path.exists()
    if is_there and taken.info.parts:
        mark_merged(directory, taken)
    elif is_there and attempts.is_try(taken):
        console.warn(f"xray-bridge: {NOTHING_SENT.format(directory.id)}")
    if is_there and attempts.has_run_again(taken):
        return None
    msg = f"no test of {directory.id} ran again"
    hint = "were they renamed or deleted, or does the command leave them out?"
    return UsageError(msg, hint=hint)


def _refuse_missing_dashes(arguments: argparse.Namespace) -> None:
    """Raise UsageError if a word that should be a run begins a command."""
    words: list[str] = arguments.paths
    if len(words) > 1 or any(map(shutil.which, words)):
        msg = "-- is missing before the command that runs the tests"
        raise UsageError(msg, hint=f"type {USAGE}")


def _read_command(arguments: argparse.Namespace) -> list[str]:
    command: list[str] = list(arguments.command_to_run or ())
    if not command:
        msg = "no command to run the tests"
        raise UsageError(msg, hint=f"type {USAGE}")
    if Path(command[0]).name == "behavex":
        msg = "behavex starts behave once for each feature file, so it cannot rerun"
        raise UsageError(msg, hint="type xray-bridge rerun -- behave")
    return command


def _describe(found: Rerun, command: Sequence[str]) -> list[str]:
    plan = found.plan
    into = plan.test_execution or "a new run directory"
    tests = count(len(found.names), "failed test")
    lines = [f"{tests} of {plan.run}, into {into}:"]
    lines += [f"  {name}" for name in found.names[:SHOWN]]
    if len(found.names) > SHOWN:
        lines.append(f"  and {len(found.names) - SHOWN} more")
    lines += [f"Note: {notice}" for notice in found.notices]
    return [*lines, f"Command: {quote_command(*command)}", "Dry run: nothing was run."]


def _run_command(
    command: Sequence[str], environ: Mapping[str, str], arguments: argparse.Namespace
) -> int:
    """
    Run the command and return its exit code; Ctrl-C is for the command only.

    Raises UsageError if it cannot be started.
    """
    # The output of the command is no JSON.
    output = 2 if arguments.json else None
    try:
        process = subprocess.Popen(command, env=environ, stdout=output)  # noqa: S603 - a person typed it
    except OSError as error:
        msg = f"{command[0]} cannot be started: {error.strerror}"
        raise UsageError(msg, hint=f"type {USAGE}") from None
    except ValueError:
        # A null byte, or half a character, which no variable can have.
        msg = "a setting of the run directory cannot be given to the command"
        raise UsageError(msg, hint="its run.json was damaged or changed") from None
    before = {
        number: signal.signal(number, handler)
        for number, handler in (
            (signal.SIGINT, signal.SIG_IGN),
            (signal.SIGTERM, lambda *_: process.terminate()),
        )
    }
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else SIGNALLED - code


def _read_taken(folder: Path) -> RunDirectory | None:
    """Return the run directory of the session; None if there was none."""
    try:
        return RunDirectory(Path((folder / TAKEN).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
