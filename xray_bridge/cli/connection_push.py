"""
``xray-bridge connection push``: create or update a JFrog platform's integration.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xray_bridge.cli import console
from xray_bridge.client.connection import connect, deployment_of, refuse_open_http
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.jfrog import PATH, JFrog, list_changes
from xray_bridge.config import parsers, secret_sources, stored_connections
from xray_bridge.config.jfrog_payload import CLOUD, SERVER, JiraIntegration
from xray_bridge.config.resolve import environment_layer, resolve
from xray_bridge.config.secret import Secret
from xray_bridge.config.settings import OAUTH, Settings
from xray_bridge.errors import (
    AmbiguousError,
    CredentialError,
    DeliveryError,
    UsageError,
)
from xray_bridge.text import quote_command


if TYPE_CHECKING:
    from xray_bridge.config.stored_connections import StoredConnection

TOKEN = Settings.jfrog_token
YES = frozenset({"y", "yes"})
CREATE, UPDATE = "created", "updated"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of this action."""
    parser.add_argument(
        "--to",
        required=True,
        metavar="URL",
        help="address of the JFrog platform, such as https://acme.jfrog.io",
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="update an integration of this name without asking",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="show the request without its password, and send nothing",
    )


def push(arguments: argparse.Namespace, stored: StoredConnection) -> int:
    """
    Create the integration, or update the one of this name.

    Raises UsageError for a connection without user and password, or if nobody agrees
    to the update; DeliveryError.
    """
    url = _parse_address(arguments.to)
    secrets = secret_sources.fetch_secrets(
        stored, os.environ, looks_only=arguments.dry_run
    )
    settings = resolve(
        [
            stored_connections.connection_layer(stored, secrets),
            environment_layer(os.environ),
        ]
    )
    console.hide(arguments, lambda: [settings.redactor])
    integration = make_integration(stored.name, settings)
    if arguments.dry_run:
        _show_plan(arguments, url, integration)
        return 0
    token = settings.jfrog_token or _read_keyring(url)
    connection = connect(settings)
    # A token of the keyring is not among the settings; answers may repeat it.
    connection.redactor.add(token.reveal())
    console.hide(arguments, lambda: [connection.redactor])
    http = Http(connection, Deadline(settings.deadline))
    jfrog = JFrog(http, url, token)
    before = jfrog.find(integration.connection_name)
    if before is not None:
        _refuse_without_consent(arguments, url, list_changes(before, integration))
    said = _write(jfrog, integration, exists=before is not None)
    status = _read_status(jfrog, integration.connection_name)
    what = UPDATE if before is not None else CREATE
    lines = [f"{integration.connection_name} is {what} at {url}", said]
    lines.append(f"JFrog's check: {status}" if status else "")
    document = {
        "name": integration.connection_name,
        "to": url,
        "result": what,
        "info": said,
        "status": status,
    }
    console.emit(arguments, document, filter(None, lines))
    return 0


def make_integration(name: str, settings: Settings) -> JiraIntegration:
    """
    Make the integration from the settings of a connection.

    Raises UsageError if it has no user and password for Jira.
    """
    is_cloud = deployment_of(settings) == CLOUD
    pairs = {
        True: (settings.jira_url, settings.jira_user, settings.jira_token),
        False: (settings.url, settings.user, settings.password),
    }
    url, user, password = pairs[is_cloud]
    is_oauth = is_cloud and settings.jira_auth == OAUTH
    if is_oauth or not (url and user and password):
        msg = f"JFrog logs in to Jira with a user and a password, and {name} has none"
        flags = "--jira-url, --jira-user and --jira-secret-env"
        flags = flags if is_cloud else "--url, --user and --secret-env"
        command = quote_command("xray-bridge", "connection", "update", name)
        hint = f"run `{command}` with {flags}"
        raise UsageError(msg, hint=hint)
    return JiraIntegration(
        connection_name=name,
        username=user,
        password=password,
        installation_type=CLOUD if is_cloud else SERVER,
        jira_server_url=url,
        skip_proxy=settings.skip_proxy,
    )


def _parse_address(text: str) -> str:
    try:
        url = parsers.url(text)
    except ValueError as error:
        raise UsageError(f"--to: {error}") from None
    if not url:
        msg = "--to: no address"
        raise UsageError(msg, hint="write https://acme.jfrog.io")
    # A password is sent there.
    refuse_open_http(url)
    return url


def _show_plan(
    arguments: argparse.Namespace, url: str, integration: JiraIntegration
) -> None:
    content = integration.to_json(shows_password=False)
    update = f"PUT {url}{PATH}/{integration.connection_name}"
    lines = [
        f"POST {url}{PATH}, or {update} if there is one of this name:",
        *(f"  {name}: {value}" for name, value in content.items()),
    ]
    console.emit(arguments, {"to": url, "content": content}, lines)


def _read_keyring(url: str) -> Secret:
    """
    Read the token from the keyring of this machine.

    Raises CredentialError, which names all places of the token.
    """
    host = urlsplit(url).netloc
    account = f"jfrog {host}"
    found = secret_sources.read_token(account)
    if not found:
        msg = f"there is no token for {host}"
        hint = f"set {TOKEN.environment} or {TOKEN.environment}_FILE, or store it with "
        hint += f"`{quote_command('keyring', 'set', secret_sources.SERVICE, account)}`"
        raise CredentialError(msg, hint=hint)
    return Secret(found)


def _refuse_without_consent(
    arguments: argparse.Namespace, url: str, changes: list[str]
) -> None:
    """Raise UsageError unless a person agrees to an update."""
    if arguments.yes:
        return
    what = f"{url} has an integration of this name"
    changed = "; ".join(changes) or "only its password may change"
    if not sys.stdin.isatty() or console.is_json(arguments):
        raise UsageError(f"{what} ({changed})", hint="--yes updates it")
    console.progress(arguments, [f"{what}: {changed}"])
    answer = input("Update it? [y/N] ").strip().lower()
    if answer not in YES:
        raise UsageError("nothing was changed")


def _write(jfrog: JFrog, integration: JiraIntegration, *, exists: bool) -> str:
    """Create or update; after a lost answer, look whether it was created."""
    if exists:
        return jfrog.update(integration)
    try:
        return jfrog.create(integration)
    except AmbiguousError as error:
        if error.answered or jfrog.find(integration.connection_name) is None:
            raise
        return jfrog.update(integration)


def _read_status(jfrog: JFrog, name: str) -> str:
    """Return JFrog's check; older versions have none, and nothing depends on it."""
    try:
        return jfrog.read_status(name)
    except (DeliveryError, AmbiguousError):
        return ""
