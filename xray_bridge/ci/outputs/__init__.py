"""
Give results to later steps of a CI job, in the way of the system that runs it.

``WAYS`` names the module for each system. Some systems read files that the environment
names, some have a program, and some read lines from the output of the process.
"""

from __future__ import annotations

import pkgutil
from typing import TYPE_CHECKING

from xray_bridge.ci import detect
from xray_bridge.ci.outputs.protocol import Outputs, Place, Written


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Way = Callable[[Outputs, Place], Written]

__all__ = ["WAYS", "Outputs", "Place", "Written", "write"]

# By the slug of the system; each module is imported when it is needed.
WAYS = {
    "github": "github:write",
    "gitlab": "gitlab:write",
    "jenkins": "files:write_jenkins",
    "azure": "azure:write",
    "bitbucket": "files:write_bitbucket",
    "circleci": "files:write_circleci",
    "harness": "files:write_drone",
    "drone": "files:write_drone",
    "buildkite": "buildkite:write",
    "teamcity": "teamcity:write",
}


def write(
    outputs: Outputs,
    environ: Mapping[str, str],
    folder: Path,
    clean: Callable[[str], str] = str,
) -> Written:
    """
    Write for the CI system of this environment; never raises.

    ``folder`` is the place of files for which the environment names none. ``clean``
    removes secrets before anything is escaped. Errors become notices, because the
    results are in Xray already.
    """
    found = detect.find_system(environ)
    if found is None or found.slug not in WAYS:
        return Written()
    way: Way = pkgutil.resolve_name(f"{__name__}.{WAYS[found.slug]}")
    try:
        return way(outputs.cleaned(clean), Place(environ=environ, folder=folder))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        notice = f"{found.name} did not get the results: {reason}"
        where = f" ({error.filename})" if error.filename else ""
        return Written(notices=(f"{notice}{where}",))
