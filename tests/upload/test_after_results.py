"""The steps in Jira after the results: they are done, told and repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import scripted
from tests.builders import TOKEN, a_run, recorded, settings_of
from tests.scripted import answer
from xray_bridge.client import connection
from xray_bridge.client.pauses import Pauses
from xray_bridge.errors import RefusedError
from xray_bridge.jira import steps
from xray_bridge.jira.releases import fix_version
from xray_bridge.jira.run import Step
from xray_bridge.model.results import Outcome
from xray_bridge.runs import run_directory
from xray_bridge.runs.run_directory import State
from xray_bridge.upload.publish import publish


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from xray_bridge.jira.run import JiraRun
    from xray_bridge.model.receipt import Receipt

FIELDS = answer(200, b"[]")
DONE = answer(200, b'{"testExecIssue": {"key": "CALC-7", "id": "1", "self": "s"}}')
DOWN = answer(403, b"{}")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are short."""
    monkeypatch.setattr(connection, "PAUSES", Pauses(first=0.001))


def use(
    monkeypatch: pytest.MonkeyPatch,
    *applies: Callable[[JiraRun], Iterable[str]],
    needs_execution: bool = True,
) -> None:
    """Let these be the steps."""
    found = tuple(
        Step(
            name=f"step {number}",
            is_wanted=lambda _: True,
            describe=lambda run: [f"bugs for {run.test_execution or 'a new one'}"],
            apply=apply,
            needs_execution=needs_execution,
        )
        for number, apply in enumerate(applies, 1)
    )
    monkeypatch.setattr(steps, "STEPS", found)


def publish_with(
    directory: run_directory.RunDirectory, *script: scripted.Script, **given: str
) -> Receipt:
    """Publish to an Xray Server that answers so."""
    with scripted.scripted(*script) as server:
        basis = {"upload": "yes", "project": "CALC", "url": server.url}
        basis |= {"skip_proxy": "yes", "token": TOKEN, "defects": "link"}
        return publish(directory, settings_of(**{**basis, **given}))


def refuse(_: JiraRun) -> Iterable[str]:
    """Be refused by Jira."""
    msg = "Jira says no"
    raise RefusedError(msg, status=400, said="no")


def break_down(_: JiraRun) -> Iterable[str]:
    """Have a fault of our own."""
    raise ZeroDivisionError


def tell_place(run: JiraRun) -> Iterable[str]:
    """Say for which Test Execution."""
    yield f"bugs for {run.test_execution}"


def test_steps_are_told_in_the_receipt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They know the Test Execution."""
    use(monkeypatch, tell_place)
    directory = recorded(tmp_path, a_run())

    found = publish_with(directory, FIELDS, DONE)

    assert "bugs for CALC-7" in found.notices
    assert (found.status, found.exit_code) == ("delivered", 0)
    assert directory.state.state == run_directory.DELIVERED


@pytest.mark.parametrize(
    ("apply", "why"),
    [(refuse, "Jira says no"), (break_down, "unexpected ZeroDivisionError")],
)
def test_failed_step_costs_neither_results_nor_other_steps(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    apply: Callable[[JiraRun], Iterable[str]],
    why: str,
) -> None:
    """It is told with its name, and a resend does the steps again."""
    use(monkeypatch, apply, tell_place)
    directory = recorded(tmp_path, a_run())

    found = publish_with(directory, FIELDS, DONE)

    told = " ".join(found.notices)
    assert (found.status, found.exit_code) == ("delivered", 84)
    assert f"step 1: {why}" in told
    assert "`xray-bridge resend` retries only this" in told
    assert "bugs for CALC-7" in told
    assert directory.state.state == run_directory.REFUSED


def test_resend_does_the_steps_and_no_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results are there already."""
    use(monkeypatch, refuse)
    directory = recorded(tmp_path, a_run())
    publish_with(directory, FIELDS, DONE)
    use(monkeypatch, tell_place)

    found = publish_with(directory)

    assert "bugs for CALC-7" in found.notices
    assert (found.status, found.exit_code) == ("delivered", 0)
    assert directory.state.state == run_directory.DELIVERED


def test_resend_does_not_repeat_the_transition_of_the_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the new status the workflow may not offer it again."""
    use(monkeypatch, refuse)
    directory = recorded(tmp_path, a_run())
    fields = '{"transition": {"id": "31"}}'
    publish_with(directory, FIELDS, DONE, answer(204, b""), execution_fields=fields)
    use(monkeypatch, tell_place)

    found = publish_with(directory, DOWN, execution_fields=fields)

    assert (found.status, found.exit_code) == ("delivered", 0)


@pytest.mark.parametrize(("needs_execution", "told"), [(True, False), (False, True)])
def test_results_that_were_refused_leave_only_some_steps(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    needs_execution: bool,
    told: bool,
) -> None:
    """A build can be shown; nothing is done to a Test Execution."""
    use(monkeypatch, tell_place, needs_execution=needs_execution)
    directory = recorded(tmp_path, a_run())

    found = publish_with(directory, DOWN, test_execution="CALC-20")

    assert (found.status, found.exit_code) == ("failed", 80)
    assert ("bugs for" in found.notices) is told
    assert directory.state.state == run_directory.FAILED


@pytest.mark.parametrize(
    ("given", "line"),
    [({}, "bugs for a new one"), ({"test_execution": "CALC-20"}, "bugs for CALC-20")],
)
def test_dry_run_shows_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], line: str
) -> None:
    """None of them is done."""
    use(monkeypatch, break_down)
    directory = recorded(tmp_path, a_run())

    found = publish_with(directory, dry_run="yes", **given)

    assert found.plan[-1] == line
    assert found.exit_code == 0


def test_nothing_is_done_unless_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a setting for Jira there is no step."""
    use(monkeypatch, break_down)
    directory = recorded(tmp_path, a_run())

    found = publish_with(directory, FIELDS, DONE, defects="")

    assert (found.status, found.exit_code, found.notices) == ("delivered", 0, ())


class KilledError(BaseException):
    """The process is killed."""


def be_killed(_: JiraRun) -> Iterable[str]:
    """Do not end."""
    raise KilledError


def test_kill_during_the_steps_leaves_them_to_a_resend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results are delivered, but the run is not finished."""
    use(monkeypatch, be_killed)
    directory = recorded(tmp_path, a_run())
    with pytest.raises(KilledError):
        publish_with(directory, FIELDS, DONE)
    killed = directory.state
    use(monkeypatch, tell_place)

    found = publish_with(directory)

    assert (killed.state, killed.test_execution) == (run_directory.REFUSED, "CALC-7")
    assert (found.status, found.exit_code) == ("delivered", 0)
    assert "bugs for CALC-7" in found.notices
    assert directory.state.state == run_directory.DELIVERED
    assert directory.state.message == ""


def test_fault_of_ours_before_the_results_costs_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are sent without a fix version, and a notice says so."""
    use(monkeypatch)
    monkeypatch.setattr(fix_version, "settle_version", break_down)
    directory = recorded(tmp_path, a_run())

    found = publish_with(directory, FIELDS, DONE, fix_version="auto")

    assert (found.status, found.exit_code) == ("delivered", 0)
    assert "no fix version is set: unexpected ZeroDivisionError:" in found.notices


def test_known_doubt_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that fails says nothing about results that may have arrived."""
    use(monkeypatch, refuse, needs_execution=False)
    directory = recorded(tmp_path, a_run())
    directory.state = State(state=run_directory.AMBIGUOUS, attempts=1)

    found = publish_with(directory, DOWN)

    assert (found.status, found.exit_code) == ("ambiguous", 81)
    assert directory.state.state == run_directory.AMBIGUOUS


def test_dry_run_without_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a setting for Jira it shows the requests to Xray only."""
    use(monkeypatch, break_down)
    directory = recorded(tmp_path, a_run())

    found = publish_with(directory, dry_run="yes", defects="")

    assert (found.status, found.exit_code) == ("dry run", 0)
    assert not [line for line in found.plan if line.startswith("bugs for")]


def test_failed_step_is_noted_in_the_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later commands show why the run is not done."""
    use(monkeypatch, refuse)
    directory = recorded(tmp_path, a_run())

    publish_with(directory, FIELDS, DONE)

    assert directory.state.message == "step 1: Jira says no"


def test_steps_know_the_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build is shown as failed if one result is."""

    def tell_counts(run: JiraRun) -> Iterable[str]:
        yield f"{run.counts['passed']} passed, {run.counts['failed']} failed"

    use(monkeypatch, tell_counts)
    directory = recorded(tmp_path, a_run(), a_run(Outcome.FAILED, name="test_sub"))

    found = publish_with(directory, FIELDS, DONE)

    assert "1 passed, 1 failed" in found.notices


def test_notices_are_short_lines_without_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names in them are those of tests and of servers; a token came from one."""

    def tell_all(run: JiraRun) -> Iterable[str]:
        run.connection.redactor.add("a-token-of-jira")
        yield "two\nlines with a-token-of-jira \x1b[31m"
        yield "x" * 5_000_000
        msg = f"no a-token-of-jira {'y' * 5_000_000}"
        raise ValueError(msg)

    use(monkeypatch, tell_all)
    directory = recorded(tmp_path, a_run())

    found = publish_with(directory, FIELDS, DONE)

    assert "two lines with ***" in found.notices
    assert "a-token-of-jira" not in str(found)
    assert "a-token-of-jira" not in directory.state.message
    assert max(map(len, found.notices)) < 3000
