"""
Write for systems that read a file: Jenkins, Bitbucket, CircleCI, Harness, Drone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from xray_bridge.ci.outputs import text
from xray_bridge.ci.outputs.protocol import Written, limit_variables


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.ci.outputs.protocol import Outputs, Place

PROPERTIES = "xray.properties"
RECEIPT = "receipt.json"
SUMMARY = "summary.md"
# Linux limits a variable to 128 KB, including its name.
LONGEST = 100_000


def write_jenkins(outputs: Outputs, place: Place) -> Written:
    """
    Write files for ``readProperties`` and ``readJSON``, at fixed paths.

    Raises OSError.
    """
    place.file(PROPERTIES, text.properties_file(outputs.variables))
    place.file(SUMMARY, outputs.markdown)
    if outputs.document:
        place.file(RECEIPT, json.dumps(outputs.document, indent=1))
    return Written()


def write_bitbucket(outputs: Outputs, place: Place) -> Written:
    """Write output variables of the step. Raises OSError."""
    place.append("BITBUCKET_PIPELINES_VARIABLES_PATH", _dotenv_lines(outputs.variables))
    return Written()


def write_drone(outputs: Outputs, place: Place) -> Written:
    """Write output variables of a plugin's step, also for Harness. Raises OSError."""
    place.append("DRONE_OUTPUT", _dotenv_lines(outputs.variables))
    return Written()


def write_circleci(outputs: Outputs, place: Place) -> Written:
    """Write variables for later steps of the job. Raises OSError."""
    kept, notices = limit_variables(outputs.variables, LONGEST)
    lines = [f"{text.shell_line(name, value)}\n" for name, value in kept.items()]
    place.append("BASH_ENV", "".join(lines))
    return Written(notices=notices)


def _dotenv_lines(variables: Mapping[str, str]) -> str:
    """Return lines for those variables that need no quotes."""
    kept, _ = limit_variables(variables, LONGEST)
    plain = {name: value for name, value in kept.items() if text.is_plain(value)}
    return "".join(f"{name}={value}\n" for name, value in plain.items())
