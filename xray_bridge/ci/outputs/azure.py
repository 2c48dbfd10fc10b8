"""
Azure Pipelines: variables, a page of the run's summary, issues.

All of these are logging commands: lines of the step's output. The escapes are those of
Microsoft's azure-pipelines-task-lib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.ci.outputs.protocol import Written, limit_variables
from xray_bridge.ci.outputs.text import AZURE_DATA, AZURE_PROPERTY


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.ci.outputs.protocol import Outputs, Place
    from xray_bridge.model.receipt import Failure

# Windows has no longer variables.
LONGEST = 30_000
CHECKOUT = "BUILD_SOURCESDIRECTORY"
ISSUES = 10
SUMMARY = "summary.md"


def write(outputs: Outputs, place: Place) -> Written:
    """Write variables, the summary page and issues. Raises OSError."""
    kept, notices = limit_variables(outputs.variables, LONGEST)
    # The first is for later steps of the job, the second for other jobs.
    lines = [
        _make_command("task.setvariable", f"variable={name}{kind}", value)
        for name, value in kept.items()
        for kind in ("", ";isoutput=true")
    ]
    if outputs.markdown:
        path = place.file(SUMMARY, outputs.markdown)
        lines.append(_make_command("task.uploadsummary", "", str(path)))
    return Written(commands=(*lines, *_issue_commands(outputs, place)), notices=notices)


def _issue_commands(outputs: Outputs, place: Place) -> Iterator[str]:
    if outputs.problem:
        kind = "error" if outputs.is_fatal else "warning"
        yield _make_command("task.logissue", f"type={kind}", outputs.problem)
    for failure in outputs.failures[:ISSUES]:
        yield _issue_command(failure, place.in_checkout(failure.file, CHECKOUT))


def _issue_command(failure: Failure, file: str) -> str:
    properties = "type=error"
    if file:
        path = file.translate(AZURE_PROPERTY)
        properties += f";sourcepath={path};linenumber={failure.line}"
    text = f"{failure.name}: {failure.message}" if failure.message else failure.name
    return _make_command("task.logissue", properties, text)


def _make_command(name: str, properties: str, data: str) -> str:
    head = f"{name} {properties}".strip()
    return f"##vso[{head}]{data.translate(AZURE_DATA)}"
