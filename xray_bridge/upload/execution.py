"""
Describe a new Test Execution: its label, summary, description and fields.
"""

from __future__ import annotations

import hashlib
import re
import time
from typing import TYPE_CHECKING

from xray_bridge.client.import_requests import Execution
from xray_bridge.config.settings import Settings
from xray_bridge.model.jira_text import (
    LONGEST_DESCRIPTION,
    LONGEST_SUMMARY,
    jira_length,
    shorten,
)
from xray_bridge.text import one_line, readable
from xray_bridge.upload.unasked import Unasked


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.upload.prepared_run import PreparedRun

# Characters of a run id within a label.
LONGEST_ID = 60
ODD = re.compile(r"[^A-Za-z0-9._-]")
# Characters of a description, reserved for the line that counts the rest.
ROOM_FOR_MORE = 100


def describe_execution(run: PreparedRun) -> Execution:
    """
    Describe the Test Execution, from the settings or else from the CI context.

    Texts are cut to the length that Jira accepts, with dots at the end.
    """
    settings = run.settings
    summary = one_line(settings.summary) or _default_summary(run)
    description = readable(settings.description or _default_description(run))
    return Execution(
        project=settings.project,
        label=label_of(run),
        test_plan=settings.test_plan,
        environments=settings.environments,
        revision=settings.revision,
        revision_is_guessed=not settings.is_given(Settings.revision),
        fix_version=run.fix_version,
        summary=shorten(summary, LONGEST_SUMMARY),
        description=shorten(description, LONGEST_DESCRIPTION),
        labels=settings.labels,
        fields=settings.execution_fields,
        test_fields=settings.test_fields,
        started=run.results.started,
        finished=run.results.finished,
    )


def what_is_unasked(run: PreparedRun, execution: Execution) -> Unasked:
    """Return the fields the user did not set, as earlier uploads have noted them."""
    unasked = Unasked(execution, is_described=bool(run.settings.description))
    unasked.resume(run.directory.state.mark)
    return unasked


def label_of(run: PreparedRun) -> str:
    """
    Return the label by which the Test Execution of this run, or CI run, is found.

    The project is part of it, because a short run id, such as a build number, is
    not unique. Labels in Jira have no blanks, and JQL treats other characters
    specially.
    """
    if not run.is_shared:
        return f"xray-bridge-{run.directory.id}"
    whose = filter(None, (run.settings.project, run.info.framework))
    names = [run.info.run_id]
    if run.info.split_by:
        names.append(_name_environments(run) or "no-environment")
    return "-".join(("xray-bridge", *whose, *map(_as_label, names)))


def _as_label(text: str) -> str:
    name = ODD.sub("-", text)[:LONGEST_ID]
    if name == text:
        return name
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _name_environments(run: PreparedRun) -> str:
    return ";".join(sorted(run.settings.environments))


def _default_summary(run: PreparedRun) -> str:
    info = run.info
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(info.started))
    build = " ".join(filter(None, (info.ci.get("name"), info.ci.get("build_number"))))
    where = _name_environments(run) if info.split_by else ""
    return one_line(", ".join(filter(None, (f"{info.framework} {when}", build, where))))


def _default_description(run: PreparedRun) -> str:
    """Return lines about the build and the reasons why the run is incomplete."""
    ci = run.info.ci
    known = {
        "Build": readable(ci.get("build_url", "")),
        "Branch": one_line(ci.get("branch", ""))[:LONGEST_SUMMARY],
    }
    lines = [f"{name}: {value}" for name, value in known.items() if value]
    room = LONGEST_DESCRIPTION - jira_length("\n".join(lines)) - ROOM_FOR_MORE
    return "\n".join((*lines, *_incomplete_lines(run.incomplete, room)))


def _incomplete_lines(incomplete: tuple[str, ...], room: int) -> Iterator[str]:
    for number, reason in enumerate(incomplete):
        line = f"Incomplete: {readable(reason)}"
        room -= jira_length(line) + 1
        if room < 0:
            yield f"... {len(incomplete) - number} more"
            return
        yield line
