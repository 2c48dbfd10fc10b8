"""
Make the writers of report formats.
"""

from __future__ import annotations

import pkgutil
from typing import TYPE_CHECKING

from xray_bridge.model.formats import ALL_WRITERS
from xray_bridge.model.tags import PREFIXES


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.formats.write.protocol import ReportWriter
    from xray_bridge.runs.run_directory import RunInfo


def make_writer(
    name: str,
    project: str = "",
    prefixes: Sequence[str] = PREFIXES,
    info: RunInfo | None = None,
) -> ReportWriter:
    """
    Make the writer of a format.

    ``project`` is the project in which Xray JSON makes new Tests; ``prefixes`` are
    those of Xray's tags on scenarios; ``info`` describes the run.
    """
    known = ALL_WRITERS[name]
    given = {"project": project, "prefixes": prefixes, "info": info}
    make = pkgutil.resolve_name(known.path)
    made: ReportWriter = make(**{each: given[each] for each in known.takes})
    return made
