"""
The ``xray-bridge`` command: one module for each subcommand.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
import threading
from typing import TYPE_CHECKING

from xray_bridge._version import __version__
from xray_bridge.cli import console
from xray_bridge.config.resolve import redactor_of
from xray_bridge.errors import AmbiguousError, UsageError, XrayBridgeError


if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

# Modules of this package, with what the list of commands says of them. Only the one
# that is asked for is imported: each session starts this program two or three times.
COMMANDS = {
    "upload": "send report files, or run directories; several become one",
    "resend": "send what earlier runs could not send; exactly once",
    "runs": "list, show and prune run directories",
    "features": "feature files out of Xray, and into it",
    "connection": "connections with names, kept on this machine",
    "keys": "compare the Test keys in code with Xray, without running a test",
    "check": "ask the server whether an upload can work",
    "outputs": "print what an upload came to, for scripts",
    "ci-snippet": "print configuration for a CI system, made for this project",
    "settings": "show the settings and their sources",
    "sandbox": "run a stand-in for Xray on 127.0.0.1 and show what it was sent",
}


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, where argparse puts the whole usage before."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        said = redactor_of(os.environ).clean(message)
        hint = f"`{self.prog} --help`"
        print(f"xray-bridge: error: {said} ({hint}) [usage]", file=sys.stderr)
        raise SystemExit(UsageError.exit_code)


def parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The command line, with the flags of the command that ``argv`` names."""
    found = _Parser(
        prog="xray-bridge",
        description="Test results into Xray for Jira, feature files out of it and in.",
        allow_abbrev=False,
    )
    # For the adapters, which must not need a clock of their own.
    found.add_argument("--within", type=float, help=argparse.SUPPRESS)
    found.add_argument("--version", action="version", version=__version__)
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, told in COMMANDS.items():
        if name in argv:
            module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
            module.register(commands, told)
        else:
            commands.add_parser(name, help=told)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run a command; returns its exit code.

    The one place where errors become text. Nothing is printed that has not
    passed the redaction.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Servers speak all languages, terminals do not.
            stream.reconfigure(errors="backslashreplace")
    argv = sys.argv[1:] if argv is None else argv
    arguments = parser(argv).parse_args(argv)
    if getattr(arguments, "verbose", False):
        from xray_bridge.client import log

        log.enable()
    if arguments.within:
        _end_after(arguments.within)
    try:
        _refuse_nowhere()
        code: int = arguments.run(arguments)
    except XrayBridgeError as error:
        redactor = redactor_of(os.environ)
        message = redactor.clean(error.message)
        hint = redactor.clean(error.hint)
        if getattr(arguments, "json", False):
            found = {"message": message, "hint": hint, "slug": error.slug}
            console.document({"error": found})
        said = console.line(f"{message} ({hint})" if hint else message)
        print(f"xray-bridge: error: {said} [{error.slug}]", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # ``xray-bridge runs | head``: nobody listens any more, which is no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _refuse_nowhere() -> None:
    """
    Without a folder to be in, no path means anything.

    Raises UsageError.
    """
    try:
        os.getcwd()  # noqa: PTH109 - only whether there is one
    except OSError as error:
        msg = f"the current directory is gone: {error.strerror}"
        raise UsageError(msg, hint="cd to one that is there") from None


def _end_after(seconds: float) -> None:
    """End this process, wherever it is: what is on disk can be taken up again."""

    def end() -> None:
        print(f"it did not end within {seconds:.0f} s", file=sys.stderr, flush=True)
        os._exit(AmbiguousError.exit_code)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
