"""
Find the path of a feature file within its project, wherever behave started.

Xray finds a scenario without a key by file and name. behave's own paths are relative to
the working directory, so one scenario could become several Tests.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterator

# Files of behave and xray-bridge alone; the others may have a section of theirs.
OWN_FILES = ("behave.ini", ".behaverc", "xray-bridge.toml")
COMMON_FILES = ("setup.cfg", "tox.ini", "pyproject.toml")
SECTION = re.compile(rb"^\[\s*(?:tool\.)?(?:behave|xray-bridge)\s*[.\]]", re.MULTILINE)
# Most projects have these in their uppermost folder.
OF_PROJECTS = (".git", "setup.py", *COMMON_FILES)
FEATURES = "features"


class FeaturePaths:
    """Finds the project of each feature file; behave started in ``started_in``."""

    def __init__(self, started_in: Path) -> None:
        self._started_in = started_in
        self._home = None if _home_folder() == started_in else _home_folder()
        # By folder and by file name: every scenario asks for them.
        self._projects: dict[Path, Path] = {}
        self._names: dict[str, str] = {}

    def read(self, filename: str) -> str:
        """Return the path of a file within its project, with slashes."""
        name = self._names.get(filename)
        if name is None:
            path = self._absolute_path(filename)
            found = path.relative_to(self.find_project(path.parent))
            name = self._names[filename] = found.as_posix()
        return name

    def find_project(self, folder: Path) -> Path:
        """
        Find the folder to which paths of features in ``folder`` are relative.

        This is the first folder, upwards, that configures behave or xray-bridge; else
        the first that looks like a project; else the one where behave started.
        """
        found = self._projects.get(folder)
        if found is None:
            found = self._projects[folder] = self._find_folder(folder)
        return found

    def _find_folder(self, folder: Path) -> Path:
        for is_it in (_is_configured, _is_project_like):
            for each in self._folders_above(folder):
                if is_it(each):
                    return each
        inside = folder.is_relative_to(self._started_in)
        if inside and FEATURES not in self._started_in.parts:
            return self._started_in
        above = (each for each in (folder, *folder.parents) if each.name == FEATURES)
        named = next(above, None)
        return named.parent if named else self._started_in if inside else folder

    def _folders_above(self, folder: Path) -> Iterator[Path]:
        """Yield folders up to the top of the repository, but not the home folder."""
        for each in (folder, *folder.parents):
            if each == self._home:
                return
            yield each
            if (each / ".git").exists():
                return

    def _absolute_path(self, filename: str) -> Path:
        return Path(os.path.normpath(self._started_in / filename))


def _home_folder() -> Path | None:
    with contextlib.suppress(RuntimeError):
        return Path.home()
    return None


def _is_configured(folder: Path) -> bool:
    if any((folder / name).is_file() for name in OWN_FILES):
        return True
    return any(_has_section(folder / name) for name in COMMON_FILES)


def _has_section(path: Path) -> bool:
    try:
        return SECTION.search(path.read_bytes()) is not None
    except OSError:
        return False


def _is_project_like(folder: Path) -> bool:
    return any((folder / name).exists() for name in OF_PROJECTS)
