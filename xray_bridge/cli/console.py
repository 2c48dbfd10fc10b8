"""
The one place that prints: no secrets, no commands that a CI system would take.
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from xray_bridge.ci.escape import escape_ci_commands, escape_ci_commands_in_json
from xray_bridge.config.resolve import redactor_of


if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

    from xray_bridge.config.redaction import Redactor
    from xray_bridge.errors import XrayBridgeError

# What moves a terminal's cursor.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Of Markdown. The blank tells it from a command: these have a word or a bracket there.
HEADING = re.compile(r"#{1,6} ")


def hide(
    arguments: argparse.Namespace, redactors: Callable[[], Iterable[Redactor]]
) -> None:
    """From now on print nothing that these take out."""
    arguments.hidden = [*getattr(arguments, "hidden", ()), redactors]


def emit(
    arguments: argparse.Namespace,
    document: object,
    lines: Iterable[str] = (),
    commands: Iterable[str] = (),
) -> None:
    """
    Print what a command found: the document with ``--json``, or else the lines.

    ``commands`` follow the lines. They are made by ``ci.outputs`` for the CI system
    that runs this process, and the only ones that it may take for commands.
    """
    clean = _cleaner(arguments)
    if is_json(arguments):
        print(escape_ci_commands_in_json(json.dumps(_cleaned(document, clean))))
        return
    for line in lines:
        print(escaped(clean(line)))
    for command in commands:
        print(clean(command))


def progress(arguments: argparse.Namespace, lines: Iterable[str]) -> None:
    """Print lines at once; on standard error where a document is to follow."""
    file = sys.stderr if is_json(arguments) else sys.stdout
    clean = _cleaner(arguments)
    for line in lines:
        print(escaped(clean(line)), file=file, flush=True)


def error(arguments: argparse.Namespace, problem: XrayBridgeError) -> None:
    """Print why a command failed: for people on standard error, and the document."""
    if is_json(arguments):
        found = {"message": problem.message, "hint": problem.hint, "slug": problem.slug}
        emit(arguments, {"error": found})
    text = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
    warn(f"xray-bridge: error: {_cleaner(arguments)(text)} [{problem.slug}]")


def warn(text: str) -> None:
    """Print one line on standard error, without the secrets of the environment."""
    line = escaped(redactor_of(os.environ).clean(text))
    print(line, file=sys.stderr, flush=True)


def is_json(arguments: argparse.Namespace) -> bool:
    """Whether a machine reads standard output."""
    return bool(getattr(arguments, "json", False))


def escaped(text: str) -> str:
    """One line, in which no control character and no command of a CI system is."""
    line = CONTROLS.sub(_as_code, " ".join(text.splitlines()))
    head = HEADING.match(line)
    return (
        f"{head[0]}{escape_ci_commands(line[head.end() :])}"
        if head
        else escape_ci_commands(line)
    )


def _as_code(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"


def _cleaner(arguments: argparse.Namespace) -> Callable[[str], str]:
    sources = getattr(arguments, "hidden", ())
    redactors = [redactor_of(os.environ), *(r for source in sources for r in source())]

    def clean(text: str) -> str:
        for redactor in redactors:
            text = redactor.clean(text)
        return text

    return clean


def _cleaned(content: Any, clean: Callable[[str], str]) -> Any:
    """The same document, each of its texts cleaned."""
    if isinstance(content, str):
        return clean(content)
    if isinstance(content, dict):
        return {
            _cleaned(name, clean): _cleaned(value, clean)
            for name, value in content.items()
        }
    if isinstance(content, (list, tuple)):
        return [_cleaned(value, clean) for value in content]
    return content
