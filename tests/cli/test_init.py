"""``xray-bridge init``: from nothing to settings that work."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from xray_bridge import cli
from xray_sandbox import CREDENTIALS, running


if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., tuple[int, str, str]]


class Terminal(io.StringIO):
    """What a person types."""

    def isatty(self) -> bool:
        """A terminal."""
        return True


@pytest.fixture
def init(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run the command in an empty project: exit code, output, questions."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, typed: str | None = None) -> tuple[int, str, str]:
        stdin = io.StringIO() if typed is None else Terminal(typed)
        monkeypatch.setattr("sys.stdin", stdin)
        code = cli.main(["init", *arguments])
        return code, *capsys.readouterr()

    return run


def test_five_answers_are_enough(init: Command) -> None:
    """What is typed is shown as a diff, written, and becomes a configuration for CI."""
    Path("pytest.ini").write_text("[pytest]\naddopts = -q\n", "ascii")
    typed = "https://jira.example.com\ncalc\ncalc-15\n\ngithub\ny\n"

    code, printed, asked = init(typed=typed)

    assert code == 0
    assert Path("pytest.ini").read_text("ascii").splitlines() == [
        "[pytest]",
        "xray_url = https://jira.example.com",
        "xray_project = CALC",
        "xray_test_plan = CALC-15",
        "addopts = -q",
    ]
    assert "+xray_project = CALC" in printed
    assert "Set XRAY_TOKEN" in printed
    assert "run: |\n          pytest --xray-upload" in printed
    assert asked.count(": ") >= 6
    assert "[pytest]: " in asked


def test_flags_answer_the_questions(init: Command) -> None:
    """A script needs no terminal."""
    code, printed, asked = init(
        "--url", "cloud", "--project", "CALC", "--yes", "--json"
    )

    assert (code, asked.count("?")) == (0, 0)
    assert Path("xray-bridge.toml").read_text("ascii") == (
        'deployment = "cloud"\nproject = "CALC"\n'
    )
    assert json.loads(printed)["written"] == "xray-bridge.toml"


def test_without_a_terminal_the_missing_flags_are_named(init: Command) -> None:
    """Nothing is written, and the message says which flags are needed."""
    code, _, message = init("--project", "CALC")

    assert code == 2
    assert "--url is needed" in message
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("\ncloud\nCALC\n\n\n\n", "this one is needed"),
        ("localhost:8979\ncloud\nCALC\n\n\n\n", "'localhost:8979' is not an address"),
        ("cloud\nMY CALC\nCALC\n\n\n\n", "'MY CALC' is not a project key"),
        ("cloud\nCALC\n15\n\n\n\n", "'15' is not an issue key"),
        ("cloud\nCALC\n\nnose\n\n\n", "'nose' is not one of pytest"),
        ("cloud\nCALC\n\n\nhudson\n\n", "'hudson' is not one of jenkins"),
    ],
)
def test_a_wrong_answer_is_asked_again(init: Command, typed: str, fault: str) -> None:
    """What is wrong is told at once, and only valid answers are written."""
    code, _, asked = init(typed=f"{typed}yes\n")

    assert code == 0
    assert fault in asked
    assert Path("xray-bridge.toml").read_text("ascii") == (
        'deployment = "cloud"\nproject = "CALC"\n'
    )


@pytest.mark.parametrize(
    ("flag", "fault"),
    [
        ("--url=localhost:8979", "--url: 'localhost:8979' is not an address"),
        ("--project=MY CALC", "--project: 'MY CALC' is not a project key"),
        ("--test-plan=15", "--test-plan: '15' is not an issue key"),
    ],
)
def test_a_wrong_flag_writes_nothing(init: Command, flag: str, fault: str) -> None:
    """A script gets an error before anything is written."""
    code, _, message = init("--url=cloud", "--project=CALC", "--yes", flag)

    assert code == 2
    assert fault in message
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("typed", ["", "cloud\n", "cloud\nCALC\n\n\nnone\n"])
def test_an_input_that_ends_writes_nothing(init: Command, typed: str) -> None:
    """Ctrl-D is no yes."""
    code, _, message = init(typed=typed)

    assert code == 2
    assert "the input ended" in message
    assert list(Path().iterdir()) == []


def test_settings_are_not_repeated_for_ci(init: Command) -> None:
    """What the file contains is not in the configuration of the CI system."""
    typed = "https://jira.example.com\nCALC\nCALC-15\n\ngithub\ny\n"

    _, printed, _ = init(typed=typed)

    _, snippet = printed.split("For .github/workflows/test.yml")
    assert "XRAY_TOKEN" in snippet
    assert "jira.example.com" not in snippet
    assert "CALC" not in snippet


def test_a_no_writes_nothing(init: Command) -> None:
    """The diff is shown, and the file stays as it is."""
    typed = "cloud\nCALC\n\n\nnone\nno\n"

    code, printed, _ = init(typed=typed)

    assert code == 1
    assert printed.endswith("Nothing was written.\n")
    assert list(Path().iterdir()) == []


def test_a_file_that_cannot_be_written(
    init: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says which one, after the settings were shown."""

    def refuse(_path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("xray_bridge.cli.init.replaced", refuse)

    code, printed, message = init("--url=cloud", "--project=CALC", "--yes")

    assert code == 2
    assert '+project = "CALC"' in printed
    assert "xray-bridge.toml cannot be written: Permission denied (" in message


def test_it_can_be_run_again(init: Command) -> None:
    """The second time there is nothing to write."""
    flags = ("--url", "cloud", "--project", "CALC", "--yes")
    init(*flags)
    before = Path("xray-bridge.toml").read_bytes()

    code, printed, _ = init(*flags)

    assert code == 0
    assert "xray-bridge.toml has these settings already." in printed
    assert Path("xray-bridge.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("path", "system"),
    [
        (".github/workflows/any.yml", "github"),
        (".gitlab-ci.yml", "gitlab"),
        ("Jenkinsfile", "jenkins"),
    ],
)
def test_the_ci_system_is_found(init: Command, path: str, system: str) -> None:
    """The configuration is for the system that the project has."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("", "ascii")

    _, printed, asked = init(typed="cloud\nCALC\n\n\n\n\n")

    assert f"none [{system}]: " in asked
    assert "For " in printed


def test_the_connection_is_tried(
    init: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With a credential in the environment, the checks run at once."""
    with running(tmp_path / "data" / "sandbox.sqlite3") as sandbox:
        monkeypatch.setenv("XRAY_TOKEN", CREDENTIALS.token)
        code, printed, _ = init("--url", sandbox.url, "--project", "CALC", "--yes")

    assert code == 0
    assert "ok    credentials" in printed
    assert "To upload the results: pytest --xray-upload\n" in printed
    assert CREDENTIALS.token not in printed
