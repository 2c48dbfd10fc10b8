"""
Buildkite: an annotation of the build, and its meta-data, by the agent's own program.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import TYPE_CHECKING

from xray_bridge.ci.outputs.protocol import Written, limit_variables


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.ci.outputs.protocol import Outputs, Place

    # Arguments, and what goes to standard input.
    Call = tuple[tuple[str, ...], str]

AGENT = "buildkite-agent"
# The longest value and annotation, in bytes.
LONGEST = 100_000
LONGEST_ANNOTATION = 1 << 20
# For all calls together, in seconds: the session waits for them.
PATIENCE = 3.5


def write(outputs: Outputs, place: Place) -> Written:
    """Write with the agent's program; without it, as in a container, do nothing."""
    agent = shutil.which(AGENT, path=place.environ.get("PATH"))
    if agent is None:
        return Written()
    kept, notices = limit_variables(outputs.variables, LONGEST)
    calls: list[Call] = [
        # The agent refuses empty values.
        (("meta-data", "set", name), value)
        for name, value in kept.items()
        if value
    ]
    if outputs.markdown:
        calls.append((_annotation_arguments(outputs), outputs.markdown))
    ended = _run_calls(agent, calls, place)
    failed = [
        " ".join(call[:3]) for (call, _), ok in zip(calls, ended, strict=True) if not ok
    ]
    errors = (f"{AGENT} failed: {', '.join(failed)}",) if failed else ()
    return Written(notices=(*notices, *errors))


def _annotation_arguments(outputs: Outputs) -> tuple[str, ...]:
    if outputs.problem:
        style = "error" if outputs.is_fatal else "warning"
    else:
        style = "error" if outputs.failures else "success"
    return ("annotate", "--style", style, "--context", "xray-bridge")


def _run_calls(agent: str, calls: Sequence[Call], place: Place) -> list[bool]:
    """Run all calls at the same time, because each one waits for Buildkite."""
    end = time.monotonic() + PATIENCE
    started = []
    for arguments, content in calls:
        process = subprocess.Popen(  # noqa: S603 - Buildkite's own program
            [agent, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(place.environ),
        )
        started.append((process, content.encode("utf-8", "backslashreplace")))
    return [_wait_for(process, content, end) for process, content in started]


def _wait_for(process: subprocess.Popen[bytes], content: bytes, end: float) -> bool:
    try:
        process.communicate(content, timeout=max(0.01, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return process.returncode == 0
