"""
Ask git for what a CI system does not tell: the message of a commit, the repository.

The folder may be an artifact with a repository of its own, whose configuration would
name commands that fetch missing commits. So git fetches nothing here, and takes no
folder without ``.git`` for a repository.
"""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from xray_bridge.ci.repositories import clean_repository


if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 5.0
LONGEST = 4000
REVISION = re.compile(r"[0-9a-fA-F]{7,64}")
# The first is unknown to git before 2.38, and harmless then.
OPTIONS = ("-c", "safe.bareRepository=explicit", "-c", "log.showSignature=false")
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
    command = ["git", *OPTIONS, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, and a hexadecimal number
            command,
            cwd=folder,
            env={**os.environ, **NO_FETCH},
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
