"""The state that ``publish`` leaves if it does not deliver."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests import scripted
from tests.builders import (
    TOKEN,
    a_run,
    a_scenario,
    a_scenario_run,
    recorded,
    settings_of,
)
from tests.scripted import answer
from xray_bridge.client import connection
from xray_bridge.client.pauses import Pauses
from xray_bridge.errors import RunDirectoryError
from xray_bridge.runs import run_directory
from xray_bridge.runs.run_directory import State
from xray_bridge.upload import publish as module
from xray_bridge.upload import sessions
from xray_bridge.upload.publish import publish


if TYPE_CHECKING:
    from pathlib import Path

    from tests.scripted import Script
    from xray_bridge.model.receipt import Receipt
    from xray_bridge.model.results import TestRun

# Jira's fields, then the import.
FIELDS = answer(200, b"[]")
DONE = answer(200, b'{"testExecIssue": {"key": "CALC-7", "id": "1", "self": "s"}}')


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are short."""
    monkeypatch.setattr(connection, "PAUSES", Pauses(first=0.001))


def publish_to(
    url: str, directory: run_directory.RunDirectory, **given: str
) -> Receipt:
    """Publish a run to an Xray Server."""
    basis = {"upload": "yes", "project": "CALC", "url": url, "skip_proxy": "yes"}
    credential = {} if "password" in given else {"token": TOKEN}
    return publish(directory, settings_of(**{**basis, **credential, **given}))


@pytest.mark.parametrize("before", [run_directory.AMBIGUOUS, run_directory.SENDING])
@pytest.mark.parametrize("given", [{}, {"token": "no token"}], ids=["server", "login"])
def test_doubt_outlives_a_resend_that_fails_early(
    tmp_path: Path, before: str, given: dict[str, str]
) -> None:
    """A server that is down today does not settle what it took yesterday."""
    directory = recorded(tmp_path, a_run())
    directory.state = State(state=before, attempts=1)

    publish_to(f"http://127.0.0.1:{scripted.unused_port()}", directory, **given)

    assert directory.state.state == run_directory.AMBIGUOUS


@pytest.mark.parametrize(
    "before", [run_directory.AMBIGUOUS, run_directory.FAILED, run_directory.SENDING]
)
@pytest.mark.parametrize("given", [{"dry_run": "yes"}, {"upload": "no"}], ids=str)
def test_rehearsal_changes_nothing(
    tmp_path: Path, before: str, given: dict[str, str]
) -> None:
    """The run is still unsent."""
    directory = recorded(tmp_path, a_run())
    directory.state = State(state=before, attempts=1)

    publish_to("https://jira.example.com", directory, **given)

    assert directory.state.state == before


def test_secret_that_the_server_repeats(tmp_path: Path) -> None:
    """It is in none of the files of the run directory."""
    directory = recorded(tmp_path, a_run())
    echo = answer(400, json.dumps({"error": f"what is {TOKEN}?"}).encode())

    with scripted.scripted(FIELDS, echo) as server:
        found = publish_to(server.url, directory)

    files = [path for path in directory.path.rglob("*") if path.is_file()]
    assert [p.name for p in files if TOKEN.encode() in p.read_bytes()] == []
    assert "what is ***?" in found.error["message"]


@pytest.mark.parametrize("password", ["null", "test", "1234", "delivered"])
def test_receipt_of_a_weak_password(tmp_path: Path, password: str) -> None:
    """Words of ours are no secrets, whatever somebody chose as a password."""
    directory = recorded(tmp_path, a_run(started=1234.0, duration=1234.0))

    with scripted.scripted(FIELDS, DONE) as server:
        found = publish_to(server.url, directory, user="ann", password=password)

    assert (found.status, found.exit_code) == ("delivered", 0)
    assert found.test_execution["key"] == "CALC-7"
    assert found.lines()
    assert directory.state.test_execution == "CALC-7"


KEYED = a_scenario_run(keys=["CALC-78"])
UNKEYED = a_scenario_run(scenario=a_scenario("no key", line=9), name="no_key")


def took(*keys: str, **rest: object) -> Script:
    """Server's answer that lists these Tests as taken."""
    tests = {"success": [{"key": key} for key in keys], **rest}
    issue = {"key": "CALC-7", "id": "1", "self": "s"}
    return answer(
        200, json.dumps({"testExecIssue": issue, "testIssues": tests}).encode()
    )


@pytest.mark.parametrize(
    ("keys", "who"),
    [
        (["CALC-1", "CALC-2"], ["CALC-1", "CALC-2"]),
        (["CALC-1", ""], ["CALC-1", "1 result without a Test key was not accepted"]),
        (["", ""], ["2 results without a Test key were not accepted"]),
    ],
    ids=str,
)
def test_server_that_took_nothing(
    tmp_path: Path, keys: list[str], who: list[str]
) -> None:
    """An empty list of successes is not a success."""
    runs = [a_run(keys=[key] * bool(key), name=f"t{n}") for n, key in enumerate(keys)]
    directory = recorded(tmp_path, *runs)

    with scripted.scripted(FIELDS, took()) as server:
        found = publish_to(server.url, directory)

    assert (found.status, found.exit_code, found.accepted) == ("partly refused", 84, 0)
    assert [each.key or each.message for each in found.refused] == who


def test_server_that_does_not_list_what_it_took(tmp_path: Path) -> None:
    """Then the result is unknown, and nothing counts as refused."""
    said = {"testExecIssue": {"key": "CALC-7"}, "testIssues": {}}

    with scripted.scripted(FIELDS, answer(200, json.dumps(said).encode())) as server:
        found = publish_to(server.url, recorded(tmp_path, a_run(keys=["CALC-1"])))

    assert (found.status, found.exit_code, found.accepted) == ("delivered", 0, None)


def test_revision_that_only_a_second_request_could_set(tmp_path: Path) -> None:
    """Without any Test key there is none: the results are there, and that is said."""
    directory = recorded(tmp_path, UNKEYED, framework="behave")

    with scripted.scripted(FIELDS, took("CALC-99")) as server:
        found = publish_to(server.url, directory, revision="abc")

    assert (found.status, found.exit_code, len(server.received)) == ("delivered", 0, 2)
    assert any("xray_revision could not be set" in each for each in found.notices)
    assert directory.state.state == run_directory.DELIVERED


def test_second_request_for_those_with_a_key(tmp_path: Path) -> None:
    """The receipt is about both requests, the first one's refusals included."""
    directory = recorded(tmp_path, UNKEYED, KEYED, framework="behave")
    other = a_scenario_run(keys=["CALC-79"], name="b", scenario=a_scenario("b", line=5))
    error = [{"key": "CALC-79", "message": "locked"}]
    more = recorded(tmp_path, UNKEYED, KEYED, other, framework="behave")

    with scripted.scripted(FIELDS, took("CALC-78", "CALC-99"), took("CALC-78")) as all_:
        whole = publish_to(all_.url, directory, revision="abc")
    first = took("CALC-78", "CALC-99", error=error)
    with scripted.scripted(FIELDS, first, took("CALC-78")) as some:
        partly = publish_to(some.url, more, revision="abc")

    assert (whole.status, whole.sent, whole.accepted) == ("delivered", 2, 2)
    assert whole.report["format"] == "behave"
    assert [(each.key, each.message) for each in partly.refused] == [
        ("CALC-79", "locked")
    ]


def test_known_execution_of_scenarios_without_keys(tmp_path: Path) -> None:
    """An earlier attempt was cut off after its results were taken."""
    directory = recorded(tmp_path, UNKEYED, framework="behave")
    directory.state = State(
        state=run_directory.FAILED, test_execution="CALC-7", attempts=1
    )

    found = publish_to(f"http://127.0.0.1:{scripted.unused_port()}", directory)

    assert (found.status, found.test_execution["key"]) == ("delivered", "CALC-7")


@pytest.mark.parametrize("given", [{"test_execution": "CALC-7"}, {}], ids=str)
def test_rehearsal_of_an_existing_execution(
    tmp_path: Path, given: dict[str, str]
) -> None:
    """Set, or made by an earlier attempt; the receipt is about what would be sent."""
    directory = recorded(tmp_path, KEYED, framework="behave")
    if not given:
        directory.state = State(
            state=run_directory.FAILED, test_execution="CALC-7", attempts=1
        )
    copied = tmp_path / "copied.json"

    found = publish_to(
        "https://jira.example.com",
        directory,
        dry_run="yes",
        report=str(copied),
        **given,
    )

    assert found.plan[1] == "POST /rest/raven/2.0/import/execution"
    assert (found.report["format"], found.report["path"]) == (
        "xray",
        "report-xray.json",
    )
    assert any(each.startswith("sent as Xray JSON") for each in found.notices)
    assert "elements" in copied.read_text()


def rehearsed_on_cloud(directory: run_directory.RunDirectory) -> Receipt:
    """A dry run against Xray Cloud, with a revision."""
    return publish(
        directory,
        settings_of(
            upload="yes", dry_run="yes", project="CALC", deployment="cloud",
            client_id="the-id", client_secret=TOKEN, revision="abc",
        ),
    )  # fmt: skip


def test_rehearsal_shows_the_second_request(tmp_path: Path) -> None:
    """Cloud's multipart takes no revision: what is made first is empty."""
    found = rehearsed_on_cloud(recorded(tmp_path, a_run()))

    (post,) = (line for line in found.plan if line.startswith("POST"))
    assert "revision=abc" in post
    assert found.plan[1] == "create an empty Test Execution:"


def test_rehearsal_says_what_cannot_be_set(tmp_path: Path) -> None:
    """There is no second request for scenarios without Test keys."""
    found = rehearsed_on_cloud(recorded(tmp_path, UNKEYED, framework="behave"))

    assert len([line for line in found.plan if line.startswith("POST")]) == 1
    assert any("xray_revision could not be set" in each for each in found.notices)


def test_format_beside_the_sent_one_that_has_no_place(tmp_path: Path) -> None:
    """It only stays on disk, so it holds up nothing."""
    directory = recorded(tmp_path, UNKEYED)

    with scripted.scripted(FIELDS, took("CALC-99")) as server:
        found = publish_to(server.url, directory, format="cucumber,xray")

    assert found.status == "delivered"
    assert any("Xray JSON was not written" in each for each in found.notices)


def test_fields_of_an_odd_shape(tmp_path: Path) -> None:
    """It is the setting's fault, and no server was asked."""
    directory = recorded(tmp_path, a_run())
    url = f"http://127.0.0.1:{scripted.unused_port()}"

    found = publish_to(url, directory, execution_fields='{"labels": null}')

    assert found.error["slug"] == "setting"
    assert "xray_execution_fields: labels" in found.error["message"]


@pytest.mark.parametrize("given", [{"dry_run": "yes"}, {"upload": "no"}], ids=str)
def test_fault_of_our_own_is_not_the_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    """Nothing was asked, so nothing was answered."""

    def fail(*_: object) -> None:
        message = "odd"
        raise TypeError(message)

    monkeypatch.setattr(sessions, "choose_format", fail)

    found = publish_to("https://jira.example.com", recorded(tmp_path, a_run()), **given)

    assert found.error["slug"] == "report"
    assert "TypeError: odd" in found.error["message"]


@pytest.mark.parametrize(
    ("runs", "notices"),
    [([a_run()], (module.NO_KEY,)), ([], ())],
    ids=["tests", "none"],
)
def test_only_keyed_with_no_key(
    tmp_path: Path, runs: list[TestRun], notices: tuple[str, ...]
) -> None:
    """There are results, and it is said why none of them goes out."""
    directory = recorded(tmp_path, *runs)

    found = publish_to("https://jira.example.com", directory, only_keyed="yes")

    assert (found.status, found.notices) == ("empty", notices)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (
            State(state=run_directory.DELIVERED, test_execution="CALC-7"),
            "already delivered",
        ),
        (State(state=run_directory.KEPT, message="merged into X"), "was merged into X"),
        (State(state=run_directory.KEPT, message="put into s3://b"), "put into s3://b"),
    ],
)
def test_what_is_not_to_be_sent_again(tmp_path: Path, state: State, said: str) -> None:
    """Xray has it, or another run has it."""
    directory = recorded(tmp_path, a_run())
    directory.state = state

    with pytest.raises(RunDirectoryError, match=said):
        publish_to("https://jira.example.com", directory)

    assert directory.state == state


@pytest.mark.parametrize("runs", [(), (a_run(),)], ids=["nothing", "one test"])
def test_collected_run_is_still_to_be_sent(
    tmp_path: Path, runs: tuple[TestRun, ...]
) -> None:
    """Its report is written, and that is all, whatever else its settings say."""
    directory = recorded(tmp_path, *runs)

    receipt = publish_to("https://jira.example.com", directory, collect="yes")

    assert directory.state == State(state=run_directory.SEALED)
    assert (receipt.status, receipt.exit_code) == ("kept" if runs else "empty", 0)


@pytest.mark.parametrize(
    ("listed", "scripts"),
    [
        (["NEW-1", "NEW-2"], ()),
        (["calc-1", "calc-2"], ()),
        (["CALC-1", "MOVED-9"], (answer(200, b'{"key": "MOVED-9", "fields": {}}'),)),
    ],
    ids=["a renamed project", "lower case", "a moved issue"],
)
def test_tests_under_keys_of_today(
    tmp_path: Path, listed: list[str], scripts: tuple[Script, ...]
) -> None:
    """A Test that Xray accepted under another key is not refused."""
    directory = recorded(tmp_path, a_run(keys=["CALC-1"]), a_run(keys=["CALC-2"]))

    with scripted.scripted(FIELDS, took(*listed), *scripts) as server:
        found = publish_to(server.url, directory)

    assert (found.exit_code, found.refused) == (0, ())


def test_test_that_was_not_taken_beside_a_new_one(tmp_path: Path) -> None:
    """A Test that Xray made is not the one that it did not take."""
    keyed, other = a_run(keys=["CALC-1"]), a_run(name="test_new", keys=[])
    directory = recorded(tmp_path, keyed, other)
    same = answer(200, b'{"key": "CALC-1", "fields": {}}')

    with scripted.scripted(FIELDS, took("CALC-30"), same) as server:
        found = publish_to(server.url, directory)

    assert [each.key for each in found.refused][:1] == ["CALC-1"]
