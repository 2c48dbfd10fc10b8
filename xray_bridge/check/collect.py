"""
Collects tests without running them, by the framework in a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge import progress
from xray_bridge.check.keys import Listing, read_listing
from xray_bridge.errors import ReportError, UsageError
from xray_bridge.text import quote_command


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# The variable with the path to which the listing plugin of a framework writes.
LIST_TO = "XRAY_BRIDGE_LIST_TO"
COMMANDS = {
    "pytest": ("pytest", "--collect-only", "-q", "-p", "pytest_xray_bridge.listing"),
    "behave": ("behave", "--dry-run", "-f", "behave_xray_bridge.listing:Listing"),
}
# Exit codes after which the list can be read: success, errors in some files, no tests.
LISTED = {"pytest": {0, 2, 5}, "behave": {0, 1}}
# Also the exit code of errors in some files; these are listed.
INTERRUPTED = ("pytest", 2)
FILES_OF_BEHAVE = ("behave.ini", ".behaverc", "features")
USAGE_ERROR = 4  # of pytest


def framework_of(given: str | None) -> str:
    """Return the given framework, or that of the files in the current directory."""
    if given:
        return given
    here = any(Path(name).exists() for name in FILES_OF_BEHAVE)
    return "behave" if here and not list(Path.cwd().rglob("test_*.py")) else "pytest"


def collect_tests(
    framework: str, arguments: Sequence[str], tag_prefixes: Iterable[str]
) -> Listing:
    """
    Collect tests in a separate process.

    ``arguments`` go to the framework. Raises UsageError for wrong arguments, and
    ReportError if the framework failed.
    """
    with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
        target = Path(folder) / "tests.jsonl"
        environ = {
            **os.environ,
            LIST_TO: str(target),
            "XRAY_TAG_PREFIXES": " ".join(tag_prefixes),
        }
        command = [sys.executable, "-m", *COMMANDS[framework], *arguments]
        with progress.step("collecting the tests"):
            done = subprocess.run(  # noqa: S603 - our own interpreter, the user's arguments
                command,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        if target.is_file() and done.returncode in LISTED[framework]:
            found = read_listing(target)
            if (framework, done.returncode) == INTERRUPTED and not found.missing:
                return replace(found, missing=(f"{framework} was interrupted",))
            return found
    output = (done.stdout + done.stderr).splitlines()
    lines = [line.strip() for line in output if line.strip()]
    last = lines[-1] if lines else "it printed nothing"
    msg = f"{framework} could not collect tests (exit code {done.returncode}): {last}"
    kind = UsageError if done.returncode == USAGE_ERROR else ReportError
    raise kind(msg, hint=f"run `{quote_command('python', *command[1:])}` to see why")
