"""
Resolves layers of raw values into ``Settings``.

The layers, highest first: command line, environment, the framework's ini file, the
shared file, CI, defaults. All values are checked here, before any test runs; an
error names the setting as it was spelled and never shows a secret.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.config.parsers import text
from xray_bridge.config.redaction import Redactor
from xray_bridge.config.secret import Secret
from xray_bridge.config.setting import EXECUTION, GUESSED, JIRA, SESSION, Setting
from xray_bridge.config.settings import TABLE, Settings
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import SecretInPlainSightError, SettingError
from xray_bridge.text import similar_word


if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from xray_bridge.ci.detect import Context

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Layer:
    """
    Raw values from one place, by setting name.

    ``spell`` returns the spelling of a setting at that place. In a ``literal`` layer
    nothing is expanded: its values were recorded after expansion. ``folder`` is that
    of the file, if it is one: paths in it are relative to it. ``is_of_repository``:
    a pull request can change it.
    """

    source: str
    values: Mapping[str, object]
    spell: Callable[[Setting[Any]], str]
    literal: bool = False
    holds_secrets: bool = False
    folder: Path | None = None
    is_of_repository: bool = False


def command_line_layer(given: Mapping[str, object], *, pytest: bool = False) -> Layer:
    """Make the layer of flags; ``None`` means not given."""
    values = {name: value for name, value in given.items() if value is not None}
    spell = _spell_pytest_flag if pytest else _spell_flag
    return Layer("command line", values, spell)


def _spell_pytest_flag(setting: Setting[Any]) -> str:
    return setting.pytest_flag


def _spell_flag(setting: Setting[Any]) -> str:
    return setting.flag_name


def spell_name(setting: Setting[Any]) -> str:
    """Return the spelling in the shared file."""
    return setting.name


def _spell_ini(setting: Setting[Any]) -> str:
    return setting.ini


def ini_layer(
    source: str, values: Mapping[str, object], folder: Path | None = None
) -> Layer:
    """Make the layer of a framework's configuration; names are without ``xray_``."""
    return Layer(source, values, _spell_ini, folder=folder, is_of_repository=True)


def recorded_layer(values: Mapping[str, str]) -> Layer:
    """Make the layer of a run directory's recorded settings."""
    return Layer("run directory", values, _spell_ini, literal=True)


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """
    Make the layer of environment variables such as ``XRAY_TEST_PLAN``.

    A secret may also be in a file that ``XRAY_TOKEN_FILE`` names. An empty variable
    counts as not given, because CI systems pass undefined variables as empty. The
    names of pytest-jira-xray and behave-xray are accepted, too.

    Raises SettingError for a secret's file that cannot be read, and for a misspelt
    name; ``XRAY_`` names of other programs are ignored.
    """
    _refuse_misspelt(environ)
    values: dict[str, object] = {}
    for setting in TABLE.values():
        names = setting.variables[:-1] if setting.secret else setting.variables
        found = next((name for name in names if environ.get(name, "").strip()), None)
        if found is not None:
            values[setting.name] = _convert_foreign(found, environ[found])
        elif setting.secret:
            path = environ.get(f"{setting.environment}_FILE", "").strip()
            if path:
                values[setting.name] = _read_secret_file(setting, path)
    return Layer("environment", values, _spell_variable, holds_secrets=True)


def redactor_of(environ: Mapping[str, str], pattern: str = "") -> Redactor:
    """
    Make the redactor for the secrets of an environment, without settings.

    ``pattern`` is the setting ``redact``.
    """
    try:
        found = environment_layer(environ).values
    except SettingError:
        return Redactor(pattern=pattern)
    secrets = {n: Secret(str(v)) for n, v in found.items() if TABLE[n].secret}
    users = {"user": "password", "jira_user": "jira_token"}
    basic = [
        (str(found.get(user, "")), secrets[name])
        for user, name in users.items()
        if name in secrets
    ]
    return Redactor((), basic, pattern, secrets)


def _refuse_misspelt(environ: Mapping[str, str]) -> None:
    known = {name for setting in TABLE.values() for name in setting.variables}
    short = [name.removeprefix("XRAY_") for name in known]
    for name in environ:
        if not name.startswith("XRAY_") or name in known:
            continue
        if near := similar_word(name.removeprefix("XRAY_"), short, 0.85):
            msg = f"environment: there is no setting {name!r}"
            raise SettingError(msg, hint=f"did you mean XRAY_{near}?")


def _spell_variable(setting: Setting[Any]) -> str:
    return setting.environment


def _convert_foreign(name: str, value: str) -> str:
    # pytest-jira-xray splits its environments on blanks.
    if name == "XRAY_EXECUTION_TEST_ENVIRONMENTS" and ";" not in value:
        return ";".join(value.split())
    return value


def _read_secret_file(setting: Setting[Any], path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        msg = f"{setting.environment}_FILE: {path!r} cannot be read: {reason}"
        raise SettingError(msg) from None


def ci_layer(context: Context) -> Layer | None:
    """Make the layer of values from CI: guesses that never cause an error."""
    known = {"revision": context.revision, "run_id": context.run_id}
    values = {name: value for name, value in known.items() if value}
    source = f"{GUESSED}{context.name}"
    return Layer(source, values, _spell_ini, literal=True) if values else None


def resolve(
    layers: Iterable[Layer],
    environ: Mapping[str, str] | None = None,
    *,
    only: Container[str] = TABLE,
) -> Settings:
    """
    Resolve settings from layers; the first layer with a value wins.

    ``only`` these settings are read; all names are validated. Raises SettingError for
    unknown names, malformed values and unset variables; SecretInPlainSightError for a
    secret in a layer that must hold none.
    """
    ordered = tuple(layers)
    environ = os.environ if environ is None else environ
    for each in ordered:
        _refuse_unknown(each)
        _refuse_secrets(each)
    found: dict[str, Any] = {}
    sources: dict[str, str] = {}
    given: dict[str, str] = {}
    for name, setting in TABLE.items():
        layer = next((each for each in ordered if name in each.values), None)
        if layer is None or name not in only:
            continue
        raw = _to_raw_text(layer.values[name])
        sources[name] = layer.source
        if not raw.strip():
            # Given but empty means the default.
            given[name] = ""
            continue
        found[name] = value = _parse_value(setting, raw, layer, environ)
        if not setting.secret and not layer.source.startswith(GUESSED):
            given[name] = json.dumps(value) if setting.structured else to_text(value)
    return Settings(found, sources=sources, given=given)


def to_text(value: object) -> str:
    """Return the text that parses to the same value."""
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    if isinstance(value, dict):
        return " ".join(f"{name}={word}" for name, word in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def _to_raw_text(value: object) -> str:
    """Return a TOML value as it would be written in an ini file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ";".join(map(str, value))
    # TOML has dates, and JSON has not.
    return json.dumps(value, default=str) if isinstance(value, dict) else str(value)


def _parse_value(
    setting: Setting[Any], raw: str, layer: Layer, environ: Mapping[str, str]
) -> Any:
    if setting.secret:
        return Secret(raw.strip())
    where = f"{layer.spell(setting)} ({layer.source})"
    inline = setting.structured and raw.lstrip().startswith("{")
    if layer.is_of_repository and setting.of in {EXECUTION, JIRA} and "${" in raw:
        from xray_bridge.config import fork_guard

        names = {found[1] for found in VARIABLE.finditer(raw) if found[1] in environ}
        fork_guard.refuse_variables(names, environ, where)
    if not layer.literal and not inline:
        raw = expand_variables(raw, environ, where)
        if not raw.strip():
            return setting.default
    try:
        value = setting.parse(raw)
    except ValueError as error:
        msg = f"{where}: {error}"
        raise SettingError(msg) from None
    if setting.is_path and layer.folder is not None and layer.folder != Path.cwd():
        return str(layer.folder / value)
    if setting.structured and not layer.literal:
        return _expand_inside(value, environ, where)
    return value


def expand_variables(value: str, environ: Mapping[str, str], where: str) -> str:
    """
    Replace ``${NAME}`` and ``${NAME:-default}`` by values of the environment.

    Raises SettingError, naming ``where``, for a variable that is not set.
    """

    def replaced(found: re.Match[str]) -> str:
        name, default = found.groups()
        if name in environ:
            return environ[name]
        if default is not None:
            return str(default)
        msg = f"{where}: the environment variable {name} is not set"
        raise SettingError(msg, hint=f"set it, or write ${{{name}:-default}}")

    return VARIABLE.sub(replaced, value)


def _expand_inside(value: Any, environ: Mapping[str, str], where: str) -> Any:
    if isinstance(value, str):
        return expand_variables(value, environ, where)
    if isinstance(value, list):
        return [_expand_inside(item, environ, where) for item in value]
    if isinstance(value, dict):
        return {k: _expand_inside(v, environ, where) for k, v in value.items()}
    return value


def _refuse_unknown(layer: Layer) -> None:
    for name in layer.values:
        if name not in TABLE:
            unknown = Setting(text, "", "", of=SESSION)
            unknown.name = name
            msg = f"{layer.source}: there is no setting {layer.spell(unknown)!r}"
            near = nearest_setting(name)
            raise SettingError(msg, hint=_did_you_mean(near, layer))


def _did_you_mean(near: str, layer: Layer) -> str:
    if not near:
        return "`xray-bridge settings` lists them all"
    return f"did you mean {layer.spell(TABLE[near])}?"


def nearest_setting(name: str) -> str:
    """Return the setting with the most similar name; empty if there is none."""
    return similar_word(name.replace("-", "_"), TABLE)


def _refuse_secrets(layer: Layer) -> None:
    if layer.holds_secrets:
        return
    for name in layer.values:
        setting = TABLE[name]
        if setting.secret:
            variable = setting.environment
            msg = f"{layer.spell(setting)} must not be {_place_of(layer)}"
            hint = f"set {variable} in the environment, or {variable}_FILE to a path"
            raise SecretInPlainSightError(msg, hint=hint)


def _place_of(layer: Layer) -> str:
    if layer.source == "command line":
        return "on a command line"
    return f"in {layer.source}"
