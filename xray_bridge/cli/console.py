"""
What commands print, for people and for machines; no CI system takes it for its own.
"""

from __future__ import annotations

import json
import re

from xray_bridge.ci.escape import tame, tame_json


# What moves a terminal's cursor.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def line(text: str) -> str:
    """One line, in which tests and servers may have their say."""
    return tame(CONTROLS.sub(_escaped, " ".join(text.splitlines())))


def _escaped(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"


def text(*lines: str) -> None:
    """Lines for people."""
    print("\n".join(map(line, lines)))


def document(content: object) -> None:
    """One line of JSON."""
    print(tame_json(json.dumps(content)))
