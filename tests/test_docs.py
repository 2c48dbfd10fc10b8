"""
The manual says what the code does: settings, errors, commands, links.
"""

from __future__ import annotations

import ast
import configparser
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
from collections import defaultdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import xray_bridge
from behave_xray_bridge import hookspecs
from pytest_xray_bridge import hookspecs as hooks_of_pytest
from xray_bridge import Annotations, cli
from xray_bridge.config.settings import TABLE
from xray_bridge.errors import XrayBridgeError
from xray_bridge.recording import second_process


if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    chain(ROOT.glob("*.md"), ROOT.glob("docs/**/*.md"), ROOT.glob("examples/**/*.md"))
)
CODE = re.compile(r"^```\w*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
CONFIGURATION = re.compile(
    r"^```(ini|toml|yaml|json)\n(.*?)^```", re.MULTILINE | re.DOTALL
)
# A block that begins with the name of the file that it stands in.
FILE = re.compile(r"^```\w+\n(# ([\w/]+\.\w+)\n.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
WRITING_TESTS = ROOT / "docs" / "writing-tests.md"
COMING_FROM = [
    ROOT / "docs" / "from-pytest-jira-xray.md",
    ROOT / "docs" / "from-behave-xray.md",
]
TRY = (
    "python3 -m venv .venv && .venv/bin/pip install -q -e '.[all]' && "
    ".venv/bin/pytest examples/pytest --xray-upload --xray-sandbox"
)
TEST = (
    "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && "
    ".venv/bin/python -m pytest -n auto"
)
# Names that begin like settings and are none.
PACKAGES = {
    "xray_bridge",
    "xray_pages",
    "pytest_xray_bridge",
    "behave_xray_bridge",
}
HOOKS = {name for name in vars(hookspecs) if name.startswith("xray_")}
HOOKS_OF_PYTEST = {
    name for name in vars(hooks_of_pytest) if name.startswith("pytest_xray_")
}
OUTPUTS = {
    "XRAY_CONNECTIONS_FILE",
    "XRAY_IS_REQUEST_SUCCESSFUL",
    "XRAY_ISSUES_MODIFIED",
    "XRAY_RAW_RESPONSE",
    "XRAY_TESTS",
    "XRAY_TEST_EXECS",
    "XRAY_TEST_EXEC_URLS",
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
    """All our errors below ``root`` that have a slug of their own."""
    below = root.__subclasses__()
    found = [*below, *chain.from_iterable(map(kinds, below))]
    ours = (kind for kind in found if kind.__module__.startswith("xray_bridge."))
    return [kind for kind in ours if "slug" in vars(kind)]


def sections() -> dict[str, str]:
    """The text below each heading of ``errors.md``."""
    found = re.split(
        r"^## (.+)$", text_of(ROOT / "docs" / "errors.md"), flags=re.MULTILINE
    )
    return dict(zip(found[1::2], found[2::2], strict=True))


def anchors(path: Path) -> set[str]:
    """The targets of links in a page: its headings, as GitHub spells them."""
    found = HEADING.findall(text_of(path))
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in found)
    return {each.replace(" ", "-") for each in words}


def commands() -> list[str]:
    """Each line of a code block that calls ``xray-bridge``."""
    lines = chain.from_iterable(
        block.splitlines() for path in PAGES for block in BLOCK.findall(text_of(path))
    )
    stripped = (line.strip().removeprefix("- ") for line in lines)
    return sorted({line for line in stripped if line.startswith("xray-bridge ")})


def test_generated_parts_are_up_to_date(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The generated parts of the manual are up to date."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))

    assert (generate["main"](["--check"]), capsys.readouterr().err) == (0, "")


def test_every_error_has_a_heading() -> None:
    """Each slug of an error is a heading, and there are no other headings."""
    assert second_process.SecondProcessError in kinds()
    assert sorted(sections()) == sorted(kind.slug for kind in kinds())


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.slug)
def test_every_error_has_its_exit_code(kind: type[XrayBridgeError]) -> None:
    """The manual gives the code that the class has, and says what to do."""
    section = sections()[kind.slug]

    assert f"\nExit code: {kind.exit_code}." in section
    assert "\nWhat to do: " in section


def test_readme_has_all_exit_codes() -> None:
    """The table of the README has each exit code of an error."""
    codes = re.findall(r"^\| (\d+) \|", text_of(ROOT / "README.md"), re.MULTILINE)

    assert {int(code) for code in codes} == {
        0,
        *(kind.exit_code for kind in kinds()),
    }


@pytest.mark.parametrize(
    "path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_settings_in_code_exist(path: Path) -> None:
    """No page shows a setting that does not exist, in any spelling."""
    settings = TABLE.values()
    known = {
        *(setting.ini for setting in settings),
        *(setting.pytest_flag for setting in settings),
        *chain.from_iterable((s.environment, *s.aliases) for s in settings),
        *(f"{s.environment}_FILE" for s in settings if s.secret),
        *OUTPUTS,
    }
    shown = re.findall(
        r"(?<![\w-])(--xray-[a-z-]+|xray_[a-z_]+(?!\w*\.py)|XRAY_[A-Z_]+)",
        code_in(path),
    )

    assert set(shown) - known - PACKAGES - HOOKS == set()


@pytest.mark.parametrize("command", commands())
def test_commands_parse(command: str) -> None:
    """The parser accepts each command of ``xray-bridge`` in the manual."""
    arguments = shlex.split(command)[1:]

    assert cli.parse_arguments(arguments).command == arguments[0]


@pytest.mark.parametrize(
    "path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_links_lead_somewhere(path: Path) -> None:
    """Each relative link names a file, and a heading that is in it."""
    broken = [
        (link, anchor)
        for link, anchor in LINK.findall(text_of(path))
        if not (path.parent / link).exists()
        or (anchor and anchor not in anchors(path.parent / link if link else path))
    ]

    assert broken == []


@pytest.mark.parametrize(
    "path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_python_is_python(path: Path) -> None:
    """Python code in the manual has valid syntax."""
    for block in PYTHON.findall(text_of(path)):
        ast.parse(block)


def read_ini(text: str) -> dict[str, dict[str, str]]:
    """The sections of an ini file."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections()}


READERS: dict[str, Callable[[str], Any]] = {
    "ini": read_ini,
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
    "json": json.loads,
}


def configurations() -> list[tuple[str, str]]:
    """Each block of configuration in the manual, after its language."""
    found = (block for path in PAGES for block in CONFIGURATION.findall(text_of(path)))
    return list(found)


def settings_in(found: object) -> Iterator[tuple[str, Any]]:
    """The names and values with our prefix in a file of pytest or behave."""
    if isinstance(found, dict):
        for name, value in found.items():
            if str(name).startswith("xray_"):
                yield name, value
            yield from settings_in(value)


@pytest.mark.parametrize(("language", "block"), configurations())
def test_configuration_is_valid(language: str, block: str) -> None:
    """A file of the manual can be read, and each setting in it has a valid value."""
    by_name = {setting.ini: setting for setting in TABLE.values()}
    found = READERS[language](block)

    for name, value in settings_in(found):
        text = value if isinstance(value, str) else json.dumps(value)
        if "${" not in text and not isinstance(value, dict):
            by_name[name].parse(text)


def given_on_command_lines() -> list[tuple[str, str]]:
    """Each setting with a value on a command line of pytest or behave."""
    pattern = re.compile(
        r"(?:--|-D )(xray[-_][a-z-_]+)[= ](?!-)('[^']*'|\"[^\"]*\"|\S+)"
    )
    blocks = (block for path in PAGES for block in BLOCK.findall(text_of(path)))
    lines = chain.from_iterable(block.splitlines() for block in blocks)
    calls = (line for line in lines if re.search(r"\b(pytest|behave)\b", line))
    found = {pair for line in calls for pair in pattern.findall(line)}
    return sorted((name.replace("-", "_"), value.strip("'\"")) for name, value in found)


@pytest.mark.parametrize(("name", "value"), given_on_command_lines())
def test_value_on_a_command_line_is_valid(name: str, value: str) -> None:
    """What a reader copies is not refused."""
    setting = next(each for each in TABLE.values() if each.ini == name)

    if "$" not in value and not (setting.flag and name == "xray_sandbox"):
        setting.parse("yes" if setting.flag else value)


def test_every_page_is_in_the_readme() -> None:
    """The README links to each page."""
    linked = {link for link, _ in LINK.findall(text_of(ROOT / "README.md"))}
    pages = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md")}

    assert pages <= linked


def test_what_tests_can_say_is_documented() -> None:
    """The page has each method of the fixture, each hook and each public type."""
    shown = code_in(WRITING_TESTS)
    methods = {
        name
        for name, value in vars(Annotations).items()
        if callable(value) and not name.startswith("_")
    }
    # What ``attach`` and the adapters are made of.
    methods -= {"add_evidence", "begin_step", "end_step", "ordered_steps", "to_line"}
    names = {name for name in xray_bridge.__all__ if not name.startswith("_")}

    wanted = methods | HOOKS | HOOKS_OF_PYTEST | names
    assert {name for name in wanted if not re.search(rf"\b{name}\b", shown)} == set()


def test_names_of_others_are_documented() -> None:
    """Each accepted variable of another tool is on the page about this tool."""
    shown = "".join(map(code_in, COMING_FROM))
    aliases = {alias for setting in TABLE.values() for alias in setting.aliases}

    assert {alias for alias in aliases if alias not in shown} == set()


# What the examples take for granted, and a failure for their hooks.
STAND_INS = {
    "conftest.py": """
import pytest

class Browser:
    def screenshot(self):
        return b"png"

@pytest.fixture
def browser():
    return Browser()
""",
    "test_failing.py": "def test_it(browser): raise TimeoutError",
    "features/failing.feature": """
Feature: Failing

  @CALC-81 @known
  Scenario: It fails
    Given the login page
    Then I am welcome
""",
    "behave.ini": """
[behave]
format = xray

[behave.formatters]
xray = behave_xray_bridge:XrayFormatter

[behave.userdata]
xray_upload = yes
xray_sandbox = yes
""",
}


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of all the files that the page on writing tests shows."""
    folder = tmp_path_factory.mktemp("examples")
    files: defaultdict[str, str] = defaultdict(str, STAND_INS)
    for block, name in FILE.findall(text_of(WRITING_TESTS)):
        files[name] += f"\n{block}"
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("command", "counts", "name"),
    [
        (
            "pytest --xray-upload --xray-sandbox",
            {"passed": 13, "skipped": 1, "failed": 1},
            "screen.png",
        ),
        ("behave", {"passed": 1, "failed": 1}, "server.log"),
    ],
)
def test_examples_run(
    examples: Path, command: str, counts: dict[str, int], name: str
) -> None:
    """The examples on the page about writing tests work."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("XRAY_")}
    finished = subprocess.run(
        [sys.executable, "-m", *command.split()],
        cwd=examples,
        env={**environ, "PYTEST_ADDOPTS": "-p no:cacheprovider"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    # Names of runs of one second have no order.
    runs = examples.glob(".xray/runs/*/run.json")
    run = max(runs, key=lambda path: path.stat().st_mtime_ns).parent
    receipt = json.loads((run / "receipt.json").read_text(encoding="utf-8"))
    key = (examples / "test-execution.txt").read_text(encoding="utf-8")
    written = (run / "journal.jsonl").read_bytes().splitlines()
    lines = (json.loads(line.partition(b"\t")[0]) for line in written)
    (failed,) = (line for line in lines if line["outcome"] == "failed")

    assert finished.returncode == 1, finished
    assert "xray-bridge failed" not in finished.stdout
    assert "ERROR in" not in finished.stdout
    assert receipt["counts"] == counts
    assert receipt["left_out"] == []
    assert receipt["test_execution"]["key"] == key
    # The hooks had to say something of it.
    assert failed["defects"] == ["CALC-90"]
    assert [each["name"] for each in failed["evidence"]] == [name]


def test_readme_has_both_commands() -> None:
    """The README has both commands, each on a line of its own."""
    lines = text_of(ROOT / "README.md").splitlines()

    assert {TRY, TEST} <= set(lines)


def test_ci_runs_the_command_of_the_readme() -> None:
    """CI runs the test command of the README."""
    lines = text_of(ROOT / ".ci" / "run").splitlines()

    assert lines[-1] == TEST
    assert "set -euo pipefail" in lines
