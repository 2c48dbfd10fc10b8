"""
Read the captured output of a scenario as one text.

behave 1.3 keeps it with the scenario, including that of hooks; 1.2.6 keeps only the
output of steps of failed scenarios, and captures no hooks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from behave import capture


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from behave.model import Scenario, Step

# Version 1.2.6 keeps output in buffers of the runner, 1.3 with each statement.
HAS_BUFFERS = not hasattr(capture, "ManyCaptured")
OF_STEPS = "scenario"
STREAMS = ("stdout", "stderr", "log")
# behave joins the texts of several hooks.
NEXT_HOOK = re.compile(r"\n(?=HOOK-ERROR in )")


class _Part(NamedTuple):
    """The texts that one hook, or all steps, wrote to each stream."""

    of: str
    texts: Sequence[str]


def output(scenario: Scenario, buffers: Sequence[Any] = ()) -> str:
    """
    Return the output under small headings, without the text of ``error_message``.

    ``buffers`` are those of ``buffers_of``; they are used if behave kept no output.
    """
    messages = NEXT_HOOK.split(scenario.error_message or "")
    found = []
    for part in _captured_parts(scenario, buffers):
        of = "" if part.of == OF_STEPS else f" of {part.of}"
        for stream, text in zip(STREAMS, part.texts, strict=True):
            rest = _remove_messages(text, messages).strip("\n")
            if rest.strip():
                found.append(f"Captured {stream}{of}:\n{rest}")
    return "\n\n".join(found)


def buffers_of(runner: Any) -> tuple[Any, ...]:
    """
    Return the buffers of behave 1.2.6 while a step ran.

    Each scenario has its own buffers, which stay readable.
    """
    controller = getattr(runner, "capture_controller", None)
    if controller is None:
        return ()
    return tuple(getattr(controller, f"{stream}_capture", None) for stream in STREAMS)


def remove_output(message: str, step: Step) -> str:
    """Return the error message of a step without the output that 1.2.6 appends."""
    report = step.captured.make_report()
    return message.removesuffix(report).rstrip() if report else message


def _captured_parts(scenario: Scenario, buffers: Sequence[Any]) -> Iterator[_Part]:
    found = scenario.captured
    if hasattr(found, "captures"):
        for each in found.captures:
            yield _Part(each.name or "", (each.stdout, each.stderr, each.log))
    elif found:
        yield _Part(OF_STEPS, (found.stdout, found.stderr, found.log_output))
    elif buffers:
        texts = ["" if each is None else str(each.getvalue()) for each in buffers]
        yield _Part(OF_STEPS, texts)


def _remove_messages(text: str, messages: Sequence[str]) -> str:
    for each in filter(None, messages):
        text = text.replace(each, "")
    return text
