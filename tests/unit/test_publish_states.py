"""What ``publish`` leaves behind where it does not get as far as delivering."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests import scripted
from tests.builders import TOKEN, a_run, recorded, settings_of
from tests.scripted import answer
from xray_bridge import http, journal
from xray_bridge.journal import State
from xray_bridge.publish import publish


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.receipt import Receipt

# Jira's fields, then the import.
FIELDS = answer(200, b"[]")
DONE = answer(200, b'{"testExecIssue": {"key": "CALC-7", "id": "1", "self": "s"}}')


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are short."""
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.001)


def publish_to(url: str, directory: journal.RunDirectory, **given: str) -> Receipt:
    """Publish a run to an Xray Server."""
    basis = {"upload": "yes", "project": "CALC", "url": url, "skip_proxy": "yes"}
    credential = {} if "password" in given else {"token": TOKEN}
    return publish(directory, settings_of(**{**basis, **credential, **given}))


@pytest.mark.parametrize("before", [journal.AMBIGUOUS, journal.SENDING])
@pytest.mark.parametrize("given", [{}, {"token": "no token"}], ids=["server", "login"])
def test_doubt_outlives_a_resend_that_fails_early(
    tmp_path: Path, before: str, given: dict[str, str]
) -> None:
    """A server that is down today does not settle what it took yesterday."""
    directory = recorded(tmp_path, a_run())
    directory.state = State(state=before, attempts=1)

    publish_to(f"http://127.0.0.1:{scripted.unused_port()}", directory, **given)

    assert directory.state.state == journal.AMBIGUOUS


@pytest.mark.parametrize("before", [journal.AMBIGUOUS, journal.FAILED, journal.SENDING])
@pytest.mark.parametrize("given", [{"dry_run": "yes"}, {"upload": "no"}], ids=str)
def test_rehearsal_changes_nothing(
    tmp_path: Path, before: str, given: dict[str, str]
) -> None:
    """What was to be sent is still to be sent."""
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
