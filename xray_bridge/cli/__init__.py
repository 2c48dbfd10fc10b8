"""
The ``xray-bridge`` command: one module for each subcommand.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import re
import signal
import sys
import threading
from typing import TYPE_CHECKING

from xray_bridge import progress
from xray_bridge._version import __version__
from xray_bridge.cli import console
from xray_bridge.errors import AmbiguousError, UsageError, XrayBridgeError
from xray_bridge.text import similar_word


if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

# After Ctrl-C, their users need to know what arrived.
SENDING = frozenset({"upload", "resend"})
# Modules of this package and their help texts. Only the module that is asked for is
# imported: each session starts this program two or three times.
COMMANDS = {
    "init": "write the settings of a project, try them, and print those for CI",
    "upload": "upload report files or run directories into one Test Execution",
    "resend": "upload the results of runs that were not delivered, exactly once",
    "rerun": "run the tests of a run again that failed, into its Test Execution",
    "report": "write one HTML page of the results of runs",
    "runs": "list, show and prune run directories",
    "show": "show the failures of a Test Execution, and how to run them again",
    "features": "export feature files from Xray, and import them",
    "connection": "manage the connections that are stored on this machine",
    "keys": "compare the Test keys in code with Xray, without running tests",
    "datasets": "fetch the rows of datasets in Xray, for tests without a server",
    "gate": "check rules on the results of a run, a Test Execution or a Test Plan",
    "quarantine": "list known failures that do not change the exit code, and add some",
    "tests": "create and change Tests in Xray from the tests in code",
    "requirements": "list the requirements of a project, and show their coverage",
    "releases": "list the versions and sprints of a project",
    "help": "explain a setting, or the name at the end of an error",
    "check": "check with the server whether an upload can work",
    "jira": "show builds and deployments in Jira, and list its fields",
    "outputs": "print the results of an upload for scripts",
    "ci-snippet": "print the configuration of a CI system for this project",
    "settings": "show each setting and where it comes from",
    "sandbox": "run a stand-in for Xray on 127.0.0.1 that shows its requests",
}


# Of argparse: a word that is none of its choices, and a flag that no parser knows.
NO_CHOICE = re.compile(
    r"invalid choice: '?(?P<wrong>[\w-]+)'? \(choose from (?P<known>.*)\)"
)
NO_FLAG = re.compile(r"unrecognized arguments: (?P<wrong>--[\w-]+)")
WORD = re.compile(r"[\w-]+")
# Seconds until the system ends a process that could not end itself.
SPARE = 1.0


class _Parser(argparse.ArgumentParser):
    """Reports a usage error in one line, without argparse's page of flags."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        hint = f"`{self.prog} --help`"
        message = _with_similar_word(message)
        console.warn(f"xray-bridge: error: {message} ({hint}) [{UsageError.slug}]")
        raise SystemExit(UsageError.exit_code)


def _with_similar_word(message: str) -> str:
    """Return argparse's message; a misspelt word with the word that was meant."""
    from xray_bridge.config.settings import TABLE

    if found := NO_CHOICE.search(message):
        wrong, known = found["wrong"], WORD.findall(found["known"])
    elif found := NO_FLAG.search(message):
        wrong, known = (
            found["wrong"],
            [each.flag_name for each in TABLE.values() if not each.secret],
        )
    else:
        return message
    similar = similar_word(wrong, known)
    return f"{message}; did you mean {similar}?" if similar else message


def build_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Build the parser, with the flags of the command that ``argv`` names."""
    found = _Parser(
        prog="xray-bridge",
        description="Uploads test results to Xray for Jira, and exports and imports "
        "feature files.",
        allow_abbrev=False,
    )
    # For the adapters, which need no clock of their own then.
    found.add_argument("--within", type=float, help=argparse.SUPPRESS)
    # The terminal of a session, as a file that this process has inherited.
    found.add_argument("--terminal", type=int, help=argparse.SUPPRESS)
    # A pipe that the session closes when it needs its terminal itself.
    found.add_argument("--until", type=int, help=argparse.SUPPRESS)
    found.add_argument("--version", action="version", version=__version__)
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    first = next((word for word in argv if not word.startswith("-")), "")
    # A parser for each command takes longer than all that this one has to read.
    named = {first: COMMANDS[first]} if first in COMMANDS else COMMANDS
    for name, help_text in named.items():
        if name in argv:
            module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
            module.register(commands, help_text)
        else:
            commands.add_parser(name, help=help_text)
    return found


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line; what follows ``rerun --`` is for another program."""
    command: Sequence[str] | None = None
    if argv[:1] == ["help"]:
        from xray_bridge.cli.help import take_flags_as_names

        argv = take_flags_as_names(argv)
    elif argv[:1] == ["rerun"] and "--" in argv:
        at = list(argv).index("--")
        argv, command = argv[:at], argv[at + 1 :]
    arguments = build_parser(argv).parse_args(argv)
    arguments.command_to_run = command
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run a command; returns its exit code.

    The one place where errors become text.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal may not have all characters of a server's message.
            stream.reconfigure(errors="backslashreplace")
    arguments = parse_arguments(sys.argv[1:] if argv is None else argv)
    if getattr(arguments, "verbose", False):
        from xray_bridge.client import log

        log.enable()
    _show_progress(arguments.terminal, arguments.until)
    if arguments.within:
        _end_after(arguments.within)
    try:
        _refuse_missing_folder()
        code: int = arguments.run(arguments)
    except XrayBridgeError as error:
        console.error(arguments, error)
        return error.exit_code
    except KeyboardInterrupt:
        if arguments.command in SENDING:
            hint = "`xray-bridge runs` lists what arrived"
            console.warn(f"xray-bridge: interrupted ({hint})")
        return 130
    except BrokenPipeError:
        # ``xray-bridge runs | head`` stops reading early, which is no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _show_progress(terminal: int | None, until: int | None) -> None:
    """Show on a terminal what takes long; a session has passed on its own."""
    if terminal is None:
        progress.enable(sys.stderr)
        return
    with contextlib.suppress(OSError):
        progress.enable(os.fdopen(terminal, "w", encoding="utf-8"), until)


def _refuse_missing_folder() -> None:
    """
    Raise UsageError if the current directory does not exist.
    """
    try:
        os.getcwd()  # noqa: PTH109 - only whether there is one
    except OSError as error:
        msg = f"the current directory no longer exists: {error.strerror}"
        raise UsageError(msg, hint="change to a directory that exists") from None


def _end_after(seconds: float) -> None:
    """End this process after some seconds; a resend can continue from the disk."""

    def end() -> None:
        console.warn(f"the command did not end within {seconds:.0f} s and was stopped")
        os._exit(AmbiguousError.exit_code)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    if sys.platform != "win32":
        # The system ends a process in which no other thread can run.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds + SPARE)
