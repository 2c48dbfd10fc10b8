"""
Escape texts that a CI system would take for its commands.

Systems read the output of the programs that they start: GitHub looks for ``::`` at
the start of a line; Azure Pipelines, TeamCity and older GitHub look for ``##`` and a
word anywhere in it.
"""

from __future__ import annotations

import re


HASHES = re.compile(r"#(?=#)")
COLONS = re.compile(r"(?:^|(?<=[\r\n]))\s*:(?=:)")


def escape_ci_commands(text: str) -> str:
    """Return the text with a blank inserted in each start of a command."""
    if "##" in text:
        text = HASHES.sub("# ", text)
    return COLONS.sub(lambda found: f"{found[0]} ", text) if "::" in text else text


def escape_ci_commands_in_json(document: str) -> str:
    """Return the same JSON with an escape in each start of a command."""
    return document.replace("##", "#\\u0023")
