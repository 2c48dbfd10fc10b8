"""Test Runs of a Test Execution, and answers that are not Xray's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.jira.defects.a_jira import answer
from xray_bridge.client.test_runs import RunRef, open_test_runs
from xray_bridge.client.test_statuses import read_on_cloud
from xray_bridge.errors import NotXrayError, RefusedError
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER


if TYPE_CHECKING:
    from collections.abc import Callable

    from xray_bridge.client.request import Request
    from xray_bridge.client.response import Answer
    from xray_bridge.client.test_runs import TestRuns


class FakeXray:
    """A client of Xray that answers as a test says, without a login to Jira."""

    jira: Any = None

    def __init__(self, reply: Callable[[Request], Answer]) -> None:
        self._reply = reply
        self.sent: list[Request] = []

    def send(self, request: Request) -> Answer:
        """Answer."""
        self.sent.append(request)
        return self._reply(request)


class FakeJira:
    """Knows the ids of issues."""

    def get_json(self, path: str, shape: type, **query: str) -> Any:
        """Return an issue; CALC-404 does not exist."""
        assert shape is dict
        assert query
        key = path.rpartition("/")[2]
        if key == "CALC-404":
            raise RefusedError("no", status=404)
        return {"id": key.removeprefix("CALC-"), "key": key, "fields": {}}


def runs_on(product: str, reply: Callable[[Request], Answer]) -> TestRuns:
    """The Test Runs of CALC-9 on a product that answers so."""
    xray = FakeXray(reply)
    xray.jira = FakeJira() if product == CLOUD else None
    return open_test_runs(xray, DIALECTS[product], "CALC-9")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            {"id": 7, "defects": [{"key": "CALC-3"}]},
            RunRef(id="7", test_key="CALC-1", defects=("CALC-3",)),
        ),
        ({"id": 7, "defects": None}, RunRef(id="7", test_key="CALC-1")),
        ({"defects": []}, None),
        ([], None),
        (None, None),
    ],
)
def test_a_test_run_on_server(content: Any, expected: RunRef | None) -> None:
    """An answer without an id is no Test Run."""
    runs = runs_on(SERVER, lambda _: answer(200, content))

    assert runs.find_run("CALC-1") == expected


@pytest.mark.parametrize("status", [400, 404])
def test_no_test_run_on_server(status: int) -> None:
    """Xray refuses the question for a Test that is not in the Test Execution."""

    def refuse(_: Request) -> Answer:
        raise RefusedError("no", status=status)

    assert runs_on(SERVER, refuse).find_run("CALC-1") is None


def test_a_missing_permission_is_no_missing_test_run() -> None:
    """Other refusals are said."""

    def refuse(_: Request) -> Answer:
        raise RefusedError("no", status=403)

    with pytest.raises(RefusedError):
        runs_on(SERVER, refuse).find_run("CALC-1")


def test_pages_on_server_end_with_nothing_new_and_are_read_once() -> None:
    """Old versions return the complete list for each page."""
    page = [{"id": n, "testKey": f"CALC-{n}"} for n in range(1, 101)]
    asked: list[str] = []

    def reply(request: Request) -> Answer:
        asked.append(dict(request.query)["page"])
        return answer(200, [*page, "odd"])

    runs = runs_on(SERVER, reply)
    found = runs.list_runs()

    assert len(found) == 100
    assert runs.list_runs() == found
    assert asked == ["1", "2"]


def test_a_test_run_on_cloud() -> None:
    """It is asked for by ids; an error means that there is none."""
    asked: list[Any] = []

    def reply(request: Request) -> Answer:
        assert isinstance(request.content, bytes)
        asked.append(json.loads(request.content)["variables"])
        if asked[-1]["test"] == "2":
            return answer(200, {"errors": [{"message": "not found"}]})
        return answer(
            200, {"data": {"getTestRun": {"id": "r1", "defects": ["CALC-3"]}}}
        )

    runs = runs_on(CLOUD, reply)

    assert runs.find_run("CALC-1") == RunRef(
        id="r1", test_key="CALC-1", defects=("CALC-3",)
    )
    assert runs.find_run("CALC-2") is None
    assert runs.find_run("CALC-404") is None
    assert asked[0] == {"test": "1", "execution": "9"}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"getTestExecutions": None},
        {"getTestExecutions": {"results": []}},
        {"getTestExecutions": {"results": [{"testRuns": None}]}},
        {"getTestExecutions": {"results": [{"testRuns": {"results": ["odd"]}}]}},
        {"getTestExecutions": {"results": [{"testRuns": {"results": 7}}]}},
    ],
)
def test_odd_lists_on_cloud_have_no_test_runs(data: Any) -> None:
    """Then no defect is linked, and a note says so."""
    assert runs_on(CLOUD, lambda _: answer(200, {"data": data})).list_runs() == []


@pytest.mark.parametrize("total", ["x", [1], {"a": 1}, 1.5, "7"])
def test_a_total_that_is_no_number_is_an_error(total: Any) -> None:
    """Test Runs, and statuses of the Tests in an issue."""
    page = {"total": total, "results": [{"id": "1"}]}
    data = {"getTestExecutions": {"results": [{"testRuns": page}]}}

    def reply(_: Request) -> Answer:
        return answer(200, {"data": data})

    xray: Any = FakeXray(reply)

    with pytest.raises(NotXrayError):
        runs_on(CLOUD, reply).list_runs()
    with pytest.raises(NotXrayError):
        read_on_cloud(xray, "CALC-20")


@pytest.mark.parametrize("key", ["\x1b[2J", "../x", "-rf", ["CALC-1"], 7])
def test_a_key_that_is_none_is_an_error(key: Any) -> None:
    """It would be shown on a terminal."""
    test = {"test": {"jira": {"key": key}}, "status": {"name": "FAIL"}}
    page = {"total": 1, "results": [test]}
    data = {"getTestExecutions": {"results": [{"testRuns": page}]}}
    xray: Any = FakeXray(lambda _: answer(200, {"data": data}))

    with pytest.raises(NotXrayError):
        read_on_cloud(xray, "CALC-20")


@pytest.mark.parametrize("content", ["x", [1], 7, None])
def test_an_answer_that_is_no_object_is_an_error(content: Any) -> None:
    """A proxy may answer in place of Xray."""
    xray: Any = FakeXray(lambda _: answer(200, content))

    with pytest.raises(NotXrayError):
        read_on_cloud(xray, "CALC-20")


def test_lists_on_cloud_are_read_in_pages_and_once() -> None:
    """Each Test Run has the key, the definition and the summary of its Test."""
    asked: list[int] = []

    def reply(request: Request) -> Answer:
        assert isinstance(request.content, bytes)
        start = json.loads(request.content)["variables"]["start"]
        asked.append(start)
        test = {"unstructured": "a.b", "jira": {"key": "CALC-1", "summary": "b"}}
        run = {"id": f"r{start}", "defects": None, "test": test}
        page = {"total": 2, "results": [run]}
        return answer(
            200, {"data": {"getTestExecutions": {"results": [{"testRuns": page}]}}}
        )

    runs = runs_on(CLOUD, reply)
    found = runs.list_runs()

    assert runs.list_runs() == found
    assert asked == [0, 1]
    assert found[1] == RunRef(id="r1", test_key="CALC-1", definition="a.b", summary="b")


def test_a_refused_defect_on_cloud_is_said() -> None:
    """Errors of GraphQL have status 200; other answers are not GraphQL's."""
    run = RunRef(id="r1", test_key="CALC-1")
    refused = answer(200, {"errors": [{"message": "no such issue"}]})

    with pytest.raises(RefusedError, match="no such issue"):
        runs_on(CLOUD, lambda _: refused).add_defect(run, "CALC-3")
    with pytest.raises(NotXrayError):
        runs_on(CLOUD, lambda _: answer(200, [])).add_defect(run, "CALC-3")
