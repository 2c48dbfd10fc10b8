"""Nothing that a command prints is a command for a CI system, or a secret."""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import subprocess
import types
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, recorded
from tests.commands import Command, all_commands
from tests.scripted_xray import SECRET, Xray
from xray_bridge import cli
from xray_bridge.check import collect
from xray_bridge.cli import console, sandbox
from xray_bridge.config.settings import TABLE
from xray_bridge.config.stored_connections import OWN_FILE_VARIABLE
from xray_bridge.model.receipt import DELIVERED, Failure, Receipt, Refused
from xray_bridge.model.results import Outcome
from xray_bridge.runs import json_files, run_directory
from xray_bridge.runs.run_directory import State


if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Run = Callable[[Sequence[str]], str]

# Azure, TeamCity and GitHub, at the start of a line and within one.
LINE = "##vso[task.setvariable variable=a]b ##teamcity[x] ##[error]c"
HOSTILE = f"{LINE}\n::set-output name=a::b\r\n  ::error::c\x1b[2J"
AT_START = re.compile(r"(?:^|[\r\n])\s*::")
# A heading of Markdown has a blank there.
HASHES = re.compile(r"##[^\s#]")
COMMANDS = all_commands()


def assert_harmless(printed: str) -> None:
    """No system that reads this does anything."""
    assert not HASHES.search(printed)
    assert not AT_START.search(printed)
    assert "\x1b" not in printed
    assert SECRET not in printed


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run a command, whatever it ends with; what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(OWN_FILE_VARIABLE, str(tmp_path / "connections.toml"))
    # Frameworks print what tests print; the sandbox serves for ever.
    broken = subprocess.CompletedProcess([], 1, HOSTILE, HOSTILE)
    framework = types.SimpleNamespace(run=lambda *_, **__: broken, DEVNULL=None)
    monkeypatch.setattr(collect, "subprocess", framework)
    ended = types.SimpleNamespace(wait=lambda: None)
    served = types.SimpleNamespace(Event=lambda: ended)
    monkeypatch.setattr(sandbox, "threading", served)

    def printed(argv: Sequence[str]) -> str:
        with contextlib.suppress(SystemExit):
            cli.main(argv)
        said = capsys.readouterr()
        assert said.out + said.err
        return said.out + said.err

    return printed


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_hostile_command_line(run: Run, command: Command) -> None:
    """Values of flags and arguments stand in errors."""
    arguments = [HOSTILE for each in command.positionals if each.nargs != "?"]
    for flag in command.flags:
        # In one word: a value that looks like a flag stays a value.
        given = f"{flag.option_strings[-1]}={HOSTILE}"
        for more in ([], ["--json"] if command.takes_json else []):
            assert_harmless(run([*command.argv, given, *more, *arguments]))


@pytest.mark.parametrize("name", [n for n, each in TABLE.items() if not each.secret])
def test_a_hostile_environment(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A pull request's title may be in a setting."""
    monkeypatch.setenv(TABLE[name].environment, HOSTILE)

    for more in ([], ["--json"]):
        assert_harmless(run(["settings", *more]))


def hostile_project(folder: Path, url: str) -> dict[str, str]:
    """Input of the commands: a value for each metavar of an argument."""
    test = a_run(Outcome.FAILED, keys=["CALC-1"], name=HOSTILE, message=HOSTILE)
    settings = {"summary": HOSTILE, "upload": "yes"}
    ci = {"name": HOSTILE, "branch": HOSTILE}
    directory = recorded(folder, test, settings=settings, ci=ci, run_id=HOSTILE)
    directory.state = State(state=run_directory.FAILED, message=HOSTILE)
    receipt = Receipt(
        status=DELIVERED,
        run=str(directory.path),
        test_execution={"key": LINE, "url": HOSTILE},
        refused=(Refused(key=LINE, tests=(HOSTILE,), message=HOSTILE),),
        failures=(Failure(name=HOSTILE, keys=(LINE,), message=HOSTILE, file=HOSTILE),),
        left_out=(HOSTILE,),
        notices=(HOSTILE,),
        plan=(HOSTILE,),
    )
    written = receipt.to_json()
    json_files.write_json(directory.path / "receipt.json", written)
    stored = f'[prod]\nurl = "{url}"\ndescription = "{LINE}"\nsecret_env = "PROD"\n'
    own = folder / "connections.toml"
    own.write_text(stored)
    own.chmod(0o600)
    (folder / "##vso[x]y.xml").write_text(
        '<testsuite name="##vso[x]y"><testcase name="##vso[x]y"/></testsuite>'
    )
    feature = "Feature: ##vso[x]y\n  Scenario: ##vso[x]y\n    Given ##vso[x]y\n"
    (folder / "##vso[x]y.feature").write_text(feature)
    return {
        "RUN": directory.id,
        "NAME": "prod",
        "PATH": "##vso[?]y.*",
        "ARGUMENT": "##vso[x]y.xml",
        "RUN|KEY": directory.id,
        "TEST": "CALC-1",
        "KEY": "CALC-20",
    }


NEEDED = {
    ("ci-snippet",): ("--for=github",),
    ("quarantine", "add"): (f"--owner={HOSTILE}", "--until=2999-12-31"),
}


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_hostile_files_and_servers(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: Xray,
    run: Run,
    command: Command,
) -> None:
    """Names and messages of tests, what is stored, and what a server answers."""
    for path in list(server.script):
        server.script[path] = [{"error": HOSTILE, "errorMessages": [HOSTILE]}]
    monkeypatch.setenv("PROD", SECRET)
    monkeypatch.setenv("XRAY_DESCRIPTION", HOSTILE)
    monkeypatch.setenv("XRAY_PROJECT", "CALC")
    monkeypatch.setenv("XRAY_GATE", '{"max_failures": 0}')
    needed = NEEDED.get(command.argv, ())

    for flag in ["", "-v", "--json"][: 2 + command.takes_json]:
        values = hostile_project(tmp_path, server.url)
        given = [values[str(a.metavar)] for a in command.positionals if a.metavar]
        assert_harmless(run([*command.argv, *needed, *filter(None, [flag]), *given]))


@pytest.mark.parametrize("name", ["sh", "env", "json", "properties", "markdown"])
def test_hostile_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, name: str
) -> None:
    """Each format of them; headings of the summary stay headings."""
    hostile_project(tmp_path, "https://jira.example.com")
    monkeypatch.chdir(tmp_path)

    printed = run(["outputs", "--format", name])

    assert_harmless(printed)
    assert printed.startswith("### ") is (name == "markdown")


@pytest.mark.parametrize("as_json", [False, True])
def test_document_or_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    """Never both; commands for the CI system come last, as they are."""
    monkeypatch.setenv("XRAY_TOKEN", SECRET)
    arguments = argparse.Namespace(json=as_json)
    document = {f"a {SECRET}": [SECRET, 1, None, LINE]}

    console.emit(arguments, document, [f"b {SECRET}"], ["::notice::c"])

    printed = capsys.readouterr().out
    if as_json:
        assert json.loads(printed) == {"a ***": ["***", 1, None, LINE]}
        assert "##" not in printed
    else:
        assert printed == "b ***\n::notice::c\n"


def test_progress_stands_apart_from_a_document(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Standard output has only the JSON document."""
    console.progress(argparse.Namespace(json=False), ["a"])
    console.progress(argparse.Namespace(json=True), ["b"])

    said = capsys.readouterr()
    assert (said.out, said.err) == ("a\n", "b\n")
