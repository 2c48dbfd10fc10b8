"""Messages of the command about wrong command lines, and its help."""

from __future__ import annotations

import pytest

from xray_bridge import cli


WRONG = {
    "a command": (["nope"], "invalid choice: 'nope'"),
    "a flag": (["upload", "--nope"], "unrecognized arguments: --nope"),
    "a value": (
        ["upload", "--jobs", "0"],
        "argument --jobs: expected a number from 1 to 32",
    ),
    "a path that is missing": (["features", "import"], "are required: PATH"),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_line_of_usage(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """The message says what is wrong and where to read more; no page of flags."""
    argv, reason = WRONG[name]

    with pytest.raises(SystemExit) as ended:
        cli.main(argv)

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert reason in said
    assert said.startswith("xray-bridge: error: ")
    assert said.endswith("--help`) [usage]\n")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("argv", "meant"),
    [
        (["uplaod"], "upload"),
        (["runs", "prun"], "prune"),
        (["upload", "--projct", "CALC"], "--project"),
    ],
    ids=["a command", "an action", "a flag"],
)
def test_a_misspelt_word(
    capsys: pytest.CaptureFixture[str], argv: list[str], meant: str
) -> None:
    """The message names the word that was meant."""
    with pytest.raises(SystemExit):
        cli.main(argv)

    assert f"; did you mean {meant}? (`xray-bridge" in capsys.readouterr().err


def test_no_secret_in_an_error_of_usage(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret under a misspelt flag is not repeated."""
    monkeypatch.setenv("XRAY_TOKEN", "a-token-of-ours")

    with pytest.raises(SystemExit):
        cli.main(["check", "--tokn=a-token-of-ours"])

    said = capsys.readouterr().err
    assert "--tokn" in said
    assert "a-token-of-ours" not in said


def test_flags_are_named_as_they_were_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export has shorter ones than the settings behind them."""
    monkeypatch.setenv("XRAY_URL", "https://jira.example.com")

    assert cli.main(["features", "export", "--keys", "calc"]) == 2
    said = capsys.readouterr().err
    assert "error: --keys (command line): 'calc' is not an issue key" in said


def test_description_of_a_connection(capsys: pytest.CaptureFixture[str]) -> None:
    """It is not that of a Test Execution, which has a setting of the same name."""
    with pytest.raises(SystemExit):
        cli.main(["connection", "add", "--help"])

    said = " ".join(capsys.readouterr().out.split())
    assert "a description for people" in said
    assert "Test Execution" not in said
