"""CI systems get outputs of successful, failed and several uploads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from tests.scripted_xray import CREATED, FAILED, MULTIPART, PASSED, SECRET, Sender, Xray
from xray_bridge.ci.outputs import Outputs
from xray_bridge.cli import main, upload_summary
from xray_bridge.cli.upload_summary import write_outputs


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the files that GitHub names."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        (tmp_path / name).touch()
        monkeypatch.setenv(name, str(tmp_path / name))
    return tmp_path


@pytest.mark.usefixtures("server")
def test_upload_by_hand(send: Sender, github: Path) -> None:
    """The command prints what a session prints at its end."""
    outcome = send()

    definition = "tests.test_calculator.test_sub"
    line = f"::error title={definition}::1 != 2"
    assert outcome.output.splitlines()[-1] == line
    assert "\nCALC-77\n" in (github / "GITHUB_OUTPUT").read_text()
    assert "[CALC-77](" in (github / "GITHUB_STEP_SUMMARY").read_text()
    assert outcome.receipt["failures"][0]["name"] == definition
    assert "commands" not in outcome.receipt


@pytest.mark.parametrize(
    ("policy", "kind"), [("fail", "error"), ("warn", "warning")], ids=["fail", "warn"]
)
def test_upload_that_fails(
    server: Xray, send: Sender, github: Path, policy: str, kind: str
) -> None:
    """Later steps hear of it, and no secret that the server repeats."""
    told = f"no\n::set-output name=a::b {SECRET} ##[x]"
    server.script[MULTIPART] = [Response(told, status=400)]

    # What the run directory says of it does not count.
    outcome = send("--on-upload-error", policy, on_upload_error="warn")

    assert outcome.exit_code == 80
    output = (github / "GITHUB_OUTPUT").read_text()
    assert "\nfalse\n" in output.partition("XRAY_IS_REQUEST_SUCCESSFUL<<")[2]
    summary = (github / "GITHUB_STEP_SUMMARY").read_text()
    assert summary.startswith("### Xray: Not delivered\n")
    lines = [line for line in outcome.output.splitlines() if line.startswith("::")]
    assert lines[0].startswith(f"::{kind} title=xray-bridge::")
    assert [line.split(" ")[0] for line in lines[1:]] == ["::error"]
    assert SECRET not in output + summary + outcome.output


@pytest.mark.usefixtures("server")
def test_answer_for_a_session(send: Sender, github: Path) -> None:
    """In JSON, the lines are for the process that has asked to print."""
    outcome = send("--json")

    found: dict[str, Any] = json.loads(outcome.output)
    (line,) = found["commands"]
    assert line.startswith("::error title=")
    assert (github / "GITHUB_OUTPUT").read_text()


def test_resend_of_several(
    server: Xray,
    send: Sender,
    github: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One set of variables for all of them."""
    monkeypatch.chdir(send.folder)
    issue: Any = CREATED["testExecIssue"]
    other = {**CREATED, "testExecIssue": {**issue, "key": "CALC-78"}}
    server.script[MULTIPART] = [CREATED, other]
    send.record(PASSED)
    send.record(FAILED)

    code = main(["resend"])

    assert code == 0
    output = (github / "GITHUB_OUTPUT").read_text()
    assert output.count("XRAY_TEST_EXECS<<") == 1
    assert "\nCALC-77;CALC-78\n" in output
    summary = (github / "GITHUB_STEP_SUMMARY").read_text()
    assert summary.count("### Xray: [CALC-7") == 2
    assert capsys.readouterr().out.splitlines()[-1].startswith("::error title=")


@pytest.mark.usefixtures("server", "github")
def test_fault_of_ours(send: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """It makes no failure of what has arrived."""
    monkeypatch.setattr(upload_summary, "outputs_of", len)

    outcome = send()

    assert outcome.exit_code == 0
    assert "Test Execution: CALC-77" in outcome.output
    assert "the CI system did not get the results (TypeError)" in outcome.output


@pytest.mark.usefixtures("server")
def test_rehearsal_by_hand(send: Sender, github: Path) -> None:
    """A dry run gives no outputs."""
    send("--dry-run")

    assert (github / "GITHUB_OUTPUT").read_text() == ""


def test_what_is_no_receipt(github: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other commands have outputs, too; secrets of the environment go from them."""
    monkeypatch.setenv("XRAY_TOKEN", SECRET)
    news = Outputs(variables={"XRAY_TESTS": "CALC-1", "X": SECRET}, markdown=SECRET)

    found = write_outputs(news, github / ".xray")

    assert found.notices == ()
    assert "\nCALC-1\n" in (github / "GITHUB_OUTPUT").read_text()
    said = "".join(path.read_text() for path in github.iterdir() if path.is_file())
    assert SECRET not in said
