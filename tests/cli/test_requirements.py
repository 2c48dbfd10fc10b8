"""``xray-bridge requirements``: a local list, and the coverage of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from tests.scripted_xray import FIELD
from xray_bridge import cli


if TYPE_CHECKING:
    from tests.scripted_xray import Xray

SEARCH = "/rest/api/2/search"
DONE = {"name": "Done", "statusCategory": {"key": "done"}}
OPEN = {"name": "Open", "statusCategory": {"key": "new"}}
TESTS = {"name": "Tests", "inward": "tested by", "outward": "tests"}


def an_issue(key: str, kind: str = "Story", **fields: Any) -> dict[str, Any]:
    """A requirement as Jira's search returns it."""
    basis = {
        "summary": f"Summary of {key}",
        "status": OPEN,
        "issuetype": {"name": kind},
    }
    return {"id": key[5:], "key": key, "fields": {**basis, **fields}}


def found(*issues: dict[str, Any]) -> dict[str, Any]:
    """One page of a search."""
    return {"issues": list(issues), "total": len(issues)}


@pytest.fixture(autouse=True)
def _folder(server: Xray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without tests, and a Jira without issues."""
    monkeypatch.chdir(tmp_path)
    server.script = {FIELD: [[]], SEARCH: [found()]}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run the command: exit code and output."""
    code = cli.main(["requirements", *arguments])
    said = capsys.readouterr()
    return code, said.out + said.err


def queries(server: Xray) -> list[str]:
    """The JQL of all searches."""
    return [json.loads(each.body)["jql"] for each in server.posts(SEARCH)]


def test_pull_writes_a_list(server: Xray, capsys: pytest.CaptureFixture[str]) -> None:
    """Stories and Epics of the project, unless others are named."""
    server.script[SEARCH] = [found(an_issue("CALC-5", fixVersions=[{"name": "1.0"}]))]
    code, said = run(capsys, "pull")
    listed = json.loads(Path(".xray/requirements.json").read_text())

    assert code == 0
    assert "CALC-5  Story  Open    Summary of CALC-5" in said
    assert "1 requirement in .xray/requirements.json" in said
    assert listed["requirements"] == [
        {
            "key": "CALC-5",
            "id": "5",
            "summary": "Summary of CALC-5",
            "type": "Story",
            "status": "Open",
            "is_closed": False,
            "parent": "",
            "releases": ["1.0"],
            "release_date": "",
        }
    ]
    assert listed["site"] == server.url
    assert queries(server) == [
        'project = "CALC" AND issuetype in ("Story", "Epic") ORDER BY key'
    ]


@pytest.mark.parametrize(
    ("flags", "jql"),
    [
        (
            ("--types", 'Task, Odd"ness'),
            'project = "CALC" AND issuetype in ("Task", "Odd\\"ness") ORDER BY key',
        ),
        (("--jql", "sprint = 7"), "sprint = 7"),
    ],
)
def test_query_is_given(
    server: Xray, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], jql: str
) -> None:
    """By types, or in full."""
    code, said = run(capsys, "pull", *flags, "--out", "deep/list.json", "--json")

    assert code == 0
    assert queries(server) == [jql]
    assert json.loads(said)["jql"] == jql
    assert Path("deep/list.json").exists()


def test_issues_below_an_epic_are_found(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """By ``parent``, and on Data Center by the field for Epics."""
    kind = "com.pyxis.greenhopper.jira:gh-epic-link"
    server.script[FIELD] = [[{"id": "customfield_14", "schema": {"custom": kind}}]]
    server.script[SEARCH] = [
        found(an_issue("CALC-1", "Epic")),
        found(an_issue("CALC-1", "Epic"), an_issue("CALC-5", customfield_14="CALC-1")),
    ]
    said = run(capsys, "pull", "--json")[1]
    keys = {e["key"]: e["parent"] for e in json.loads(said)["requirements"]}

    assert keys == {"CALC-1": "", "CALC-5": "CALC-1"}
    assert queries(server)[1] == (
        "parent in (CALC-1) OR cf[14] in (CALC-1) ORDER BY key"
    )


def test_refused_query_is_told(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """In Jira's words, and without a list."""
    said = {"errorMessages": ["The value 'Storry' does not exist"]}
    server.script[SEARCH] = [Response(json.dumps(said), status=400)]
    code, output = run(capsys, "pull", "--types", "Storry")

    assert code == 2
    assert "The value 'Storry' does not exist (correct --jql or --types)" in output
    assert not Path(".xray/requirements.json").exists()


def test_project_or_query_is_needed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names both."""
    monkeypatch.delenv("XRAY_PROJECT")
    code, said = run(capsys, "pull")

    assert code == 2
    assert "give --project KEY or --jql QUERY" in said


def test_list_that_cannot_be_written_is_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The path is named."""
    Path("taken").write_text("")
    code, said = run(capsys, "pull", "--out", "taken/list.json")

    assert code == 83
    assert "taken/list.json cannot be written" in said


def with_results(server: Xray) -> None:
    """A story with one Test that passed."""
    link = {"type": TESTS, "inwardIssue": {"key": "CALC-8"}}
    server.script |= {
        SEARCH: [found(an_issue("CALC-5", issuelinks=[link])), found()],
        "/rest/raven/2.0/api/test/CALC-8/testruns": [[{"id": 1, "status": "PASS"}]],
    }


def test_coverage_is_a_table(server: Xray, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the issues that a query finds; a page of Markdown beside it."""
    with_results(server)
    flags = ("--types", "Story", "--no-collect", "--markdown", "out/coverage.md")
    code, said = run(capsys, "coverage", *flags)

    assert code == 0
    assert "CALC-5       OK        1 PASS" in said
    assert said.endswith("1 requirement: 1 OK\n")
    assert (
        f"[CALC-5]({server.url}/browse/CALC-5)" in Path("out/coverage.md").read_text()
    )


def test_coverage_reads_the_local_list(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its issues are asked for again; those that are gone are left out."""
    Path("list.json").write_text(
        json.dumps({"requirements": [{"key": "CALC-5"}, {"key": "CALC-6"}]})
    )
    with_results(server)
    flags = ("--list", "list.json", "--no-collect", "--json")
    code, said = run(capsys, "coverage", *flags)
    [row] = json.loads(said)["requirements"]

    assert code == 0
    assert (row["key"], row["coverage"], row["results"]) == (
        "CALC-5",
        "OK",
        {"PASS": 1},
    )
    assert queries(server)[0] == "key in (CALC-5, CALC-6)"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "does not exist (run `xray-bridge requirements pull`"),
        ("{}", "is not a list of requirements"),
        ("no JSON", "is not a list of requirements"),
        ('{"requirements": [{"key": "A-1) OR (b"}]}', "is not a list of requirements"),
    ],
)
def test_missing_or_odd_list_is_told(
    capsys: pytest.CaptureFixture[str], content: str | None, why: str
) -> None:
    """With the command that writes it."""
    if content is not None:
        Path(".xray").mkdir()
        Path(".xray/requirements.json").write_text(content)
    code, said = run(capsys, "coverage", "--no-collect")

    assert code == 2
    assert why in said


def test_marks_in_code_are_compared(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tests are collected, not run; a missing requirement gives exit code 85."""
    Path("test_calc.py").write_text(
        "import pytest\n"
        "@pytest.mark.xray('CALC-8', requirements=['CALC-5', 'CALC-404'])\n"
        "@pytest.mark.parametrize('row', [1, 2])\n"
        "def test_add(row): raise SystemExit\n"
        "@pytest.mark.xray(requirements='CALC-7')\n"
        "def test_old(): pass\n"
    )
    with_results(server)
    closed = found(an_issue("CALC-7", status=DONE))
    refused = Response("{}", status=400)
    server.script[SEARCH] += [refused, closed, refused]
    code, said = run(capsys, "coverage", "--types", "Story", "--json")
    document = json.loads(said)

    assert code == 85
    assert document["requirements"][0]["code"] == ["test_calc.py:2: test_add"]
    assert document["missing"] == {"CALC-404": ["test_calc.py:2: test_add"]}
    assert document["closed"] == {"CALC-7": ["test_calc.py:5: test_old"]}


def test_tags_of_scenarios_are_compared(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also those that a scenario has from its feature."""
    Path("features/steps").mkdir(parents=True)
    Path("features/add.feature").write_text(
        "@REQ_CALC-5\nFeature: Adding\n\n  Scenario: two numbers\n    Given 1\n"
    )
    with_results(server)
    said = run(capsys, "coverage", "--types", "Story", "--json")[1]
    [row] = json.loads(said)["requirements"]

    assert json.loads(said)["notices"] == []
    assert row["code"] == ["features/add.feature:4: two numbers"]


def test_tests_that_cannot_be_collected_are_a_note(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """The coverage is shown anyway, unless arguments for the framework are wrong."""
    Path("conftest.py").write_text("raise RuntimeError('no')\n")
    with_results(server)
    flags = ("coverage", "--types", "Story", "--framework", "pytest")
    code, said = run(capsys, *flags)
    wrong = run(capsys, *flags, "--", "--no-such-flag")

    assert code == 0
    assert "1 requirement: 1 OK" in said
    assert "the marks in code were not looked at: pytest could not" in said
    assert wrong[0] == 2
