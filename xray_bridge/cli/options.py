"""
What the subcommands share: flags from the table of settings, and their layers.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xray_bridge.ci import detect
from xray_bridge.config import secret_sources, stored_connections
from xray_bridge.config.resolve import (
    Layer,
    command_line,
    environment,
    from_ci,
    recorded,
    resolve,
    shared_file,
)
from xray_bridge.config.settings import TABLE
from xray_bridge.errors import (
    ConnectionDisabledError,
    SettingError,
    UsageError,
    XrayBridgeError,
)


if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from xray_bridge.config.settings import Settings
    from xray_bridge.runs.run_directory import RunInfo

# Of adapters only, or with a flag of its own where it makes sense.
NOT_HERE = frozenset({"upload", "export_keys", "export_filter", "features_dir"})
SANDBOX_PROJECT = "CALC"


OF_A_CONNECTION = frozenset(
    {
        "connection",
        "sandbox",
        "deployment",
        "url",
        "user",
        "password",
        "token",
        "client_id",
        "client_secret",
        "jira_url",
        "jira_user",
        "jira_token",
        "verify",
        "client_cert",
        "proxy",
        "skip_proxy",
        "timeout",
        "deadline",
        "report_dir",
    }
)
OF_A_CHECK = OF_A_CONNECTION | {
    "project",
    "test_execution",
    "test_plan",
    "environments",
    "fix_version",
    "execution_fields",
    "test_fields",
    "format",
    "aggregate",
    "statuses",
}


def add_verbose(parser: argparse.ArgumentParser) -> None:
    """Add ``-v``, which all commands take, before or after an action's name."""
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=argparse.SUPPRESS,
        help="show each request, wait and decision on standard error",
    )


def add(
    parser: argparse.ArgumentParser,
    only: Container[str] = tuple(TABLE),
    helps: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """
    Add ``--json``, ``-v`` and a flag for each setting that the command has a use for.

    ``helps`` are other words for some of them, where they mean more here.
    """
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    add_verbose(parser)
    # For the adapters: settings that their session has resolved, on stdin.
    parser.add_argument("--given", choices=["-"], help=argparse.SUPPRESS)
    group = parser.add_argument_group("settings")
    for setting in TABLE.values():
        if setting.name in NOT_HERE or setting.name not in only:
            continue
        keywords: dict[str, Any] = {"dest": f"set_{setting.name}", "default": None}
        if setting.flag:
            keywords |= {"action": "store_const", "const": "yes"}
        else:
            keywords |= {"metavar": setting.metavar}
        # A secret's flag exists only to be refused in words.
        words = helps.get(setting.name, setting.help)
        told = argparse.SUPPRESS if setting.secret else words.replace("%", "%%")
        group.add_argument(setting.flag_name, help=told, **keywords)


@contextlib.contextmanager
def settings_of(
    arguments: argparse.Namespace,
    *,
    info: RunInfo | None = None,
    also: Mapping[str, object] | None = None,
) -> Iterator[Settings]:
    """
    The settings of a command, with the sandbox running where they want it.

    ``info`` is what a run directory has recorded: its settings, and what the
    CI of that time told. ``also`` are values of
    flags that the command has of its own.
    """
    layers = _layers(arguments, info=info, also=also)
    settings = resolve(layers)
    if settings.sandbox:
        asked = getattr(arguments, "only_looks", getattr(arguments, "dry_run", False))
        with _sandbox(settings, only_looks=asked or settings.dry_run) as layer:
            yield resolve([layer, *layers])
        return
    settings = _connected(settings, layers)
    try:
        yield settings
    except XrayBridgeError as error:
        # Secrets of files, commands and keyrings are known here only.
        error.message = settings.redactor.clean(error.message)
        error.hint = settings.redactor.clean(error.hint)
        raise


def resolved(
    arguments: argparse.Namespace, also: Mapping[str, object] | None = None
) -> Settings:
    """
    What a command was told, for a record: neither a sandbox runs yet, nor is the
    stored connection looked up.
    """
    return resolve(_layers(arguments, also=also))


def expected(
    arguments: argparse.Namespace,
    info: RunInfo,
    also: Mapping[str, object],
) -> Settings:
    """
    The settings that ``settings_of`` will have, without a sandbox.

    Raises what looking up a stored connection raises.
    """
    layers = _layers(arguments, info=info, also=also)
    settings = resolve(layers)
    return settings if settings.sandbox else _connected(settings, layers)


def _layers(
    arguments: argparse.Namespace,
    *,
    info: RunInfo | None = None,
    also: Mapping[str, object] | None = None,
) -> list[Layer]:
    flags = {
        name: getattr(arguments, f"set_{name}", None)
        for name in TABLE
        if name not in NOT_HERE
    }
    layers = [command_line({**flags, **(also or {})})]
    if info is not None or arguments.given:
        layers.append(recorded(info.settings if info else _from_stdin()))
    layers.append(environment(os.environ))
    if info is None and not arguments.given:
        layers += filter(None, [shared_file(Path.cwd())])
    told = detect.context(info.ci) if info else detect.detect(os.environ)
    layers += filter(None, [from_ci(told)])
    return layers


def _connected(settings: Settings, layers: Sequence[Layer]) -> Settings:
    """With the stored connection that they name, if they do."""
    if not settings.connection or settings.collect:
        return settings
    # Below the command line, and above all that is not about this server.
    return resolve([layers[0], _connection(settings), *layers[1:]])


def _connection(settings: Settings) -> Layer:
    """
    The stored connection that the settings name.

    Raises UsageError, ConnectionDisabledError, CredentialError; SettingError where
    another server is named as well: the credentials of one must not go to another.
    """
    stored = stored_connections.find(settings.connection, Path.cwd(), os.environ)
    if not stored.is_enabled:
        msg = f"the connection {stored.name} is disabled"
        hint = f"xray-bridge connection enable {stored.name}"
        if not stored.is_own:
            hint = f"set enabled = true in {stored.source.name}"
        raise ConnectionDisabledError(msg, hint=hint)
    layer = stored_connections.layer(stored, secret_sources.fetch(stored, os.environ))
    own = resolve([layer])
    # Of Jira the connection may say nothing at all, and then has no secret for it.
    names = ("url", "jira_url") if own.jira_url or own.jira_token else ("url",)
    for name in names:
        given, mine = getattr(settings, name), getattr(own, name)
        if given and given != mine:
            msg = (
                f"two servers: xray_{name} is {given} ({settings.sources[name]}), "
                f"the connection {stored.name} is {mine or f'without a {name}'}"
            )
            raise SettingError(msg, hint="keep one of them")
    return layer


def _from_stdin() -> dict[str, str]:
    try:
        found = json.load(sys.stdin)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        msg = "--given - expects a JSON object on standard input"
        raise UsageError(msg)
    return {str(name): str(value) for name, value in found.items()}


@contextlib.contextmanager
def _sandbox_data(settings: Settings, *, only_looks: bool) -> Iterator[Path]:
    """The data that all runs share; what only looks gets a copy, without evidence."""
    data = Path(settings.report_dir) / "sandbox"
    if not only_looks:
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
        for path in (*data.glob("*.sqlite3"), *data.glob("*.sqlite3-wal")):
            shutil.copy2(path, folder)
        yield Path(folder)


@contextlib.contextmanager
def _sandbox(settings: Settings, *, only_looks: bool) -> Iterator[Layer]:
    """
    The embedded sandbox, in this process.

    It takes over address and credentials, whatever the environment has.
    """
    try:
        from xray_sandbox import CREDENTIALS, running
    except ImportError as error:
        msg = f"the sandbox needs {error.name}"
        hint = "pip install 'xray-bridge[sandbox]'"
        raise SettingError(msg, hint=hint) from None
    cloud = settings.deployment == "cloud"
    with (
        _sandbox_data(settings, only_looks=only_looks) as data,
        running(data, adopt=True, public_url=sandbox_address()) as server,
    ):
        values = {
            "url": server.url,
            "project": settings.project or SANDBOX_PROJECT,
            "deployment": "cloud" if cloud else "server",
            "user": "" if cloud else CREDENTIALS.user,
            "password": "" if cloud else CREDENTIALS.password,
            "token": "",
            "client_id": CREDENTIALS.client_id if cloud else "",
            "client_secret": CREDENTIALS.client_secret if cloud else "",
            "jira_url": server.url if cloud else "",
            "jira_user": CREDENTIALS.user if cloud else "",
            "jira_token": CREDENTIALS.password if cloud else "",
            "skip_proxy": "yes",
        }
        yield Layer("sandbox", values, lambda setting: setting.name, True, True)


SANDBOX_PORT = 8979


def sandbox_address() -> str:
    """Where ``xray-bridge sandbox`` shows what was sent."""
    return f"http://127.0.0.1:{SANDBOX_PORT}"
