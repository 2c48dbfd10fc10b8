"""Defects of a run are found, created, linked, reopened and closed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, a_scenario, a_scenario_run, recorded
from tests.jira.defects.a_jira import (
    Applied,
    PretendJira,
    a_jira_run,
    answer,
    apply,
    refusal,
    settle,
)
from xray_bridge.client.http import Deadline
from xray_bridge.client.pauses import Pauses
from xray_bridge.errors import AmbiguousError, PartlyRefusedError
from xray_bridge.jira.defects.step import DEFECTS
from xray_bridge.model.receipt import Failure
from xray_bridge.model.results import Outcome, TestRun
from xray_bridge.runs.report_files import Files, ReportFile, save_files


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.client.request import Request
    from xray_bridge.client.response import Answer

TEXT = """\
    def test_sub():
>       assert sub(3, 1) == 1
E       assert 2 == 1

tests/test_calculator.py:7: AssertionError"""


def failed(name: str = "test_sub", **changes: object) -> TestRun:
    """A failure."""
    given = {"message": TEXT.replace("test_sub", name.partition("[")[0]), **changes}
    return a_run(Outcome.FAILED, name=name, **given)  # type: ignore[arg-type]


def suite(*runs: TestRun) -> tuple[TestRun, ...]:
    """Results, with so many passes that most tests pass."""
    passed = (a_run(name=f"test_other_{n}") for n in range(len(runs) + 1))
    return (*runs, *passed)


def test_a_new_failure_gets_a_defect_with_its_texts_and_labels(tmp_path: Path) -> None:
    """A failure without a defect gets one, which says what failed and where."""
    jira = PretendJira()

    done = settle(jira, tmp_path, *suite(failed(keys=["CALC-2"])))
    made = jira.issues[0]

    assert done.failure is None
    assert len(jira.issues) == 1
    assert made.fields["project"] == {"key": "CALC"}
    assert made.fields["issuetype"] == {"name": "Bug"}
    assert made.fields["summary"] == (
        "tests.test_calculator.test_sub: AssertionError assert 2 == 1"
    )
    assert "CALC-99" in made.fields["description"]
    assert TEXT.splitlines()[1] in made.fields["description"]
    assert "xray-bridge" in made.labels
    assert made.failure_label
    assert f"tests.test_calculator.test_sub: new bug {made.key}" in done.notices


def test_a_known_failure_is_linked_and_commented_once_in_each_run(
    tmp_path: Path,
) -> None:
    """The next run with the failure creates nothing, and says where it happened."""
    jira = PretendJira(tests={"CALC-2": ""})
    settle(jira, tmp_path / "1", *suite(failed(keys=["CALC-2"])))
    made = jira.issues[0]

    second = a_jira_run(jira, recorded(tmp_path / "2", *suite(failed(keys=["CALC-2"]))))
    done = apply(second)
    apply(second)

    assert len(jira.issues) == 1
    assert jira.linked == {"CALC-2": [made.key]}
    assert len(made.comments) == 1
    assert "Failed again in CALC-99." in made.comments[0]
    expected = f"tests.test_calculator.test_sub: known bug {made.key} (To Do)"
    assert expected in done.notices


def test_link_creates_and_changes_nothing(tmp_path: Path) -> None:
    """With ``link`` an open defect is linked, a closed one named, a missing one too."""
    jira = PretendJira(tests={"CALC-2": ""})
    settle(jira, tmp_path / "1", *suite(failed(keys=["CALC-2"]), failed("test_mul")))
    known, closed = jira.issues
    closed.status, closed.resolution = "Done", "Fixed"
    jira.linked.clear()
    jira.sent.clear()

    done = settle(
        jira,
        tmp_path / "2",
        *suite(failed(keys=["CALC-2"]), failed("test_mul"), failed("test_div")),
        defects="link",
    )

    assert jira.linked == {"CALC-2": [known.key]}
    assert f"its bug {closed.key} is closed (Fixed)" in done.text
    assert "1 failure without a bug" in done.text
    assert not known.comments + closed.comments
    assert len(jira.issues) == 2
    writes = [s for s in jira.sent if not s.startswith("GET") and "search" not in s]
    assert writes == ["POST /rest/raven/2.0/api/testrun/CALC-2/defect"]


def test_rows_of_one_test_share_a_defect_that_lists_them(tmp_path: Path) -> None:
    """The rows of a parametrized test have one defect, or one each if asked for."""
    rows = [failed(f"test_sub[{n}]") for n in (1, 2)]
    shared, single = PretendJira(), PretendJira()

    settle(shared, tmp_path / "1", *suite(*rows))
    settle(single, tmp_path / "2", *suite(*rows), defect_rules='{"per": "row"}')

    assert len(shared.issues) == 1
    assert "test\\_sub\\[2\\]" in shared.issues[0].fields["description"]
    assert len(single.issues) == 2


def test_more_than_the_limit_share_one_defect(tmp_path: Path) -> None:
    """Above ``max`` one defect lists the other failures, also in the next run."""
    jira = PretendJira()
    runs = suite(*(failed(f"test_{n:02}") for n in range(5)))

    done = settle(jira, tmp_path / "1", *runs, defect_rules='{"max": 2}')
    whole = len(jira.issues)
    rest = jira.issues[-1]
    settle(jira, tmp_path / "2", *runs, defect_rules='{"max": 0}')

    assert whole == 3
    assert rest.fields["summary"].startswith("3 more failures: ")
    assert "test\\_04" in rest.fields["description"]
    assert f"3 other failures: one bug, {rest.key} (max = 2)" in done.notices
    assert len(jira.issues) == 3
    assert len(rest.comments) == 1


def test_no_defect_is_created_if_more_than_half_of_the_tests_fail(
    tmp_path: Path,
) -> None:
    """A broken environment creates no defects."""
    jira = PretendJira()

    done = settle(jira, tmp_path, failed(), failed("test_mul"), a_run())

    assert not jira.issues
    assert "2 of 3 tests failed, more than 50%" in done.text


def test_pull_requests_change_no_defects(tmp_path: Path) -> None:
    """A run of a pull request names known defects, and changes none."""
    jira = PretendJira()
    directory = recorded(tmp_path, *suite(failed()), ci={"pull_request": "7"})

    done = apply(a_jira_run(jira, directory))
    allowed = apply(a_jira_run(jira, directory, defect_rules='{"pull_requests": true}'))

    assert "this is a pull request" in done.text
    assert "new bug" in allowed.text
    assert len(jira.issues) == 1


def test_a_defect_whose_answer_was_lost_is_found_by_its_label(tmp_path: Path) -> None:
    """Creating is not repeated: the label is looked for."""
    jira = PretendJira(lost=["POST /rest/api/2/issue"])

    done = settle(jira, tmp_path, *suite(failed()))

    assert done.failure is None
    assert len(jira.issues) == 1
    assert f"new bug {jira.issues[0].key}" in done.text


def test_a_lost_answer_that_the_search_does_not_show_is_settled_by_a_resend(
    tmp_path: Path,
) -> None:
    """If nobody knows whether a defect was created, none is created a second time."""
    jira = PretendJira(lost=["POST /rest/api/2/issue"], hidden={"101"})
    run = a_jira_run(jira, recorded(tmp_path, *suite(failed())))

    first, second = apply(run), apply(run)
    jira.hidden.clear()
    third = apply(run)

    assert isinstance(first.failure, PartlyRefusedError)
    assert "may have been created already" in str(second.failure)
    assert third.failure is None
    assert len(jira.issues) == 1


def test_defects_before_a_failed_request_are_kept_by_a_resend(tmp_path: Path) -> None:
    """A server that gives up in the middle of ten defects gets no eleventh."""
    jira = PretendJira()
    run = a_jira_run(
        jira, recorded(tmp_path, *suite(*(failed(f"test_{n}") for n in range(5))))
    )

    def give_up(request: Request) -> Answer | None:
        is_creating = request.method == "POST" and request.path == "/rest/api/2/issue"
        if is_creating and len(jira.issues) == 2:
            return refusal(403, "You cannot create issues in this project.")
        return None

    jira.fault = give_up
    first = apply(run)
    jira.fault = lambda _: None
    second = apply(run)

    assert "You cannot create issues" in str(first.failure)
    assert second.failure is None
    assert len(jira.issues) == 5
    assert not [each for each in jira.issues if each.comments]


def test_fields_that_jira_refuses_are_left_out_and_named(tmp_path: Path) -> None:
    """A defect is created without an assignee that Jira does not accept."""
    jira = PretendJira()
    rules = '{"assignee": "ann", "priority": "High", "fields": {"Severity": "Major"}}'

    done = settle(jira, tmp_path, *suite(failed()), defect_rules=rules)
    made = jira.issues[0].fields

    assert "assignee could not be set" in done.text
    assert made["priority"] == {"name": "High"}
    assert made["customfield_7"] == {"value": "Major"}
    assert done.failure is None


def test_a_missing_required_field_is_one_line(tmp_path: Path) -> None:
    """A required field that the rules lack is named, and no results are lost."""
    jira = PretendJira()
    jira.screen.append({"fieldId": "duedate", "name": "Due date", "required": True})

    done = settle(jira, tmp_path, *suite(failed(), failed("test_mul")))

    assert "duedate: Due date is required." in str(done.failure)
    assert "no bug could be created for" in str(done.failure)
    assert jira.sent.count("POST /rest/api/2/issue") == 1


def test_two_jobs_that_fail_alike_leave_one_open_defect(tmp_path: Path) -> None:
    """If two jobs create the same defect at once, the first one stays open."""
    jira = PretendJira(tests={"CALC-2": ""})
    other = PretendJira()
    settle(other, tmp_path / "other", *suite(failed(keys=["CALC-2"])))
    twin = other.issues[0]

    def create_first(request: Request) -> Answer | None:
        if request.path == "/rest/api/2/issue" and not jira.issues:
            jira.issues.append(twin)
            twin.id, twin.key = "100", "CALC-100"
        return None

    jira.fault = create_first
    done = settle(jira, tmp_path / "ours", *suite(failed(keys=["CALC-2"])))
    ours = jira.issues[1]

    assert (ours.status, ours.resolution) == ("Done", "Duplicate")
    assert twin.failure_label not in ours.labels
    assert twin.status == "To Do"
    assert jira.linked == {"CALC-2": ["CALC-100"]}
    assert "a second bug like CALC-100, was closed" in done.text


def test_tests_without_a_key_are_linked_by_their_definition(tmp_path: Path) -> None:
    """A Test that the import has just created is found by its definition."""
    jira = PretendJira(tests={"CALC-50": ""})

    def show_tests(request: Request) -> Answer | None:
        if request.path == "/rest/api/2/field":
            custom = "com.xpandit.plugins.xray:path-editor-custom-field"
            return answer(200, [{"id": "customfield_3", "schema": {"custom": custom}}])
        if b"key in (CALC-50)" in (request.content or b""):  # type: ignore[operator]
            definition = "tests.test_calculator.test_sub"
            fields = {"summary": "a test", "customfield_3": definition}
            issue = {"id": "50", "key": "CALC-50", "fields": fields}
            return answer(200, {"total": 1, "issues": [issue]})
        return None

    jira.fault = show_tests
    settle(jira, tmp_path, *suite(failed()))

    assert jira.linked == {"CALC-50": [jira.issues[0].key]}


def test_an_unreachable_server_is_one_line_and_known_defects_stay_named(
    tmp_path: Path,
) -> None:
    """The step fails in one line; what was found out before is still said."""
    jira = PretendJira()
    settle(jira, tmp_path / "1", *suite(failed()))

    def lose(request: Request) -> Answer | None:
        if request.path == "/rest/api/2/issue":
            raise AmbiguousError("the deadline passed while the server was answering")
        return None

    jira.fault = lose
    done = settle(jira, tmp_path / "2", *suite(failed(), failed("test_mul")))

    assert "the deadline passed" in str(done.failure)
    assert "known bug CALC-101" in done.text


def test_a_moved_issue_is_known_by_its_id(tmp_path: Path) -> None:
    """Its new key is shown and linked; comments go to the same issue."""
    jira = PretendJira(tests={"CALC-2": ""})
    settle(jira, tmp_path / "1", *suite(failed(keys=["CALC-2"])))
    jira.issues[0].key = "SHOP-5"
    jira.linked.clear()

    done = settle(jira, tmp_path / "2", *suite(failed(keys=["CALC-2"])))

    assert "known bug SHOP-5" in done.text
    assert jira.linked == {"CALC-2": ["SHOP-5"]}
    assert len(jira.issues[0].comments) == 1
    assert not [line for line in jira.sent if "SHOP-5" in line or "CALC-101" in line]


def test_a_fork_cannot_allow_itself_to_create_bugs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules of a fork's pull request come from the fork."""
    monkeypatch.setenv("CIRCLE_PR_NUMBER", "7")
    jira = PretendJira()
    rules = '{"pull_requests": true, "most": 1}'

    done = settle(jira, tmp_path, *suite(failed()), defect_rules=rules)

    assert not jira.issues
    assert "this is a pull request of a fork" in done.text


def test_failures_in_report_files_get_defects(tmp_path: Path) -> None:
    """The main line of the message is their fingerprint, without its numbers."""
    jira = PretendJira(tests={"CALC-2": ""})
    passed = ReportFile(name="a.xml", file="a.xml", format="junit", tests=5)
    counted = replace(passed, counts={"passed": 4, "failed": 3})

    def send(number: int) -> Applied:
        directory = recorded(tmp_path / str(number), framework="report files")
        message = f"ValueError: {number} is wrong"
        failure = Failure(name="suite.test_a", keys=("CALC-2",), message=message)
        save_files(directory, Files(files=(counted,), failures=(failure,)))
        return apply(a_jira_run(jira, directory))

    first = send(0)
    done = send(1)
    made = jira.issues[0]

    assert len(jira.issues) == 1
    assert made.fields["summary"] == "suite.test_a: ValueError 0 is wrong"
    assert jira.linked == {"CALC-2": [made.key]}
    assert f"suite.test_a: known bug {made.key} (To Do)" in done.notices
    assert "only the first 1 failure of report files get bugs" in first.notices


def test_a_defect_whose_memory_is_refused_is_linked_all_the_same(
    tmp_path: Path,
) -> None:
    """Without the permission to edit, runs without the failure are not counted."""
    jira = PretendJira(tests={"CALC-2": ""})

    def refuse(request: Request) -> Answer | None:
        if request.method == "PUT":
            return refusal(403, "You cannot edit issues.")
        return None

    jira.fault = refuse
    done = settle(jira, tmp_path, *suite(failed(keys=["CALC-2"])))

    assert done.failure is None
    assert "CALC-101: runs without the failure cannot be counted" in done.text
    assert jira.linked == {"CALC-2": ["CALC-101"]}
    assert jira.issues[0].properties == {}


def test_half_of_the_tests_may_fail(tmp_path: Path) -> None:
    """Only more than half is too much."""
    jira = PretendJira()

    settle(jira, tmp_path, failed(), a_run())

    assert len(jira.issues) == 1


def test_many_failures_are_cut_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above a limit, failures are not looked up; a note says how many are."""
    monkeypatch.setattr("xray_bridge.jira.defects.step.MOST", 2)
    jira = PretendJira()
    two = [failed("test_a"), failed("test_b")]

    fits = settle(jira, tmp_path / "1", *suite(*two), defects="link")
    cut = settle(jira, tmp_path / "2", *suite(*two, failed("test_c")), defects="link")

    assert "compared with bugs" not in fits.text
    assert "only the first 2 of 3 failures are compared with bugs" in cut.notices
    assert "2 failures without a bug" in cut.text


def test_the_rest_names_build_execution_and_tests(tmp_path: Path) -> None:
    """The one defect for the other failures says where they are."""
    jira = PretendJira()
    ci = {"build_url": "https://ci.example.com/7"}
    directory = recorded(tmp_path, *suite(failed("test_a"), failed("test_b")), ci=ci)

    apply(a_jira_run(jira, directory, defect_rules='{"max": 0}'))
    text = jira.issues[0].fields["description"]

    assert text.splitlines() == [
        "Test Execution: CALC-99",
        "Build: https://ci.example.com/7",
        "",
        "* tests.test\\_calculator.test\\_a: AssertionError assert 2 == 1",
        "* tests.test\\_calculator.test\\_b: AssertionError assert 2 == 1",
    ]


def test_a_long_list_of_rows_ends_with_their_number(tmp_path: Path) -> None:
    """A defect lists the first fifty rows."""
    jira = PretendJira()

    settle(jira, tmp_path, *suite(*(failed(f"test_sub[{n}]") for n in range(53))))
    text = jira.issues[0].fields["description"]

    assert text.splitlines()[-1] == "* ... and 3 more"
    assert text.count("\n* ") == 51


def test_comments_name_the_build_and_the_run(tmp_path: Path) -> None:
    """The mark at the end is how a second job finds the comment of the first."""
    jira = PretendJira()
    info = {"ci": {"build_url": "https://ci.example.com/7"}, "run_id": "github-7"}
    settle(jira, tmp_path / "1", *suite(failed()))

    for number in (2, 3):
        directory = recorded(tmp_path / str(number), *suite(failed()), **info)
        apply(a_jira_run(jira, directory))

    assert jira.issues[0].comments == [
        (
            "Failed again in CALC-99.\nBuild: https://ci.example.com/7\n\n"
            "xray-bridge run github-7"
        )
    ]


@pytest.mark.parametrize("hidden", [False, True])
def test_a_comment_whose_answer_was_lost_is_looked_for(
    tmp_path: Path, hidden: bool
) -> None:
    """It is not written twice; if it is not there, the step fails."""
    jira = PretendJira()
    settle(jira, tmp_path / "1", *suite(failed()))
    jira.lost = ["POST /rest/api/2/issue/101/comment"]

    def hide(request: Request) -> Answer | None:
        is_list = request.method == "GET" and request.path.endswith("/comment")
        return answer(200, {"comments": []}) if hidden and is_list else None

    jira.fault = hide
    run = a_jira_run(jira, recorded(tmp_path / "2", *suite(failed())))
    done = apply(run)
    jira.fault = lambda _: None
    again = apply(run)

    assert (done.failure is None) is not hidden
    assert again.failure is None
    assert len(jira.issues[0].comments) == 1


class Patience(Deadline):
    """Notes pauses instead of waiting."""

    def __init__(self) -> None:
        super().__init__(60.0)
        self.pauses: list[float] = []

    def pause(self, seconds: float, why: str = "") -> None:  # noqa: ARG002
        """Note a pause."""
        self.pauses.append(round(seconds))


def test_writes_to_one_issue_are_spaced(tmp_path: Path) -> None:
    """Jira limits them for each issue; the first write to an issue does not wait."""
    jira = PretendJira(deadline=Patience())
    rules = '{"when_passed": "close", "close_after": 1}'
    pauses = Pauses(first=0.0, looks=(0.0,), same_issue=7.0)

    def settle_slowly(number: int, *runs: TestRun) -> list[float]:
        directory = recorded(tmp_path / str(number), *suite(*runs))
        run = a_jira_run(jira, directory, defect_rules=rules)
        slow = replace(run, connection=replace(run.connection, pauses=pauses))
        jira.deadline = Patience()
        apply(slow)
        return jira.deadline.pauses

    made = settle_slowly(1, failed())
    commented = settle_slowly(2, failed())
    closed = settle_slowly(3, a_run(name="test_sub"))

    assert made == []
    assert commented == []
    # Memory, transition, comment.
    assert closed == [7, 7]


def test_only_so_many_test_runs_are_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes two requests; a note says that there are more."""
    monkeypatch.setattr("xray_bridge.jira.defects.link.MOST", 2)
    keys = [f"CALC-{number}" for number in range(2, 6)]
    jira = PretendJira(tests=dict.fromkeys(keys, ""))

    done = settle(
        jira, tmp_path, *suite(*(failed(f"test_{k[-1]}", keys=[k]) for k in keys))
    )

    assert list(jira.linked) == keys[:2]
    assert "only the first 2 Test Runs are linked to bugs" in done.notices


def test_a_refused_link_is_one_line_and_tried_again(tmp_path: Path) -> None:
    """The bug exists; a resend links it."""
    jira = PretendJira(tests={"CALC-2": ""})
    run = a_jira_run(jira, recorded(tmp_path, *suite(failed(keys=["CALC-2"]))))

    def refuse(request: Request) -> Answer | None:
        is_link = request.path.endswith("/defect")
        return refusal(403, "You cannot edit Test Runs.") if is_link else None

    jira.fault = refuse
    done = apply(run)
    jira.fault = lambda _: None
    again = apply(run)

    assert "CALC-101 could not be linked: HTTP 403" in str(done.failure)
    assert again.failure is None
    assert jira.linked == {"CALC-2": ["CALC-101"]}


def test_rows_of_an_outline_are_listed_with_their_values(tmp_path: Path) -> None:
    """behave gives all rows one name."""
    jira = PretendJira()
    scenario = a_scenario(outline="sums", row=2)
    row = a_scenario_run(
        Outcome.FAILED,
        scenario=scenario,
        name="sums",
        parameters=(("a", "1"), ("b", "2")),
        message="E   ValueError: x",
    )

    settle(jira, tmp_path, *suite(row))

    assert (
        jira.issues[0]
        .fields["description"]
        .endswith("Failed:\n* tests.test\\_calculator.sums (a=1, b=2)")
    )


def describe(tmp_path: Path, *runs: TestRun, **given: str) -> list[str]:
    """The lines of a dry run, which asks no server."""
    jira = PretendJira()
    run = a_jira_run(jira, recorded(tmp_path, *runs), execution="", **given)
    lines = list(DEFECTS.describe(run))
    assert jira.sent == []
    return lines


def test_a_dry_run_says_what_would_be_done(tmp_path: Path) -> None:
    """It names failures with their labels, and what keeps bugs from being created."""
    two = suite(failed("test_a"), failed("test_b"))

    created = describe(tmp_path / "1", *two, defect_rules='{"max": 1}')
    linked = describe(tmp_path / "2", *two, defects="link")
    broken = describe(tmp_path / "3", failed("test_a"))
    nothing = describe(tmp_path / "4", a_run())

    to = "link the Test Runs of the new Test Execution to the open bugs of their"
    assert created[0] == f"{to} failures"
    assert created[1] == "create a Bug in CALC for each failure without one:"
    assert created[2].endswith(": tests.test_calculator.test_a (AssertionError)")
    assert created[3:] == ["  and one for all 1 other"]
    assert linked[0] == created[0]
    assert [line.split(": ")[1] for line in linked[1:]] == [
        "tests.test_calculator.test_a (AssertionError)",
        "tests.test_calculator.test_b (AssertionError)",
    ]
    assert broken[-1].startswith("1 of 1 tests failed, more than 50%")
    assert nothing == ["no failure needs a bug"]


def test_a_field_that_the_screen_lacks_is_named(tmp_path: Path) -> None:
    """The bug is created without it."""
    jira = PretendJira()

    done = settle(
        jira, tmp_path, *suite(failed()), defect_rules='{"fields": {"Nothing": "x"}}'
    )

    assert len(jira.issues) == 1
    assert "Nothing could not be set: Bug has no such field" in done.text
