"""
Print lines of a session, with pytest's terminal reporter or without it.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from xray_bridge.ci.escape import escape_ci_commands
from xray_bridge.terminal import add_links, choose_colour, has_links
from xray_bridge.text import readable


if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest


def print_before(
    config: pytest.Config, clean: Callable[[str], str], lines: Sequence[str]
) -> None:
    """Print lines that users need before the first test."""
    terminal = _terminal(config)
    for line in lines if terminal else ():
        terminal.ensure_newline()
        terminal.write_line(_harmless(f"xray-bridge: {clean(line)}"))


def print_section(config: pytest.Config, lines: Sequence[str]) -> None:
    """Print the section of xray-bridge at the end."""
    terminal = _terminal(config)
    if terminal is None:
        print(*map(_harmless, lines), sep="\n", file=sys.stderr)
        return
    terminal.write_sep("=", "xray-bridge")
    links = has_links(sys.stdout, os.environ)
    for line in lines:
        colour = choose_colour(line)
        text = _harmless(line)
        markup = {colour: True} if colour else {}
        terminal.write_line(add_links(text) if links else text, **markup)


def print_commands(config: pytest.Config, lines: Sequence[str]) -> None:
    """Print lines for the CI system, which expects them at the start of a line."""
    terminal = _terminal(config)
    for line in lines:
        if terminal is None:
            print(line)
        else:
            terminal.write_line(line)


def _harmless(line: str) -> str:
    """Return a line with texts of others as no terminal and no CI system obeys it."""
    return escape_ci_commands(readable(line))


def _terminal(config: pytest.Config) -> Any:
    return config.pluginmanager.get_plugin("terminalreporter")
