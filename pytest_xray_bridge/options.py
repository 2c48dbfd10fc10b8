"""
The table of settings at pytest's doors: command line and ini file.

Imported at every start of pytest, so it imports next to nothing itself.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from xray_bridge.config.settings import TABLE, Settings


if TYPE_CHECKING:
    from collections.abc import Mapping

# What makes a session ours. Without one of these nothing is resolved.
SWITCHES = (
    Settings.upload,
    Settings.dry_run,
    Settings.collect,
    Settings.report,
    Settings.export_keys,
    Settings.export_filter,
    Settings.select,
)
# In the environment while a session is recorded.
SESSION = "PYTEST_XRAY_BRIDGE_SESSION"
# What the controller of a session that is ours tells its workers.
WORKER_INPUT = frozenset({"xray", "xray_select"})
# Sessions that look at tests without running them.
LOOKING_ONLY = (
    "collectonly",
    "setuponly",
    "setupplan",
    "showfixtures",
    "show_fixtures_per_test",
    "help",
    "version",
    "markers",
    "cacheshow",
)


def register(parser: pytest.Parser) -> None:
    """A flag and an ini option for each setting."""
    group = parser.getgroup("xray", "results into Xray, feature files out of it")
    for setting in TABLE.values():
        keywords: dict[str, Any] = {"dest": setting.ini, "default": None}
        if setting.flag:
            keywords.update(action="store_const", const="yes")
        else:
            keywords["metavar"] = setting.metavar
        # A secret's flag exists only to be refused in words.
        help_text = argparse.SUPPRESS if setting.secret else setting.help
        group.addoption(
            setting.pytest_flag, help=help_text.replace("%", "%%"), **keywords
        )
        if not setting.secret:
            parser.addini(setting.ini, setting.help, default=None)


def worker_input(config: pytest.Config) -> dict[str, Any]:
    """What the controller told this worker."""
    found: dict[str, Any] = getattr(config, "workerinput", {})
    return found


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is one of xdist's workers."""
    return hasattr(config, "workerinput")


def asked(config: pytest.Config) -> bool:
    """
    Whether this session may be ours; cheap, and rather once too often.

    In a worker, the controller says so.
    """
    if is_worker(config):
        return not WORKER_INPUT.isdisjoint(worker_input(config))
    if any(config.getoption(setting.ini) for setting in TABLE.values()):
        return True
    if os.environ.get(SESSION):
        # Within a test of a session that is ours: what it runs is none of its tests.
        return False
    if any(os.environ.get(setting.environment) for setting in SWITCHES):
        return True
    return _mentioned(config.inipath) or _in_shared_file(config.rootpath)


def _mentioned(path: Path | None) -> bool:
    """Whether the file that pytest read has a setting, right or misspelt."""
    try:
        return path is not None and b"xray_" in path.read_bytes()
    except OSError:
        return False


def _in_shared_file(folder: Path) -> bool:
    if (folder / "xray-bridge.toml").exists():
        return True
    try:
        return b"xray-bridge" in (folder / "pyproject.toml").read_bytes()
    except OSError:
        return False


def looks_only(config: pytest.Config) -> bool:
    """Whether no test will run: then nothing is fetched, recorded or sent."""
    return any(config.getoption(name, None) for name in LOOKING_ONLY)


def lists_selection(config: pytest.Config) -> bool:
    """Whether somebody wants to see what a selection would run."""
    return bool(
        config.getoption("collectonly", None) and config.getoption(Settings.select.ini)
    )


def make_features_dir(config: pytest.Config) -> None:
    """
    Make ``features_dir`` before pytest resolves ``testpaths``.

    Where it does not exist yet, pytest would fall back to collecting everything.
    The session's start fills it.
    """
    if os.environ.get("PYTEST_XDIST_WORKER"):
        return
    given = config.known_args_namespace
    if any(getattr(given, name, None) for name in LOOKING_ONLY):
        return
    if not any(
        _early(config, s) for s in (Settings.export_keys, Settings.export_filter)
    ):
        return
    default = Settings.features_dir.default
    folder = Path(_early(config, Settings.features_dir) or default)
    if "$" not in str(folder):
        Path(config.invocation_params.dir, folder).mkdir(parents=True, exist_ok=True)


def _early(config: pytest.Config, setting: Any) -> str:
    """A value before the settings are resolved, from the nearest doors."""
    found = getattr(config.known_args_namespace, setting.ini, None)
    found = found or os.environ.get(setting.environment)
    if found:
        return str(found)
    in_ini = config.getini(setting.ini)
    if in_ini and setting.is_path and config.inipath:
        return str(config.inipath.parent / str(in_ini))
    return str(in_ini or "")


def given_on_command_line(config: pytest.Config) -> dict[str, object]:
    """Flags by setting name; ``None`` where not given."""
    return {name: config.getoption(s.ini, None) for name, s in TABLE.items()}


def given_in_ini(config: pytest.Config) -> tuple[str, dict[str, object]]:
    """
    The name of pytest's configuration file, and what it says.

    Names that are no settings are among it, for ``resolve`` to refuse. Raises
    UsageError where pytest cannot read a value.
    """
    source = config.inipath.name if config.inipath else "pytest's configuration"
    found: dict[str, object] = dict.fromkeys(_unregistered(config), "")
    for name, setting in TABLE.items():
        if setting.secret:
            continue
        try:
            value = config.getini(setting.ini)
        except (TypeError, ValueError) as error:
            msg = f"{setting.ini} in {source}: {error}"
            raise pytest.UsageError(msg) from None
        if value is not None:
            found[name] = value
    return source, found


def _unregistered(config: pytest.Config) -> list[str]:
    """
    Names like ours in pytest's own section that pytest does not know.

    pytest warns about these; for us they are errors. ``config.inicfg`` is
    deprecated, so the file is read once more.
    """
    names = [
        entry.partition("=")[0] for entry in config.getoption("override_ini") or ()
    ]
    if _mentioned(config.inipath) and config.inipath is not None:
        names += _section(config.inipath)
    known = {setting.ini for setting in TABLE.values() if not setting.secret}
    return [
        name.removeprefix("xray_")
        for name in names
        if name.startswith("xray_") and name not in known and not _is_ini(config, name)
    ]


def _is_ini(config: pytest.Config, name: str) -> bool:
    """Whether another plugin has registered it."""
    try:
        config.getini(name)
    except (KeyError, ValueError):
        return False
    return True


def _section(path: Path) -> Mapping[str, object]:
    if path.suffix == ".toml":
        from xray_bridge.config.resolve import read_toml

        parsed = read_toml(path)
        if path.name == "pyproject.toml":
            parsed = parsed.get("tool", {})
        table = parsed.get("pytest", {})
        return {**table, **table.get("ini_options", {})}
    import iniconfig

    sections = iniconfig.IniConfig(str(path)).sections
    name = "tool:pytest" if path.suffix == ".cfg" else "pytest"
    return sections.get(name, {})


def is_xray_tag(tag: str) -> bool:
    """
    Whether a tag of a feature file is Xray's: an issue, such as ``TEST_CALC-1``, or
    a label that an import has set, the path of a feature file or an ``id:``.
    """
    if tag.endswith(".feature") or tag.startswith("id:"):
        return True
    head, dash, number = tag.rpartition("-")
    return bool(dash) and number.isdigit() and head.replace("_", "").isalnum()
