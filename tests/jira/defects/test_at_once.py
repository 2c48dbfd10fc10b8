"""Jobs that send at the same time leave one open defect for each failure."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.builders import recorded
from tests.jira.defects.a_jira import PretendJira, a_jira_run, apply
from tests.jira.defects.test_step import failed, suite


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.client.request import Request
    from xray_bridge.client.response import Answer
    from xray_bridge.jira.run import JiraRun


def apply_at_once(*runs: JiraRun) -> None:
    """Do the steps of several runs in threads."""
    threads = [threading.Thread(target=apply, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


@pytest.mark.parametrize("jobs", [2, 4])
def test_one_defect_stays_open(tmp_path: Path, jobs: int) -> None:
    """All jobs search before any creates: the worst case."""
    jira = PretendJira(tests={"CALC-2": ""})
    together = threading.Barrier(jobs)
    waited = threading.local()

    def wait_before_creating(request: Request) -> Answer | None:
        is_creating = request.method == "POST" and request.path == "/rest/api/2/issue"
        if is_creating and not getattr(waited, "once", False):
            waited.once = True
            together.wait(30)
        return None

    jira.fault = wait_before_creating
    runs = [
        a_jira_run(
            jira,
            recorded(tmp_path / str(n), *suite(failed(keys=["CALC-2"]))),
            execution=f"CALC-9{n}",
        )
        for n in range(jobs)
    ]
    apply_at_once(*runs)
    still_open = [each for each in jira.issues if each.status != "Done"]

    assert len(jira.issues) == jobs
    assert [each.id for each in still_open] == ["101"]
    assert set(jira.linked["CALC-2"]) == {"CALC-101"}


def test_the_next_run_settles_what_a_slow_search_did_not_show(tmp_path: Path) -> None:
    """Two open defects of one failure become one as soon as the search shows both."""
    jira = PretendJira()
    runs = suite(failed())
    apply(a_jira_run(jira, recorded(tmp_path / "1", *runs)))
    jira.hidden.add("101")
    apply(a_jira_run(jira, recorded(tmp_path / "2", *runs)))
    jira.hidden.clear()

    done = apply(a_jira_run(jira, recorded(tmp_path / "3", *runs)))
    states = [(each.id, each.status) for each in jira.issues]

    assert states == [("101", "To Do"), ("102", "Done")]
    assert "CALC-102, a second bug like CALC-101, was closed" in done.notices


def test_a_copy_that_a_person_has_made_is_left_alone(tmp_path: Path) -> None:
    """Jira copies the labels of a cloned issue, but not its memory."""
    jira = PretendJira()
    runs = suite(failed())
    apply(a_jira_run(jira, recorded(tmp_path / "1", *runs)))
    copy = jira.add(*jira.issues[0].labels)

    done = apply(a_jira_run(jira, recorded(tmp_path / "2", *runs)))

    assert copy.status == "To Do"
    assert copy.comments == []
    assert "a second bug" not in done.text
    assert len(jira.issues[0].comments) == 1
