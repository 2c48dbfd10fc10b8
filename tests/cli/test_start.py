"""The process of the command: what it imports, and how it ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.forkserver import FORKABLE


# Modules that few commands need: they are imported where they are used.
UNUSED = ("configparser", "difflib", "logging", "requests", "subprocess", "urllib3")
OF_AN_UPLOAD = ("configparser", "difflib", "ijson.backends", "jinja2", "keyring")


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in an interpreter of its own."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.real_start
@pytest.mark.parametrize(
    ("command", "unused"),
    [(["settings"], UNUSED), (["upload", "none.xml"], OF_AN_UPLOAD)],
    ids=["settings", "upload"],
)
def test_imports_only_what_is_used(command: list[str], unused: tuple[str, ...]) -> None:
    """Each session waits for such a start, twice."""
    imported = f"sorted(set({unused!r}) & set(sys.modules))"
    done = run(
        f"import sys; from xray_bridge import cli; cli.main({command!r}); "
        f"print(*{imported}, file=sys.stderr)"
    )

    assert done.stderr.splitlines()[-1] == ""


@pytest.mark.real_start
@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--version"], 0), (["settings"], 0), (["nonsense"], 2), (["runs", "show"], 2)],
    ids=["version", "settings", "nonsense", "no run"],
)
def test_ends_with_the_exit_code(arguments: list[str], code: int) -> None:
    """The process ends as an interpreter would, with all output written."""
    command = [sys.executable, "-m", "xray_bridge", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == code
    assert done.stdout if code == 0 else done.stderr.endswith("[usage]\n")


def test_exit_functions_run() -> None:
    """What others register for the end, such as a measurement of coverage, runs."""
    done = run(
        f"{FORKABLE}\nimport atexit, sys\nfrom xray_bridge.__main__ import main\n"
        "atexit.register(print, 'bye')\nsys.argv = ['x', '--version']\nmain()"
    )

    assert done.stdout.splitlines()[-1] == "bye"


def test_output_that_breaks_at_the_end() -> None:
    """An interpreter ends with this code, too."""
    done = run(
        f"{FORKABLE}\nimport os, sys\nfrom xray_bridge.__main__ import main\n"
        "end, begin = os.pipe()\nos.close(end)\nos.dup2(begin, 1)\n"
        "sys.argv = ['x', '--version']\nmain()"
    )

    assert (done.returncode, done.stderr) == (120, "")


@pytest.mark.parametrize("arguments", [["uplaod"], ["upload", "--projct", "CALC"]])
def test_misspelt_word_is_named(arguments: list[str]) -> None:
    """Commands are known although the parser has only the one that is named."""
    command = [sys.executable, "-m", "xray_bridge", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert f"did you mean {'upload' if len(arguments) == 1 else '--project'}?" in (
        done.stderr
    )
