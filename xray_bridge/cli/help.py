"""
``xray-bridge help``: explain a setting, or the name at the end of an error.
"""

from __future__ import annotations

import argparse
import difflib
import textwrap
from typing import TYPE_CHECKING, Any

from xray_bridge.cli import console, options
from xray_bridge.config.secret import Secret
from xray_bridge.config.settings import TABLE, Settings
from xray_bridge.errors import UsageError, XrayBridgeError
from xray_bridge.runs.evidence import format_size
from xray_bridge.text import format_table


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.config.setting import Setting

WIDTH = 79
# Of this command; all other flags are names of settings.
FLAGS = frozenset({"-h", "--help", "-v", "--verbose"})
TITLES = {
    "session": "What to do",
    "connection": "The server",
    "execution": "Where results go",
    "results": "What results contain",
    "jira": "What else happens in Jira",
}


def register(commands: Any, help_text: str) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "help",
        help=help_text,
        description="Explains a setting, or the name in brackets at the end of an "
        "error. Without a name, it lists all settings.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="a setting, in any spelling; an error"
    )
    options.add_verbose(parser)
    parser.set_defaults(run=run)


def take_flags_as_names(argv: Sequence[str]) -> list[str]:
    """Return the words after ``help`` as the parser takes them: a flag is a name."""
    return [word if word in FLAGS else word.lstrip("-") for word in argv]


def run(arguments: argparse.Namespace) -> int:
    """
    Print the explanation.

    Raises UsageError for a name that is neither a setting nor an error.
    """
    console.emit(arguments, {}, list(_explain(arguments.name or "")))
    return 0


def _explain(given: str) -> Iterator[str]:
    name, errors = _to_name(given), _list_errors()
    slug = given.strip("[]")
    if not given:
        yield from _list_settings()
        return
    is_setting = name in TABLE
    if is_setting:
        yield from _explain_setting(TABLE[name])
    if slug in errors:
        # ``report`` is both.
        yield from [""] * is_setting
        yield from _explain_error(errors[slug])
    elif not is_setting:
        similar = difflib.get_close_matches(name, [*TABLE, *errors], 1)
        hint = f"did you mean {similar[0]}?" if similar else "`xray-bridge help`"
        msg = f"{given!r} is neither a setting nor the name of an error"
        raise UsageError(msg, hint=hint)


def _to_name(given: str) -> str:
    """Return the name of a setting from any of its spellings."""
    return given.lower().replace("-", "_").removeprefix("xray_")


def _list_settings() -> Iterator[str]:
    for group, title in TITLES.items():
        yield f"{title}:"
        rows = [
            (
                f"  {each.name}",
                textwrap.shorten(each.help, WIDTH - 26, placeholder=" ..."),
            )
            for each in TABLE.values()
            if each.of == group
        ]
        yield from format_table(rows)
        yield ""
    yield "`xray-bridge help NAME` shows how one is set; the manual's page is Settings."


def _explain_setting(setting: Setting[Any]) -> Iterator[str]:
    yield from textwrap.wrap(f"{setting.name}: {setting.help}", WIDTH)
    yield ""
    yield from format_table(list(_doors(setting)))


def _doors(setting: Setting[Any]) -> Iterator[tuple[str, str]]:
    """Yield the places at which it can be set, each with its spelling there."""
    value = "yes" if setting.flag else setting.metavar
    after = "" if setting.flag else f" {setting.metavar}"
    yield "default", describe_default(setting) or "none"
    if not setting.secret:
        yield "pytest", f"{setting.pytest_flag}{after}"
        yield "pytest's file", f"{setting.ini} = {value}"
        yield "behave", f"-D {setting.ini}={value}"
        yield "behave's file", f"{setting.ini} = {value}, in [behave.userdata]"
        yield (
            "shared file",
            f"{setting.name}, in xray-bridge.toml or [tool.xray-bridge]",
        )
    if not setting.secret and setting.own_flag is None:
        yield "xray-bridge", f"{setting.flag_name}{after}"
    for number, variable in enumerate(setting.variables):
        yield "" if number else "environment", variable


def describe_default(setting: Setting[Any]) -> str:
    """Return the default as one would type it; empty if there is none."""
    value = setting.default
    if isinstance(value, Secret) or value in ("", (), {}):
        return ""
    if isinstance(value, bool):
        # ``verify`` also takes a path, so its words are different.
        words = ("true", "false") if "true" in setting.metavar else ("yes", "no")
        return words[0] if value else words[1]
    if isinstance(value, float):
        return f"{value:g}s"
    if setting is Settings.evidence_limit:
        return " ".join(map(format_size, value))
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _list_errors() -> dict[str, type[XrayBridgeError]]:
    # The one error that is raised in sessions only, and defined there.
    import xray_bridge.recording.second_process  # noqa: F401

    found: dict[str, type[XrayBridgeError]] = {}
    waiting = [XrayBridgeError]
    while waiting:
        known = waiting.pop()
        found.setdefault(known.slug, known)
        waiting += known.__subclasses__()
    return found


def _explain_error(found: type[XrayBridgeError]) -> Iterator[str]:
    sentence = (found.__doc__ or "").strip().partition("\n")[0]
    yield f"{found.slug}: {sentence.replace('``', '`')}"
    yield f"Exit code: {found.exit_code}. The manual's page Errors says what to do."
