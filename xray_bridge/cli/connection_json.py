"""
``xray-bridge connection add --from-json``: read a JFrog platform's integration.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.cli import console
from xray_bridge.config import jfrog_payload, stored_connections
from xray_bridge.errors import SecretInPlainSightError, UsageError


if TYPE_CHECKING:
    import argparse

    from xray_bridge.config.jfrog_payload import JiraIntegration


def add_flag(parser: argparse.ArgumentParser) -> None:
    """Add the flag of this action."""
    parser.add_argument(
        "--from-json",
        metavar="FILE",
        help="read a Jira integration of a JFrog platform; - reads standard input",
    )


def read_payload(arguments: argparse.Namespace) -> None:
    """
    Take name, fields and password from a document for JFrog; flags win.

    Raises UsageError, and SecretInPlainSightError for a password without a place.
    """
    arguments.new_secrets = {}
    if not arguments.from_json:
        if not arguments.name:
            msg = "no name is given"
            raise UsageError(msg, hint="xray-bridge connection add NAME")
        return
    is_piped = arguments.from_json == "-"
    where = "standard input" if is_piped else arguments.from_json
    try:
        text = sys.stdin.read() if is_piped else Path(where).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise UsageError(f"{where} cannot be read: {reason}") from None
    found = jfrog_payload.read_payload(text, where)
    arguments.name = arguments.name or found.connection_name
    for name, value in found.fields.items():
        if getattr(arguments, f"field_{name}", None) is None:
            setattr(arguments, f"field_{name}", value)
    console.progress(arguments, found.notices)
    if found.password:
        _place_password(arguments, found, where)


def _place_password(
    arguments: argparse.Namespace, found: JiraIntegration, where: str
) -> None:
    """Keep the password for the keyring; refuse it if it has no place to go."""
    secret = "jira_secret" if found.is_cloud else "secret"
    places = [
        place
        for place in stored_connections.PLACES
        if getattr(arguments, f"field_{secret}_{place}", None)
    ]
    flag = f"--{secret.replace('_', '-')}"
    if not places:
        msg = f"{where} has a password, which a connection cannot hold"
        hint = f"add {flag}-keyring to store it in the keyring of this machine, or "
        hint += f"remove it and say where it is: {flag}-env, {flag}-file"
        raise SecretInPlainSightError(msg, hint=hint)
    if places == ["keyring"]:
        arguments.new_secrets = {secret: found.password.reveal()}
        return
    notice = f"the password in {where} is not used; remove it there"
    console.progress(arguments, [notice])
