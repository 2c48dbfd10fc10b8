"""
``xray-bridge sandbox``: run a stand-in for Xray on this machine.
"""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import Any

from xray_bridge.cli import console, options
from xray_bridge.config import embedded_sandbox
from xray_bridge.errors import UsageError


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
        type=int,
        default=embedded_sandbox.PORT,
        help="port to listen on; default: %(default)s",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(".xray/sandbox"),
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
        "--answers",
        type=Path,
        metavar="FILE",
        help="JSON file with answers to some requests, to try out refusals and faults",
    )
    options.add_verbose(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    sandbox = embedded_sandbox.import_sandbox()
    account = sandbox.CREDENTIALS
    try:
        with sandbox.running(
            arguments.data,
            port=arguments.port,
            adopt=arguments.adopt,
            answers=arguments.answers,
        ) as server:
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
    except OSError as error:
        msg = f"port {arguments.port} cannot be used: {error.strerror}"
        raise UsageError(msg, hint="choose another with --port") from None
    return 0
