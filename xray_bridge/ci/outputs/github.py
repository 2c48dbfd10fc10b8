"""
GitHub Actions: outputs of the step, the summary of the job, annotations.

Limits and escapes are those of GitHub's "Workflow commands".
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.ci.outputs.protocol import Written, limit_variables
from xray_bridge.ci.outputs.text import GITHUB_DATA, GITHUB_PROPERTY


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.ci.outputs.protocol import Outputs, Place
    from xray_bridge.model.receipt import Failure

# All outputs of a job, and the summary of a step, in bytes.
LONGEST_OUTPUT = 200_000
LONGEST_SUMMARY = 1 << 20
CHECKOUT = "GITHUB_WORKSPACE"
# For each step and kind; GitHub does not show more.
ANNOTATIONS = 10


def write(outputs: Outputs, place: Place) -> Written:
    """Write outputs, the summary and annotations. Raises OSError."""
    kept, notices = limit_variables(outputs.variables, LONGEST_OUTPUT)
    place.append(
        "GITHUB_OUTPUT", "".join(_output_lines(*each) for each in kept.items())
    )
    place.append("GITHUB_STEP_SUMMARY", _fitting_summary(outputs, place))
    return Written(
        commands=tuple(_annotation_commands(outputs, place)), notices=notices
    )


def _output_lines(name: str, value: str) -> str:
    """Return lines for a value, with a delimiter that nobody can guess."""
    delimiter = f"xray_{secrets.token_hex(16)}"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _fitting_summary(outputs: Outputs, place: Place) -> str:
    path = Path(place.environ.get("GITHUB_STEP_SUMMARY", ""))
    taken = path.stat().st_size if path.is_file() else 0
    for text in (outputs.markdown, f"{outputs.headline}\n"):
        if taken + len(text.encode("utf-8", "backslashreplace")) + 1 < LONGEST_SUMMARY:
            return f"{text}\n"
    return ""


def _annotation_commands(outputs: Outputs, place: Place) -> Iterator[str]:
    if outputs.problem:
        kind = "error" if outputs.is_fatal else "warning"
        yield f"::{kind} title=xray-bridge::{_escape_data(outputs.problem)}"
    room = ANNOTATIONS - bool(outputs.problem)
    for failure in outputs.failures[:room]:
        yield _annotation_command(failure, place.in_checkout(failure.file, CHECKOUT))


def _annotation_command(failure: Failure, file: str) -> str:
    properties = {"title": failure.name}
    if file:
        properties |= {"file": file, "line": str(failure.line)}
    joined = ",".join(f"{k}={_escape_property(v)}" for k, v in properties.items())
    return f"::error {joined}::{_escape_data(failure.message or failure.name)}"


def _escape_data(text: str) -> str:
    return text.translate(GITHUB_DATA)


def _escape_property(text: str) -> str:
    return text.translate(GITHUB_PROPERTY)
