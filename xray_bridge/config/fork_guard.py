"""
Guards against pull requests from forks that choose where secrets are sent.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.ci import forks
from xray_bridge.config import allow, stored_connections
from xray_bridge.config.resolve import environment_layer, resolve
from xray_bridge.config.settings import Settings
from xray_bridge.errors import SettingError


if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

# Settings that decide where credentials are sent.
PLACES = (
    Settings.url.name,
    Settings.jira_url.name,
    Settings.jira_api_url.name,
    Settings.jira_connect_url.name,
    Settings.proxy.name,
    Settings.verify.name,
    Settings.otlp.name,
)
# The sandbox gets no credentials, but a collector gets the headers of its variables.
PLACES_BESIDE_A_SANDBOX = (Settings.otlp.name,)


def refuse_chosen_places(
    settings: Settings, flags: Mapping[str, object], is_connection_of_repository: bool
) -> None:
    """
    Refuse an address and a source of secrets that a fork may have chosen.

    The settings of a session count as the fork's, too: they may come from its ini
    file. Raises SettingError, with the line that allows it.
    """
    system = forks.system_of_fork(os.environ)
    if not system:
        return
    found = list(_list_chosen(settings, flags, is_connection_of_repository))
    if not found or is_allowed():
        return
    msg = (
        f"this is a pull request from a fork ({system}), and its files may have "
        f"chosen {' and '.join(found)}"
    )
    names = forks.names_of_repository(os.environ)
    value = names[0] if names else str(allow.find_repository(Path.cwd()))
    own = stored_connections.own_file(os.environ)
    line = allow.hint_for("fork_upload", value, own)
    raise SettingError(
        msg, hint=f"set XRAY_URL or a connection in the CI job; or, {line}"
    )


def _list_chosen(
    settings: Settings, flags: Mapping[str, object], is_connection_of_repository: bool
) -> Iterator[str]:
    if is_connection_of_repository and not settings.sandbox:
        yield f"the connection {settings.connection}"
        return
    # A connection that a person has stored; it may leave out some addresses.
    own = f"connection {settings.connection}"
    mine = resolve([environment_layer(os.environ)])
    for name in PLACES_BESIDE_A_SANDBOX if settings.sandbox else PLACES:
        value = getattr(settings, name)
        is_usual = value in {"", True} or settings.sources.get(name) == own
        if not (is_usual or flags.get(name) or value == getattr(mine, name)):
            yield f"xray_{name} ({value})"


def find_forbidden_fork(environ: Mapping[str, str]) -> str:
    """
    Return the CI system, if these are the results of a pull request from a fork.

    Empty if they are not, or a person allows uploads from forks of this repository.
    """
    system = forks.system_of_foreign_results(environ)
    return "" if system and is_allowed() else system


def is_allowed() -> bool:
    """Whether a person allows uploads from forks of this repository."""
    names = stored_connections.read_allowed(os.environ).fork_upload
    if set(names) & set(forks.names_of_repository(os.environ)):
        return True
    return allow.is_named(names, Path.cwd(), os.environ)


def refuse_variables(
    names: Collection[str], environ: Mapping[str, str], where: str
) -> None:
    """
    Refuse variables that a fork would publish in Jira.

    Variables of the CI system, and those that a person allows, are accepted. Raises
    SettingError.
    """
    others = sorted(name for name in names if not forks.is_own_variable(name))
    if not others or not (system := forks.system_of_fork(environ)):
        return
    for name in others:
        if name not in stored_connections.read_allowed(environ).env:
            msg = f"{where}: a pull request from a fork ({system}) names {name}"
            own = stored_connections.own_file(environ)
            raise SettingError(msg, hint=allow.hint_for("env", name, own))
