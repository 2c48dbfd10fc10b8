"""
Find the file in which a project keeps its settings, and add settings to its text.

The rest of the file stays as it is: lines are inserted below the head of the section.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.config.shared_file import SHARED_FILE
from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Mapping

TOML = ".toml"


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a file that may have settings; ``prefix`` begins their names."""

    file: str
    name: str
    prefix: str = "xray_"

    @property
    def head(self) -> re.Pattern[str]:
        """The line that begins the section."""
        return re.compile(
            rf"^\[{re.escape(self.name)}\][ \t]*(?:[#;].*)?$", re.MULTILINE
        )

    def format_line(self, name: str, value: str) -> str:
        """Return a line that sets a value."""
        is_toml = self.file.endswith(TOML)
        shown = json.dumps(value, ensure_ascii=False) if is_toml else value
        return f"{self.prefix}{name} = {shown}"


# In the order in which the frameworks look for them.
SECTIONS: Mapping[str, tuple[Section, ...]] = {
    "pytest": (
        Section("pytest.ini", "pytest"),
        Section(".pytest.ini", "pytest"),
        Section("pyproject.toml", "tool.pytest.ini_options"),
        Section("pyproject.toml", "tool.pytest"),
        Section("tox.ini", "pytest"),
        Section("setup.cfg", "tool:pytest"),
    ),
    "behave": tuple(
        Section(name, "behave.userdata")
        for name in ("behave.ini", ".behaverc", "setup.cfg", "tox.ini")
    ),
}
SHARED = Section(SHARED_FILE, "", "")


def find_section(folder: Path, framework: str) -> Section:
    """Return the section that the project has for a framework, or the shared file."""
    for section in SECTIONS.get(framework, ()):
        if section.head.search(read_text(folder / section.file)):
            return section
    return SHARED


def add_settings(text: str, section: Section, values: Mapping[str, str]) -> str:
    """
    Return the text of a file with these settings; a setting that it has is replaced.
    """
    new = []
    for name, value in values.items():
        line = section.format_line(name, value)
        known = re.search(rf"^{section.prefix}{name}[ \t]*=.*$", text, re.MULTILINE)
        if known:
            text = f"{text[: known.start()]}{line}{text[known.end() :]}"
        else:
            new.append(line)
    head = section.head.search(text) if section.name else None
    if not new:
        return text
    if head is None:
        return "".join((text, *(f"{line}\n" for line in new)))
    below = "".join(f"\n{line}" for line in new)
    return f"{text[: head.end()]}{below}{text[head.end() :]}"


def read_text(path: Path) -> str:
    """Return the text of a file; empty if there is none that can be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
