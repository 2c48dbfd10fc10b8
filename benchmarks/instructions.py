"""
Compare the instructions of six uses with those of another commit.

Both commits run on this machine, with the interpreter and the packages that run
this script. What the framework itself needs is counted apart and subtracted. Needs
valgrind and git. Ends with 1 if a use costs more than the tolerance allows, and
names it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import count_instructions, has_callgrind, run_process


HERE = Path(__file__).parent.parent
# In percent. Counts of one commit differ by less than 1 %.
TOLERANCE = 5.0
# A collection of the garbage collector costs as much as hundreds of tests, and
# one more or less of them depends on a few objects.
NO_COLLECTIONS = "import gc\n\ngc.disable()\n"
# Without the plugin, each unknown mark would cost more than recording a test.
INI = "[pytest]\nxray_project = CALC\nmarkers =\n    xray: also without the plugin\n"


@dataclass(frozen=True)
class Use:
    """A command, and the sizes of its input between which the cost of one is counted.

    ``{n}`` in the command is the size. A use of one size counts the whole process.
    ``without`` is the same command without xray-bridge; its cost is subtracted.
    """

    name: str
    command: tuple[str, ...]
    without: tuple[str, ...] = ()
    sizes: tuple[int, ...] = (0,)
    unit: str = "process"


PLAIN_PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
PYTEST = (*PLAIN_PYTEST, "-p", "pytest_xray_bridge.plugin")
PLAIN_BEHAVE = ("-m", "behave", "--no-summary", "-o", "out.json", "-f")
BEHAVE = (*PLAIN_BEHAVE, "behave_xray_bridge:XrayFormatter", "-D", "xray_collect=true")
UPLOAD = ("-m", "xray_bridge", "upload", "--dry-run")
SIZES = (50, 250)
FILE_SIZES = (1_000, 5_000)
USES = (
    Use(
        "pytest starts, and is not asked",
        command=(*PYTEST, "--co", "pytest-1"),
        without=(*PLAIN_PYTEST, "--co", "pytest-1"),
    ),
    Use(
        "pytest records a passed test",
        command=(*PYTEST, "--xray-collect", "pytest-{n}"),
        without=(*PLAIN_PYTEST, "pytest-{n}"),
        sizes=SIZES,
        unit="test",
    ),
    Use(
        "behave records a scenario of five steps",
        command=(*BEHAVE, "behave-{n}"),
        without=(*PLAIN_BEHAVE, "null", "behave-{n}"),
        sizes=SIZES,
        unit="scenario",
    ),
    Use(
        "xray-bridge starts, and uploads a small file", command=(*UPLOAD, "junit-1.xml")
    ),
    Use(
        "xray-bridge uploads a JUnit report",
        command=(*UPLOAD, "junit-{n}.xml"),
        sizes=FILE_SIZES,
        unit="test",
    ),
    Use(
        "xray-bridge renders a run directory",
        command=(*UPLOAD, "runs-{n}/.xray/runs"),
        sizes=SIZES,
        unit="test",
    ),
)


def write_pytest_suite(folder: Path, tests: int) -> None:
    """Write trivial tests, each with a Test key."""
    folder.mkdir()
    lines = ["import pytest"]
    for number in range(1, tests + 1):
        lines += [f'@pytest.mark.xray("CALC-{number}")', f"def test_{number}(): pass"]
    (folder / "test_suite.py").write_text("\n".join([*lines, ""]), "ascii")
    (folder / "pytest.ini").write_text(INI, "ascii")


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
    for size in (1, *FILE_SIZES):
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
    """Remove the run directories that a use has left, and restore those it reads."""
    for found in [*folder.glob(".xray"), *folder.glob("*-*/.xray")]:
        shutil.rmtree(found)
    for kept in folder.glob("runs-*/kept"):
        # An earlier commit notes in a run that it was merged, also in a dry run.
        shutil.copytree(kept, kept.parent / ".xray")


def count_use(use: Use, root: Path, folder: Path) -> float:
    """Count the instructions of a use with the packages of this checkout."""
    environ = environment(root, folder)
    counts = [0] * len(use.sizes)
    for words, sign in ((use.command, 1), (use.without, -1)):
        for number, size in enumerate(use.sizes if words else ()):
            command = [sys.executable, *(word.format(n=size) for word in words)]
            # The first run compiles the byte code.
            run_process(command, folder, environ)
            forget_runs(folder)
            counts[number] += sign * count_instructions(command, folder, environ)
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
            shutil.copytree(runs / ".xray", runs / "kept")
        return [count_use(use, root, folder) for use in USES]


def check_out(commit: str, folder: Path) -> Path:
    """Check out a commit of this repository into a folder."""
    git = ("git", "-C", str(HERE))
    archive = subprocess.run([*git, "archive", commit], capture_output=True, check=True)
    folder.mkdir()
    command = ["tar", "-x", "-C", str(folder)]
    subprocess.run(command, input=archive.stdout, check=True)
    return folder


def copy_packages(folder: Path) -> Path:
    """Copy the packages of this checkout, with changes that are not committed."""
    unwanted = shutil.ignore_patterns("__pycache__")
    for package in HERE.glob("*xray*/"):
        shutil.copytree(package, folder / package.name, ignore=unwanted)
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
        # Names of one length: a longer path costs instructions, too.
        roots = (
            check_out(given.against, Path(name) / "old"),
            copy_packages(Path(name) / "new"),
        )
        # Side by side: the load does not change a count.
        with ThreadPoolExecutor(len(roots)) as threads:
            before, now = threads.map(count_uses, roots)
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
