"""
The manual says what the code does: settings, errors, commands, links.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

from xray_bridge import cli, launch
from xray_bridge.errors import XrayBridgeError
from xray_bridge.settings import TABLE


ROOT = Path(__file__).parents[1]
PAGES = sorted(
    chain(ROOT.glob("*.md"), ROOT.glob("docs/*.md"), ROOT.glob("examples/*/*.md"))
)
CODE = re.compile(r"^```\w*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
TRY = (
    "python3 -m venv .venv && .venv/bin/pip install -q -e '.[all]' && "
    ".venv/bin/pytest examples/pytest --xray-upload --xray-sandbox"
)
TEST = (
    "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && "
    ".venv/bin/python -m pytest -n auto"
)
# Names that begin like settings and are none.
PACKAGES = {"xray_bridge", "pytest_xray_bridge", "behave_xray_bridge"}
OUTPUTS = {
    "XRAY_IS_REQUEST_SUCCESSFUL",
    "XRAY_ISSUES_MODIFIED",
    "XRAY_RAW_RESPONSE",
    "XRAY_TESTS",
    "XRAY_TEST_EXECS",
}


def text_of(path: Path) -> str:
    """The text of a page."""
    return path.read_text(encoding="utf-8")


def code_in(path: Path) -> str:
    """All code of a page, inline and in blocks."""
    found = CODE.findall(text_of(path))
    return "\n".join(block or inline for block, inline in found)


def kinds(
    root: type[XrayBridgeError] = XrayBridgeError,
) -> list[type[XrayBridgeError]]:
    """All errors of ours below ``root``."""
    below = root.__subclasses__()
    found = [*below, *chain.from_iterable(map(kinds, below))]
    return [kind for kind in found if kind.__module__.startswith("xray_bridge.")]


def sections() -> dict[str, str]:
    """The text below each heading of ``errors.md``."""
    found = re.split(
        r"^## (.+)$", text_of(ROOT / "docs" / "errors.md"), flags=re.MULTILINE
    )
    return dict(zip(found[1::2], found[2::2], strict=True))


def commands() -> list[str]:
    """Each line of a code block that calls ``xray-bridge``."""
    lines = chain.from_iterable(
        block.splitlines() for path in PAGES for block in BLOCK.findall(text_of(path))
    )
    stripped = (line.strip().removeprefix("- ") for line in lines)
    return sorted({line for line in stripped if line.startswith("xray-bridge ")})


def test_generated_parts_are_up_to_date() -> None:
    """Nobody forgot to run ``docs/generate.py``."""
    script = ROOT / "docs" / "generate.py"
    finished = subprocess.run(
        [sys.executable, str(script), "--check"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (finished.returncode, finished.stderr) == (0, "")


def test_every_error_has_a_heading() -> None:
    """The slug that a message ends with can be looked up, and nothing else can."""
    assert launch.LaunchError in kinds()
    assert sorted(sections()) == sorted(kind.slug for kind in kinds())


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.slug)
def test_every_error_has_its_exit_code(kind: type[XrayBridgeError]) -> None:
    """The manual gives the code that the class has, and says what to do."""
    section = sections()[kind.slug]

    assert f"\nExit code: {kind.exit_code}." in section
    assert "\nWhat to do: " in section


def test_readme_has_all_exit_codes() -> None:
    """Its table has each code that an error can have."""
    codes = re.findall(r"^\| (\d+) \|", text_of(ROOT / "README.md"), re.MULTILINE)

    assert {int(code) for code in codes} == {
        0,
        *(kind.exit_code for kind in kinds()),
    }


@pytest.mark.parametrize(
    "path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_settings_in_code_exist(path: Path) -> None:
    """No page shows a setting that is none, at any door."""
    settings = TABLE.values()
    known = {
        *(setting.ini for setting in settings),
        *(setting.pytest_flag for setting in settings),
        *chain.from_iterable((s.environment, *s.aliases) for s in settings),
        *(f"{s.environment}_FILE" for s in settings if s.secret),
        *OUTPUTS,
    }
    shown = re.findall(
        r"(?<![\w-])(--xray-[a-z-]+|xray_[a-z_]+|XRAY_[A-Z_]+)", code_in(path)
    )

    assert set(shown) - known - PACKAGES == set()


@pytest.mark.parametrize("command", commands())
def test_commands_parse(command: str) -> None:
    """What is shown of ``xray-bridge`` can be typed."""
    arguments = shlex.split(command)[1:]

    assert cli.parser().parse_args(arguments).command == arguments[0]


@pytest.mark.parametrize(
    "path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_links_lead_somewhere(path: Path) -> None:
    """Each relative link names a file."""
    broken = [
        link
        for link in LINK.findall(text_of(path))
        if not (path.parent / link).exists()
    ]

    assert broken == []


def test_readme_has_both_commands() -> None:
    """The two commands of the first screen, each on a line of its own."""
    lines = text_of(ROOT / "README.md").splitlines()

    assert {TRY, TEST} <= set(lines)


def test_ci_runs_the_command_of_the_readme() -> None:
    """What the build runs is what a reader types."""
    lines = text_of(ROOT / ".ci" / "run").splitlines()

    assert lines[-1] == TEST
    assert "set -euo pipefail" in lines
