"""
Print output without secrets, and without text that a CI system takes for commands.
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from xray_bridge import progress as progress_line
from xray_bridge.ci.escape import escape_ci_commands, escape_ci_commands_in_json
from xray_bridge.config.resolve import redactor_of
from xray_bridge.terminal import decorate


if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

    from xray_bridge.config.redaction import Redactor
    from xray_bridge.errors import XrayBridgeError

# Characters that control a terminal.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Of Markdown. Commands of CI systems have a word or a bracket after the #.
HEADING = re.compile(r"#{1,6} ")


def hide(
    arguments: argparse.Namespace, redactors: Callable[[], Iterable[Redactor]]
) -> None:
    """From now on, remove the secrets of these redactors from all output."""
    arguments.hidden = [*getattr(arguments, "hidden", ()), redactors]


def emit(
    arguments: argparse.Namespace,
    document: object,
    lines: Iterable[str] = (),
    commands: Iterable[str] = (),
) -> None:
    """
    Print the result of a command: the document with ``--json``, or else the lines.

    ``commands`` follow the lines: ``ci.outputs`` has made them for the CI system that
    runs this process. No other line can be a command for it.
    """
    clean = _make_cleaner(arguments)
    if is_json(arguments):
        print(escape_ci_commands_in_json(json.dumps(_clean_document(document, clean))))
        return
    progress_line.clear()
    for line in lines:
        print(decorate(escape_line(clean(line)), sys.stdout, os.environ))
    for command in commands:
        print(clean(command))


def progress(arguments: argparse.Namespace, lines: Iterable[str]) -> None:
    """Print lines at once; on standard error if a JSON document follows."""
    file = sys.stderr if is_json(arguments) else sys.stdout
    clean = _make_cleaner(arguments)
    progress_line.clear()
    for line in lines:
        print(
            decorate(escape_line(clean(line)), file, os.environ), file=file, flush=True
        )


def error(arguments: argparse.Namespace, problem: XrayBridgeError) -> None:
    """Print why a command failed, on standard error and as JSON document."""
    if is_json(arguments):
        found = {"message": problem.message, "hint": problem.hint, "slug": problem.slug}
        emit(arguments, {"error": found})
    text = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
    warn(f"xray-bridge: error: {_make_cleaner(arguments)(text)} [{problem.slug}]")


def warn(text: str) -> None:
    """Print one line on standard error, without the secrets of the environment."""
    line = escape_line(redactor_of(os.environ).clean(text))
    progress_line.clear()
    print(decorate(line, sys.stderr, os.environ), file=sys.stderr, flush=True)


def is_json(arguments: argparse.Namespace) -> bool:
    """Return whether ``--json`` is given."""
    return bool(getattr(arguments, "json", False))


def escape_line(text: str) -> str:
    """Return one line without control characters and commands of a CI system."""
    line = CONTROLS.sub(_as_code, " ".join(text.splitlines()))
    head = HEADING.match(line)
    return (
        f"{head[0]}{escape_ci_commands(line[head.end() :])}"
        if head
        else escape_ci_commands(line)
    )


def _as_code(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"


def _make_cleaner(arguments: argparse.Namespace) -> Callable[[str], str]:
    sources = getattr(arguments, "hidden", ())
    redactors = [redactor_of(os.environ), *(r for source in sources for r in source())]

    def clean(text: str) -> str:
        for redactor in redactors:
            text = redactor.clean(text)
        return text

    return clean


def _clean_document(content: Any, clean: Callable[[str], str]) -> Any:
    """Return the document with all texts cleaned."""
    if isinstance(content, str):
        return clean(content)
    if isinstance(content, dict):
        return {
            _clean_document(name, clean): _clean_document(value, clean)
            for name, value in content.items()
        }
    if isinstance(content, (list, tuple)):
        return [_clean_document(value, clean) for value in content]
    return content
