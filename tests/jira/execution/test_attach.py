"""Files are attached to the Test Execution, each once."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from tests import scripted
from tests.builders import (
    TOKEN,
    a_jira_connection,
    a_jira_run,
    a_run,
    recorded,
    settings_of,
)
from xray_bridge.client.http import Deadline, Http
from xray_bridge.errors import ReportError
from xray_bridge.jira.execution import attach
from xray_bridge.jira.execution.attach import ATTACH


if TYPE_CHECKING:
    from tests.scripted_xray import Xray
    from xray_bridge.jira.run import JiraRun

ISSUE = "/rest/api/2/issue/CALC-7"
FILES = f"{ISSUE}/attachments"
META = "/rest/api/2/attachment/meta"


@pytest.fixture
def run(tmp_path: Path, xray: Xray, monkeypatch: pytest.MonkeyPatch) -> JiraRun:
    """A run with a file to attach, and a Jira that takes it."""
    monkeypatch.chdir(tmp_path)
    Path("report.html").write_text("<p>All is well</p>")
    xray.script = {
        META: [{"enabled": True, "uploadLimit": 1000}],
        FILES: [[{"id": "1"}]],
        ISSUE: [{"fields": {"attachment": []}}],
    }
    directory = recorded(tmp_path, a_run())
    return a_jira_run(directory, xray.url, attach="report.html", token=TOKEN)


def with_files(run: JiraRun, paths: str, key: str = "CALC-7") -> JiraRun:
    """The run with other files to attach."""
    return replace(run, settings=settings_of(attach=paths), test_execution=key)


def listed(*names: str, size: int) -> dict[str, Any]:
    """The issue with its attachments."""
    found = [{"id": "1", "filename": name, "size": size} for name in names]
    return {"fields": {"attachment": found}}


def test_a_file_is_one_part(run: JiraRun, xray: Xray) -> None:
    """The part has the name that Jira expects, and the file's own."""
    told = list(ATTACH.apply(run))

    assert told == ["attached report.html to CALC-7"]
    assert xray.posts(FILES)[0].parts == {
        "file": ("report.html", "text/html", b"<p>All is well</p>")
    }


def test_a_second_time_attaches_nothing(run: JiraRun, xray: Xray) -> None:
    """The run directory has a note, so Jira is not asked."""
    list(ATTACH.apply(run))
    before = len(xray.sent)

    assert list(ATTACH.apply(run)) == []
    assert len(xray.sent) == before


def test_a_changed_file_is_attached_again(run: JiraRun, xray: Xray) -> None:
    """Jira keeps both."""
    list(ATTACH.apply(run))
    Path("report.html").write_text("<p>Not so well</p>")
    list(ATTACH.apply(run))

    assert len(xray.posts(FILES)) == 2


def test_another_test_execution_gets_it_too(run: JiraRun, xray: Xray) -> None:
    """The note is about one Test Execution."""
    list(ATTACH.apply(run))
    xray.script["/rest/api/2/issue/CALC-8/attachments"] = [[{"id": "2"}]]
    other = with_files(run, "report.html", "CALC-8")

    assert list(ATTACH.apply(other)) == ["attached report.html to CALC-8"]


def test_missing_file_is_told_and_the_others_are_attached(run: JiraRun) -> None:
    """It is an error at the end, so that a resend attaches it later."""
    told: list[str] = []

    with pytest.raises(ReportError) as caught:
        told.extend(ATTACH.apply(with_files(run, "gone.txt;report.html")))
    assert str(caught.value) == "not attached: gone.txt does not exist"
    assert told == ["attached report.html to CALC-7"]


def test_a_pattern_names_several_files(run: JiraRun) -> None:
    """They are attached in order of their names."""
    Path("b.txt").write_text("b")
    Path("a.txt").write_text("a")
    told = list(ATTACH.apply(with_files(run, "*.txt")))

    assert told == ["attached a.txt to CALC-7", "attached b.txt to CALC-7"]


@pytest.mark.parametrize(
    ("meta", "why"),
    [
        ({"enabled": False}, "attachments are turned off in this Jira"),
        ({"enabled": True, "uploadLimit": 3}, "it has 18 bytes, and Jira takes 3"),
    ],
)
def test_what_jira_would_refuse_is_not_sent(
    run: JiraRun, xray: Xray, meta: dict[str, Any], why: str
) -> None:
    """Its limits are read first."""
    xray.script[META] = [meta]

    with pytest.raises(ReportError, match=f"not attached: report.html: {why}"):
        list(ATTACH.apply(run))
    assert not xray.posts(FILES)


def test_file_of_the_largest_size_is_taken(run: JiraRun, xray: Xray) -> None:
    """Jira's limit is the last size that it takes."""
    xray.script[META] = [{"enabled": True, "uploadLimit": 18}]

    assert list(ATTACH.apply(run)) == ["attached report.html to CALC-7"]


def test_file_may_be_anywhere(
    run: JiraRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Except in a fork's pull request."""
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")

    assert list(ATTACH.apply(with_files(run, "../report.html"))) == [
        "attached report.html to CALC-7"
    ]


def test_directory_and_huge_file_are_refused(
    run: JiraRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All problems are in one message."""
    Path("pages").mkdir()
    monkeypatch.setattr(attach, "LARGEST", 3)

    with pytest.raises(ReportError) as caught:
        list(ATTACH.apply(with_files(run, "pages;report.html")))
    assert "pages: it is a directory; report.html: it is larger than" in str(
        caught.value
    )


def test_our_secrets_are_masked(run: JiraRun, xray: Xray) -> None:
    """A tool may have written the environment into its report."""
    Path("report.html").write_text(f"TOKEN={TOKEN}")
    list(ATTACH.apply(run))

    assert xray.posts(FILES)[0].parts["file"][2] == b"TOKEN=***"


def test_fork_cannot_publish_other_files(
    run: JiraRun, xray: Xray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by their paths, nor by a link."""
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    Path("link.html").symlink_to(tmp_path / "report.html")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    event = {"pull_request": {"head": {"repo": {"fork": True, "full_name": "b/x"}}}}
    Path("event.json").write_text(json.dumps(event))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(Path("event.json").absolute()))
    monkeypatch.setenv("GITHUB_REPOSITORY", "a/x")
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")

    with pytest.raises(ReportError) as caught:
        list(ATTACH.apply(with_files(run, "link.html;../report.html")))
    assert str(caught.value).count("it is outside of this folder") == 2
    assert not xray.posts(FILES)


def test_lost_answer_is_looked_up(run: JiraRun) -> None:
    """A file that Jira shows is not attached again."""
    meta = scripted.answer(200, b'{"enabled": true}')
    there = scripted.answer(200, json.dumps(listed("report.html", size=18)).encode())
    with scripted.scripted(meta, scripted.hang_up_after_request, there) as server:
        connection = a_jira_connection(server.url)
        http = Http(connection, Deadline(10))
        told = list(ATTACH.apply(replace(run, connection=connection, http=http)))

    assert told == ["attached report.html to CALC-7"]
    assert [each.method for each in server.received] == ["GET", "POST", "GET"]


@pytest.mark.parametrize(("size", "posts"), [(18, 1), (17, 2)])
def test_resend_after_a_lost_answer_looks_first(
    run: JiraRun, xray: Xray, size: int, posts: int
) -> None:
    """Only a file that is not there is sent again; another size is another file."""
    xray.script[FILES] = [Response("late", status=504), [{"id": "1"}]]
    with pytest.raises(ReportError, match="HTTP 504"):
        list(ATTACH.apply(run))
    xray.script[ISSUE] = [listed("report.html", size=size)]
    list(ATTACH.apply(run))

    assert len(xray.posts(FILES)) == posts


def test_dry_run_names_the_files(run: JiraRun, xray: Xray) -> None:
    """A file that a later program writes may still be missing."""
    planned = with_files(run, "*.html;later.txt", "")

    assert list(ATTACH.describe(planned)) == [
        "attach report.html to the new Test Execution",
        "attach later.txt to the new Test Execution (there is no such file now)",
    ]
    assert not xray.sent


def test_what_may_have_no_end_is_not_read(run: JiraRun, tmp_path: Path) -> None:
    """A pipe would wait for ever, a device has no size; nobody is a home."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")

    with pytest.raises(ReportError) as caught:
        list(ATTACH.apply(with_files(run, "pipe;link;~no-such-user/a")))
    assert str(caught.value).count("it is not a regular file") == 2
    assert "~no-such-user/a does not exist" in str(caught.value)
