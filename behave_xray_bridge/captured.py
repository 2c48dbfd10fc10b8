"""
What behave captured of a scenario, as one text.

behave 1.3 keeps it with the scenario, its hooks included; 1.2.6 keeps only what
steps of scenarios that failed have written, and captures no hooks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from behave.model import Scenario, Step

OF_STEPS = "scenario"
STREAMS = ("stdout", "stderr", "log")
# behave puts the texts of several hooks into one.
NEXT_HOOK = re.compile(r"\n(?=HOOK-ERROR in )")


class _Part(NamedTuple):
    """What one hook, or all steps, wrote to each stream."""

    of: str
    texts: Sequence[str]


def output(scenario: Scenario, buffers: Sequence[Any] = ()) -> str:
    """
    All of it under small headings, without what ``error_message`` has already.

    ``buffers`` are those of ``buffers_of``, for when behave kept nothing itself.
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


def buffers_of(step: Step, runner: Any) -> tuple[Any, ...]:
    """
    The buffers of behave 1.2.6 while this step ran; empty for 1.3.

    Each scenario has its own, and they stay readable.
    """
    controller = getattr(runner, "capture_controller", None)
    if controller is None or hasattr(step.captured, "captures"):
        return ()
    return tuple(getattr(controller, f"{stream}_capture", None) for stream in STREAMS)


def remove_output(message: str, step: Step) -> str:
    """The error message of a step, without the output that 1.2.6 appends to it."""
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
