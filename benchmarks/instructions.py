"""
Compare the instructions of six uses with those of another commit.

Both commits run on this machine, with the interpreter and the packages that run
this script. Needs valgrind and git. Ends with 1 if a use costs more than the
tolerance allows, and names it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import count_instructions, has_callgrind


HERE = Path(__file__).parent.parent
# In percent. Counts of one commit differ by less than 1 %.
TOLERANCE = 5.0
# A collection of the garbage collector costs as much as hundreds of tests, and
# one more or less of them depends on a few objects.
NO_COLLECTIONS = "import gc\n\ngc.disable()\n"


@dataclass(frozen=True)
class Use:
    """A command, and the sizes of its input between which the cost of one is counted.

    ``{n}`` in the command is the size. A use of one size counts the whole process.
    """

    name: str
    command: tuple[str, ...]
    sizes: tuple[int, ...] = (0,)
    unit: str = "process"


PLUGINS = ("-p", "pytest_xray_bridge.plugin", "-p", "no:cacheprovider")
PYTEST = ("-m", "pytest", "-q", *PLUGINS)
BEHAVE = ("-m", "behave", "--no-summary", "-f", "behave_xray_bridge:XrayFormatter")
BRIDGE = ("-m", "xray_bridge")
SIZES = (100, 500)
USES = (
    Use("pytest starts, and is not asked", (*PYTEST, "--co", "pytest-1")),
    Use(
        "pytest records a passed test",
        (*PYTEST, "--xray-collect", "pytest-{n}"),
        SIZES,
        "test",
    ),
    Use(
        "behave records a scenario of five steps",
        (*BEHAVE, "-o", os.devnull, "-D", "xray.collect=true", "behave-{n}"),
        SIZES,
        "scenario",
    ),
    Use(
        "xray-bridge starts, and uploads a small file",
        (*BRIDGE, "upload", "--dry-run", "junit-1.xml"),
    ),
    Use(
        "xray-bridge uploads a JUnit report",
        (*BRIDGE, "upload", "--dry-run", "junit-{n}.xml"),
        (1_000, 5_000),
        "test",
    ),
    Use(
        "xray-bridge renders a run directory",
        (*BRIDGE, "upload", "--dry-run", "runs-{n}/.xray/runs"),
        SIZES,
        "test",
    ),
)


def write_pytest_suite(folder: Path, tests: int) -> None:
    """Write trivial tests, each with a Test key."""
    folder.mkdir()
    lines = ["import pytest"]
    for number in range(1, tests + 1):
        lines += [f'@pytest.mark.xray("CALC-{number}")', f"def test_{number}(): pass"]
    (folder / "test_suite.py").write_text("\n".join([*lines, ""]), "ascii")
    (folder / "pytest.ini").write_text("[pytest]\nxray_project = CALC\n", "ascii")


def write_behave_suite(folder: Path, scenarios: int) -> None:
    """Write scenarios of five steps, each with a Test key."""
    (folder / "steps").mkdir(parents=True)
    steps = 'from behave import step\n\n\n@step("it runs")\ndef it_runs(_):\n    pass\n'
    (folder / "steps" / "steps.py").write_text(steps, "ascii")
    lines = ["Feature: all"]
    for number in range(1, scenarios + 1):
        lines += [f"  @CALC-{number}", f"  Scenario: number {number}"]
        lines += ["    * it runs"] * 5
    (folder / "all.feature").write_text("\n".join([*lines, ""]), "ascii")


def write_junit(path: Path, tests: int) -> None:
    """Write a report as pytest writes it."""
    with path.open("w", encoding="ascii") as file:
        file.write(f'<testsuites><testsuite name="pytest" tests="{tests}">\n')
        for number in range(tests):
            name = f'classname="tests.test_{number % 50}" name="test_{number}"'
            file.write(f'<testcase {name} time="0.001" />\n')
        file.write("</testsuite></testsuites>\n")


def write_inputs(folder: Path) -> None:
    """Write what the uses read, in all their sizes."""
    for size in (1, *SIZES):
        write_pytest_suite(folder / f"pytest-{size}", size)
        write_behave_suite(folder / f"behave-{size}", size)
    for size in (1, 1_000, 5_000):
        write_junit(folder / f"junit-{size}.xml", size)


def environment(root: Path, folder: Path) -> dict[str, str]:
    """Variables under which Python imports the packages of this checkout."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": os.pathsep.join((str(folder / "site"), str(root))),
        "PYTHONHASHSEED": "0",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "XRAY_PROJECT": "CALC",
        "XRAY_URL": "http://127.0.0.1:9",
        "XRAY_TOKEN": "benchmark",
    }


def forget_runs(folder: Path) -> None:
    """Remove the run directories that a use has left in the inputs."""
    for found in [*folder.glob(".xray"), *folder.glob("*-*/.xray")]:
        if not found.parent.name.startswith("runs-"):
            shutil.rmtree(found)


def count_use(use: Use, root: Path, folder: Path) -> float:
    """Count the instructions of a use with the packages of this checkout."""
    environ = environment(root, folder)
    counts = []
    for size in use.sizes:
        command = [sys.executable, *(word.format(n=size) for word in use.command)]
        # The first run compiles the byte code.
        subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, check=True
        )
        forget_runs(folder)
        counts.append(count_instructions(command, folder, environ))
        forget_runs(folder)
    if len(counts) == 1:
        return counts[0]
    return (counts[1] - counts[0]) / (use.sizes[1] - use.sizes[0])


def count_uses(root: Path) -> list[float]:
    """Count all uses with the packages of this checkout, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="xray-bridge-") as name:
        folder = Path(name)
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text(NO_COLLECTIONS, "ascii")
        write_inputs(folder)
        for size in SIZES:
            # The format of a run directory may have changed: each commit makes its own.
            runs = folder / f"runs-{size}"
            write_pytest_suite(runs, size)
            command = [sys.executable, *PYTEST, "--xray-collect"]
            environ = environment(root, folder)
            subprocess.run(
                command, cwd=runs, env=environ, capture_output=True, check=True
            )
        return [count_use(use, root, folder) for use in USES]


def check_out(commit: str, folder: Path) -> Path:
    """Check out a commit of this repository into a folder."""
    git = ("git", "-C", str(HERE))
    archive = subprocess.run([*git, "archive", commit], capture_output=True, check=True)
    folder.mkdir()
    command = ["tar", "-x", "-C", str(folder)]
    subprocess.run(command, input=archive.stdout, check=True)
    return folder


def main() -> int:
    """Print a table; 1 if a use costs too much more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", default="HEAD~1", metavar="COMMIT")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, metavar="PERCENT")
    given = parser.parse_args()
    if not has_callgrind():
        sys.exit("valgrind is missing. Install it, for example: apt install valgrind")
    with tempfile.TemporaryDirectory(prefix="xray-bridge-") as name:
        before = count_uses(check_out(given.against, Path(name) / "checkout"))
    now = count_uses(HERE)
    costlier = []
    print(f"| thousands of instructions | {given.against} | now | |\n|---|---|---|---|")
    for use, old, new in zip(USES, before, now, strict=True):
        change = (new / old - 1) * 100
        cells = f"{old / 1000:,.0f} | {new / 1000:,.0f} | {change:+.1f} %"
        print(f"| {use.name}, per {use.unit} | {cells} |")
        if change > given.tolerance:
            costlier.append(f"{use.name}: {change:+.1f} %")
    if costlier:
        print(f"\nMore than {given.tolerance:g} % above {given.against}:", *costlier)
    return 1 if costlier else 0


if __name__ == "__main__":
    sys.exit(main())
