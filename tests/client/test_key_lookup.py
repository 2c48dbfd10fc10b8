"""Servers with incomplete lists of Tests: missing Tests must be noticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Response

from tests.scripted_xray import SEARCH, Xray
from xray_bridge import cli


PLAN = "/rest/raven/2.0/api/testplan/CALC-15/test"
ISSUE = "/rest/api/2/issue/CALC-15"
GRAPHQL = "/api/v2/graphql"
KIND = {"fields": {"issuetype": {"name": "Test Plan"}}}
TEST = {"key": "CALC-1", "fields": {"issuetype": {"name": "Test"}}}


def selected(capsys: pytest.CaptureFixture[str], select: str) -> tuple[int, Any, str]:
    """Return exit code, output and errors of the second process."""
    code = cli.main(["keys", "--selected", "--select", select, "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else None, said.err


def keys(first: int, number: int) -> list[dict[str, str]]:
    """Return Tests as a plan lists them."""
    return [{"key": f"CALC-{n}"} for n in range(first, first + number)]


@pytest.mark.parametrize("last", [[], keys(1, 30), Response("{}", status=400)])
def test_pages_that_are_shorter_than_asked_for(
    server: Xray, capsys: pytest.CaptureFixture[str], last: Any
) -> None:
    """A short page need not be the last: administrators may limit its size."""
    server.script |= {ISSUE: [KIND], PLAN: [keys(1, 30), keys(31, 30), last]}

    code, found, _ = selected(capsys, "CALC-15")

    assert (code, len(found["tests"])) == (0, 60)


def test_a_search_that_ends_early(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """A search that ends early is an error, not a smaller selection."""
    server.script[SEARCH] = [{"issues": [TEST], "total": 3}, {"issues": [], "total": 3}]

    code, _, said = selected(capsys, "labels = smoke")

    assert code != 0
    assert "the server returned only 1 of 3 issues" in said


def test_a_list_that_repeats_itself_on_cloud(
    cloud: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list that repeats its pages ends, and is an error."""
    page = {"total": 3, "results": [{"jira": {"key": "CALC-1"}}]}
    cloud.script[GRAPHQL] = [{"data": {"getTests": page}}]

    code, _, said = selected(capsys, "labels = smoke")

    assert code != 0
    assert "the server returned only 1 of 3 issues" in said


@pytest.mark.parametrize(
    "answer",
    [
        {"issues": 5},
        {"issues": ["CALC-1"]},
        {"issues": [{"key": "../../user", "fields": {}}], "total": 1},
        [],
    ],
)
def test_searches_of_another_shape(
    server: Xray, capsys: pytest.CaptureFixture[str], answer: Any
) -> None:
    """An answer of another form is an error on one line."""
    server.script[SEARCH] = [answer]

    code, _, said = selected(capsys, "labels = smoke")

    assert code != 0
    assert "does not answer like Jira's" in said


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"getTests": []},
        {"getTests": "x"},
        {"getTests": {"results": "x"}},
        {"getTests": {"results": [None]}},
        {"getTests": {"results": [{"jira": {"key": "../../user"}}]}},
        {"getTests": {"results": [], "total": "3"}},
    ],
)
def test_lists_of_another_shape_on_cloud(
    cloud: Xray, capsys: pytest.CaptureFixture[str], data: Any
) -> None:
    """An answer of another form is an error on one line."""
    cloud.script[GRAPHQL] = [{"data": data}]

    code, _, said = selected(capsys, "labels = smoke")

    assert code != 0
    assert said.startswith("xray-bridge: error: ")


def test_a_folder_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command prints one line if its folder is deleted."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    code = cli.main(["runs", "list"])

    assert code == 2
    assert "the current directory no longer exists" in capsys.readouterr().err


def test_a_collection_that_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An interrupted collection is reported as incomplete."""
    monkeypatch.chdir(tmp_path)
    Path("test_a.py").write_text("def test_a(): pass")
    Path("test_b.py").write_text("raise KeyboardInterrupt")

    code = cli.main(["keys", "--offline"])

    # pytest 8.0 takes an interrupt while it imports a file for a fault of the file.
    reasons = ("pytest was interrupted", "test_b.py could not be collected")
    found = capsys.readouterr().out
    assert code == 85
    assert any(f"Incomplete: {reason}" in found for reason in reasons)


def test_statuses_in_a_hint_are_no_commands(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """pytest prints the hint of the second process as it is."""
    odd = "a\x1b[2J\n::set-output name=x::y"
    tests = [{"key": "CALC-1", "latestStatus": odd}]
    refused = Response("{}", status=404)
    runs = PLAN.replace("testplan", "testexec")
    server.script |= {ISSUE: [KIND], runs: [refused], PLAN: [tests]}

    _, found, _ = selected(capsys, "CALC-15 status=FAIL")

    assert "its Tests have a" in found["error"]["hint"]
    assert not set("\x1b\r\n").intersection(found["error"]["hint"])
