"""
Functions for page objects: add to the result of the running test without a fixture.

Outside of a test that is recorded they do nothing. Page objects import this module in
every session, so it imports little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.recording.running import RUNNING
from xray_bridge.recording.step_block import StepBlock


if TYPE_CHECKING:
    import os


def step(
    name: str, *, data: str = "", expected: str = "", **parameters: object
) -> StepBlock:
    """
    Report the code in a ``with`` block, or each call of a function, as a step.

    With parameters, ``{name}`` in a text is the value of the parameter, as in
    ``str.format``; in the texts of a decorator it is the argument of the call. The step
    passes unless an exception leaves it, which is raised again. Raises TypeError for a
    parameter that no text has.
    """
    return StepBlock(None, (name, data, expected), parameters)


def attach(
    content: bytes | str | os.PathLike[str], name: str = "", media_type: str = ""
) -> None:
    """
    Add evidence: the path of a file, which is copied now, or bytes.

    Inside of a step it belongs to that step.
    """
    found = RUNNING.find()
    if found is not None:
        found.attach(content, name, media_type)


def comment(text: str) -> None:
    """Add a paragraph of Jira's wiki text to the Test Run's comment."""
    found = RUNNING.find()
    if found is not None:
        found.comment(text)
