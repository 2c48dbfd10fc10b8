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
from xray_bridge.errors import SettingError


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
        name = re.escape(self.name)
        return re.compile(rf"^\[{name}\][ \t]*(?:[#;][^\r\n]*)?(?=\r?$)", re.MULTILINE)

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
# For every framework: the table of the project, or a file of its own.
TABLE = Section("pyproject.toml", "tool.xray-bridge", "")
SHARED = Section(SHARED_FILE, "", "")
NEXT_HEAD = re.compile(r"^\[", re.MULTILINE)


def find_section(folder: Path, framework: str) -> Section:
    """Return the section that the project has for a framework, or the shared file."""
    for section in (*SECTIONS.get(framework, ()), TABLE):
        if section.head.search(read_text(folder / section.file)):
            return section
    return SHARED


def add_settings(text: str, section: Section, values: Mapping[str, str]) -> str:
    """
    Return the text of a file with these settings; a setting that it has is replaced.

    Other sections, and the ends of lines, stay as they are.
    """
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    head = section.head.search(text) if section.name else None
    start = head.end() if head else 0
    after = NEXT_HEAD.search(text, start)
    end = after.start() if after else len(text)
    body = text[start:end]
    new = []
    for name, value in values.items():
        line = section.format_line(name, value)
        known = re.search(
            rf"^{section.prefix}{name}[ \t]*=[^\r\n]*", body, re.MULTILINE
        )
        if known:
            body = f"{body[: known.start()]}{line}{body[known.end() :]}"
        else:
            new.append(line)
    if head:
        body = "".join(f"{end_of_line}{line}" for line in new) + body
    else:
        # The shared file: above its first table.
        body = "".join(f"{line}{end_of_line}" for line in new) + body
    return text[:start] + body + text[end:]


def read_text(path: Path) -> str:
    """
    Return the text of a file with its line ends; empty if there is none.

    Raises SettingError for a file that cannot be read: it must not be written anew.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path.name} cannot be read: {error}"
        raise SettingError(msg) from None
