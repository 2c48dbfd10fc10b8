"""A new defect has the evidence of its failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.builders import a_shard
from tests.jira.defects.a_jira import PretendJira, a_jira_run, apply, refusal
from xray_bridge.client.response import Answer
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.client.request import Request
    from xray_bridge.jira.run import JiraRun

MESSAGE = "E   ValueError: x\n\ntests/a.py:3: ValueError"


def a_failure_with(
    jira: PretendJira, tmp_path: Path, files: dict[str, bytes], rules: str = ""
) -> JiraRun:
    """A run with a failure that has these files as evidence."""
    directory = a_shard(
        tmp_path,
        {"outcome": Outcome.FAILED, "message": MESSAGE, "evidence": files},
        {"name": "test_one"},
        {"name": "test_two"},
    )
    return a_jira_run(jira, directory, defect_rules=rules)


def test_files_are_attached_once(tmp_path: Path) -> None:
    """A resend attaches nothing a second time."""
    jira = PretendJira()
    run = a_failure_with(jira, tmp_path, {"a.png": b"png", "b.log": b"log"})

    apply(run)
    apply(run)

    assert jira.issues[0].attachments == ["a.png", "b.log"]


def test_evidence_can_be_left_out(tmp_path: Path) -> None:
    """The rules can say that evidence stays in the Test Execution."""
    jira = PretendJira()

    apply(a_failure_with(jira, tmp_path, {"a.png": b"png"}, '{"evidence": false}'))

    assert jira.issues[0].attachments == []


def test_a_file_that_is_too_large_is_named(tmp_path: Path) -> None:
    """Jira's limit is asked for before."""
    jira = PretendJira()

    done = apply(a_failure_with(jira, tmp_path, {"a.png": b"x" * 2000, "b": b"y"}))

    assert jira.issues[0].attachments == ["b"]
    assert "CALC-101: a.png was not attached: it is too large" in done.notices


def test_a_refused_attachment_is_said_and_the_defect_stays(tmp_path: Path) -> None:
    """Without the permission to attach files the defect has none."""
    jira = PretendJira()

    def refuse(request: Request) -> Answer | None:
        if request.path.endswith("/attachments"):
            return refusal(403, "You cannot attach files.")
        return None

    jira.fault = refuse
    done = apply(a_failure_with(jira, tmp_path, {"a.png": b"png"}))

    assert done.failure is None
    assert "CALC-101: evidence could not be attached" in done.text
    assert len(jira.issues) == 1


def test_a_file_whose_answer_was_lost_is_named_and_not_sent_again(
    tmp_path: Path,
) -> None:
    """A second try could attach it twice."""
    jira = PretendJira(lost=["POST /rest/api/2/issue/101/attachments"])
    run = a_failure_with(jira, tmp_path, {"a.png": b"png", "b.log": b"log"})

    done = apply(run)
    apply(run)

    assert jira.issues[0].attachments == ["a.png", "b.log"]
    assert "CALC-101: a.png may not be attached: the answer ended" in done.text


def test_a_file_that_is_gone_does_not_stop_the_others(tmp_path: Path) -> None:
    """A run directory from elsewhere may lack evidence."""
    jira = PretendJira()
    run = a_failure_with(jira, tmp_path, {"a.png": b"png", "b.log": b"log"})
    first = next(run.results.runs()).evidence[0]
    (run.directory.path / "evidence" / first.file).unlink()

    apply(run)

    assert jira.issues[0].attachments == ["b.log"]


def test_ten_files_are_enough(tmp_path: Path) -> None:
    """The others are in the Test Execution, and a note says how many."""
    ten, twelve = PretendJira(), PretendJira()
    files = {f"{number}.log": bytes([number]) for number in range(12)}

    fits = apply(a_failure_with(ten, tmp_path / "1", dict([*files.items()][:10])))
    cut = apply(a_failure_with(twelve, tmp_path / "2", files))

    assert [len(each.issues[0].attachments) for each in (ten, twelve)] == [10, 10]
    assert "only in the Test Execution" not in fits.text
    assert "CALC-101: 2 files of evidence are only in the Test Execution" in cut.notices


def test_a_file_of_exactly_the_limit_is_attached(tmp_path: Path) -> None:
    """Jira's limit is the largest size that it takes."""
    jira = PretendJira()

    apply(a_failure_with(jira, tmp_path, {"a": b"x" * 1000, "b": b"x" * 1001}))

    assert jira.issues[0].attachments == ["a"]


def test_a_page_instead_of_an_answer_attaches_nothing_twice(tmp_path: Path) -> None:
    """A proxy may answer for a server that has taken the file."""
    jira = PretendJira()
    page = Answer(status=200, headers={}, content=b"<html>", url="https://a/")

    def answer_with_page(request: Request) -> Answer | None:
        if not request.path.endswith("/attachments") or jira.issues[0].attachments:
            return None
        jira.issues[0].attachments.append("a.png")
        return page

    jira.fault = answer_with_page
    run = a_failure_with(jira, tmp_path, {"a.png": b"png", "b.log": b"log"})
    first, again = apply(run), apply(run)

    assert first.failure is not None
    assert again.failure is None
    assert jira.issues[0].attachments == ["a.png", "b.log"]
