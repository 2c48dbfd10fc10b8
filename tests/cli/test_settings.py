"""``xray-bridge settings``: what is set, and where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from xray_bridge import cli
from xray_bridge.config.settings import TABLE


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., str]


@pytest.fixture
def settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run the command in an empty project; its output."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        assert cli.main(["settings", *arguments]) == 0
        return capsys.readouterr().out

    return run


def test_nothing_is_set(settings: Command) -> None:
    """Without any setting, one line says how to see all of them."""
    assert settings() == (
        "Nothing is set here. `xray-bridge settings --all` shows all settings.\n"
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pytest.ini", "[pytest]\nxray_project = CALC\n"),
        ("tox.ini", "[pytest]\nxray_project = CALC\n"),
        ("setup.cfg", "[tool:pytest]\nxray_project = CALC\n"),
        ("pyproject.toml", '[tool.pytest.ini_options]\nxray_project = "CALC"\n'),
        ("behave.ini", "[behave.userdata]\nxray_project = CALC\n"),
    ],
)
def test_files_of_the_frameworks_are_read(
    settings: Command, tmp_path: Path, name: str, content: str
) -> None:
    """A setting is shown as one would type it, with the file that it is in."""
    (tmp_path / name).write_text(content, "ascii")

    words = settings().split()

    assert words[:3] == ["xray_project", "=", "CALC"]
    assert name in " ".join(words[3:])


def test_the_environment_is_shown_and_secrets_are_not(
    settings: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret is masked; where it comes from is shown."""
    monkeypatch.setenv("XRAY_TOKEN", "a-token-of-ours")

    shown = settings()

    assert shown.split() == ["xray_token", "=", "***", "environment"]


def test_all_settings(settings: Command) -> None:
    """``--all`` and the JSON document have all settings."""
    lines = settings("--all").splitlines()

    assert [line.split(" = ")[0] for line in lines] == [s.ini for s in TABLE.values()]
    assert json.loads(settings("--json")).keys() == TABLE.keys()
