"""The exit codes of ``xray-bridge gate``: a table of situations, as in the manual."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, recorded
from tests.manual import group_codes, read_exit_codes
from xray_bridge import cli
from xray_bridge.model.results import Outcome
from xray_bridge.runs.run_directory import KEPT, SEALED, State


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.run_directory import RunDirectory

GOOD, BAD = a_run(keys=("CALC-1",)), a_run(Outcome.FAILED, name="bad", keys=("CALC-2",))
SPARED = replace(BAD, quarantined="Quarantined by Anna")
NOBODY = {"url": "http://127.0.0.1:9", "token": "a-token", "deadline": "2"}
RULES: Mapping[str, object] = {"max_failures": 0}
OF_PLAN: Mapping[str, object] = {**RULES, "all_tests_of_plan": True}
QUERY = {"requirements_covered": "this is no query"}


@dataclass(frozen=True)
class Folder:
    """A project's folder with run directories."""

    path: Path
    monkeypatch: pytest.MonkeyPatch

    def run(self, *runs: TestRun, **state: object) -> str:
        """Record a run; return its name."""
        return self.record(*runs, **state).id

    def record(self, *runs: TestRun, **state: object) -> RunDirectory:
        """Record a run in this state."""
        directory = recorded(self.path, *runs, settings={"project": "CALC"})
        directory.state = State(**{"state": SEALED, **state})  # type: ignore[arg-type]
        return directory

    def send(self, *runs: TestRun) -> RunDirectory:
        """Record a run and send it to the sandbox."""
        directory = self.record(*runs)
        assert cli.main(["resend", directory.id, "--sandbox"]) == 0
        return directory

    def sent(self, *runs: TestRun) -> str:
        """Send a run; return the key of its Test Execution."""
        return self.send(*runs).state.test_execution

    def with_settings(self, name: str, **settings: str) -> str:
        """Set variables for the command; return the name of a run."""
        for key, value in settings.items():
            self.monkeypatch.setenv(f"XRAY_{key.upper()}", value)
        return name

    def away(self, name: str) -> str:
        """Let the server of a run or key be away; return its name."""
        return self.with_settings(name, **NOBODY)


SITUATIONS: list[tuple[str, Callable[[Folder], str], Mapping[str, object], int]] = [
    ("all rules are kept", lambda f: f.run(GOOD), RULES, 0),
    ("all rules are kept", lambda f: f.sent(GOOD), RULES, 0),
    ("a rule is not kept", lambda f: f.run(GOOD, BAD), RULES, 86),
    ("a rule is not kept", lambda f: f.sent(GOOD, BAD), RULES, 86),
    ("no test ran", lambda f: f.run(), RULES, 86),
    ("all failures are in quarantine", lambda f: f.run(GOOD, SPARED), RULES, 0),
    (
        "the run is incomplete",
        lambda f: f.run(GOOD, incomplete=("the session was killed",)),
        RULES,
        86,
    ),
    ("the run is a dry run", lambda f: f.run(GOOD, state=KEPT), RULES, 0),
    ("the run is a dry run", lambda f: f.run(BAD, state=KEPT), RULES, 86),
    (
        "the run was merged into another one",
        lambda f: f.run(GOOD, state=KEPT, message="merged into 20261129T120000Z-1"),
        RULES,
        2,
    ),
    (
        "the rules need no server, and it is away",
        lambda f: f.away(f.run(GOOD)),
        RULES,
        0,
    ),
    (
        "the rules need no server, and it is away",
        lambda f: f.away(f.run(GOOD, BAD)),
        OF_PLAN,
        86,
    ),
    (
        "a rule needs the server, and it is away",
        lambda f: f.away(f.run(GOOD)),
        OF_PLAN,
        0,
    ),
    (
        "a rule needs the server, and it is away",
        lambda f: f.away(f.send(GOOD).id),
        OF_PLAN,
        0,
    ),
    (
        "a rule needs a setting that is missing or wrong",
        lambda f: f.with_settings(f.send(GOOD).id, test_plan=""),
        OF_PLAN,
        86,
    ),
    (
        "a rule needs a setting that is missing or wrong",
        lambda f: f.with_settings(f.send(GOOD).id, test_plan="CALC-9999"),
        OF_PLAN,
        86,
    ),
    (
        "a rule needs a setting that is missing or wrong",
        lambda f: f.with_settings(f.send(GOOD).id, url="https://jira.example.com"),
        OF_PLAN,
        86,
    ),
    (
        "a rule needs a setting that is missing or wrong",
        lambda f: f.send(GOOD).id,
        QUERY,
        86,
    ),
    ("the results are in Xray, and it is away", lambda f: f.away("CALC-20"), RULES, 80),
    ("there is no such run or issue", lambda _: "no-such-run", RULES, 2),
    ("there is no such run or issue", lambda _: "CALC-9999", RULES, 2),
    ("there are no rules, or they have mistakes", lambda f: f.run(GOOD), {}, 2),
    ("there are no rules, or they have mistakes", lambda f: f.run(GOOD), {"x": 1}, 2),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """An empty project, with a sandbox."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XRAY_PROJECT", "CALC")
    monkeypatch.setenv("XRAY_TEST_PLAN", "CALC-15")
    return Folder(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("make", "rules", "code"),
    [
        pytest.param(*rest, id=f"{number} {name}")
        for number, (name, *rest) in enumerate(SITUATIONS)
    ],
)
def test_a_situation_has_its_exit_code(
    folder: Folder,
    make: Callable[[Folder], str],
    rules: Mapping[str, object],
    code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing is passed that was not checked, except rules that need a server."""
    name = make(folder)
    where = () if "XRAY_URL" in os.environ else ("--sandbox",)
    capsys.readouterr()

    ended = cli.main(["gate", name, *where, "--gate", json.dumps(rules)])

    assert ended == code
    verdicts = {0: "Gate: passed", 86: "Gate: FAILED"}
    printed = capsys.readouterr().out
    assert [each for each in verdicts.values() if each in printed] == [
        each for number, each in verdicts.items() if number == code
    ]


def test_the_manual_has_these_situations() -> None:
    """Each has one exit code, or those that the manual names."""
    found = group_codes((name, code) for name, _, _, code in SITUATIONS)

    assert read_exit_codes("gate.md", "`xray-bridge gate`") == found
