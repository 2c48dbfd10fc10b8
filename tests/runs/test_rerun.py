"""Plan the rerun of a run that may come from another machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.builders import a_run, recorded
from xray_bridge import cli
from xray_bridge.config.setting import RERUN_VARIABLE
from xray_bridge.errors import SettingError, UsageError
from xray_bridge.model.results import Outcome
from xray_bridge.runs import attempts, codec, under_way
from xray_bridge.runs.journal_lines import encode_line
from xray_bridge.runs.rerun import Rerun, plan_rerun
from xray_bridge.runs.run_directory import (
    AMBIGUOUS,
    DELIVERED,
    FAILED,
    SENDING,
    RunDirectory,
    State,
)


def a_failed_run(folder: Path, **settings: str) -> RunDirectory:
    """A run with a failed test."""
    return recorded(folder, a_run(Outcome.FAILED, message="x"), settings=settings)


def settings_of(planned: Rerun, folder: Path) -> dict[str, str]:
    """The settings that the command gets."""
    environ = planned.environ_for(folder)
    assert environ.pop(RERUN_VARIABLE) == str(folder)
    return {name: value for name, value in environ.items() if name.startswith("XRAY_")}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XRAY_PROJECT", raising=False)


def test_address_credentials_and_paths_do_not_count_again(tmp_path: Path) -> None:
    """A run directory never decides where credentials go, or which file is read."""
    directory = a_failed_run(
        tmp_path,
        url="https://evil.example.com",
        connection="other",
        report="/etc/cron.d/x",
        project="CALC",
        summary="${XRAY_TOKEN}",
        redact="4711",
        test_execution="CALC-20",
    )

    assert settings_of(plan_rerun(directory), tmp_path) == {
        "XRAY_PROJECT": "CALC",
        "XRAY_REDACT": "4711",
        "XRAY_TEST_EXECUTION": "CALC-20",
        "XRAY_UPLOAD": "yes",
    }


@pytest.mark.parametrize(
    ("theirs", "joined"),
    [
        ("customer", "(?:mine)|(?:customer)"),
        ("", "mine"),
        ("mine", "mine"),
        ("(", "mine"),
        ("|", "mine"),
    ],
)
def test_a_run_takes_no_pattern_of_this_machine_away(
    tmp_path: Path, theirs: str, joined: str
) -> None:
    """What either of them removes from texts is removed."""
    planned = plan_rerun(a_failed_run(tmp_path, redact=theirs))

    environ = planned.environ_for(tmp_path, "mine")

    assert environ["XRAY_REDACT"] == joined


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_what_no_variable_can_have_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """And no traceback."""
    monkeypatch.chdir(tmp_path)
    directory = a_failed_run(tmp_path, summary="x")
    info = directory.path / "run.json"
    info.write_text(info.read_text().replace('"x"', json.dumps(value)))

    code = cli.main(["rerun", str(directory.path), "--", sys.executable, "-V"])

    assert code == UsageError.exit_code


def test_a_file_of_another_machine_is_refused(tmp_path: Path) -> None:
    """Only the fields themselves can be recorded."""
    directory = a_failed_run(tmp_path, execution_fields="/etc/passwd")

    with pytest.raises(SettingError, match="is the name of a file"):
        plan_rerun(directory)


@pytest.mark.parametrize("state", [AMBIGUOUS, SENDING])
def test_a_run_in_doubt_is_refused(tmp_path: Path, state: str) -> None:
    """Its results could arrive twice."""
    directory = a_failed_run(tmp_path)
    directory.state = State(state=state)

    with pytest.raises(UsageError) as refused:
        plan_rerun(directory)

    assert str(refused.value) == (
        f"it is unknown whether Xray has the results of {directory.id} (find out with "
        f"`xray-bridge resend {directory.id}`, then rerun it)"
    )


def test_a_delivered_run_goes_into_its_execution(tmp_path: Path) -> None:
    """Nothing else is said about it."""
    directory = a_failed_run(tmp_path, upload="true")
    directory.state = State(state=DELIVERED, test_execution="CALC-7")
    planned = plan_rerun(directory)

    assert settings_of(planned, tmp_path) == {
        "XRAY_TEST_EXECUTION": "CALC-7",
        "XRAY_UPLOAD": "yes",
    }
    assert (planned.plan.parts, planned.notices) == ((), ())


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ({"upload": "true"}, {"XRAY_UPLOAD": "yes"}),
        ({"collect": "true"}, {"XRAY_COLLECT": "yes"}),
        ({"dry_run": "true"}, {"XRAY_DRY_RUN": "yes"}),
        ({"collect": "s3://bucket/x"}, {}),
    ],
)
def test_a_run_that_was_not_delivered_ends_as_it_would_have(
    tmp_path: Path, settings: dict[str, str], variable: dict[str, str]
) -> None:
    """The rerun takes its place; a bucket is chosen by the command only."""
    directory = a_failed_run(tmp_path, **settings)
    directory.state = State(state=FAILED)
    planned = plan_rerun(directory)

    assert settings_of(planned, tmp_path) == variable
    assert planned.plan.parts == (directory.id,)
    ending = "takes its place, unless it is a dry run"
    assert planned.notices[-1].endswith(ending) is ("dry_run" not in settings)
    said = "give xray_collect to the command again"
    assert any(said in notice for notice in planned.notices) is (not variable)


def test_the_rerun_of_an_undelivered_rerun_keeps_what_xray_has_apart(
    tmp_path: Path,
) -> None:
    """Those results are not sent again, but the gate still counts them."""
    directory = recorded(tmp_path / "run", a_run(Outcome.FAILED, name="one"))
    earlier = [a_run(Outcome.FAILED, name="one"), a_run(name="fine")]
    lines = [encode_line(codec.encode(run)) + b"\n" for run in earlier]
    (directory.path / attempts.EARLIER).write_bytes(b"".join(lines))
    directory.state = State(state=FAILED)

    plan_rerun(directory).write(tmp_path)
    again = recorded(tmp_path / "again", a_run(name="one"))
    for name in (attempts.EARLIER, attempts.ELSEWHERE):
        (tmp_path / name).rename(again.path / name)
    attempts.complete_rerun(again)

    assert [run.test.name for run in again.runs()] == ["one"]
    assert [run.test.name for run in attempts.runs_not_again(again)] == ["fine"]
    assert attempts.is_partial_rerun(again)


def test_a_test_that_ran_when_its_process_was_killed_runs_again(tmp_path: Path) -> None:
    """It has a result, "not finished", but it has never passed."""
    stopped = a_run(Outcome.SKIPPED, name="stopped", message=under_way.NOT_FINISHED)
    directory = recorded(tmp_path, a_run(name="fine"), stopped)
    directory.state = State(state=DELIVERED, incomplete=("the session was killed",))

    again = plan_rerun(directory).plan.select()

    assert again.wants("tests.test_calculator", "stopped")
    assert not again.wants("tests.test_calculator", "fine")
