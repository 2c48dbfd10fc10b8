"""
TeamCity: parameters of the build and its status text, as service messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.ci.outputs.protocol import Written, limit_variables
from xray_bridge.ci.outputs.text import TEAMCITY


if TYPE_CHECKING:
    from xray_bridge.ci.outputs.protocol import Outputs, Place

# Parameters become environment variables; Windows has no longer ones.
LONGEST = 30_000
# TeamCity's limit for the description of a problem.
LONGEST_PROBLEM = 4_000


def write(outputs: Outputs, place: Place) -> Written:  # noqa: ARG001 - as all ways
    """Make service messages; TeamCity counts failed tests itself."""
    kept, notices = limit_variables(outputs.variables, LONGEST)
    lines = [
        _service_message("setParameter", name=f"env.{name}", value=value)
        for name, value in kept.items()
    ]
    if outputs.headline:
        text = f"{{build.status.text}}; {_remove_references(outputs.headline)}"
        lines.append(_service_message("buildStatus", text=text))
    if outputs.problem:
        text = outputs.problem[:LONGEST_PROBLEM]
        lines.append(
            _service_message("buildProblem", description=text, identity="xray-bridge")
            if outputs.is_fatal
            else _service_message("message", text=text, status="WARNING")
        )
    return Written(commands=tuple(lines), notices=notices)


def _remove_references(text: str) -> str:
    """Remove the references from a status text."""
    return text.replace("{", "(").replace("}", ")")


def _service_message(kind: str, **attributes: str) -> str:
    joined = " ".join(
        f"{name}='{text.translate(TEAMCITY)}'" for name, text in attributes.items()
    )
    return f"##teamcity[{kind} {joined}]"
