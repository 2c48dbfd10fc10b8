"""
Flags from the table of settings, which the subcommands share, and their values.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import console
from xray_bridge.config.effective import effective_settings
from xray_bridge.config.setting import CONNECTION, EXECUTION, JIRA, RESULTS
from xray_bridge.config.settings import TABLE, Settings, settings_in
from xray_bridge.errors import UsageError


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xray_bridge.config.effective import Effective
    from xray_bridge.config.setting import Setting

# Settings to reach a server; the sandbox keeps its data in report_dir.
OF_A_CONNECTION = (*settings_in(CONNECTION), Settings.report_dir)
# Settings of an upload that can be checked before it.
OF_A_CHECK = (
    *OF_A_CONNECTION,
    *settings_in(EXECUTION, RESULTS, JIRA),
    Settings.format,
)


def add_verbose(parser: argparse.ArgumentParser) -> None:
    """Add ``-v``, which all commands have, before or after the name of an action."""
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=argparse.SUPPRESS,
        help="show each request, wait and decision on standard error",
    )


def add_flags(
    parser: argparse.ArgumentParser,
    settings: Iterable[Setting[Any]] = tuple(TABLE.values()),
    helps: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """
    Add ``--json``, ``-v`` and the flags of settings that the command uses.

    ``helps`` are other help texts, for settings that mean more here.
    """
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    add_verbose(parser)
    # For the adapters: the settings of their session, on standard input.
    parser.add_argument("--given", choices=["-"], help=argparse.SUPPRESS)
    group = parser.add_argument_group("settings")
    used = set(settings)
    for setting in TABLE.values():
        if setting in used and setting.own_flag is None:
            _add_flag(group, setting, helps.get(setting.name, setting.help))


def add_framework(
    parser: argparse.ArgumentParser,
    names: Iterable[str],
    what: str = "that collects the tests",
) -> None:
    """Add the flag with the tool of the tests; without it, their files decide."""
    parser.add_argument(
        "--framework",
        choices=sorted(names),
        help=f"the tool {what}; default: behave if this project has behave's files, "
        "otherwise pytest",
    )


def _add_flag(
    group: argparse._ArgumentGroup,
    setting: Setting[Any],
    help_text: str,
) -> None:
    keywords: dict[str, Any] = {"dest": f"set_{setting.name}", "default": None}
    if setting.flag:
        keywords |= {"action": "store_const", "const": "yes"}
    else:
        keywords |= {"metavar": setting.metavar}
    # A secret's flag exists only for its error message.
    shown = argparse.SUPPRESS if setting.secret else help_text.replace("%", "%%")
    group.add_argument(setting.flag_name, help=shown, **keywords)


def is_flag_given(arguments: argparse.Namespace, name: str) -> bool:
    """Return whether the flag of a setting is on the command line."""
    return getattr(arguments, f"set_{name}", None) is not None


def resolve_settings(
    arguments: argparse.Namespace,
    also: Mapping[str, object] = MappingProxyType({}),
    *,
    reads_frameworks: bool = False,
    looks_only: bool = False,
) -> Effective:
    """
    Return the settings of a command; its output no longer contains their secrets.

    ``also`` are values of the command's own flags. ``reads_frameworks``: settings in
    the files of pytest and behave count. ``looks_only``: no secret of a stored
    connection is fetched.
    """
    flags = {name: getattr(arguments, f"set_{name}", None) for name in TABLE}
    given = _read_given() if getattr(arguments, "given", None) else None
    arguments.session_settings = given
    found = effective_settings(
        {**flags, **also},
        given=given,
        reads_frameworks=reads_frameworks,
        looks_only=looks_only,
    )
    console.hide(arguments, found.redactors)
    return found


@contextlib.contextmanager
def settings_with_server(
    arguments: argparse.Namespace,
    also: Mapping[str, object] = MappingProxyType({}),
    *,
    looks_only: bool = False,
) -> Iterator[Settings]:
    """
    Yield the settings of a command that needs a server; run the sandbox if set.

    A session gives its own settings; else the files of pytest and behave count.
    """
    is_of_session = bool(getattr(arguments, "given", None))
    found = resolve_settings(arguments, also, reads_frameworks=not is_of_session)
    with found.with_server(looks_only=looks_only) as settings:
        console.hide(arguments, lambda: [settings.redactor])
        yield settings


def report_dir(arguments: argparse.Namespace) -> Path:
    """Return the folder with the run directories."""
    return Path(resolve_settings(arguments).local.report_dir)


def _read_given() -> dict[str, str]:
    try:
        found = json.load(sys.stdin)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        msg = "--given - expects a JSON object on standard input"
        raise UsageError(msg)
    return {str(name): str(value) for name, value in found.items()}
