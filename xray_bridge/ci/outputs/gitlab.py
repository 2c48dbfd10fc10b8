"""
GitLab CI: a dotenv report, and links on the page of the job.

The job must name both as artifacts; the manual shows how.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from xray_bridge.ci.outputs.protocol import Written
from xray_bridge.ci.outputs.text import is_plain


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xray_bridge.ci.outputs.protocol import Outputs, Place

DOTENV = "gitlab.env"
ANNOTATIONS = "gitlab-annotations.json"
# Bytes of the file; a longer file fails the job's report.
LONGEST = 5 * 1024


def write(outputs: Outputs, place: Place) -> Written:
    """Write the dotenv report and the links. Raises OSError."""
    lines = tuple(_fitting_lines(outputs.variables))
    place.file(DOTENV, "".join(lines))
    links = [
        {"external_link": {"label": label, "url": url}} for label, url in outputs.links
    ]
    place.file(ANNOTATIONS, json.dumps({"Xray": links}))
    missing = len(outputs.variables) - len(lines)
    # The raw answer is never plain, so its absence is no news.
    notices = () if missing <= 1 else (f"{DOTENV} has no room for all variables",)
    return Written(notices=notices)


def _fitting_lines(variables: Mapping[str, str]) -> Iterator[str]:
    room = LONGEST
    for name, value in variables.items():
        line = f"{name}={value}\n"
        size = len(line.encode("utf-8", "backslashreplace"))
        if is_plain(value) and size <= room:
            room -= size
            yield line
