"""
Ask git for what a CI system does not tell: the message of a commit, the repository.

The folder may be an artifact with a repository of its own, whose configuration would
name commands that fetch missing commits. So git fetches nothing here, and takes no
folder without ``.git`` for a repository.
"""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from xray_bridge.ci.repositories import clean_repository
from xray_bridge.git import run_git


if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 5.0
LONGEST = 4000
REVISION = re.compile(r"[0-9a-fA-F]{7,64}")
# Old versions know only the protocols, new ones say why they do not fetch.
NO_FETCH = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}


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
    try:
        done = run_git(
            folder, *arguments, seconds=SECONDS, environ=NO_FETCH, errors="replace"
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return "" if done.returncode else done.stdout.strip()[:LONGEST]
