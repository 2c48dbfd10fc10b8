"""
Ask git for what a CI system does not tell: the message of a commit, the repository.
"""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from xray_bridge.ci.repositories import clean_repository


if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 5.0
LONGEST = 4000
REVISION = re.compile(r"[0-9a-fA-F]{7,64}")


def read_message(folder: Path, revision: str) -> str:
    """
    Return the message of a commit, or of the one that is checked out.

    A shallow clone may not have the commit. Empty without git or a repository.
    """
    show = ("log", "-1", "--format=%B")
    named = REVISION.fullmatch(revision) and _ask_git(folder, *show, revision)
    return named or _ask_git(folder, *show)


def read_repository(folder: Path) -> str:
    """Return the address of the repository that was cloned; empty if unknown."""
    return clean_repository(_ask_git(folder, "config", "--get", "remote.origin.url"))


def _ask_git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "log.showSignature=false", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, and a hexadecimal number
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    if done.returncode:
        return ""
    return done.stdout[: 4 * LONGEST].decode("utf-8", "replace").strip()[:LONGEST]
