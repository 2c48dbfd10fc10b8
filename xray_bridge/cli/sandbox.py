"""
``xray-bridge sandbox``: a stand-in for Xray on this machine.
"""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import Any

from xray_bridge.cli import options
from xray_bridge.errors import SettingError, UsageError


def register(commands: Any, told: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "sandbox",
        help=told,
        description="Answers as Xray Server and Cloud do, and shows in a browser what "
        "it was sent. Needs no account, and is only reached from this machine.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--port", type=int, default=options.SANDBOX_PORT, help="default: %(default)s"
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(".xray/sandbox"),
        metavar="DIR",
        help="where it keeps its data; default: %(default)s",
    )
    parser.add_argument(
        "--adopt",
        action="store_true",
        help="create projects, Tests and plans when they are first named, as "
        "--xray-sandbox does, instead of refusing them",
    )
    options.add_verbose(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    try:
        from xray_sandbox import CREDENTIALS, running
    except ImportError as error:
        msg = f"the sandbox needs {error.name}"
        raise SettingError(msg, hint="pip install 'xray-bridge[sandbox]'") from None
    try:
        with running(
            arguments.data, port=arguments.port, adopt=arguments.adopt
        ) as server:
            print(f"Xray sandbox: {server.url}")
            print(f"  Server: user {CREDENTIALS.user}, password {CREDENTIALS.password}")
            print(
                f"  Cloud:  client id {CREDENTIALS.client_id}, "
                f"client secret {CREDENTIALS.client_secret}"
            )
            print("Ctrl-C ends it.", flush=True)
            threading.Event().wait()
    except OSError as error:
        msg = f"port {arguments.port} cannot be had: {error.strerror}"
        raise UsageError(msg, hint="choose another with --port") from None
    return 0
