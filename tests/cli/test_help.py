"""``xray-bridge help``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from xray_bridge import cli
from xray_bridge.config.settings import TABLE


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command prints."""
    assert cli.main(["help", *words]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "name",
    [
        "test_plan",
        "test-plan",
        "xray_test_plan",
        "XRAY_TEST_PLAN",
        "--test-plan",
        "--xray-test-plan",
    ],
)
def test_setting_in_any_spelling(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """All places of a setting, with its spelling there."""
    found = told(capsys, name)

    assert found.startswith("test_plan: ")
    for spelling in (
        "--xray-test-plan KEY",
        "xray_test_plan = KEY",
        "-D xray_test_plan=KEY",
        "--test-plan KEY",
        "XRAY_TEST_PLAN",
    ):
        assert spelling in found


def test_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """It has its variables, and no place where others could read it."""
    found = told(capsys, "token")

    assert "XRAY_TOKEN_FILE" in found
    assert "--" not in found
    assert "shared file" not in found


def test_error(capsys: pytest.CaptureFixture[str]) -> None:
    """The name in brackets is explained, with its exit code."""
    found = told(capsys, "[run-in-use]")

    assert found.startswith("run-in-use: Another process writes or sends this run.")
    assert "Exit code: 83" in found


def test_each_error_of_the_manual(capsys: pytest.CaptureFixture[str]) -> None:
    """It is explained in one sentence for people, without signs of docstrings."""
    manual = Path(__file__).parents[2] / "docs" / "errors.md"
    names = re.findall("^## (.+)", manual.read_text("utf-8"), re.MULTILINE)
    texts = {name: told(capsys, name) for name in names}

    assert len(names) > 20
    for name, text in texts.items():
        sentence, code = text.splitlines()[-2:]
        assert re.fullmatch(f"{name}: [A-Z`][^\n]+[.]", sentence)
        assert code.startswith("Exit code: ")
        assert "``" not in text


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_of_help(capsys: pytest.CaptureFixture[str], flag: str) -> None:
    """Flags are names here, but these two ask what the command does."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["help", flag])

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: xray-bridge help")


def test_all_settings(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a name, there is a line for each setting, which fits a terminal."""
    lines = told(capsys).splitlines()

    names = {line.split()[0] for line in lines if line.startswith("  ")}
    assert names == set(TABLE)
    assert max(map(len, lines)) <= 80


def test_default_of_each_setting(capsys: pytest.CaptureFixture[str]) -> None:
    """Every setting can be explained."""
    for name in TABLE:
        assert "default" in told(capsys, name)


def test_unknown_name(capsys: pytest.CaptureFixture[str]) -> None:
    """The name that was meant is proposed."""
    code = cli.main(["help", "tset_plan"])

    assert code == 2
    assert "did you mean test_plan?" in capsys.readouterr().err
