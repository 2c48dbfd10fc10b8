"""The command lists the fields of a new issue, and the check compares rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from xray_bridge import cli


if TYPE_CHECKING:
    from pathlib import Path

RULES = """\
project = "CALC"

[defects]
mode = "create"
priority = "Urgent"
fields = { Nothing = "x" }
"""


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("product", ["server", "cloud"])
def test_fields_of_a_bug(product: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The table has required fields first; JSON has all allowed values."""
    arguments = ["jira", "fields", "--sandbox", f"--deployment={product}"]

    code = cli.main([*arguments, "--project", "CALC"])
    lines = capsys.readouterr().out.splitlines()
    cli.main([*arguments, "--json"])
    found = json.loads(capsys.readouterr().out)
    fields = {each["id"]: each for each in found["fields"]}

    assert code == 0
    assert lines[0].split() == ["FIELD", "ID", "REQUIRED", "TYPE", "VALUES"]
    assert any(line.split()[:3] == ["Summary", "summary", "yes"] for line in lines)
    assert (found["project"], found["type"]) == ("CALC", "Bug")
    assert fields["summary"]["needed"]
    assert "High" in fields["priority"]["allowed"]


def test_an_unknown_type_is_named_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The message lists the types of the project."""
    code = cli.main(["jira", "fields", "--sandbox", "--type", "Bugg"])

    said = capsys.readouterr().err

    assert code == 2
    assert "CALC has no type Bugg, only: " in said
    assert "did you mean Bug?" in said


def test_the_check_has_a_line_for_each_mistake_in_the_rules(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong priority and an unknown field are two lines."""
    (tmp_path / "xray-bridge.toml").write_text(RULES)

    code = cli.main(["check", "--sandbox"])
    lines = capsys.readouterr().out.splitlines()
    wrong = [line for line in lines if line.startswith("WRONG defects")]

    assert code == 85
    assert len(wrong) == 2
    assert "a Bug has no field Nothing" in wrong[0]
    assert "Priority of a Bug cannot be Urgent, only: " in wrong[1]


def test_the_check_says_that_the_rules_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line is ok."""
    (tmp_path / "xray-bridge.toml").write_text(RULES.split("priority", maxsplit=1)[0])

    cli.main(["check", "--sandbox"])

    assert "CALC takes a Bug with the fields of the rules" in capsys.readouterr().out
