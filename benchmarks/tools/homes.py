"""The environments of the tools: created once, shared by several tools."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path


# No colours, no plugin that nobody asked for, nobody's own configuration.
QUIET = {
    "CI": "1",
    "NO_COLOR": "1",
    "FORCE_COLOR": "0",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
SYSTEM = "system"


def install(home: Path, packages: Iterable[str]) -> None:
    """
    Install packages: of npm, of PyPI, or none where the system has the tool.

    Raises ``CalledProcessError``.
    """
    home.mkdir(parents=True, exist_ok=True)
    wanted = sorted(set(packages))
    if home.name == SYSTEM:
        return
    if home.name.startswith("node"):
        (home / "package.json").write_text("{}\n")
        npm = ["npm", "install", "--no-audit", "--no-fund", "--silent", *wanted]
        subprocess.run(npm, cwd=home, check=True)
        return
    subprocess.run([sys.executable, "-m", "venv", "env"], cwd=home, check=True)
    pip = [str(home / "env" / "bin" / "python"), "-m", "pip", "install", "-q"]
    subprocess.run([*pip, "--disable-pip-version-check", *wanted], cwd=home, check=True)


def environment(home: Path) -> Mapping[str, str]:
    """Return the environment in which the tools of a home are found."""
    places = [home / "env" / "bin", home / "node_modules" / ".bin"]
    path = os.pathsep.join([*map(str, places), os.environ.get("PATH", "")])
    ours = ("XRAY_", "PYTEST_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return {**kept, **QUIET, "PATH": path, "HOME": str(home)}


def write_suite(folder: Path, suite: Mapping[str, str]) -> None:
    """Write the files of a suite into a folder of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in suite.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
