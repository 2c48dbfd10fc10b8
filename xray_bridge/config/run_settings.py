"""
Separates the settings of a run directory from those of the machine that sends it.

A run directory may come from another machine, as an artifact that anybody wrote. It
sets its Test Execution and its results. Address, credentials, proxy, certificates and
paths are always those of the sending machine.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.config import places
from xray_bridge.config.resolve import Layer, recorded_layer
from xray_bridge.config.setting import CONNECTION, EXECUTION, JIRA, MUST_AGREE
from xray_bridge.config.settings import CLOUD_URL, TABLE, Settings, settings_in
from xray_bridge.errors import SettingError
from xray_bridge.text import quote_command


if TYPE_CHECKING:
    from collections.abc import Mapping

# Settings that protect secrets or show failures, and the collector, to which secret
# headers go; the run cannot change them.
PRECAUTIONS = (
    Settings.otlp.name,
    Settings.redact.name,
    Settings.on_upload_error.name,
    Settings.quarantine.name,
    Settings.gate.name,
)
# By group, so that new settings of the connection or for Jira are included.
OF_THIS_MACHINE = frozenset(
    name
    for name, setting in TABLE.items()
    if setting.of in {CONNECTION, JIRA} or setting.is_path or name in PRECAUTIONS
)
# The place of results on the server: set by the run, unless this machine differs.
PLACES = tuple(each.name for each in settings_in(EXECUTION) if each.parts == MUST_AGREE)
ADDRESSES = (Settings.url.name, Settings.jira_url.name)
# Flags by which a person chooses the server.
CHOOSE_A_SERVER = (Settings.url.name, Settings.connection.name, Settings.sandbox.name)
# Limits that need not be the same the next time.
PATIENCE = (Settings.timeout, Settings.deadline)
LOCAL_FIRST = "run directories never decide where credentials go"


def run_layer(settings: Mapping[str, str]) -> Layer:
    """
    Make the layer of the recorded settings that a run directory may set.

    Raises SettingError if it names a file instead of a value.
    """
    kept = {k: v for k, v in settings.items() if k not in OF_THIS_MACHINE}
    for name, value in kept.items():
        is_structured = name in TABLE and TABLE[name].structured
        if is_structured and value.strip() and not value.lstrip().startswith("{"):
            msg = f"{TABLE[name].ini} in the run directory is the name of a file"
            raise SettingError(msg, hint="only the values themselves can be recorded")
    if places.is_bucket(kept.get(Settings.collect.name, "")):
        # That it was collected counts, but not where.
        kept[Settings.collect.name] = places.HERE
    return recorded_layer(kept)


def keep_machine_values(layer: Layer) -> Layer:
    """Keep the values of a checkout's layer that apply to a recorded run."""
    names = OF_THIS_MACHINE.union(PLACES)
    return replace(layer, values={k: v for k, v in layer.values.items() if k in names})


def repeat_flags(values: Mapping[str, object]) -> str:
    """
    Return the flags of the connection and for Jira again, for a command line to copy.

    ``values`` are those of a command line, by setting; secrets are never included.
    """
    words = []
    for setting in settings_in(CONNECTION, JIRA):
        value = values.get(setting.name)
        if value in {None, ""} or setting.secret or setting in PATIENCE:
            continue
        is_enough = setting.flag and value in {"yes", "true"}
        words += [setting.flag_name] if is_enough else [setting.flag_name, str(value)]
    return quote_command(*words)


def refuse_other_places(
    said: Mapping[str, str],
    here: Mapping[str, str],
    settings: Settings,
    flags: Mapping[str, object],
) -> None:
    """
    Refuse a run that was recorded for another server or project.

    ``said`` are the recorded settings, ``here`` those of this machine without flags,
    ``settings`` the result of all layers. ``flags`` are accepted: a person chose them
    for this run. Raises SettingError.
    """
    if not any(flags.get(name) for name in CHOOSE_A_SERVER):
        _refuse_other_server(said, settings)
    for name in PLACES:
        if flags.get(name) is None and here.get(name):
            _refuse_other(name, said.get(name, ""), here[name])


def _refuse_other_server(said: Mapping[str, str], settings: Settings) -> None:
    if said.get("sandbox") == "true" and not settings.sandbox:
        msg = "these results are for the sandbox"
        raise SettingError(msg, hint="pass --sandbox to send them there, or --url URL")
    name = said.get("connection", "")
    if settings.connection:
        _refuse_other("connection", name, settings.connection)
    elif name and not _address_of(settings):
        msg = f"no address: these results are for the connection {name}"
        flag = quote_command("--connection", name)
        hint = f"pass {flag}, or store it: xray-bridge connection add"
        raise SettingError(msg, hint=hint)
    for name, mine in (
        (ADDRESSES[0], _address_of(settings)),
        (ADDRESSES[1], settings.jira_url),
    ):
        theirs = said.get(name, "")
        if theirs and not mine:
            setting = TABLE[name]
            msg = (
                f"no address: these results are for {theirs}, but {setting.ini} is not "
                f"set here"
            )
            hint = (
                f"if you trust this address, pass {setting.flag_name} {theirs} or set "
                f"{setting.environment}"
            )
            raise SettingError(msg, hint=hint)
        _refuse_other(name, theirs, mine)


def _refuse_other(name: str, theirs: str, mine: str) -> None:
    if theirs and theirs.rstrip("/").casefold() != mine.casefold():
        setting = TABLE[name]
        msg = (
            f"these results are for {setting.ini} = {theirs}, but here "
            f"{setting.ini} is {mine}"
        )
        hint = f"{LOCAL_FIRST}; choose one: {setting.flag_name} VALUE"
        raise SettingError(msg, hint=hint)


def _address_of(settings: Settings) -> str:
    """Return the address of the server; on Cloud, Xray's own if none is set."""
    is_cloud = settings.client_id or settings.client_secret
    usual = CLOUD_URL if is_cloud or settings.deployment == "cloud" else ""
    return settings.url or usual
