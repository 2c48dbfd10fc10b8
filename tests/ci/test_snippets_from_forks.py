"""``ci-snippet --from-forks``: two workflows, of which only the second has secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.schemas import refused
from xray_bridge.cli import main


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """What is printed for a project that uses a test plan."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XRAY_TEST_PLAN", "CALC-15")
    assert main(["ci-snippet", "--for", "github", "--from-forks"]) == 0
    return capsys.readouterr().out


def test_only_the_second_workflow_has_secrets(printed: str) -> None:
    """And it checks out nothing, and runs only xray-bridge."""
    first, second = map(str, printed.split("\n---\n"))
    found: list[Any] = list(yaml.safe_load_all(printed))
    steps = [next(iter(each["jobs"].values()))["steps"] for each in found]

    assert "${{ secrets." not in first
    assert "${{ secrets.XRAY_TOKEN }}" in second
    assert not any("checkout" in step.get("uses", "") for step in steps[1])
    commands = [step["run"].strip() for step in steps[1] if "run" in step]
    assert commands[0].startswith("pip install ")
    assert commands[1:] == [
        "xray-bridge upload shards --run-id \"github-$RUN\" --test-execution ''"
    ]
    assert steps[1][-1]["env"]["XRAY_TEST_PLAN"] == "CALC-15"


def test_the_first_workflow_collects(printed: str) -> None:
    """With the least rights, and nothing of the event in a shell."""
    found: list[Any] = list(yaml.safe_load_all(printed))
    scripts = [
        step["run"].strip()
        for each in found
        for job in each["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]

    assert [each["permissions"] for each in found] == [
        {"contents": "read"},
        {"actions": "read"},
    ]
    assert "pytest" in scripts
    assert not any("${{" in script for script in scripts)


def test_the_schema_takes_both(printed: str, tmp_path: Path) -> None:
    """Each file for itself."""
    for number, text in enumerate(printed.split("\n---\n")):
        path = tmp_path / f"{number}.yml"
        path.write_text(text, encoding="utf-8")

        assert refused("github-workflows", path, "--regex-variant", "nonunicode") == ""


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--for", "gitlab"], "two workflows for forks are known for github only"),
        (["--for", "github", "--from-jira"], "(leave out --from-jira)"),
        (["--for", "github", "--framework", "files"], "(leave out --framework files)"),
    ],
)
def test_what_has_no_two_workflows_is_refused(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With one line."""
    assert main(["ci-snippet", "--from-forks", *arguments]) == 2
    assert line in capsys.readouterr().err
