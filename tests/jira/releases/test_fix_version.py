"""The fix version is chosen or created before the results, or set after them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from tests.builders import a_jira_run, a_run, recorded
from tests.scripted_xray import MULTIPART
from xray_bridge.errors import RefusedError, RunDirectoryError, UsageError
from xray_bridge.jira.notes import read_notes
from xray_bridge.jira.releases import fix_version
from xray_bridge.jira.releases.fix_version import FIX_VERSION, Settled, settle_version


if TYPE_CHECKING:
    from pathlib import Path

    from tests.scripted_xray import Sender, Xray
    from xray_bridge.runs.run_directory import RunDirectory

PROJECT = "/rest/api/2/project/CALC"
VERSIONS = f"{PROJECT}/versions"
VERSION = "/rest/api/2/version"
ISSUE = "/rest/api/2/issue/CALC-77"
TAGGED = {"tag": "v2.3"}


@pytest.fixture(autouse=True)
def _versions(xray: Xray) -> None:
    """A project with one open version."""
    xray.script = {
        PROJECT: [{"id": "10"}],
        VERSIONS: [[{"name": "2.3"}]],
        VERSION: [{"id": "7"}],
        ISSUE: [{}],
    }


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    """The run of a tag."""
    return recorded(tmp_path, a_run(), ci=TAGGED)


def settle(directory: RunDirectory, xray: Xray, **given: str) -> Settled:
    """Settle the version before the results."""
    basis = {"fix_version": "auto", "project": "CALC"}
    return settle_version(a_jira_run(directory, xray.url, "", **{**basis, **given}))


def test_version_of_the_tag_is_told(directory: RunDirectory, xray: Xray) -> None:
    """The notice says why."""
    found = settle(directory, xray)

    assert found.version == "2.3"
    assert found.notices == ("the fix version is 2.3 (the tag v2.3)",)


def test_resend_keeps_the_version(directory: RunDirectory, xray: Xray) -> None:
    """Even if the project has others by then, and without asking."""
    settle(directory, xray)
    xray.script[VERSIONS] = [[{"name": "9.9"}]]

    assert settle(directory, xray).version == "2.3"
    assert len(xray.sent) == 1


def test_version_counts_even_if_it_cannot_be_noted(
    directory: RunDirectory, xray: Xray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk may be full; a notice says so."""

    def refuse(*_: object) -> None:
        msg = "jira.json cannot be written"
        raise RunDirectoryError(msg)

    monkeypatch.setattr(fix_version, "write_notes", refuse)
    found = settle(directory, xray)

    assert found.version == "2.3"
    assert found.notices[-1] == "jira.json cannot be written"


def test_guess_is_no_error(directory: RunDirectory, xray: Xray) -> None:
    """No version is set, and the notice says how to get it."""
    xray.script[VERSIONS] = [[{"name": "1.0"}]]
    found = settle(directory, xray)

    assert (found.version, found.is_owed) == ("", False)
    told = "no fix version is set: CALC has no version 2.3 (the tag v2.3)"
    assert found.notices == (f"{told}; --create-version creates it",)


@pytest.mark.parametrize("given", [{}, {"fix_version": "2.3"}])
def test_missing_version_is_created(
    directory: RunDirectory, xray: Xray, given: dict[str, str]
) -> None:
    """A chosen one, and one that is set."""
    xray.script[VERSIONS] = [[]]
    found = settle(directory, xray, create_version="yes", **given)

    assert found.version == "2.3"
    assert "created the version 2.3 in CALC" in found.notices[0]
    assert json.loads(xray.posts(VERSION)[0].body)["name"] == "2.3"


def test_version_that_is_there_is_not_created(
    directory: RunDirectory, xray: Xray
) -> None:
    """And nothing is told about one that is set."""
    found = settle(directory, xray, create_version="yes", fix_version="2.3")

    assert found == Settled(version="2.3")
    assert not xray.posts(VERSION)


@pytest.mark.parametrize(
    ("script", "given", "error"),
    [
        ({VERSIONS: [{"name": "1"}, {"name": "2"}]}, {}, UsageError),
        (
            {VERSIONS: [], VERSION: Response("{}", status=403)},
            {"create_version": "yes"},
            RefusedError,
        ),
    ],
)
def test_what_fails_is_done_after_the_results(
    tmp_path: Path,
    xray: Xray,
    script: dict[str, Any],
    given: dict[str, str],
    error: type[Exception],
) -> None:
    """The step tries again, and then says why it failed."""
    ci = TAGGED if given else {}
    directory = recorded(tmp_path, a_run(), ci=ci)
    working = dict(xray.script)
    xray.script |= {path: [answer] for path, answer in script.items()}
    found = settle(directory, xray, **given)
    run = a_jira_run(directory, xray.url, "CALC-77", fix_version="auto", **given)

    assert (found.version, found.is_owed) == ("", True)
    with pytest.raises(error):
        list(FIX_VERSION.apply(run))

    xray.script = working
    told = list(FIX_VERSION.apply(run))

    assert told[-1] == "CALC-77 has the fix version 2.3"
    assert json.loads(xray.sent[-1].body) == {
        "update": {"fixVersions": [{"add": {"name": "2.3"}}]}
    }
    assert list(FIX_VERSION.apply(run)) == []


def test_nothing_is_owed_after_a_version_was_sent(
    directory: RunDirectory, xray: Xray
) -> None:
    """The step asks nobody."""
    settle(directory, xray)
    before = len(xray.sent)
    run = a_jira_run(directory, xray.url, fix_version="auto")

    assert list(FIX_VERSION.apply(run)) == []
    assert len(xray.sent) == before


@pytest.mark.parametrize(
    ("ci", "given", "lines"),
    [
        (
            TAGGED,
            {"fix_version": "auto"},
            ["choose the fix version of the tag v2.3, as Jira lists them"],
        ),
        (
            {},
            {"fix_version": "auto"},
            ["choose the only version that is not released, as Jira lists them"],
        ),
        (
            {},
            {"fix_version": "2.3", "create_version": "yes"},
            ["create the version 2.3 in CALC if it does not exist"],
        ),
        ({}, {"fix_version": "2.3"}, []),
    ],
)
def test_dry_run_says_what_is_chosen(
    tmp_path: Path, ci: dict[str, str], given: dict[str, str], lines: list[str]
) -> None:
    """No server is asked."""
    run = a_jira_run(recorded(tmp_path, a_run(), ci=ci), project="CALC", **given)

    assert list(FIX_VERSION.describe(run)) == lines


def test_upload_sends_the_chosen_version(server: Xray, send: Sender) -> None:
    """It is a field of the new Test Execution; ``auto`` itself is never sent."""
    server.script[VERSIONS] = [[{"name": "1.0", "released": True}, {"name": "2.0"}]]
    found = send(fix_version="auto")
    fields = server.posts(MULTIPART)[0].part("info")["fields"]

    assert found.exit_code == 0
    assert fields["fixVersions"] == [{"name": "2.0"}]
    assert "the fix version is 2.0 (the only version that is" in found.output


def test_results_come_first(server: Xray, send: Sender) -> None:
    """Without a version to choose they are delivered, and the exit code says so."""
    server.script[VERSIONS] = [[{"name": "1.0"}, {"name": "2.0"}]]
    found = send(fix_version="auto")
    fields = server.posts(MULTIPART)[0].part("info")["fields"]
    code = found.exit_code

    assert "fixVersions" not in fields
    assert code == 84
    assert "several unreleased versions: 1.0, 2.0" in found.output

    server.script |= {VERSIONS: [[{"name": "2.0"}]], ISSUE: [{}]}
    again = send.send(found.directory, command="resend")

    assert again.exit_code == 0
    assert "CALC-77 has the fix version 2.0" in again.output
    assert len(server.posts(MULTIPART)) == 1


def test_dry_run_sends_no_version(server: Xray, send: Sender) -> None:
    """The plan says how it is chosen."""
    found = send("--dry-run", fix_version="auto")

    assert "choose the only version that is not released" in found.output
    assert '"fixVersions"' not in found.output
    assert not server.sent


def test_damaged_notes_are_no_notes(directory: RunDirectory) -> None:
    """They are written by other versions, and by anybody."""
    (directory.path / "jira.json").write_text("[]")

    assert read_notes(directory, "fix_version") == {}


def test_a_fork_creates_no_version(
    directory: RunDirectory, xray: Xray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The author of its pull request chose the name of the branch."""
    monkeypatch.setenv("CIRCLE_PR_NUMBER", "7")
    xray.script[VERSIONS] = [[]]

    found = settle(directory, xray, create_version="yes")

    assert found.version == ""
    assert "a pull request from a fork (CircleCI)" in found.notices[0]
    assert not xray.posts(VERSION)
