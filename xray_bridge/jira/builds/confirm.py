"""
Read a build back: Jira accepts it first, and stores it a moment later.
"""

from __future__ import annotations

import time
from itertools import chain, repeat
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from xray_bridge.client.builds import BuildsApi
    from xray_bridge.jira.builds.build import Build
    from xray_bridge.jira.builds.send import Target

# Seconds between the questions, half a minute together.
PAUSES = (0.5, 1.0, 2.0, *repeat(3.0, 9))


def wait_for_build(build: Build, target: Target) -> bool:
    """
    Wait until Jira shows the build, or a later one; False if it does not.

    On Data Center a link is there at once. Raises the errors of requests.
    """
    if not target.connection.dialect.has_builds:
        return True
    api = target.api()
    for pause in chain((0.0,), PAUSES):
        time.sleep(pause)
        found = _read(api, build) or {}
        sequence = found.get("updateSequenceNumber")
        if isinstance(sequence, int) and sequence >= build.sequence:
            return True
    return False


def _read(api: BuildsApi, build: Build) -> dict[str, object] | None:
    if build.environment:
        return api.read_deployment(build.pipeline, build.environment, build.number)
    return api.read_build(build.pipeline, build.number)
