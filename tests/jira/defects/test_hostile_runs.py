"""What a run directory from somebody else cannot do to issues in Jira."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.builders import recorded
from tests.jira.defects.a_jira import Applied, PretendJira, a_jira_run, answer, apply
from tests.jira.defects.test_step import failed, suite
from xray_bridge.client.response import Answer
from xray_bridge.errors import SettingError
from xray_bridge.jira.defects.rules import parse_rules
from xray_bridge.jira.defects.texts import fill_text, plain_address
from xray_bridge.jira.notes import write_notes


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xray_bridge.client.request import Request

ADDRESS = "http://x/a_b-{code}|[~ann]!a!\\ b^c"


def with_notes(
    jira: PretendJira, tmp_path: Path, notes: Mapping[str, object], **given: str
) -> Applied:
    """Send a failure whose run directory has notes about its bug, and about others."""
    directory = recorded(tmp_path, *suite(failed()))
    first = PretendJira()
    apply(a_jira_run(first, recorded(tmp_path / "first", *suite(failed()))))
    label = first.issues[0].failure_label
    write_notes(directory, "defects", {label: notes, "x": {"id": "7", "key": "HR-7"}})
    return apply(a_jira_run(jira, directory, **given))


def test_notes_cannot_name_an_issue_of_somebody_else(tmp_path: Path) -> None:
    """A bug that a run directory names is used only if it has the label."""
    jira = PretendJira()
    other = jira.add("salaries")

    done = with_notes(jira, tmp_path, {"id": other.id, "key": other.key})

    assert done.failure is None
    assert not other.properties
    assert [each.key for each in jira.issues] == [other.key, "CALC-102"]


def test_notes_put_no_issue_of_somebody_else_into_a_sprint(tmp_path: Path) -> None:
    """Only the bugs of this run go into the sprint."""
    jira = PretendJira()
    moved: list[str] = []

    def answer_sprints(request: Request) -> Answer | None:
        if not request.path.startswith("/rest/agile"):
            return None
        if isinstance(request.content, bytes):
            moved.extend(json.loads(request.content)["issues"])
        return answer(200, {"id": 5, "name": "Sprint 5"})

    jira.fault = answer_sprints
    done = with_notes(jira, tmp_path, {}, sprint="5")

    assert done.failure is None
    assert moved == [jira.issues[0].key]


@pytest.mark.parametrize("asked", ["soon", [], 10**400, float("nan"), True])
def test_a_damaged_time_of_a_request_is_no_request(
    tmp_path: Path, asked: object
) -> None:
    """Notes that are no times neither fail nor keep a bug from being created."""
    jira = PretendJira()

    done = with_notes(jira, tmp_path, {"asked": asked, "attached": 7})

    assert done.failure is None
    assert len(jira.issues) == 1


def test_run_and_build_write_no_wiki_markup(tmp_path: Path) -> None:
    """The id of a run and the address of its build may come from an artifact."""
    jira = PretendJira()
    hostile = {"ci": {"build_url": ADDRESS}, "run_id": "1\n\n[~ann] {code}" + "x" * 999}
    for number in range(2):
        directory = recorded(tmp_path / str(number), *suite(failed()), **hostile)
        apply(a_jira_run(jira, directory))
    again = a_jira_run(jira, recorded(tmp_path / "3", *suite(failed()), **hostile))
    apply(again)
    made = jira.issues[0]

    assert len(made.comments) == 1
    for text in (made.comments[0], made.fields["description"]):
        assert "[~ann]" not in text
        assert "{code}" not in text
        assert "http://x/a_b-%7Bcode%7D%7C%5B~ann%5D%21a%21%5C%20b%5Ec" in text
    assert len(made.comments[0]) < 500


def test_the_comment_of_another_run_is_not_this_ones(tmp_path: Path) -> None:
    """The id of one run may begin with that of another one."""
    jira = PretendJira()
    for number, run_id in enumerate(("ci-1", "ci-23", "ci-2")):
        directory = recorded(tmp_path / str(number), *suite(failed()), run_id=run_id)
        apply(a_jira_run(jira, directory))

    assert len(jira.issues[0].comments) == 2


def test_links_to_builds_stay_links() -> None:
    """A backslash in an address would break it; what is no address is left out."""
    values = {"ci.url": plain_address("https://ci/my_repo/-/jobs/1?a=b&c#d")}

    assert fill_text("at ${ci.url}", values) == "at https://ci/my_repo/-/jobs/1?a=b&c#d"
    assert plain_address("javascript:alert(1)") == ""
    assert plain_address("https://" + "x" * 2000) == ""


@pytest.mark.parametrize("name", ["labels", "Labels", "Issue Type", "project"])
def test_fields_without_which_a_bug_is_not_found_have_their_own_keys(name: str) -> None:
    """Labels in ``fields`` would replace ours, and each run would create a bug."""
    with pytest.raises(SettingError, match="cannot be one of `fields`"):
        parse_rules({"fields": {name: ["a"]}})


def test_a_translated_name_does_not_replace_our_labels(tmp_path: Path) -> None:
    """Jira knows the field by another name in another language."""
    jira = PretendJira()
    jira.screen[2] = {"fieldId": "labels", "name": "Stichwörter"}
    rules = '{"fields": {"Stichwörter": ["a"]}}'
    for number in range(2):
        directory = recorded(tmp_path / str(number), *suite(failed()))
        apply(a_jira_run(jira, directory, defect_rules=rules))

    assert len(jira.issues) == 1


def test_two_bugs_for_the_rest_become_one(tmp_path: Path) -> None:
    """Two jobs may create it at the same moment; the next run closes the second."""
    jira = PretendJira()
    runs = suite(failed("test_a"), failed("test_b"))
    given = {"defect_rules": '{"max": 0}'}
    apply(a_jira_run(jira, recorded(tmp_path / "1", *runs), **given))
    jira.hidden.add("101")
    apply(a_jira_run(jira, recorded(tmp_path / "2", *runs), **given))
    jira.hidden.clear()

    apply(a_jira_run(jira, recorded(tmp_path / "3", *runs), **given))

    assert [(each.id, each.status) for each in jira.issues] == [
        ("101", "To Do"),
        ("102", "Done"),
    ]


@pytest.mark.parametrize(
    ("rules", "number"), [("{}", 0), ('{"pull_requests": true}', 1)]
)
def test_an_artifact_does_not_hide_that_it_is_of_a_fork(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str, number: int
) -> None:
    """The workflow that sends it knows; the rules are those of our repository."""
    event = {"workflow_run": {"head_repository": {"full_name": "them/it"}}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    monkeypatch.setenv("GITHUB_REPOSITORY", "us/it")
    monkeypatch.setenv("GITHUB_EVENT_NAME", "workflow_run")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    jira = PretendJira()
    run = a_jira_run(jira, recorded(tmp_path, *suite(failed())), defect_rules=rules)
    apply(run)

    assert len(jira.issues) == number


def test_a_page_instead_of_an_answer_is_no_refusal(tmp_path: Path) -> None:
    """A proxy may answer for a server that has created the bug."""
    jira = PretendJira()
    page = Answer(status=200, headers={}, content=b"<html>", url="https://a/")

    def answer_with_page(request: Request) -> Answer | None:
        is_creating = request.method == "POST" and request.path == "/rest/api/2/issue"
        if not is_creating or jira.issues:
            return None
        assert isinstance(request.content, bytes)
        bug = jira.add(*json.loads(request.content)["fields"]["labels"])
        jira.hidden.add(bug.id)
        return page

    jira.fault = answer_with_page
    run = a_jira_run(jira, recorded(tmp_path, *suite(failed())))
    first, again = apply(run), apply(run)

    assert first.failure is not None
    assert "may have been created already" in str(again.failure)
    assert len(jira.issues) == 1
