"""Datasets in every form of an answer: nobody has seen those of a real Xray."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from xray_bridge.client import datasets
from xray_bridge.client.datasets import fetch_datasets, read_file
from xray_bridge.client.key_lookup import KeyLookup
from xray_bridge.client.response import Answer, check_answer
from xray_bridge.errors import NotXrayError
from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER


if TYPE_CHECKING:
    from xray_bridge.client.request import Request
    from xray_bridge.client.xray import XrayClient
    from xray_bridge.model.dataset import Dataset

IDS = {"data": {"getTests": {"results": [{"issueId": "7", "jira": {"key": "CALC-5"}}]}}}


class Scripted:
    """A client that gives these answers, one after the other."""

    def __init__(self, *answers: tuple[int, bytes]) -> None:
        self._answers = list(answers)
        self.asked: list[Request] = []

    def send(self, request: Request, into: object = None) -> Answer:
        """Answer, whatever is asked."""
        assert into is None
        self.asked.append(request)
        status, content = self._answers.pop(0)
        return check_answer(
            Answer(status=status, headers={}, content=content, url="https://x")
        )


@pytest.fixture(autouse=True)
def _known_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """All keys are those of Tests."""
    monkeypatch.setattr(datasets, "look_up_keys", lambda *_: KeyLookup())


def on_server(status: int, content: bytes) -> Dataset:
    """The dataset that Server answers with."""
    client = cast("XrayClient", Scripted((status, content)))
    return fetch_datasets(client, DIALECTS[SERVER], ["CALC-5"])["CALC-5"]


def on_cloud(found: Any, *more: tuple[int, bytes]) -> Dataset:
    """The dataset that Cloud's GraphQL answers with."""
    content = {"data": {"getDatasets": found}}
    answers = [(200, json.dumps(each).encode()) for each in (IDS, content)]
    client = cast("XrayClient", Scripted(*answers, *more))
    return fetch_datasets(client, DIALECTS[CLOUD], ["CALC-5"])["CALC-5"]


@pytest.mark.parametrize(
    "content",
    [
        b"User,Role*\r\nann,admin\r\n",
        b"\xef\xbb\xbfUser,Role\nann,admin",
        b'"User" , Role\n\nann,admin\n\n',
        b"User,Role,\nann,admin,\n",
    ],
)
def test_a_file_is_read(content: bytes) -> None:
    """With a byte order mark, empty lines, spaces in names and an empty column."""
    found = read_file("CALC-5", content)

    assert (found.columns, found.rows) == (("User", "Role"), (("ann", "admin"),))


@pytest.mark.parametrize(
    ("status", "content", "problem"),
    [
        (200, b"", "has no dataset in Xray"),
        (204, b"", "has no dataset in Xray"),
        (200, b"\n\n", "has no dataset in Xray"),
        (404, b'{"error": "no dataset"}', "returns no dataset of CALC-5: "),
        (400, b'{"error": "Ce test n\'existe pas"}', "Ce test n'existe pas"),
        (200, b"A\n\xff\n", ""),
        (200, b"A\na\0b\n", ""),
    ],
)
def test_server_may_say_in_many_ways_that_there_is_none(
    status: int, content: bytes, problem: str
) -> None:
    """Each is a problem of this Test alone; odd characters are none."""
    found = on_server(status, content)

    assert problem in found.problem
    assert bool(found.rows) is not bool(problem)


@pytest.mark.parametrize("status", [403, 500])
def test_other_refusals_say_nothing_about_a_dataset(status: int) -> None:
    """The rows that were fetched last are used then, for this Test alone."""
    assert on_server(status, b"{}").is_unknown
    assert not on_server(404, b"{}").is_unknown


def test_a_page_is_no_dataset() -> None:
    """A login page, for example."""
    with pytest.raises(NotXrayError, match="an HTML page"):
        on_server(200, b"<html>Log in</html>")


def table(**more: Any) -> dict[str, Any]:
    """A dataset as in Cloud's schema."""
    return {
        "testIssueId": "7",
        "parameters": [{"name": "User"}, {"name": "Role", "combinations": False}],
        "rows": [
            {"order": 1, "Values": ["bob", None]},
            {"order": 0, "Values": ["ann", "admin"]},
        ],
        **more,
    }


def test_rows_have_their_order() -> None:
    """A value that is null is empty."""
    assert on_cloud([table()]).rows == (("ann", "admin"), ("bob", ""))


def test_datasets_of_other_places_are_left_out() -> None:
    """Those of Test Executions, Test Plans and called Tests."""
    others = [
        table(**{name: "9", "rows": [{"Values": ["wrong", "one"]}]})
        for name in datasets.OF_OTHERS
    ]

    found = on_cloud([*others, table(), *others, table(testIssueId="8", rows=[])])

    assert found.rows == (("ann", "admin"), ("bob", ""))


def test_combinations_are_read_from_a_file() -> None:
    """GraphQL does not promise all of them."""
    parameters = [{"name": "User", "combinations": True}]

    found = on_cloud([table(parameters=parameters)], (200, b"User*\nann\nbob\n"))

    assert found.rows == (("ann",), ("bob",))


@pytest.mark.parametrize(
    "found",
    [
        None,
        [],
        "text",
        [None, 3, "x"],
        [{}],
        [table(parameters=None, rows=None)],
        [table(rows=["x", {"order": None}, {"Values": "text"}])],
    ],
)
def test_odd_answers_of_cloud_are_no_dataset(found: Any) -> None:
    """Each is a problem of this Test alone."""
    assert on_cloud(found).problem
