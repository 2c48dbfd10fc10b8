"""
Resolve the settings of a behave run.

Highest first: ``-D`` on the command line, environment, userdata of behave's
configuration file, the shared file, tags in features, ``-o``, values of the CI system.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.ci import detect
from xray_bridge.config import resolve, shared_file
from xray_bridge.errors import SettingError


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from behave.configuration import Configuration

    from xray_bridge.config.setting import Setting
    from xray_bridge.config.settings import Settings

PREFIX = "xray_"
TAGS = "feature tags"
# The userdata of behave-xray, and our names of it.
FOREIGN = {
    "xray.summary": "xray_summary",
    "xray.revision": "xray_revision",
    "xray.version": "xray_fix_version",
}


def resolve_settings(
    config: Configuration,
    *,
    overrides: Mapping[str, str] | None = None,
    tag_settings: Mapping[str, str] | None = None,
    outfile: str = "",
) -> Settings:
    """
    Resolve the settings of a behave run.

    ``overrides`` win over everything. ``outfile`` is the file for the report that
    ``-o`` names. Raises SettingError and CredentialError.
    """
    if "xray.user" in (config.userdata or {}):
        msg = (
            "xray.user has no counterpart: Xray shows whose account uploads the results"
        )
        raise SettingError(msg, hint="remove it from the userdata")
    defined = dict(getattr(config, "userdata_defines", None) or ())
    on_command_line = _own_settings(defined.items())
    in_file = _own_settings((config.userdata or {}).items())
    start = Path(getattr(config, "base_dir", None) or Path.cwd())
    layers = (
        resolve.Layer("xray-bridge", overrides or {}, _show_name),
        resolve.Layer("command line", on_command_line, _show_define),
        resolve.environment_layer(os.environ),
        resolve.ini_layer("behave userdata", _leave_out(in_file, on_command_line)),
        shared_file.shared_file_layer(start.absolute()),
        resolve.Layer(TAGS, tag_settings or {}, _show_name),
        resolve.Layer("-o", _report_setting(outfile), _show_name, literal=True),
        resolve.ci_layer(detect.detect(os.environ)),
    )
    return resolve.resolve(layer for layer in layers if layer is not None)


def _own_settings(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    known = ((FOREIGN.get(key, key), value) for key, value in pairs)
    return {
        key.removeprefix(PREFIX): value
        for key, value in known
        if key.startswith(PREFIX)
    }


def _leave_out(
    values: Mapping[str, object], known: Mapping[str, object]
) -> dict[str, object]:
    return {key: value for key, value in values.items() if key not in known}


def find_outfile(name: str | None, config: Configuration) -> str:
    """
    Return the file that a user wants for the report; empty if behave chose the name.

    behave gives a formatter of a configuration file without ``outfiles`` its own name
    with ``.output`` (``format_outfiles_coupling``).
    """
    made_up = {f"{each}.output" for each in config.format or ()}
    return "" if not name or Path(name).name in made_up else name


def _report_setting(outfile: str) -> dict[str, str]:
    return {"report": outfile} if outfile else {}


def _show_define(setting: Setting[Any]) -> str:
    return f"-D {setting.ini}"


def _show_name(setting: Setting[Any]) -> str:
    return setting.ini
