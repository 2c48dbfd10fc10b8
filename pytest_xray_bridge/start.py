"""
Find out whether a start of pytest may ask for the plugin.

Every start of pytest imports this module, and most starts ask for nothing: it imports
nothing but pytest and the names of the settings.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge.setting_names import (
    SECRETS,
    SESSION_VARIABLE,
    SETTINGS,
    SWITCHES,
)


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

# The first pytest that reads the table ``[tool.pytest]``.
READS_OWN_TABLE = (9,)
HOOKS = (
    "pytest_xray_test_keys",
    "pytest_xray_evidence",
    "pytest_xray_defects",
    "pytest_xray_execution_fields",
    "pytest_xray_uploaded",
)


def guard_late(
    instead: Callable[..., Any] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Guard a hook as ``Guard.otherwise`` does, and import the guard on an error."""

    def decorate(hook: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(hook)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                return hook(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - the guard raises it again
                from pytest_xray_bridge.guard import GUARD

                GUARD.handle(hook.__name__, error)
            return None if instead is None else instead(*args, **kwargs)

        guarded.is_guarded = True  # type: ignore[attr-defined]
        return guarded

    return decorate


def add_hookspecs(manager: pytest.PytestPluginManager) -> None:
    """Register the hooks that a ``conftest.py`` may implement, once."""
    hook = getattr(manager.hook, HOOKS[0], None)
    if hook is None or not hook.has_spec():
        from pytest_xray_bridge import hookspecs

        manager.add_hookspecs(hookspecs)


def add_idle_options(parser: pytest.Parser, config: pytest.Config) -> None:
    """
    Make options that are not given readable, without flags that take half the time.

    ``config.getoption("--xray-upload")`` and ``config.getoption("xray_upload")`` return
    None, as they do with the flags.
    """
    secrets = SECRETS.split()
    for name in SETTINGS.split():
        if name not in secrets:
            parser.addini(f"xray_{name}", "", default=None)
    vars(config.option).update(dict.fromkeys(_options()))


def lacks_flags(config: pytest.Config) -> bool:
    """Whether the flags are not registered."""
    return "--xray-upload" in vars(config.option)


def is_idle(config: pytest.Config) -> bool:
    """Whether the flags are not registered, and no plugin has set one as an option."""
    return lacks_flags(config) and not any(map(vars(config.option).get, _options()))


def remove_idle_options(config: pytest.Config) -> None:
    """Make place for the flags."""
    for name in _options():
        vars(config.option).pop(name, None)


def _options() -> list[str]:
    """Return the flags, and their names in pytest."""
    names = [f"xray_{name}" for name in SETTINGS.split()]
    return [*names, *(f"--{name.replace('_', '-')}" for name in names)]


def may_have_flags(config: pytest.Config) -> bool:
    """
    Whether arguments may have a flag of ours, ask for help or for completion.

    In a worker, the controller has parsed them. False positives do no harm.
    """
    environ = os.environ
    if "PYTEST_XDIST_WORKER" in environ or "_ARGCOMPLETE" in environ:
        return True
    try:
        added = config.getini("addopts")
    except (KeyError, ValueError):
        # A plugin is registered before pytest reads its file.
        return True
    more = environ.get("PYTEST_ADDOPTS", "").split()
    given = config.invocation_params.args
    return has_flags(map(str, (*given, *added, *more)))


def asks_for_help(config: pytest.Config) -> bool:
    """Whether pytest shows its help for sure, and nothing else."""
    return any(
        each == "--help" or (each[:1] == "-" and each[1:].strip("vqsxl") == "h")
        for each in map(str, config.invocation_params.args)
    )


def has_flags(arguments: Iterable[str]) -> bool:
    """Whether an argument may be a flag or setting of ours, help, or a file of them."""
    return any(
        "--xray" in each or ("xray_" in each and "=" in each) or _may_ask_for_help(each)
        for each in map(str, arguments)
    )


def _may_ask_for_help(argument: str) -> bool:
    """Whether it is ``--help``, has ``-h`` as in ``-vh``, or is ``@FILE``."""
    is_short = argument[:1] == "-" and argument[:2] != "--" and "h" in argument
    return is_short or argument == "--help" or argument[:1] == "@"


def is_asked_without_flags(config: pytest.Config) -> bool:
    """Whether the environment or a file may ask; cheap, with false positives."""
    if os.environ.get(SESSION_VARIABLE):
        # A test or a plugin of a recorded session runs this pytest, perhaps with the
        # flags of that session: it is not a session to record.
        return False
    if any(map(os.environ.get, SWITCHES.split())):
        return True
    overridden = getattr(config.known_args_namespace, "override_ini", None) or ()
    names = {str(each).partition("=")[0] for each in overridden}
    ours = {each for each in names if each.startswith("xray_")}
    ours |= names_in(config.inipath)
    if ours and ours - _unasking_names():
        return True
    return _has_shared_file(config.rootpath)


def warn_of_unread_table(config: pytest.Config) -> None:
    """Warn about settings in a table that only a newer pytest reads."""
    is_worker = hasattr(config, "workerinput")
    if pytest.version_tuple >= READS_OWN_TABLE or is_worker:
        return
    path = config.rootpath / "pyproject.toml"
    if has_setting(path) and b"[tool.pytest]" in path.read_bytes():
        from pytest_xray_bridge import options

        options.warn_of_unread_table(config)


def has_setting(path: Path | None) -> bool:
    """Whether the file that pytest read has a setting, even a misspelt one."""
    return bool(names_in(path))


def names_in(path: Path | None) -> set[str]:
    """Return our names at the starts of lines, without a parser for each format."""
    try:
        content = path.read_bytes() if path else b""
    except OSError:
        return set()
    if b"xray_" not in content:
        return set()
    lines = content.decode(errors="replace").replace(":", "=").splitlines()
    starts = (line.partition("=")[0].strip(" \t\"'") for line in lines)
    return {start for start in starts if start.startswith("xray_")}


def _unasking_names() -> set[str]:
    """Return the settings with which nothing begins, such as the project."""
    names = {f"xray_{name}" for name in SETTINGS.split()}
    return names.difference(SWITCHES.lower().split(), _secret_names())


def _secret_names() -> list[str]:
    """Return the settings that a file must not have; pytest refuses them there."""
    return [f"xray_{name}" for name in SECRETS.split()]


def _has_shared_file(folder: Path) -> bool:
    if (folder / "xray-bridge.toml").exists():
        return True
    try:
        return b"xray-bridge" in (folder / "pyproject.toml").read_bytes()
    except OSError:
        return False


def is_xray_tag(tag: str) -> bool:
    """
    Whether a tag of a feature file is Xray's: an issue, such as ``TEST_CALC-1``, or
    a label that an import has set, the path of a feature file or an ``id:``; or ours.
    """
    if tag.endswith(".feature") or tag.startswith("id:") or tag == "xray-ignore":
        return True
    head, dash, number = tag.rpartition("-")
    return bool(dash) and number.isdigit() and head.replace("_", "").isalnum()
