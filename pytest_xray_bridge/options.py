"""
Read settings from pytest's command line and ini file.

It is imported if a start of pytest may ask for the plugin.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge.setting_names import SESSION_VARIABLE
from pytest_xray_bridge.start import has_setting, is_asked_without_flags, names_in
from xray_bridge.config.settings import TABLE, Settings


if TYPE_CHECKING:
    from collections.abc import Container, Mapping

# The plugin does nothing and resolves no settings unless one of these is set.
SWITCHES = tuple(setting for setting in TABLE.values() if setting.starts)
# Keys of the input that the controller of a recorded session gives to its workers.
WORKER_INPUT = frozenset({"xray", "xray_select"})
# Outcomes of repeated attempts in pytest-rerunfailures and pytest-retry.
RERUNS = frozenset({"rerun", "retried"})
# Options of pytest with which no test runs.
RUN_NO_TESTS = (
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


# What ``pytest --help`` shows, by purpose: at most a screen.
HELP = {
    "Xray: what to do": (
        *(Settings.upload, Settings.dry_run, Settings.collect, Settings.sandbox),
        *(Settings.html, Settings.export_keys, Settings.select),
    ),
    "Xray: where results go (`xray-bridge help` lists all settings)": (
        *(Settings.connection, Settings.url, Settings.project, Settings.test_plan),
        *(Settings.test_execution, Settings.environments, Settings.revision),
        *(Settings.fix_version, Settings.format),
    ),
}


def add_options(parser: pytest.Parser, *, without: Container[str] = ()) -> None:
    """
    Add a flag and an ini option for each setting.

    ``without``: ini options that are not needed, because pytest only shows its help.
    """
    titles = {each.name: title for title, group in HELP.items() for each in group}
    for setting in TABLE.values():
        title = titles.get(setting.name)
        keywords: dict[str, Any] = {"dest": setting.ini, "default": None}
        if setting.flag:
            keywords.update(action="store_const", const="yes")
        else:
            keywords["metavar"] = setting.metavar
        text = setting.help.replace("%", "%%") if title else argparse.SUPPRESS
        group = parser.getgroup(title or "xray")
        group.addoption(setting.pytest_flag, help=text, **keywords)
        if not setting.secret and setting.ini not in without:
            parser.addini(setting.ini, setting.help, default=None)


def unneeded_for_help(config: pytest.Config) -> frozenset[str]:
    """Return the ini options that ``--help`` neither shows nor finds in a file."""
    shown = {each.ini for group in HELP.values() for each in group}
    names = {setting.ini for setting in TABLE.values()}
    return frozenset(names - shown - names_in(config.inipath))


def add_bare_options(parser: pytest.Parser) -> None:
    """Add only the flags after ``add_options`` failed, so that pytest accepts them."""
    group = parser.getgroup("xray")
    for setting in TABLE.values():
        action = "store_const" if setting.flag else "store"
        keywords = {"const": "yes"} if setting.flag else {}
        with contextlib.suppress(ValueError):  # it was added before the failure
            group.addoption(
                setting.pytest_flag,
                dest=setting.ini,
                default=None,
                action=action,
                help=argparse.SUPPRESS,
                **keywords,
            )
        if not setting.secret:
            parser.addini(setting.ini, setting.help, default=None)


def worker_input(config: pytest.Config) -> dict[str, Any]:
    """Return the input that the controller gave this worker."""
    found: dict[str, Any] = getattr(config, "workerinput", {})
    return found


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is one of xdist's workers."""
    return hasattr(config, "workerinput")


def is_asked_for(config: pytest.Config) -> bool:
    """
    Whether this session may ask for the plugin; cheap, with false positives.

    In a worker, the controller decides it.
    """
    if is_worker(config):
        return not WORKER_INPUT.isdisjoint(worker_input(config))
    if os.environ.get(SESSION_VARIABLE):
        return False
    if any(config.getoption(setting.ini) for setting in TABLE.values()):
        return True
    # An empty list of keys is an error, not all tests.
    is_empty = config.getoption(Settings.select.ini) is not None
    return is_empty or is_asked_without_flags(config)


def rerun_outcomes(config: pytest.Config) -> frozenset[str]:
    """Return the outcomes of repeated attempts; pytest-retry lets users choose one."""
    chosen = config.getoption("retry_outcome", None)
    if not chosen and _is_registered(config, "retry_outcome"):
        chosen = config.getini("retry_outcome")
    # A word of pytest keeps its meaning.
    is_free = chosen and chosen not in {"passed", "failed", "skipped"}
    return RERUNS | {str(chosen)} if is_free else RERUNS


def versions(config: pytest.Config) -> dict[str, str]:
    """Return the versions of pytest and of plugins that change its behaviour."""
    found = {"pytest": pytest.__version__}
    for _, distribution in config.pluginmanager.list_plugin_distinfo():
        if distribution.project_name in {"pytest-xdist", "pytest-bdd"}:
            found[distribution.project_name] = distribution.version
    return found


def runs_no_tests(config: pytest.Config) -> bool:
    """Whether pytest runs no test; nothing is fetched, recorded or sent then."""
    return any(config.getoption(name, None) for name in RUN_NO_TESTS)


def lists_selection(config: pytest.Config) -> bool:
    """Whether the session lists the tests that a selection would run."""
    return bool(
        config.getoption("collectonly", None) and config.getoption(Settings.select.ini)
    )


def make_features_dir(config: pytest.Config) -> None:
    """
    Make ``features_dir`` before pytest resolves ``testpaths``.

    If it does not exist yet, pytest collects everything. The start of the session
    fills it.
    """
    if os.environ.get("PYTEST_XDIST_WORKER"):
        return
    given = config.known_args_namespace
    if any(getattr(given, name, None) for name in RUN_NO_TESTS):
        return
    if not any(
        _read_early(config, s) for s in (Settings.export_keys, Settings.export_filter)
    ):
        return
    default = Settings.features_dir.default
    folder = Path(_read_early(config, Settings.features_dir) or default)
    if "$" not in str(folder):
        Path(config.invocation_params.dir, folder).mkdir(parents=True, exist_ok=True)


def _read_early(config: pytest.Config, setting: Any) -> str:
    """Read a setting before all are resolved: flag, environment, ini file."""
    found = getattr(config.known_args_namespace, setting.ini, None)
    found = found or os.environ.get(setting.environment)
    if found:
        return str(found)
    in_ini = config.getini(setting.ini)
    if in_ini and setting.is_path and config.inipath:
        return str(config.inipath.parent / str(in_ini))
    return str(in_ini or "")


def read_command_line(config: pytest.Config) -> dict[str, object]:
    """Read the flags by setting name; ``None`` for a flag that is not given."""
    return {name: config.getoption(s.ini, None) for name, s in TABLE.items()}


def read_ini(config: pytest.Config) -> tuple[str, dict[str, object]]:
    """
    Read pytest's configuration file: its name and the settings in it.

    Unknown names are included and refused later. Raises UsageError if pytest cannot
    read a value.
    """
    source = config.inipath.name if config.inipath else "pytest's configuration"
    found: dict[str, object] = dict.fromkeys(_unknown_names(config), "")
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


def _unknown_names(config: pytest.Config) -> list[str]:
    """
    Return names with the prefix ``xray_`` in pytest's section that are not settings.

    pytest warns about these; here they are errors. ``config.inicfg`` is deprecated,
    so the file is read again.
    """
    names = [
        entry.partition("=")[0] for entry in config.getoption("override_ini") or ()
    ]
    if has_setting(config.inipath) and config.inipath is not None:
        names += _read_section(config.inipath)
    known = {setting.ini for setting in TABLE.values() if not setting.secret}
    return [
        name.removeprefix("xray_")
        for name in names
        if name.startswith("xray_")
        and name not in known
        and not _is_registered(config, name)
    ]


def warn_of_unread_table(config: pytest.Config) -> None:
    """Warn about settings in a table that only a newer pytest reads."""
    path = config.rootpath / "pyproject.toml"
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    is_there = any(line.partition("#")[0].strip() == "[tool.pytest]" for line in lines)
    if is_there and any(line.lstrip().startswith("xray_") for line in lines):
        text = (
            f"pytest {pytest.__version__} does not read [tool.pytest] in {path.name}, "
            "so the xray_ settings there have no effect: put them into "
            "[tool.pytest.ini_options], which every pytest reads"
        )
        config.issue_config_time_warning(pytest.PytestConfigWarning(text), 2)


def _is_registered(config: pytest.Config, name: str) -> bool:
    """Whether another plugin has registered the name."""
    try:
        config.getini(name)
    except (KeyError, ValueError):
        return False
    return True


def _read_section(path: Path) -> Mapping[str, object]:
    if path.suffix == ".toml":
        from xray_bridge.config.shared_file import read_toml

        parsed = read_toml(path)
        if path.name == "pyproject.toml":
            parsed = parsed.get("tool", {})
        table = parsed.get("pytest", {})
        return {**table, **table.get("ini_options", {})}
    import iniconfig

    sections = iniconfig.IniConfig(str(path)).sections
    name = "tool:pytest" if path.suffix == ".cfg" else "pytest"
    return sections.get(name, {})
