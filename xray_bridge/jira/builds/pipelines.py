"""
The name of a pipeline in Jira, which must be the same in all builds.

Jira keeps one build of each pipeline and number: a second one replaces the first. So
jobs of one CI run, and sessions of one job, need names of their own. A run directory
notes its name, so that a resend from another machine has the same.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RunDirectoryError
from xray_bridge.jira.notes import read_notes, write_notes
from xray_bridge.model.jira_text import jira_length
from xray_bridge.runs import run_directory
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xray_bridge.ci.details import Details
    from xray_bridge.config.settings import Settings
    from xray_bridge.runs.run_directory import RunDirectory

NOTE = "build"
LONGEST = 255
CUT = "..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """
    The identity of a build.

    ``attempt`` differs if the job runs again: that replaces the build.
    """

    name: str
    number: int
    attempt: str = ""


def find_pipeline(
    settings: Settings,
    details: Details,
    started: float,
    directory: RunDirectory | None,
    report_dir: Path,
) -> Pipeline | None:
    """
    Find the pipeline of a run, and note it; None outside CI without a name.

    A later session of the same job, with the same name, gets a number behind it.
    Systems without a number for builds get the second of the start.
    """
    number = int(details.number or started)
    if settings.jira_pipeline:
        return Pipeline(name=cut_name(settings.jira_pipeline), number=number)
    noted = _read_note(directory) if directory else None
    if noted is not None:
        return noted
    if not details.pipeline:
        return None
    parts = (details.pipeline, details.job, details.variant, details.folder)
    name = "/".join(filter(None, (*parts, *settings.environments)))
    taken = {
        (each.name, each.number, each.attempt)
        for each in _notes_of_others(directory, report_dir)
    }
    for at in count(1):
        numbered = cut_name(name if at == 1 else f"{name} ({at})")
        if (numbered, number, details.attempt) not in taken:
            return Pipeline(name=numbered, number=number, attempt=details.attempt)
    raise AssertionError


def note_pipeline(directory: RunDirectory, pipeline: Pipeline) -> None:
    """Note the pipeline in a run directory, if that can be written."""
    content = {name: getattr(pipeline, name) for name in Pipeline.__slots__}
    with suppress(RunDirectoryError):
        write_notes(directory, NOTE, content)


def cut_name(name: str) -> str:
    """Return one line of at most LONGEST characters: the start and the end of it."""
    name = one_line(name)
    if jira_length(name) <= LONGEST:
        return name
    half = (LONGEST - len(CUT)) // 2
    start, end = _cut_units(name, 0, half), _cut_units(name, -half, None)
    return f"{start}{CUT}{end}"


def _cut_units(text: str, start: int, end: int | None) -> str:
    """Return UTF-16 units of a text; half a character is dropped."""
    units = text.encode("utf-16-le", "replace")
    stop = None if end is None else 2 * end
    return units[2 * start : stop].decode("utf-16-le", "ignore")


def _notes_of_others(
    directory: RunDirectory | None, report_dir: Path
) -> Iterator[Pipeline]:
    own = directory.id if directory else ""
    with suppress(RunDirectoryError):
        for other in run_directory.find(report_dir):
            noted = _read_note(other) if other.id != own else None
            if noted is not None:
                yield noted


def _read_note(directory: RunDirectory) -> Pipeline | None:
    """Return the note of a run; None if there is none that can be used."""
    found = read_notes(directory, NOTE)
    name, number = found.get("name"), found.get("number")
    if not isinstance(name, str) or not name or type(number) is not int:
        return None
    attempt = str(found.get("attempt") or "")
    return Pipeline(name=cut_name(name), number=number, attempt=attempt)
