"""Defects of recorded runs in the sandbox's Jira, on both products."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, recorded
from tests.jira.defects.bugs_in_sandbox import bugs_in, defects_in
from tests.jira.defects.test_step import failed, suite
from xray_bridge import cli
from xray_bridge.client import connection
from xray_bridge.client.pauses import Pauses
from xray_sandbox import CREDENTIALS, RunningSandbox, running
from xray_sandbox.store.planning import SPRINT_FIELD


if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scripted_xray import Outcomes, Sender
    from xray_bridge.model.results import TestRun
    from xray_sandbox import Store

CLOSE = {"when_passed": "close", "close_after": 1, "priority": "High"}


class Bench:
    """Sends runs to a sandbox as one of the two products."""

    def __init__(
        self,
        send: Sender,
        sandbox: RunningSandbox,
        product: str,
        patch: pytest.MonkeyPatch,
    ) -> None:
        self._send = send
        self._sandbox = sandbox
        environ = {"url": sandbox.url, "deployment": product, "project": "CALC"}
        if product == "server":
            environ |= {"user": CREDENTIALS.user, "password": CREDENTIALS.password}
        else:
            environ |= {
                "client_id": CREDENTIALS.client_id,
                "client_secret": CREDENTIALS.client_secret,
                "jira_url": f"{sandbox.url}/jira-cloud",
                "jira_user": CREDENTIALS.user,
                "jira_token": CREDENTIALS.token,
            }
        for name, value in environ.items():
            patch.setenv(f"XRAY_{name.upper()}", value)
        patch.setenv("XRAY_DEFECTS", "create")
        self._patch = patch
        self.set_rules(**CLOSE)

    def set_rules(self, **rules: object) -> None:
        """Set the rules for the next runs."""
        self._patch.setenv("XRAY_DEFECT_RULES", json.dumps(rules))

    def send(self, *runs: TestRun, command: str = "upload") -> Outcomes:
        """Record and send a run."""
        return self._send.send(self._send.record(*runs), command=command)

    def resend(self, before: Outcomes) -> Outcomes:
        """Send a run again."""
        return self._send.send(before.directory, command="resend")

    @property
    def creations(self) -> list[int]:
        """The statuses of the answers to requests that create an issue."""
        sent = self.store.requests()
        paths = "/rest/api/2/issue", "/jira-cloud/rest/api/2/issue"
        return [r.status for r in sent if r.method == "POST" and r.path in paths]

    @property
    def store(self) -> Store:
        """The sandbox's data."""
        return self._sandbox.store


@pytest.fixture(params=["server", "cloud"])
def product(request: pytest.FixtureRequest) -> str:
    """Both products."""
    found: str = request.param
    return found


@pytest.fixture
def prepared() -> dict[str, object]:
    """A prepared answer; tests replace it by a parameter."""
    return {}


@pytest.fixture
def bench(
    send: Sender,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    product: str,
    prepared: dict[str, object],
) -> Iterator[Bench]:
    """A sandbox with the demo project."""
    monkeypatch.setattr(connection, "PAUSES", Pauses(first=0.01, same_issue=0.0))
    path = tmp_path / "answers.json"
    path.write_text(json.dumps([prepared] if prepared else []))
    with running(tmp_path / "sandbox", adopt=True, answers=path) as sandbox:
        yield Bench(send, sandbox, product, monkeypatch)


def test_three_runs_make_link_close_and_reopen_one_bug(bench: Bench) -> None:
    """Made, linked, closed after a pass, and reopened: it is always the same bug."""
    failing = suite(failed(keys=["CALC-2"]))

    first = bench.send(*failing)
    second = bench.send(*failing)
    known = bugs_in(bench.store)
    bench.send(*suite(a_run(name="test_sub", keys=["CALC-2"])))
    closed = bugs_in(bench.store)
    bench.send(*failing)
    reopened = bugs_in(bench.store)

    assert [run.exit_code for run in (first, second)] == [0, 0]
    assert len(known) == len(closed) == len(reopened) == 1
    key = known[0].key
    name = "Subtract one number from another"
    for run in (first, second):
        execution = run.receipt["test_execution"]["key"]
        assert defects_in(bench.store, execution) == {name: (key,)}
    assert f"tests.test_calculator.test_sub: known bug {key}" in second.output
    assert [len(each[0].comments) for each in (known, closed, reopened)] == [1, 2, 3]
    states = [each[0].status for each in (known, closed, reopened)]
    assert states == ["To Do", "Done", "To Do"]


def test_a_test_without_a_key_is_linked_to_the_test_that_the_import_made(
    bench: Bench,
) -> None:
    """Its Test is found by the Generic Test definition."""
    done = bench.send(*suite(failed()))
    (bug,) = bugs_in(bench.store)
    execution = done.receipt["test_execution"]["key"]

    assert list(defects_in(bench.store, execution).values()) == [(bug.key,)]


BUSY = {
    "method": "POST",
    "path": "*/rest/api/2/issue",
    "status": 429,
    "headers": {"Retry-After": "0", "RateLimit-Reason": "jira-per-issue-on-write"},
    "body": {"errorMessages": ["Rate limit exceeded."]},
    "times": 3,
}


@pytest.mark.parametrize("prepared", [BUSY])
@pytest.mark.usefixtures("prepared")
def test_a_rate_limit_in_the_middle_of_ten_bugs_costs_nothing(bench: Bench) -> None:
    """Requests for which Jira is too busy are sent again; ten bugs are made."""
    done = bench.send(*suite(*(failed(f"test_{number}") for number in range(10))))

    assert done.exit_code == 0
    assert len(bugs_in(bench.store)) == 10
    assert bench.creations == [429, 429, 429, *([201] * 10)]


LOST = {
    "method": "POST",
    "path": "*/rest/api/2/issue",
    "status": 502,
    "after": True,
    "body": "<html>Bad gateway</html>",
}


@pytest.mark.parametrize("prepared", [LOST])
@pytest.mark.usefixtures("prepared")
def test_a_bug_whose_answer_was_lost_is_not_made_twice(bench: Bench) -> None:
    """The label shows that it exists."""
    done = bench.send(*suite(failed()))

    assert done.exit_code == 0
    assert len(bugs_in(bench.store)) == 1
    assert bench.creations == [502]


def test_mistakes_are_one_line_and_the_results_stay(bench: Bench) -> None:
    """A wrong type costs the bug and exit code 84; a resend does the rest."""
    bench.set_rules(type="Bugg")
    done = bench.send(*suite(failed()))
    bench.set_rules(type="Bug")
    again = bench.resend(done)

    assert done.exit_code == 84
    assert done.receipt["status"] == "delivered"
    assert "no bug could be created for tests.test_calculator.test_sub" in done.output
    assert "`xray-bridge resend` retries only this" in done.output
    assert again.exit_code == 0
    assert len(bugs_in(bench.store)) == 1


def test_fields_that_jira_refuses_are_left_out(bench: Bench) -> None:
    """An unknown priority is named, and the bug is made without it."""
    bench.set_rules(priority="Urgent!")
    done = bench.send(*suite(failed()))

    assert done.exit_code == 0
    assert "priority could not be set" in done.output
    assert len(bugs_in(bench.store)) == 1


def test_new_bugs_go_into_the_sprint(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The setting ``sprint`` is for the Test Execution and for new bugs."""
    board = bench.store.add_board("CALC")
    sprint = bench.store.add_sprint(board, "Sprint 1", "active")
    monkeypatch.setenv("XRAY_SPRINT", "active")

    done = bench.send(*suite(failed()))
    (bug,) = bugs_in(bench.store)
    found = bench.store.issue(bug.key)

    assert done.exit_code == 0
    assert found is not None
    assert found.fields[SPRINT_FIELD] == [sprint]


def test_a_closed_project_costs_the_bug_and_no_result(bench: Bench) -> None:
    """Bugs may have a project of their own; an archived one takes none."""
    bench.store.add_project("BUGS", "Bugs")
    bench.set_rules(project="BUGS")
    done = bench.send(*suite(failed()))
    bench.store.archive_project("BUGS")
    refused = bench.send(*suite(failed(), failed("test_mul")))

    assert (done.exit_code, refused.exit_code) == (0, 84)
    assert [bug.key.partition("-")[0] for bug in bugs_in(bench.store)] == ["BUGS"]
    assert refused.receipt["status"] == "delivered"
    assert "known bug BUGS-" in refused.output
    assert "no bug could be created for tests.test_calculator.test_mul" in (
        refused.output
    )


@pytest.mark.parametrize("product", ["cloud"])
def test_a_wrong_token_is_one_line(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results are delivered by Xray's own key; only the bugs need Jira's login."""
    monkeypatch.setenv("XRAY_JIRA_TOKEN", "not-the-token-of-ann")

    done = bench.send(*suite(failed()))
    lines = [line for line in done.output.splitlines() if "bugs: " in line]

    assert done.exit_code == 84
    assert done.receipt["status"] == "delivered"
    assert len(lines) == 1
    assert "does not accept the credentials (HTTP 401)" in lines[0]
    assert not bugs_in(bench.store)


def test_shards_that_fail_alike_make_one_bug(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The merge job sends once, and its bug is linked to the one Test Run."""
    monkeypatch.setenv("XRAY_RUN_ID", "ci-7")
    for part in ("a", "b"):
        folder = tmp_path / part
        recorded(folder, *suite(failed(keys=["CALC-2"])), run_id="ci-7")

    code = cli.main(["upload", str(tmp_path / "a/.xray"), str(tmp_path / "b/.xray")])
    (bug,) = bugs_in(bench.store)
    newest = bench.store.test_executions()[0].key

    assert code == 0
    assert list(defects_in(bench.store, newest).values()) == [(bug.key,)]
    assert bug.comments == ()
