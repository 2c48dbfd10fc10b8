"""
Print for users of behave: one section at the end, or one line before an exit.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from typing import TYPE_CHECKING, NoReturn, TextIO

from xray_bridge.ci.escape import escape_ci_commands
from xray_bridge.terminal import decorate
from xray_bridge.text import readable


if TYPE_CHECKING:
    from collections.abc import Iterable

    from xray_bridge.errors import XrayBridgeError

TITLE = " xray-bridge "


def print_section(lines: Iterable[str]) -> None:
    """Print lines under a heading, on stdout like behave's summary."""
    width, stdout = shutil.get_terminal_size().columns, _real_stdout()
    harmless = (escape_ci_commands(readable(line)) for line in lines)
    shown = [decorate(line, stdout, os.environ) for line in harmless]
    _print_text("\n".join(["", TITLE.center(width, "-"), *shown]), stdout)


def print_commands(lines: Iterable[str]) -> None:
    """Print lines as they are, for the CI system that reads this output."""
    for line in lines:
        _print_text(line, _real_stdout())


def exit_with(error: XrayBridgeError) -> NoReturn:
    """Print the error on stderr and exit with its code, before the first test."""
    text = escape_ci_commands(readable(f"xray-bridge: {error}"))
    _print_text(text, sys.stderr)
    raise SystemExit(error.exit_code)


def _real_stdout() -> TextIO:
    """
    Return the real stdout.

    behave's capture stays in its place if a step ends the process, and in 1.2.6 if
    Ctrl-C ends the hook of a step.
    """
    captured = isinstance(sys.stdout, io.StringIO)
    return sys.__stdout__ or sys.stdout if captured else sys.stdout


def _print_text(text: str, stream: TextIO) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    # A Windows console may know fewer characters than a feature file has.
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream)
    stream.flush()
