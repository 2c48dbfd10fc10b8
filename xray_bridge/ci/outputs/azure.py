"""
Azure Pipelines: variables, a page of the run's summary, issues.

All of it is logging commands, lines of the step's output. Escapes are those of
Microsoft's azure-pipelines-task-lib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.ci.outputs.protocol import Written, short
from xray_bridge.ci.outputs.text import AZURE_DATA, AZURE_PROPERTY


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.ci.outputs.protocol import Outputs, Place
    from xray_bridge.model.receipt import Failure

# Windows has no longer variables.
LONGEST = 30_000
ISSUES = 10
SUMMARY = "summary.md"


def write(outputs: Outputs, place: Place) -> Written:
    """Raises OSError."""
    kept, notices = short(outputs.variables, LONGEST)
    # One for later steps of the job, one for other jobs.
    lines = [
        _command("task.setvariable", f"variable={name}{kind}", value)
        for name, value in kept.items()
        for kind in ("", ";isoutput=true")
    ]
    if outputs.markdown:
        path = place.file(SUMMARY, outputs.markdown)
        lines.append(_command("task.uploadsummary", "", str(path)))
    return Written(commands=(*lines, *_issues(outputs)), notices=notices)


def _issues(outputs: Outputs) -> Iterator[str]:
    if outputs.problem:
        kind = "error" if outputs.is_fatal else "warning"
        yield _command("task.logissue", f"type={kind}", outputs.problem)
    yield from map(_issue, outputs.failures[:ISSUES])


def _issue(failure: Failure) -> str:
    told = "type=error"
    if failure.file:
        path = failure.file.translate(AZURE_PROPERTY)
        told += f";sourcepath={path};linenumber={failure.line}"
    text = f"{failure.name}: {failure.message}" if failure.message else failure.name
    return _command("task.logissue", told, text)


def _command(name: str, properties: str, data: str) -> str:
    head = f"{name} {properties}".strip()
    return f"##vso[{head}]{data.translate(AZURE_DATA)}"
