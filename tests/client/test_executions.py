"""The newest Test Executions of a project, and answers that are not Xray's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.client.test_runs_of_execution import FakeXray, runs_on
from tests.jira.defects.a_jira import answer
from xray_bridge.client.executions import ExecutionRef, list_executions
from xray_bridge.client.issues import text_lines
from xray_bridge.errors import NotXrayError, RefusedError
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER


if TYPE_CHECKING:
    from xray_bridge.client.request import Request
    from xray_bridge.client.response import Answer

PLAN = {"results": [{"jira": {"key": "CALC-15"}}]}
A_DOCUMENT = {
    "type": "doc",
    "content": [
        {
            "type": "paragraph",
            "content": [
                {"type": "text", "text": "Build: 7"},
                {"type": "hardBreak"},
                {"type": "text", "text": "Branch: "},
                {"type": "text", "text": "main", "marks": [{"type": "strong"}]},
            ],
        },
        {"type": "paragraph", "content": [{"type": "text", "text": "the end"}]},
        {"type": "rule"},
    ],
}


def on_cloud(content: Any) -> list[ExecutionRef]:
    """The Test Executions of a GraphQL API that answers so."""
    xray = FakeXray(lambda _: answer(200, content))
    return list_executions(xray, DIALECTS[CLOUD], "CALC", "CALC-1")  # type: ignore[arg-type]


def found(**changes: Any) -> Any:
    """An answer with one Test Execution."""
    execution = {
        "testEnvironments": ["chrome"],
        "testPlans": PLAN,
        "jira": {"key": "CALC-19", "description": A_DOCUMENT},
        **changes,
    }
    return {"data": {"getTestExecutions": {"total": 1, "results": [execution]}}}


def test_all_that_is_compared() -> None:
    """Plans, environments and the lines of the description."""
    assert on_cloud(found()) == [
        ExecutionRef(
            key="CALC-19",
            plans=("CALC-15",),
            environments=("chrome",),
            description=("Build: 7", "Branch: main", "the end", ""),
        )
    ]


@pytest.mark.parametrize(
    "content",
    [
        {"data": {"getTestExecutions": None}},
        {"data": {"getTestExecutions": {"results": "no"}}},
        {"data": {"getTestExecutions": {"results": [None, 1, {"jira": {"key": 1}}]}}},
        {"data": None},
    ],
)
def test_what_is_no_test_execution(content: Any) -> None:
    """There is nothing to compare with."""
    assert on_cloud(content) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"testEnvironments": None, "testPlans": None},
        {"testEnvironments": 7, "testPlans": {"results": None}},
        {"testPlans": {"results": [None, {"jira": None}]}},
    ],
)
def test_fields_that_are_missing(changes: dict[str, Any]) -> None:
    """The Test Execution is still one."""
    (ref,) = on_cloud(found(**changes))

    assert ref.key == "CALC-19"
    assert not any(ref.plans)


@pytest.mark.parametrize(
    ("content", "error"),
    [([], NotXrayError), ({"errors": [{"message": "no"}]}, RefusedError)],
)
def test_an_answer_that_is_an_error(content: Any, error: type[Exception]) -> None:
    """It is not an empty list."""
    with pytest.raises(error):
        on_cloud(content)


@pytest.mark.parametrize(
    ("text", "lines"),
    [("a\nb", ["a", "b"]), (None, [""]), (7, [""]), ({"content": None}, [""])],
)
def test_lines_of_a_text(text: object, lines: list[str]) -> None:
    """A text of Server, or none."""
    assert text_lines(text) == lines


def test_statuses_on_server_come_in_pages() -> None:
    """A page that is not full is the last one; odd entries are left out."""
    pages = [
        [{"id": n, "testKey": f"CALC-{n}", "status": "PASS"} for n in range(1, 101)],
        [{"id": 101, "testKey": "CALC-101", "status": "FAIL"}, {"status": "PASS"}, 7],
    ]

    def reply(request: Request) -> Answer:
        return answer(200, pages[int(dict(request.query)["page"]) - 1])

    runs = runs_on(SERVER, reply).list_statuses(None)

    assert len(runs) == 101
    assert (runs[0].status, runs[-1].status) == ("PASS", "FAIL")


def test_statuses_on_cloud_have_the_texts_of_tests() -> None:
    """A status that is missing is empty."""
    results = [
        {"id": 1, "status": {"name": "PASSED"}, "test": {"unstructured": "t.test_a"}},
        {"id": 2, "status": None, "test": None},
    ]
    listed = {"results": [{"testRuns": {"total": 2, "results": results}}]}
    content = {"data": {"getTestExecutions": listed}}

    runs = runs_on(CLOUD, lambda _: answer(200, content)).list_statuses({"CALC-1"})

    assert [(each.status, each.definition) for each in runs] == [
        ("PASSED", "t.test_a"),
        ("", ""),
    ]
