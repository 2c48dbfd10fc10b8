"""
Find the name of a test in Xray, which does not depend on the command line.

Xray finds a Test without a key by class name and name. pytest's node id has both,
except for files outside of its root folder: their node ids depend on the command line.
"""

from __future__ import annotations

import os
import site
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.runs.running_test import address_of


if TYPE_CHECKING:
    import pytest

    from xray_bridge.runs.codec import Line

# Every machine has these; two files with only these in common share no project.
SHARED_FOLDERS = frozenset({"/home", "/Users", "/opt", "/srv", "/tmp", "/usr", "/var"})  # noqa: S108 - compared, never written to


class ItemNames:
    """Corrects the names of tests whose node ids depend on the command line."""

    def __init__(self, config: pytest.Config) -> None:
        self._has_modules = bool(config.getoption("pyargs", False))
        self._started_in = config.invocation_params.dir
        # ``-c ../conf/pytest.ini`` would leave dots in the path.
        self._root = Path(os.path.normpath(self._started_in / config.rootpath))
        # xdist appends the group's name to node ids, before pytest 9.2.
        self._has_groups = bool(config.getoption("loadgroup", False)) or (
            config.getoption("dist", "no") == "loadgroup"
        )
        # By file; empty if the node id is right.
        self._files: dict[Path, str] = {}

    def read(self, item: pytest.Item) -> Line:
        """Return class name and name of a test; empty if its node id gives both."""
        path = item.path
        file = self._files.get(path)
        if file is None:
            file = self._files[path] = self._find_file(path)
        if not file and not self._has_groups:
            return {}
        nodeid = item.nodeid
        right = self._without_group(item, nodeid) if self._has_groups else nodeid
        if file:
            _, colons, rest = right.partition("::")
            right = f"{file}{colons}{rest}"
        if right == nodeid:
            return {}
        classname, name = address_of(right)
        return {"classname": classname, "name": name}

    def _without_group(self, item: pytest.Item, nodeid: str) -> str:
        groups = {
            str(mark.args[0] if mark.args else mark.kwargs.get("name", "default"))
            for mark in item.iter_markers("xdist_group")
        }
        return nodeid.removesuffix(f"@{'_'.join(sorted(groups))}") if groups else nodeid

    def _find_file(self, path: Path) -> str:
        """Return a file's path within its project, if it is outside the root folder."""
        if path.is_relative_to(self._root):
            return ""
        folders = _library_folders()
        if self._has_modules:
            folders.append(_import_folder(path))
        for folder in folders:
            # Installed files are named by their modules.
            if path.is_relative_to(folder):
                return path.relative_to(folder).as_posix()
        project = _common_folder(self._root, path)
        if project is None:
            inside = path.is_relative_to(self._started_in)
            project = self._started_in if inside else path.parent
        return path.relative_to(project).as_posix()


def _library_folders() -> list[str]:
    purelib, platlib = map(sysconfig.get_path, ("purelib", "platlib"))
    return [purelib, platlib, *site.getsitepackages(), site.getusersitepackages()]


def _import_folder(path: Path) -> str:
    """Return the folder that a module of a package is imported from."""
    parents = (each for each in path.parents if not (each / "__init__.py").exists())
    return str(next(parents, path.parent))


def _common_folder(root: Path, path: Path) -> Path | None:
    """Return the folder that the root folder and a file have in common, if any."""
    try:
        found = Path(os.path.commonpath((root, path)))
    except ValueError:
        # Windows: another drive.
        return None
    is_shared = found.as_posix() in SHARED_FOLDERS or found.parent == found
    return None if is_shared else found
