"""
Texts that no CI system takes for its commands.

Systems read the output of the programs that they start: GitHub looks for ``::`` at
the start of a line, Azure Pipelines, TeamCity and older GitHub for ``##`` and a
word anywhere in it.
"""

from __future__ import annotations

import re


HASHES = re.compile(r"#(?=#)")
COLONS = re.compile(r"(?:^|(?<=[\r\n]))\s*:(?=:)")


def escape_ci_commands(text: str) -> str:
    """The text, with a blank in what would begin a command."""
    if "##" in text:
        text = HASHES.sub("# ", text)
    return COLONS.sub(lambda found: f"{found[0]} ", text) if "::" in text else text


def escape_ci_commands_in_json(document: str) -> str:
    """The same JSON, with an escape in what would begin a command."""
    return document.replace("##", "#\\u0023")
