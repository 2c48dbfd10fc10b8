"""
Run real test tools, upload their reports, and print both counts as a table.

python -m benchmarks.tools.run prints the table of ``docs/tools.md``; names of
tools after it choose some. Needs PyPI, npm, and what the rows of the system name.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tools.homes import SYSTEM, environment, install, write_suite
from benchmarks.tools.node_tools import NODE
from benchmarks.tools.python_tools import PYTHON
from benchmarks.tools.system_tools import IN_SYSTEM
from benchmarks.tools.tool import Counts, Tool


TOOLS: tuple[Tool, ...] = (*PYTHON, *NODE, *IN_SYSTEM)
BRIDGE = str(Path(sys.executable).with_name("xray-bridge"))
UPLOAD = [BRIDGE, "upload", "--sandbox", "--project", "CALC", "--json"]
SECONDS = "300"


@dataclass(frozen=True)
class Ran:
    """The counts of a tool, our counts, and both exit codes."""

    said: str
    theirs: Counts
    ours: Counts | None
    exit_code: int
    error: str = ""

    @property
    def is_equal(self) -> bool:
        """Whether both counts are equal."""
        return self.theirs == self.ours


def main() -> int:
    """Print the table; return 1 if counts differ and no row says why."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="words in the names of tools")
    parser.add_argument("--keep", type=Path, help="a folder for all that is made")
    given = parser.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="xray-bridge-tools-"))
    chosen = [each for each in TOOLS if _is_chosen(each, given.names)]
    folder = folder.resolve()
    for home in {each.home for each in chosen}:
        if not (folder / home).is_dir():
            needed = [
                name for each in TOOLS if each.home == home for name in each.packages
            ]
            install(folder / home, needed)
    surprises = print_table(folder, chosen)
    if not given.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if surprises else 0


def _is_chosen(tool: Tool, names: Sequence[str]) -> bool:
    available = tool.home != SYSTEM or bool(shutil.which(tool.packages[0]))
    return available and (not names or any(name in tool.name for name in names))


def print_table(folder: Path, tools: Sequence[Tool]) -> list[str]:
    """Print a line for each tool; return the names of unexpected ones."""
    print("| Tool | File | The tool's words | Its counts | Ours | Why they differ |")
    print("| --- | --- | --- | --- | --- | --- |")
    surprises = []
    for tool in tools:
        ran = run(folder / tool.home, tool)
        why = "" if ran.is_equal else tool.why or ran.error or "?"
        if ran.is_equal == bool(tool.why):
            surprises.append(tool.name)
            why = f"**{why or 'equal, though the row says: ' + tool.why}**"
        ours = shown(ran.ours) if ran.ours else "none"
        code = f", exit {ran.exit_code}" if ran.exit_code else ""
        said = ran.said.replace("│", "of")
        cells = [tool.name, f"`{tool.report}`", said, shown(ran.theirs)]
        print(f"| {' | '.join([*cells, ours + code, why])} |", flush=True)
    return surprises


def shown(counts: Counts) -> str:
    """Return counts as in the table: passed/failed/skipped."""
    return "/".join(map(str, counts))


def run(home: Path, tool: Tool) -> Ran:
    """Run a tool on its suite, and upload its report."""
    suite = home / "suites" / "".join(c if c.isalnum() else "-" for c in tool.name)
    write_suite(suite, tool.suite)
    # GNU's timeout ends what the shell has started, too.
    done = subprocess.run(
        ["timeout", SECONDS, "sh", "-c", tool.command],
        cwd=suite,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    (suite / "console.txt").write_text(output)
    said, theirs = tool.counts_in(output)
    sent = subprocess.run(
        [*UPLOAD, tool.report],
        cwd=suite,
        capture_output=True,
        text=True,
        check=False,
    )
    (suite / "upload.json").write_text(sent.stdout + sent.stderr)
    try:
        counts = json.loads(sent.stdout)["counts"]
    except (ValueError, KeyError):
        error = (sent.stderr or sent.stdout).strip().splitlines()[-1:]
        return Ran(said, theirs, None, sent.returncode, "".join(error))
    ours = (
        counts.get("passed", 0),
        counts.get("failed", 0),
        counts.get("skipped", 0),
    )
    return Ran(said, theirs, ours, sent.returncode)


if __name__ == "__main__":
    sys.exit(main())
