"""A defect is closed after enough runs without it, and reopened when it is back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, recorded
from tests.jira.defects.a_jira import (
    Applied,
    Issue,
    PretendJira,
    a_jira_run,
    answer,
    apply,
    refusal,
)
from tests.jira.defects.test_step import failed, suite
from xray_bridge.errors import AmbiguousError
from xray_bridge.jira.defects.find import Defect
from xray_bridge.jira.defects.record import Record
from xray_bridge.jira.defects.recur import decide_recurrence
from xray_bridge.jira.defects.rules import parse_rules
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.client.request import Request
    from xray_bridge.client.response import Answer
    from xray_bridge.model.results import TestRun

CLOSE = '{"when_passed": "close", "close_after": 2}'


class Project:
    """A project whose test ``test_sub`` fails and passes in runs one after another."""

    def __init__(self, folder: Path, rules: str = CLOSE) -> None:
        self.jira = PretendJira()
        self._folder = folder
        self._rules = rules
        self._number = 0

    def run(self, *runs: TestRun, **given: str) -> Applied:
        """Send a run with these results, and passes of other tests."""
        self._number += 1
        directory = recorded(self._folder / str(self._number), *suite(*runs))
        given = {"defect_rules": self._rules, **given}
        return apply(a_jira_run(self.jira, directory, **given))

    def fail(self, **given: str) -> Applied:
        """The test fails."""
        return self.run(failed(), **given)

    def succeed(self, **given: str) -> Applied:
        """The test passes."""
        return self.run(a_run(name="test_sub"), **given)

    @property
    def defect(self) -> Issue:
        """The one defect."""
        (found,) = self.jira.issues
        return found


def test_a_defect_is_closed_after_so_many_runs_in_a_row(tmp_path: Path) -> None:
    """A failure between passes starts the count again."""
    project = Project(tmp_path)
    project.fail()
    project.succeed()
    project.fail()
    project.succeed()
    open_before = project.defect.status

    done = project.succeed()

    assert open_before == "To Do"
    assert (project.defect.status, project.defect.resolution) == ("Done", "Done")
    assert "closed after 2 runs in a row without it" in project.defect.comments[-1]
    assert "closed after 2 runs" in done.text


def test_a_pass_in_other_environments_closes_nothing(tmp_path: Path) -> None:
    """A defect of Linux is not closed by passes on Windows, nor the other way."""
    project = Project(tmp_path)
    project.fail(environments="linux")
    for _ in range(3):
        project.succeed(environments="windows")
    status = project.defect.status
    project.fail(environments="windows")
    for _ in range(3):
        project.succeed(environments="windows")

    assert status == "To Do"
    assert project.defect.status == "To Do"


def test_a_resend_counts_a_run_once(tmp_path: Path) -> None:
    """The same run, sent twice, is one run without the failure."""
    project = Project(tmp_path)
    project.fail()
    directory = recorded(tmp_path / "again", *suite(a_run(name="test_sub")))
    run = a_jira_run(project.jira, directory, defect_rules=CLOSE)

    apply(run)
    apply(run)

    assert project.defect.status == "To Do"


@pytest.mark.parametrize(
    "outcome", [Outcome.FLAKY, Outcome.SKIPPED, Outcome.XFAILED, Outcome.XPASSED]
)
def test_only_a_clean_pass_counts(tmp_path: Path, outcome: Outcome) -> None:
    """A test that was skipped, or passed at the second attempt, has not passed."""
    project = Project(tmp_path)
    project.fail()
    for _ in range(3):
        project.run(a_run(outcome, name="test_sub"))

    assert project.defect.status == "To Do"


def test_a_row_that_fails_otherwise_keeps_the_defect_open(tmp_path: Path) -> None:
    """A test with rows has passed if all its rows have."""
    project = Project(tmp_path)
    project.run(failed("test_sub[1]"))
    other = failed(
        "test_sub[2]", message="E   TypeError: no\n\ntests/a.py:3: TypeError"
    )
    for _ in range(3):
        project.run(a_run(name="test_sub[1]"), other)

    assert project.jira.issues[0].status == "To Do"


def test_a_defect_that_we_closed_is_reopened(tmp_path: Path) -> None:
    """The failure is back: the same defect is reopened, with a comment."""
    project = Project(tmp_path)
    project.fail()
    project.succeed()
    project.succeed()

    done = project.fail()

    assert project.defect.status == "To Do"
    assert "Reopened: it failed again in CALC-99." in project.defect.comments[-1]
    assert "reopened" in done.text


def test_after_two_closings_it_is_flaky_and_left_to_people(tmp_path: Path) -> None:
    """It is labelled at the second closing, and never reopened or closed again."""
    project = Project(tmp_path)
    told = []
    for _ in range(2):
        project.fail()
        project.succeed()
        told.append(project.succeed().text)
    labels = list(project.defect.labels)
    last = project.defect.comments[-1]

    done = project.fail()

    closed = "CALC-101: closed after 2 runs in a row without it"
    flaky = ", with the label flaky: from now on it is left to people"
    assert told == [closed, f"{closed}{flaky}"]
    assert "flaky" in labels
    assert (
        "in a row without it, the last of them CALC-99. It was closed 2 times" in last
    )
    assert project.defect.status == "Done"
    assert "is closed (Done), but the failure is back" in done.text


def test_one_that_a_person_has_closed_is_reopened_only_if_the_rules_say_so(
    tmp_path: Path,
) -> None:
    """A person may have had a reason: the failure is named, and nothing changed."""
    project = Project(tmp_path)
    project.fail()
    project.defect.status, project.defect.resolution = "Done", "Won't Do"
    before = len(project.defect.comments)

    done = project.fail()
    status = project.defect.status
    project.fail(defect_rules='{"reopen_closed_by_people": true}')

    assert status == "Done"
    assert "its bug CALC-101 is closed (Won't Do), but the failure is back" in done.text
    assert before == 0
    assert project.defect.status == "To Do"


def test_a_new_defect_for_a_closed_one_is_related_to_it(tmp_path: Path) -> None:
    """With ``new`` the closed defect stays closed, and the new one names it."""
    project = Project(tmp_path, '{"on_recurrence": "new"}')
    project.fail()
    project.defect.status = "Done"

    project.fail()
    project.fail()
    old, new = project.jira.issues

    assert old.status == "Done"
    assert project.jira.links == [
        {
            "type": {"name": "Relates"},
            "inwardIssue": {"id": old.id},
            "outwardIssue": {"id": new.id},
        }
    ]


def test_when_passed_comment_says_it_once(tmp_path: Path) -> None:
    """The first run without the failure gets a comment, the next ones do not."""
    project = Project(tmp_path, '{"when_passed": "comment"}')
    project.fail()
    done = project.succeed()
    first = len(project.defect.comments)
    project.succeed()

    assert first == 1
    assert [c.splitlines()[0] for c in project.defect.comments] == [
        "The test passes again in CALC-99."
    ]
    assert "CALC-101: its test passes again" in done.text
    assert project.defect.status == "To Do"


def test_a_comment_is_all_that_comment_does(tmp_path: Path) -> None:
    """With ``comment`` the closed defect stays closed, and says that it is back."""
    project = Project(tmp_path, '{"on_recurrence": "comment"}')
    project.fail()
    project.defect.status = "Done"

    done = project.fail()

    assert project.defect.status == "Done"
    assert "The failure is back: it happened in CALC-99." in project.defect.comments[0]
    assert "a comment says that it is back" in done.text


def test_a_workflow_without_a_way_is_named(tmp_path: Path) -> None:
    """A defect that cannot be closed stays open, and the count goes on."""
    project = Project(
        tmp_path, '{"when_passed": "close", "close_after": 1, "close_status": "Gone"}'
    )
    project.fail()

    done = project.succeed()
    again = project.succeed()

    assert "CALC-101 cannot be closed: the workflow leads from To Do to" in done.text
    assert "CALC-101 cannot be closed" in again.text
    assert done.failure is None
    assert project.defect.status == "To Do"
    assert project.defect.comments == []
    assert project.defect.properties["xray-bridge"]["closings"] == 0


def test_a_transition_that_needs_more_is_named(tmp_path: Path) -> None:
    """A screen with a required field that nobody knows is not guessed."""
    project = Project(tmp_path, '{"when_passed": "close", "close_after": 1}')
    project.fail()
    screen = {
        "resolution": {"name": "Resolution", "required": True, "allowedValues": []},
        "customfield_4": {"name": "Root cause", "required": True},
        "comment": {"name": "Comment", "required": False},
    }
    to = {"name": "Done", "statusCategory": {"key": "done"}}

    def offer(request: Request) -> Answer | None:
        if request.method == "GET" and request.path.endswith("/transitions"):
            found = {"id": "2", "name": "Finish", "to": to, "fields": screen}
            return answer(200, {"transitions": [found]})
        return None

    project.jira.fault = offer
    done = project.succeed()

    assert (
        "CALC-101 cannot be closed: the transition Finish needs Resolution and Root "
        "cause" in done.notices
    )


def test_named_statuses_and_resolutions_are_used(tmp_path: Path) -> None:
    """The rules name the status of a closed and of a reopened defect."""
    rules = CLOSE.replace(
        "}",
        ', "close_status": "done", "close_resolution": "duplicate", '
        '"reopen_status": "In Progress"}',
    )
    project = Project(tmp_path, rules)
    project.fail()
    project.succeed()
    project.succeed()
    resolution = project.defect.resolution

    project.fail()

    assert resolution == "Duplicate"
    assert project.defect.status == "In Progress"


def test_a_refused_closing_is_one_line_and_is_tried_again(tmp_path: Path) -> None:
    """Without the permission the defect stays open, with exit code 84."""
    project = Project(tmp_path, '{"when_passed": "close", "close_after": 1}')
    project.fail()

    def refuse(request: Request) -> Answer | None:
        if request.method == "POST" and request.path.endswith("/transitions"):
            return refusal(403, "You cannot transition issues.")
        return None

    project.jira.fault = refuse
    done = project.succeed()
    project.jira.fault = lambda _: None
    project.succeed()

    assert "CALC-101 could not be closed: HTTP 403" in str(done.failure)
    assert project.defect.status == "Done"
    assert project.defect.properties["xray-bridge"]["closings"] == 1
    assert "flaky" not in project.defect.labels


def test_a_refused_reopening_is_named_and_tried_again(tmp_path: Path) -> None:
    """The failure is named all the same; a resend of the run reopens the defect."""
    project = Project(tmp_path)
    project.fail()
    project.succeed()
    project.succeed()

    def refuse(request: Request) -> Answer | None:
        if request.method == "POST" and request.path.endswith("/transitions"):
            return refusal(403, "You cannot transition issues.")
        return None

    project.jira.fault = refuse
    directory = recorded(tmp_path / "back", *suite(failed()))
    run = a_jira_run(project.jira, directory, defect_rules=CLOSE)
    done = apply(run)
    project.jira.fault = lambda _: None
    again = apply(run)

    assert "its bug CALC-101 is closed (Done), but the failure is back" in done.text
    assert "CALC-101 could not be changed: HTTP 403" in str(done.failure)
    assert again.failure is None
    assert project.defect.status == "To Do"


def test_a_workflow_that_cannot_reopen_is_named(tmp_path: Path) -> None:
    """The defect stays closed."""
    project = Project(tmp_path, CLOSE.replace("}", ', "reopen_status": "Gone"}'))
    project.fail()
    project.succeed()
    project.succeed()

    done = project.fail()

    assert "CALC-101 is closed (Done), and cannot be reopened: the workflow" in (
        done.text
    )
    assert project.defect.status == "Done"


def test_a_refused_link_to_the_closed_defect_is_a_note(tmp_path: Path) -> None:
    """The new defect exists without it."""
    project = Project(tmp_path, '{"on_recurrence": "new"}')
    project.fail()
    project.defect.status = "Done"

    def refuse(request: Request) -> Answer | None:
        if request.path.endswith("/issueLink"):
            return refusal(404, "No issue link permission.")
        return None

    project.jira.fault = refuse
    done = project.fail()

    assert done.failure is None
    assert len(project.jira.issues) == 2
    assert "CALC-102 could not be linked to CALC-101: HTTP 404" in done.text


BY_US = Record(is_closed_by_us=True)
BY_A_PERSON = Record()


@pytest.mark.parametrize(
    ("rules", "record", "resolution", "expected"),
    [
        ({}, BY_US, "Done", "reopen"),
        ({}, BY_A_PERSON, "Done", "nothing"),
        ({"reopen_closed_by_people": True}, BY_A_PERSON, "Done", "reopen"),
        ({"on_recurrence": "new"}, BY_A_PERSON, "Done", "new"),
        ({"on_recurrence": "comment"}, BY_A_PERSON, "Done", "comment"),
        ({"resolution": {"Won't Do": "nothing"}}, BY_US, "won't do", "nothing"),
        ({"resolution": {"Duplicate": "new"}}, BY_US, "Duplicate", "new"),
    ],
)
def test_rules_decide_what_a_recurrence_means(
    rules: dict[str, object], record: Record, resolution: str, expected: str
) -> None:
    """The resolution decides first, then ``on_recurrence`` and who has closed it."""
    defect = Defect(id="1", key="CALC-1", is_open=False, resolution=resolution)

    assert decide_recurrence(defect, record, parse_rules(rules)) == expected


def test_a_lost_answer_to_a_transition_is_looked_up(tmp_path: Path) -> None:
    """The bug was closed, or reopened: the step goes on as if Jira had said so."""
    project = Project(tmp_path)
    project.fail()
    bug = project.jira.issues[0]
    lost = f"POST /rest/api/2/issue/{bug.id}/transitions"
    project.succeed()
    project.jira.lost = [lost]
    closed = project.succeed()
    status = bug.status
    project.jira.lost = [lost]
    reopened = project.fail()

    assert (closed.failure, status) == (None, "Done")
    assert "closed after 2 runs" in closed.text
    assert (reopened.failure, bug.status) == (None, "To Do")
    assert not project.jira.lost


def test_a_transition_that_did_not_arrive_is_an_error(tmp_path: Path) -> None:
    """The bug is as it was, and the run fails with that step."""
    project = Project(tmp_path)
    project.fail()
    project.succeed()

    def break_off(request: Request) -> Answer | None:
        if request.method == "POST" and request.path.endswith("/transitions"):
            raise AmbiguousError("the connection broke")
        return None

    project.jira.fault = break_off
    done = project.succeed()

    assert "the connection broke" in str(done.failure)
    assert project.jira.issues[0].status == "To Do"
