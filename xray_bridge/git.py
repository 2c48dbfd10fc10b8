"""
Run ``git`` in a folder that somebody else may have filled.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# The configuration of a repository may name commands: that of a bare repository inside
# of a checkout, a monitor of files, a program for signatures. The first option is
# unknown to git before 2.38, and harmless then.
OPTIONS = (
    *("-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false"),
    *("-c", "log.showSignature=false"),
)


def run_git(
    folder: Path,
    *arguments: str,
    seconds: float = 60.0,
    environ: Mapping[str, str] | None = None,
    errors: str = "surrogateescape",
) -> subprocess.CompletedProcess[str]:
    """
    Run git, and return its end with its output, whatever its exit code is.

    ``environ`` are more variables, ``errors`` is what ``bytes.decode`` does with bytes
    that are no UTF-8. Raises OSError without git, and TimeoutExpired.
    """
    return subprocess.run(  # noqa: S603 - a list; callers check what begins with a dash
        ["git", *OPTIONS, "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
        env={**os.environ, **(environ or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors=errors,
        timeout=seconds,
        check=False,
    )
