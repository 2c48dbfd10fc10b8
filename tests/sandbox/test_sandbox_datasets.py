"""Datasets of Tests in the sandbox, and how our own client reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tests.builders import settings_of
from xray_bridge.client.connection import connect
from xray_bridge.client.datasets import fetch_datasets
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.xray import make_client
from xray_sandbox import CREDENTIALS, RunningSandbox


if TYPE_CHECKING:
    from xray_bridge.model.dataset import Dataset

API = "/rest/raven/2.0/api/dataset"
HOSTILE = 'Name,Value\r\n"a,""b""\nc",=cmd|\' /C calc\'!A0\r\n\u0130,\x01\x1b[31m\r\n'


def put(
    sandbox: RunningSandbox, text: str, key: str = "CALC-2", expected: int = 200
) -> requests.Response:
    """Import a file as a person does on Server."""
    answer = requests.post(
        f"{sandbox.url}{API}/import",
        params={"testIssueKey": key},
        files={"file": ("dataset.csv", text.encode(), "text/csv")},
        headers={"Authorization": f"Bearer {CREDENTIALS.token}"},
        timeout=20,
    )
    assert answer.status_code == expected, answer.text
    return answer


@pytest.fixture(params=["server", "cloud"])
def product(request: pytest.FixtureRequest) -> str:
    """Both products."""
    found: str = request.param
    return found


def fetch(sandbox: RunningSandbox, product: str, *keys: str) -> dict[str, Dataset]:
    """Fetch datasets with our client."""
    given = {
        "server": {"token": CREDENTIALS.token},
        "cloud": {
            "client_id": CREDENTIALS.client_id,
            "client_secret": CREDENTIALS.client_secret,
        },
    }[product]
    settings = settings_of(url=sandbox.url, deployment=product, **given)
    connection = connect(settings, {})
    xray = make_client(connection, Http(connection, Deadline(20), attempts=1))
    return fetch_datasets(xray, connection.dialect, keys, now=lambda: 0.0)


def test_a_dataset_is_imported_and_fetched(
    sandbox: RunningSandbox, product: str
) -> None:
    """Texts arrive as they were, with the time of the request."""
    put(sandbox, HOSTILE)

    found = fetch(sandbox, product, "CALC-2")["CALC-2"]

    assert found.problem == ""
    assert found.columns == ("Name", "Value")
    assert found.rows == (
        ('a,"b"\nc', "=cmd|' /C calc'!A0"),
        ("\u0130", "\x01\x1b[31m"),
    )
    assert found.fetched == "1970-01-01 00:00 UTC"


def test_combinatorial_parameters_are_combined(
    sandbox: RunningSandbox, product: str
) -> None:
    """Each row runs with each of their values."""
    put(sandbox, "Browser*,Item,Gift*\nFirefox,book,yes\nChrome,pen,no\n")

    found = fetch(sandbox, product, "CALC-2")["CALC-2"]

    assert found.columns == ("Browser", "Item", "Gift")
    assert len(found.rows) == 8
    assert ("Chrome", "book", "no") in found.rows


def test_several_tests_are_asked_for_at_once(
    sandbox: RunningSandbox, product: str
) -> None:
    """Those without a dataset, and keys that are no Tests, have a problem each."""
    put(sandbox, "A\n1\n")
    put(sandbox, "B\n", "CALC-3")

    found = fetch(sandbox, product, "CALC-2", "CALC-3", "CALC-4", "CALC-999", "CALC-15")

    assert found["CALC-2"].rows == (("1",),)
    assert "has no rows; add rows" in found["CALC-3"].problem
    assert "CALC-4 has no dataset in Xray; add one" in found["CALC-4"].problem
    assert "CALC-999 has no dataset: the issue does" in found["CALC-999"].problem
    assert "CALC-15 has no dataset: it is" in found["CALC-15"].problem


def test_ten_thousand_rows_are_fetched(sandbox: RunningSandbox, product: str) -> None:
    """All of them, in their order, and a cell of a million characters."""
    lines = [f"user {number},x" for number in range(10_000)]
    put(sandbox, "\n".join(["User,Text", *lines, f"last,{'y' * 1_000_000}"]))

    found = fetch(sandbox, product, "CALC-2")["CALC-2"]

    assert [row[0] for row in found.rows[:-1]] == [f"user {n}" for n in range(10_000)]
    assert len(found.rows[-1][1]) == 1_000_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have the parameter names"),
        ("A,A\n1,2\n", "must be unique"),
        ("A,B\n1\n", "as many values as the first"),
    ],
)
def test_a_file_that_is_no_dataset_is_refused(
    sandbox: RunningSandbox, text: str, message: str
) -> None:
    """The sandbox says what is wrong with it."""
    answer = put(sandbox, text, expected=400)

    assert message in answer.json()["error"]


def test_the_page_of_a_test_shows_its_dataset(sandbox: RunningSandbox) -> None:
    """Values are text on the page, too."""
    put(sandbox, "User name\n<script>alert(1)</script>\n")

    page = requests.get(f"{sandbox.url}/browse/CALC-2", timeout=20).text

    assert "<th>User name</th>" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_test_has_to_be_named(sandbox: RunningSandbox) -> None:
    """By key or by id; the sandbox has no datasets of Test Plans."""
    headers = {"Authorization": f"Bearer {CREDENTIALS.token}"}
    url = f"{sandbox.url}{API}/export"

    for query in ({}, {"testIssueKey": "CALC-2", "contextIssueKey": "CALC-15"}):
        answer = requests.get(url, params=query, headers=headers, timeout=20)
        assert answer.status_code == 400, query
