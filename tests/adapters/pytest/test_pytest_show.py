"""``xray-bridge show``: what a Test Execution says, after an upload."""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from xray_bridge import cli
from xray_bridge.cli import show
from xray_bridge.client.test_runs import RunRef


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

SUITE = """
    import pytest

    @pytest.mark.xray("CALC-1")
    def test_add(): pass

    @pytest.mark.xray("CALC-2", defects=["CALC-9"])
    def test_subtract(xray):
        xray.attach(b"seen", name="seen.txt")
        assert "`` <b>" == 1

    @pytest.mark.xray("CALC-3")
    @pytest.mark.skip(reason="later")
    def test_later(): pass
"""
FLAGS = ("--sandbox", "--deployment")
DEPLOYMENTS = pytest.mark.parametrize("deployment", ["server", "cloud"])


def execution_of(project: Project, deployment: str, *arguments: str) -> str:
    """Upload the suite as Xray JSON, and return the key."""
    project.pytester.makepyfile(SUITE)
    done = project.upload(
        *("--xray-format", "xray", "--xray-deployment", deployment), *arguments
    )
    assert done.ret == 1
    key: str = project.receipt["test_execution"]["key"]
    return key


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command prints."""
    capsys.readouterr()
    assert cli.main(["show", *arguments]) == 0
    return capsys.readouterr().out


@DEPLOYMENTS
def test_failures_with_what_they_say(
    project: Project, capsys: pytest.CaptureFixture[str], deployment: str
) -> None:
    """Counts, the failed Tests with text and evidence, and how to run them again."""
    key = execution_of(project, deployment)

    found: dict[str, Any] = json.loads(shown(capsys, key, *FLAGS, deployment, "--json"))

    assert sum(found["counts"].values()) == 3
    (failure,) = found["failures"]
    assert failure["key"] == "CALC-2"
    assert failure["status"] in {"FAIL", "FAILED"}
    assert failure["defects"] == ["CALC-9"]
    assert "assert" in failure["comment"]
    assert "{noformat" not in failure["comment"]
    assert [each["name"] for each in failure["evidence"]] == ["seen.txt"]
    assert failure["evidence"][0]["url"].startswith("http://127.0.0.1:")
    word = failure["status"]
    assert found["again"][0] == f'pytest --xray-select "{key} status={word}"'


@DEPLOYMENTS
def test_command_that_it_prints_runs_the_failures(
    project: Project, capsys: pytest.CaptureFixture[str], deployment: str
) -> None:
    """Only these, into the same Test Execution."""
    key = execution_of(project, deployment)
    (_, again) = json.loads(shown(capsys, key, *FLAGS, deployment, "--json"))["again"]
    program, *flags = shlex.split(again)
    assert program == "pytest"

    done = project.run(
        *flags,
        *("--xray-sandbox", "--xray-deployment", deployment),
    )

    done.assert_outcomes(failed=1, deselected=2)
    assert project.receipt["test_execution"]["key"] == key


def test_for_people(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """One paragraph for each failure, and long texts are cut."""
    key = execution_of(project, "server")

    text = shown(capsys, key.lower(), *FLAGS, "server")

    lines = text.splitlines()
    assert lines[0].startswith(f"{key} http://127.0.0.1:")
    assert lines[1] == "Test Runs: 3 (1 PASS, 1 FAIL, 1 TODO)"
    assert any(line.startswith("CALC-2 FAIL: ") for line in lines)
    assert "  Defects: CALC-9" in lines
    assert any(line.startswith("  Evidence: seen.txt http") for line in lines)
    assert lines[-2].startswith("To run them again: pytest --xray-select")


def test_markdown_of_hostile_texts_stays_in_code(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fence is longer than any run of ticks in the text."""
    key = execution_of(project, "server")

    text = shown(capsys, key, *FLAGS, "server", "--markdown")

    assert text.startswith(f"# [{key}](http://127.0.0.1:")
    before, fence, _ = text.partition("```\n")
    assert "<b>" not in before
    assert fence


def test_execution_without_failures_has_no_command(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is to be run again."""
    project.pytester.makepyfile("def test_it(): pass")
    project.upload()
    key = project.receipt["test_execution"]["key"]

    found = json.loads(shown(capsys, key, "--sandbox", "--json"))

    assert (found["failures"], found["again"]) == ([], [])


def test_more_failures_than_are_asked_about(
    project: Project,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All are listed; a note says which have no texts."""
    monkeypatch.setattr(show, "MOST_DETAILS", 0)
    key = execution_of(project, "server")

    found = json.loads(shown(capsys, key, *FLAGS, "server", "--json"))

    assert [each["comment"] for each in found["failures"]] == [""]
    (notice,) = found["notices"]
    assert "the first 0 of 1 failure" in notice


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("foo", "is not the key of a Test Execution, such as CALC-20"),
        ("CALC-1", "CALC-1 is not a Test Execution, or this account cannot see it"),
        ("CALC-999", "CALC-999 is not a Test Execution, or this account cannot see it"),
    ],
)
def test_key_of_something_else(
    project: Project, capsys: pytest.CaptureFixture[str], key: str, said: str
) -> None:
    """One line."""
    execution_of(project, "server")
    capsys.readouterr()

    code = cli.main(["show", key, *FLAGS, "server"])

    assert code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("framework", ["pytest", "behave"])
@pytest.mark.parametrize(
    "status", ["$(touch here)", "`touch here`", '"; touch here; "', "it's !1", "a\nb"]
)
def test_statuses_of_a_server_are_no_commands(framework: str, status: str) -> None:
    """People paste the line into a shell."""
    failed = [RunRef(id="1", test_key="CALC-1", status=status)]

    for command in show.list_commands("CALC-20", failed, framework):
        words = shlex.split(command)
        (what,) = (word for word in words if "status=" in word)
        shell = subprocess.run(
            ["/bin/sh", "-c", f"printf '%s|' {command}"],
            capture_output=True,
            text=True,
            check=True,
        )

        assert what.endswith(f"CALC-20 status={' '.join(status.split())}")
        assert shell.stdout == "".join(f"{word}|" for word in words)
