"""
What a run directory may decide, and what only the machine that sends it.

A run directory may come from another machine, as an artifact that anybody wrote. It
says what belongs to its Test Execution and its results. Address, credentials, the way
there, and the files that are read or written here are of this machine.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.config.resolve import Layer, recorded
from xray_bridge.config.setting import CONNECTION, EXECUTION, MUST_AGREE
from xray_bridge.config.settings import CLOUD_URL, TABLE, Settings, of
from xray_bridge.errors import SettingError


if TYPE_CHECKING:
    from collections.abc import Mapping

# What keeps secrets in, and what makes a failure seen, whoever recorded the run.
PRECAUTIONS = (Settings.redact.name, Settings.on_upload_error.name)
# By group, so that a new setting of a connection is among them.
OF_THIS_MACHINE = frozenset(
    name
    for name, setting in TABLE.items()
    if setting.of == CONNECTION or setting.is_path or name in PRECAUTIONS
)
# Where results go to within a server: of the run, but never against this machine.
PLACES = tuple(each.name for each in of(EXECUTION) if each.parts == MUST_AGREE)
ADDRESSES = (Settings.url.name, Settings.jira_url.name)
# With one of these on the command line, a person has said where to.
CHOOSE_A_SERVER = (Settings.url.name, Settings.connection.name, Settings.sandbox.name)
# What was too short once need not be so again.
PATIENCE = (Settings.timeout, Settings.deadline)
LOCAL_FIRST = "run directories never decide where credentials go"


def layer_of(settings: Mapping[str, str]) -> Layer:
    """
    The layer of a run directory: what it may decide, of what it has recorded.

    Raises SettingError where it names a file instead of a value.
    """
    kept = {k: v for k, v in settings.items() if k not in OF_THIS_MACHINE}
    for name, value in kept.items():
        is_structured = name in TABLE and TABLE[name].structured
        if is_structured and value.strip() and not value.lstrip().startswith("{"):
            msg = f"{TABLE[name].ini} in the run directory is the name of a file"
            raise SettingError(msg, hint="only the values themselves can be recorded")
    return recorded(kept)


def of_this_machine(layer: Layer) -> Layer:
    """Of a layer of this checkout, what counts for a run that was recorded before."""
    names = OF_THIS_MACHINE.union(PLACES)
    return replace(layer, values={k: v for k, v in layer.values.items() if k in names})


def flags_again(values: Mapping[str, object]) -> str:
    """
    The flags that say again how to reach the server, for a line to be copied.

    ``values`` are what stood on a command line, by setting; only settings of the
    connection count, and secrets never.
    """
    words = []
    for setting in of(CONNECTION):
        value = values.get(setting.name)
        if value in {None, ""} or setting.secret or setting in PATIENCE:
            continue
        is_enough = setting.flag and value in {"yes", "true"}
        words += [setting.flag_name] if is_enough else [setting.flag_name, str(value)]
    return shlex.join(words)


def refuse_other_places(
    said: Mapping[str, str],
    here: Mapping[str, str],
    settings: Settings,
    flags: Mapping[str, object],
) -> None:
    """
    Refuse a run that was recorded for another place than this machine sends to.

    ``said`` is what the run has recorded, ``here`` what is set on this machine besides
    flags, ``settings`` what all comes to. What stands on the command line (``flags``)
    was chosen by a person who sends this run. Raises SettingError.
    """
    if not any(flags.get(name) for name in CHOOSE_A_SERVER):
        _refuse_other_server(said, settings)
    for name in PLACES:
        if flags.get(name) is None and here.get(name):
            _refuse_other(name, said.get(name, ""), here[name])


def _refuse_other_server(said: Mapping[str, str], settings: Settings) -> None:
    if said.get("sandbox") == "true" and not settings.sandbox:
        msg = "the run directory was recorded for the sandbox"
        raise SettingError(msg, hint="pass --sandbox to send it there, or --url URL")
    name = said.get("connection", "")
    if settings.connection:
        _refuse_other("connection", name, settings.connection)
    elif name and not _address(settings):
        msg = f"no address: the run directory was recorded for the connection {name}"
        raise SettingError(msg, hint=f"pass --connection {name} if this machine has it")
    for name, mine in (
        (ADDRESSES[0], _address(settings)),
        (ADDRESSES[1], settings.jira_url),
    ):
        theirs = said.get(name, "")
        if theirs and not mine:
            setting = TABLE[name]
            msg = (
                f"no address: the run directory was recorded for {theirs}, and "
                f"{setting.ini} is not set on this machine"
            )
            hint = (
                f"if results and credentials may go there, pass "
                f"{setting.flag_name} {theirs} or set {setting.environment}"
            )
            raise SettingError(msg, hint=hint)
        _refuse_other(name, theirs, mine)


def _refuse_other(name: str, theirs: str, mine: str) -> None:
    if theirs and theirs.rstrip("/").casefold() != mine.casefold():
        setting = TABLE[name]
        msg = (
            f"the run directory was recorded for another {setting.ini}: {theirs}; "
            f"on this machine it is {mine}"
        )
        hint = f"{LOCAL_FIRST}; pass {setting.flag_name} with the one to use"
        raise SettingError(msg, hint=hint)


def _address(settings: Settings) -> str:
    """The address that is asked, Cloud's own where none is set."""
    is_cloud = settings.client_id or settings.client_secret
    usual = CLOUD_URL if is_cloud or settings.deployment == "cloud" else ""
    return settings.url or usual
