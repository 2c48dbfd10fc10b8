"""
``xray-bridge sandbox``: run a stand-in for Xray on this machine.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import functools
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import console, options
from xray_bridge.config import embedded_sandbox, sandbox_address
from xray_bridge.errors import UsageError
from xray_bridge.model.keys import PROJECT


if TYPE_CHECKING:
    from collections.abc import Iterator


LARGEST_PORT = 65535


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "sandbox",
        help=help_text,
        description="Answers like Xray Server and Xray Cloud, and shows in a browser "
        "the requests it received. Needs no account; only this machine can reach it.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--port",
        type=_read_port,
        help="port to listen on; default: "
        f"{embedded_sandbox.PORT}, or a free one if another program has it",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=embedded_sandbox.DATA,
        metavar="DIR",
        help="folder for its data; default: %(default)s",
    )
    parser.add_argument(
        "--adopt",
        action="store_true",
        help="create projects with a board, Tests and Test Plans when they are first "
        "named, as --xray-sandbox does, instead of refusing them",
    )
    parser.add_argument(
        "--projects",
        type=_read_projects,
        metavar="KEYS",
        help="the projects that exist beside CALC, such as DEMO,SHOP: --xray-sandbox "
        "and --adopt refuse others from then on; an empty list allows any again",
    )
    parser.add_argument(
        "--answers",
        type=Path,
        metavar="FILE",
        help="JSON file with answers to some requests, to try out refusals and faults",
    )
    options.add_verbose(parser)
    parser.set_defaults(run=run)


def _read_port(text: str) -> int:
    if text.isdecimal() and int(text) <= LARGEST_PORT:
        return int(text)
    msg = f"{text!r} is not a port, a number up to {LARGEST_PORT}"
    raise argparse.ArgumentTypeError(msg)


def _read_projects(text: str) -> list[str]:
    found = re.findall("[^, ]+", text)
    for each in found:
        if not re.fullmatch(PROJECT, each):
            msg = f"{each!r} is not the key of a project, such as SHOP"
            raise argparse.ArgumentTypeError(msg)
    return found


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    sandbox = embedded_sandbox.import_sandbox()
    if address := sandbox_address.find_address(arguments.data):
        msg = f"{arguments.data} has a sandbox already, at {address}"
        raise UsageError(msg, hint="open that address, or choose another --data")
    account = sandbox.CREDENTIALS
    try:
        with (
            _run_server(sandbox, arguments) as server,
            sandbox_address.announce_address(arguments.data, server.url),
        ):
            lines = (
                f"Xray sandbox: {server.url}",
                f"  Server: user {account.user}, password {account.password}",
                f"  Cloud:  client id {account.client_id}",
                f"          client secret {account.client_secret}",
                f"  Jira Cloud: {server.url}/jira-cloud",
                f"          user {account.user}, API token {account.token}",
                f"  Builds: {server.url}/atlassian",
                f"          client id {account.builds_client_id}",
                f"          client secret {account.builds_client_secret}",
                "Press Ctrl-C to stop.",
            )
            console.progress(arguments, lines)
            threading.Event().wait()
    except sandbox.AnswersError as error:
        raise UsageError(f"--answers: {error}") from None
    except sandbox.DataError as error:
        hint = "choose another --data, or delete that folder"
        raise UsageError(f"--data: {error}", hint=hint) from None
    return 0


@contextlib.contextmanager
def _run_server(sandbox: Any, arguments: argparse.Namespace) -> Iterator[Any]:
    """Run it at the port that was asked for, or at a free one if none was."""
    run = functools.partial(
        sandbox.running,
        arguments.data,
        adopt=arguments.adopt,
        answers=arguments.answers,
        projects=arguments.projects,
    )
    port = embedded_sandbox.PORT if arguments.port is None else arguments.port
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(run(port=port))
        except OSError as error:
            if arguments.port is not None or error.errno != errno.EADDRINUSE:
                msg = f"port {port} cannot be used: {error.strerror}"
                raise UsageError(msg, hint="choose another with --port") from None
            server = stack.enter_context(run(port=0))
        yield server
