"""The import of feature files to a scripted server: requests, answers, faults."""

from __future__ import annotations

import io
import json
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from werkzeug import Response

from tests.scripted_xray import SEARCH, SECRET, Sent, Xray
from xray_bridge import cli
from xray_bridge.client import key_lookup
from xray_bridge.client.request import Request
from xray_bridge.client.response import Answer
from xray_bridge.client.server import ServerXray


SERVER = "/rest/raven/2.0/import/feature"
CLOUD = "/api/v2/import/feature"
PROJECT = "/rest/api/2/project/CALC"
ISSUE = "/rest/api/2/issue/CALC-78"
KEYED = """\
Feature: Addition
  @TEST_CALC-78 @smoke
  Scenario: Add two numbers
    * x
"""
UNKEYED = """\
Feature: Division
  Scenario: Divide
    * x
"""
TAKEN = [{"id": "78", "key": "CALC-78", "self": "x", "issueType": {"name": "Test"}}]
NO_ISSUES: dict[str, Any] = {"issues": [], "total": 0}


def a_test(key: str, summary: str, *labels: str) -> dict[str, Any]:
    """Make the answer of Jira's search with a Test."""
    kind = {"name": "Test"}
    fields = {"summary": summary, "labels": labels, "issuetype": kind}
    return {"issues": [{"key": key, "fields": fields}], "total": 1}


def several_tests(*numbers: int) -> dict[str, Any]:
    """Make the answer of Jira's search with several Tests."""
    found = [a_test(f"CALC-{n}", f"S{n}")["issues"][0] for n in numbers]
    return {"issues": found, "total": len(numbers)}


def several_scenarios(*numbers: int) -> str:
    """Make a feature file with several Test keys."""
    lines = (f"  @TEST_CALC-{n}\n  Scenario: S{n}\n    * x\n" for n in numbers)
    return f"Feature: F\n{''.join(lines)}"


@dataclass
class Said:
    """The exit code and the output of the command."""

    exit_code: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        """The output as JSON."""
        return json.loads(self.output)


class Importer:
    """Runs ``xray-bridge features import`` in a directory of its own."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys
        (root / "a.feature").write_text(KEYED)

    def read(self) -> Any:
        """Return the output since the last call."""
        return self._capsys.readouterr()

    def __call__(
        self, *arguments: str, paths: tuple[str, ...] = ("a.feature",)
    ) -> Said:
        """Import some files; return the output."""
        code = cli.main(["features", "import", *paths, *arguments])
        captured = self.read()
        assert SECRET not in captured.out + captured.err
        return Said(code, captured.out, captured.err)


@pytest.fixture
def bring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Importer:
    """The import command, in a directory with one feature file."""
    monkeypatch.chdir(tmp_path)
    return Importer(tmp_path, capsys)


@pytest.fixture
def jira(server: Xray) -> Xray:
    """Xray Server with a Test that people have edited."""
    server.script |= {
        PROJECT: [{"key": "CALC", "versions": []}],
        SEARCH: [a_test("CALC-78", "Add two", "manual")],
        SERVER: [TAKEN],
        ISSUE: [Response("", status=204)],
    }
    return server


def edits(server: Xray) -> list[Any]:
    """Bodies of edits, in order."""
    return [json.loads(each.body) for each in server.sent if each.method == "PUT"]


def posted(server: Xray) -> list[Sent]:
    """Return the import requests."""
    return server.posts("/import/feature")


def raise_on_import(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """End the process when the feature files would be sent."""
    send = ServerXray.send

    def ends(
        xray: ServerXray, request: Request, into: BinaryIO | None = None
    ) -> Answer:
        if request.path == SERVER:
            raise error
        return send(xray, request, into)

    monkeypatch.setattr(ServerXray, "send", ends)


def test_summary_and_labels_are_put_back(jira: Xray, bring: Importer) -> None:
    """Summary and labels are restored, and the new label stays."""
    said = bring()

    assert said.exit_code == 0
    assert edits(jira) == [
        {"fields": {"summary": "Add two"}, "update": {"labels": [{"add": "manual"}]}}
    ]
    assert "CALC-78: summary 'Add two' becomes 'Add two numbers'" in said.output
    assert "CALC-78: labels may be removed: manual" in said.output
    assert "updated CALC-78 'Add two'\n" in said.output
    assert "put back CALC-78" in said.output


def test_what_is_sent(jira: Xray, bring: Importer) -> None:
    """One file is sent unchanged, with its project in the query."""
    bring("--test-fields", '{"priority": {"name": "High"}}')
    sent = posted(jira)[0]

    assert sent.query == {"projectKey": "CALC"}
    assert sent.parts["file"] == ("a.feature", "text/plain", KEYED.encode())
    assert sent.part("testInfo") == {"fields": {"priority": {"name": "High"}}}
    assert "preCondInfo" not in sent.parts


def test_several_files_are_one_archive(jira: Xray, bring: Importer) -> None:
    """Several files are a zip with their paths; fields of Preconditions are a part."""
    (bring.root / "core").mkdir()
    (bring.root / "core" / "b.feature").write_text(KEYED)
    bring("--precondition-fields", '{"labels": ["x"]}', paths=(".",))
    name, media_type, content = posted(jira)[0].parts["file"]

    assert (name, media_type) == ("features.zip", "application/zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["a.feature", "core/b.feature"]
    assert posted(jira)[0].part("preCondInfo") == {"fields": {"labels": ["x"]}}


def test_feature_files_may_win(jira: Xray, bring: Importer) -> None:
    """With ``--overwrite`` nothing is restored, and the output says so."""
    said = bring("--overwrite", "--json")

    assert edits(jira) == []
    assert said.json["updated"] == [
        {"key": "CALC-78", "summary": "Add two numbers", "labels": ["manual"]}
    ]
    assert said.json["put_back"] == []


def test_a_dry_run_sends_nothing(jira: Xray, bring: Importer) -> None:
    """A dry run prints the changes and the requests."""
    said = bring("--dry-run")

    assert said.exit_code == 0
    assert "labels may be removed: manual" in said.output
    would = "Dry run: nothing was imported. xray-bridge would send:"
    assert f"{would}\nPOST {SERVER}?projectKey=CALC" in said.output
    assert not posted(jira)
    assert edits(jira) == []


@pytest.mark.usefixtures("jira")
def test_the_outcome_as_json(bring: Importer) -> None:
    """The JSON has the complete result."""
    said = bring("--json").json

    assert said["tests"] == ["CALC-78"]
    assert said["created"] == []
    assert said["preconditions"] == []
    assert said["files"] == ["a.feature"]
    assert said["changes"] == [
        {
            "key": "CALC-78",
            "summary": ["Add two", "Add two numbers"],
            "description": None,
            "lost": ["manual"],
            "added": ["smoke"],
        }
    ]
    assert json.loads(said["raw"][0]) == TAKEN


def test_a_scenario_without_key(jira: Xray, bring: Importer) -> None:
    """Tests of its name are searched for, and their labels are restored, too."""
    (bring.root / "a.feature").write_text(UNKEYED)
    jira.script[SEARCH] = [a_test("CALC-78", "Divide", "manual")]
    bring()
    question = json.loads(jira.posts("/search")[0].body)
    asked = question["jql"]

    assert asked == 'project = "CALC" AND (summary ~ "\\"Divide\\"")'
    assert {"summary", "labels"} <= set(question["fields"])
    assert edits(jira) == [{"update": {"labels": [{"add": "manual"}]}}]


def test_names_that_need_quotes(jira: Xray, bring: Importer) -> None:
    """A name is searched for as a phrase of its words."""
    (bring.root / "a.feature").write_text(UNKEYED.replace("Divide", r'The "\ key'))
    bring()
    asked = json.loads(jira.posts("/search")[0].body)["jql"]

    assert r'(summary ~ "\"The key\"")' in asked


def test_a_name_that_jira_cannot_search_for(jira: Xray, bring: Importer) -> None:
    """A name that Jira refuses is skipped; the others are searched for."""
    text = f"{UNKEYED}  Scenario: ***\n    * x\n"
    (bring.root / "a.feature").write_text(text)
    refusal = Response('{"errorMessages": ["no"]}', status=400)
    jira.script[SEARCH] = [refusal, a_test("CALC-78", "Divide", "manual"), refusal]
    said = bring()

    assert said.exit_code == 0
    assert "a.feature:4: Xray will create a Test for '***'" in said.output
    assert edits(jira) == [{"update": {"labels": [{"add": "manual"}]}}]


def test_searches_of_several_pages(jira: Xray, bring: Importer) -> None:
    """All pages of a search are read."""
    (bring.root / "a.feature").write_text(UNKEYED)
    pages = [a_test(f"CALC-{n}", "Divide", "manual") for n in (78, 79)]
    jira.script[SEARCH] = [{**page, "total": 2} for page in pages]
    jira.script["/rest/api/2/issue/CALC-79"] = [Response("", status=204)]
    said = bring("--json").json

    assert said["put_back"] == ["CALC-78", "CALC-79"]
    assert json.loads(jira.posts("/search")[1].body)["startAt"] == 1


def test_keys_that_nobody_looked_at(
    jira: Xray, bring: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that could not be looked up is not overwritten."""
    monkeypatch.setattr(key_lookup, "MOST_SEARCHES", 0)
    said = bring()

    assert said.exit_code == 82
    assert "keys that could not be looked up: 1, as in a.feature:3" in said.errors
    assert "nothing was sent; too many other keys do not exist" in said.errors
    assert not posted(jira)


def test_what_was_created(jira: Xray, bring: Importer) -> None:
    """A new key counts as created, and has its summary."""
    (bring.root / "a.feature").write_text(UNKEYED)
    jira.script[SEARCH] = [NO_ISSUES, a_test("CALC-78", "Divide")]
    said = bring()

    assert "a.feature:2: Xray will create a Test for 'Divide'" in said.output
    assert "created CALC-78 'Divide'" in said.output
    assert edits(jira) == []


def test_what_was_created_and_cannot_be_looked_up(jira: Xray, bring: Importer) -> None:
    """A new key without a summary is still a success."""
    (bring.root / "a.feature").write_text(UNKEYED)
    jira.script[SEARCH] = [NO_ISSUES, Response("", status=502)]
    said = bring("--json")

    assert said.exit_code == 0
    assert said.json["created"] == [{"key": "CALC-78", "summary": "", "labels": []}]


def test_search_that_is_refused(jira: Xray, bring: Importer) -> None:
    """A refused search does not mean that there is no Test: nothing is sent."""
    (bring.root / "a.feature").write_text(UNKEYED)
    jira.script[SEARCH] = [Response("", status=403)]
    said = bring()

    assert said.exit_code != 0
    assert not posted(jira)


def test_many_that_are_made(jira: Xray, bring: Importer) -> None:
    """Ten new Tests are named, and the rest is counted."""
    names = [f"Divide by {number}" for number in range(1, 13)]
    text = "".join(f"  Scenario: {name}\n    * x\n" for name in names)
    (bring.root / "a.feature").write_text(f"Feature: Division\n{text}")
    jira.script[SEARCH] = [NO_ISSUES]
    said = bring("--dry-run")

    assert said.output.count("Xray will create a Test for") == 10
    assert "Xray will create a Test for 'Divide by 10'" in said.output
    assert "Xray will create 2 more Tests" in said.output


REFUSAL = Response('{"error": "Line 3 is odd"}', status=400)
TIMEOUT = Response("gateway timeout", status=504)
PARTLY = "refused: no such step", "updated CALC-78"
UNKNOWN = "UNKNOWN: Xray may or may not have imported it"
NO_TEST = "refused: a.feature: Xray's answer names no Test"
NOT_PUT_BACK = "CALC-78 could not be restored", "its summary was 'Add two' and"
BACKGROUND = KEYED.replace("  @TEST", "  Background: Fresh\n    * x\n  @TEST")


@dataclass(frozen=True, kw_only=True)
class Case:
    """An answer to an import, and the expected result."""

    answers: list[Any]
    told: tuple[str, ...]
    text: str = KEYED
    exit_code: int = 82
    imports: int = 1
    edits: int = 1
    more: dict[str, Any] = field(default_factory=dict)


@pytest.mark.parametrize(
    "case",
    [
        # Errors in a success are failures; what Xray took is put back all the same.
        Case(answers=[{"message": "no such step", "testIssues": TAKEN}], told=PARTLY),
        Case(
            answers=[{"errors": ["no such step"], "updatedOrCreatedTests": TAKEN}],
            told=PARTLY,
        ),
        Case(
            answers=[
                {
                    "testIssues": {
                        "success": TAKEN,
                        "error": [{"message": "no such step"}],
                    }
                }
            ],
            told=PARTLY,
        ),
        # Scenarios went out, and nobody knows of them: that is no success.
        Case(answers=[[]], told=(NO_TEST,)),
        Case(answers=[{"errors": [], "updatedOrCreatedTests": []}], told=(NO_TEST,)),
        # Xray may have done a part of what it refused.
        Case(
            answers=[REFUSAL],
            told=("refused: a.feature: HTTP 400 from", "Line 3 is odd"),
        ),
        Case(answers=[{"ok": True}], told=(UNKNOWN,)),
        # Without an import nothing has to be restored.
        Case(
            answers=[Response("<html>log in</html>", status=200)],
            told=("answers with an HTML page",),
            edits=0,
        ),
        # Where all scenarios have keys, a lost answer is asked for again.
        Case(answers=[TIMEOUT, TAKEN], told=("updated",), exit_code=0, imports=2),
        # An import that may create a Test or Precondition is not repeated.
        Case(
            answers=[TIMEOUT],
            told=(UNKNOWN,),
            text=UNKEYED,
            edits=0,
            more={SEARCH: [NO_ISSUES]},
        ),
        Case(
            answers=[TIMEOUT],
            told=(UNKNOWN,),
            text=BACKGROUND,
            more={SEARCH: [a_test("CALC-78", "Add two"), NO_ISSUES]},
        ),
        # A value that could not be restored is reported.
        Case(
            answers=[TAKEN],
            told=(*NOT_PUT_BACK, "among its labels were manual"),
            more={
                ISSUE: [Response('{"errorMessages": ["no permission"]}', status=403)]
            },
        ),
    ],
)
def test_what_an_answer_comes_to(jira: Xray, bring: Importer, case: Case) -> None:
    """No unclear answer is a success, and possible changes are reverted."""
    (bring.root / "a.feature").write_text(case.text)
    jira.script |= {SERVER: case.answers, **case.more}

    said = bring()

    assert said.exit_code == case.exit_code
    assert [each for each in case.told if each not in said.output] == []
    assert (len(posted(jira)), len(edits(jira))) == (case.imports, case.edits)


def test_nobody_speaks_to_the_ci_system(
    jira: Xray, bring: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a scenario, a summary nor Xray's answer is a CI command."""
    page = bring.root / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    spoken = "##vso[task.setvariable variable=PATH]/evil"
    with (bring.root / "a.feature").open("a") as file:
        file.write(f"  Scenario: {spoken}\n    * x\n")
    jira.script[SEARCH] = [a_test("CALC-78", f"{spoken}\n::error::no")]
    jira.script[SERVER] = [{"message": f"{spoken}\n\n# Heading", "testIssues": TAKEN}]
    people, machine = bring(), bring("--json")

    for told in (people, machine):
        assert "# #vso" in told.output or "#\\u0023vso" in told.output
        assert "##vso" not in told.output + told.errors
        assert "\n::error::no" not in told.output + told.errors
    assert "\n# Heading" not in page.read_text()


def test_somebody_who_cannot_wait(
    jira: Xray, bring: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After Ctrl-C during the import the issues are restored."""

    raise_on_import(monkeypatch, KeyboardInterrupt())
    said = bring()

    assert said.exit_code == 130
    assert "CALC-78: labels may be removed: manual" in said.output
    assert len(edits(jira)) == 1


def test_what_changes_is_told_before(
    jira: Xray, bring: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The changes are printed before the import; also with JSON."""

    raise_on_import(monkeypatch, SystemExit(9))
    with pytest.raises(SystemExit):
        bring("--json")

    errors = bring.read().err
    assert "CALC-78: summary 'Add two' becomes 'Add two numbers'" in errors
    assert jira.sent


def test_archives_one_after_the_other(jira: Xray, bring: Importer) -> None:
    """After a refused file the next one is sent."""
    with zipfile.ZipFile(bring.root / "b.zip", "w") as archive:
        archive.writestr("b.feature", KEYED)
    jira.script[SERVER] = [Response('{"error": "no"}', status=400), TAKEN]
    said = bring(paths=(".",))

    assert [each.parts["file"][0] for each in posted(jira)] == ["a.feature", "b.zip"]
    assert said.exit_code == 82
    assert "refused: a.feature" in said.output
    assert "updated CALC-78" in said.output


def test_after_a_lost_answer_no_more_is_sent(jira: Xray, bring: Importer) -> None:
    """After a lost answer the output names the files that were not sent."""
    with zipfile.ZipFile(bring.root / "b.zip", "w") as archive:
        archive.writestr("b.feature", UNKEYED)
    jira.script[SERVER] = [Response("", status=502)]
    said = bring(paths=(".",))

    assert len(posted(jira)) == 1
    assert "refused: b.zip: not sent after this error" in said.output


@pytest.mark.parametrize("kind", ["Pre-Condition", "Precondition"])
def test_background_with_a_key_is_a_precondition(
    jira: Xray, bring: Importer, kind: str
) -> None:
    """Where Jira says so it is none of the mistakes of a Test's key."""
    text = "Feature: F\n  Background: B\n    #@Precondition:CALC-78\n    * x\n"
    (bring.root / "a.feature").write_text(text)
    found = a_test("CALC-78", "Old", "manual")
    found["issues"][0]["fields"]["issuetype"] = {"name": kind}
    jira.script[SEARCH] = [found]
    said = bring("--dry-run")

    assert said.exit_code == 0
    assert "CALC-78: summary 'Old' becomes 'B'" in said.output


def test_searches_for_many_names(jira: Xray, bring: Importer) -> None:
    """Twenty names are in one search."""
    names = [f"Divide by {number}" for number in range(21)]
    text = "".join(f"  Scenario: {name}\n    * x\n" for name in names)
    (bring.root / "a.feature").write_text(f"Feature: Division\n{text}")
    jira.script[SEARCH] = [NO_ISSUES]
    bring("--dry-run")

    asked = [json.loads(each.body)["jql"] for each in jira.posts("/search")]
    assert [each.count("summary ~") for each in asked] == [20, 1]


def test_all_that_several_searches_find(jira: Xray, bring: Importer) -> None:
    """What the first of them finds counts as well."""
    names = [f"Divide by {number}" for number in range(21)]
    text = "".join(f"  Scenario: {name}\n    * x\n" for name in names)
    (bring.root / "a.feature").write_text(f"Feature: Division\n{text}")
    jira.script[SEARCH] = [
        a_test("CALC-1", "Divide by 0", "first"),
        a_test("CALC-2", "Divide by 20", "second"),
    ]
    said = bring("--dry-run", "--json").json

    assert [each["lost"] for each in said["changes"]] == [["first"], ["second"]]


# Before anything is sent ----------------------------------------------------------


def refused_search() -> Response:
    """Make Jira's refusal of a search for a key that does not exist."""
    body = {"errorMessages": ["An issue with key 'CALC-78' does not exist."]}
    return Response(json.dumps(body), status=400, content_type="application/json")


@pytest.mark.fault("F14")
def test_one_of_fifty_files_that_is_no_gherkin(jira: Xray, bring: Importer) -> None:
    """The error has file and line, and nothing is sent."""
    for number in range(49):
        (bring.root / f"f{number:02}.feature").write_text(UNKEYED)
    broken = "# a comment\n\nNonsense\n"
    (bring.root / "f24.feature").write_text(broken)
    said = bring(paths=(".",))

    assert said.exit_code == 82
    assert "f24.feature is not a feature file: line 3" in said.errors
    assert not posted(jira)


@pytest.mark.parametrize(
    ("script", "arguments", "expected"),
    [
        ({PROJECT: [Response("{}", status=404)]}, (), (82, "there is no project CALC")),
        (
            {PROJECT: [Response("{}", status=404)]},
            (),
            (82, "nothing was sent; check --project"),
        ),
        (
            {},
            ("--project", "SHOP"),
            (82, "error: a.feature:3: CALC-78 is not in project"),
        ),
        ({}, ("--project", "no key"), (2, "'no key' is not a project key")),
        (
            {SEARCH: [refused_search()]},
            (),
            (82, "a.feature:3: CALC-78 is not a Test: the issue does not exist"),
        ),
        (
            {
                SEARCH: [
                    {
                        "issues": [
                            {
                                "key": "CALC-78",
                                "fields": {"issuetype": {"name": "Story"}},
                            }
                        ],
                        "total": 1,
                    }
                ]
            },
            (),
            (82, "CALC-78 is not a Test: it is a Story"),
        ),
        ({PROJECT: [Response("", status=401)]}, (), (82, "does not accept the cred")),
        ({}, ("--precondition-fields", "nowhere.json"), (2, "--precondition-fields")),
        ({}, ("--precondition-fields", '{"labels": 7}'), (2, "labels is not a list")),
        ({}, ("--test-fields", "{"), (2, "not JSON")),
        ({}, ("--modified-within", "soon"), (2, "--modified-within: 'soon'")),
        ({}, ("--changed-since", "--help"), (2, "--changed-since")),
    ],
)
def test_bad_input(
    jira: Xray,
    bring: Importer,
    script: dict[str, Any],
    arguments: tuple[str, ...],
    expected: tuple[int, str],
) -> None:
    """Each error is one line with the fix, and nothing is sent."""
    jira.script |= script
    # The flag must reach the command as one word.
    flags = ["=".join(arguments)] if arguments else []
    found = bring(*flags)

    code, said = expected

    assert (found.exit_code, found.errors.count("\n")) == (code, 1)
    assert said in found.errors
    assert not posted(jira)
    assert edits(jira) == []


def test_no_project(
    jira: Xray, bring: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import needs a project."""
    monkeypatch.delenv("XRAY_PROJECT")
    found = bring()

    assert found.exit_code == 2
    assert "give --project KEY" in found.errors
    assert jira.sent == []


@pytest.mark.parametrize("name", ["nowhere", "*.zip"])
def test_no_files(jira: Xray, bring: Importer, name: str) -> None:
    """A pattern without files is a usage error."""
    found = bring(paths=(name,))

    assert found.exit_code == 2
    assert f"no .feature or .zip file: {name}" in found.errors
    assert jira.sent == []


def test_nothing_new(
    jira: Xray, bring: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A filter without files is normal in CI: one line, and no request."""
    monkeypatch.setattr("time.time", lambda: 4e9)
    found = bring("--modified-within", "3")

    assert found.exit_code == 0
    assert found.output == (
        "--modified-within 3 leaves out 1 of 1 files\nnothing to import\n"
    )
    assert jira.sent == []


# Cloud ----------------------------------------------------------------------------


@pytest.fixture
def graphql(cloud: Xray) -> Xray:
    """Xray Cloud with a Test that people have edited."""
    found = a_test("CALC-78", "Add two", "manual")["issues"][0]
    results = [{"jira": {"key": found["key"], **found["fields"]}}]
    settings = {"data": {"getProjectSettings": {"projectId": "1"}}}
    tests = {"data": {"getTests": {"total": 1, "results": results}}}
    cloud.script |= {
        "/api/v2/graphql": [settings, tests],
        CLOUD: [{"errors": [], "updatedOrCreatedTests": TAKEN}],
        ISSUE: [Response("", status=204)],
        PROJECT: [{"key": "CALC", "versions": []}],
    }
    return cloud


def test_cloud_without_a_login_to_jira(graphql: Xray, bring: Importer) -> None:
    """An import that could not be reverted is refused, with the fix."""
    said = bring()

    assert said.exit_code == 82
    assert "CALC-78: labels may be removed: manual" in said.output
    assert "XRAY_JIRA_TOKEN" in said.output
    assert "--overwrite" in said.output
    assert not posted(graphql)


def test_no_secret_is_told(graphql: Xray, bring: Importer) -> None:
    """A token in an answer of the server is not printed."""
    token = "a.token.made-of-base64"
    graphql.script[CLOUD] = [{"errors": [f"who is {token}?"]}]
    said = bring("--overwrite", "--json")

    assert said.exit_code == 82
    assert token not in said.output
    assert "who is" in said.json["refused"][0]


def test_cloud_is_asked_for_preconditions(graphql: Xray, bring: Importer) -> None:
    """By the list that has them, and not by that of Tests."""
    text = "Feature: F\n  Background: B\n    #@Precondition:CALC-78\n    * x\n"
    (bring.root / "a.feature").write_text(text)
    bring("--dry-run")

    asked = [each.body.decode() for each in graphql.posts("/graphql")]
    assert any("getPreconditions" in each for each in asked)
    assert not any("getTests" in each for each in asked)


def test_cloud_may_overwrite(graphql: Xray, bring: Importer) -> None:
    """With ``--overwrite`` no login to Jira is needed."""
    said = bring("--overwrite")

    assert said.exit_code == 0
    assert posted(graphql)[0].query == {"projectKey": "CALC"}
    assert edits(graphql) == []


def test_cloud_where_nothing_goes(graphql: Xray, bring: Importer) -> None:
    """An import that overwrites nothing needs no login to Jira."""
    found = {"key": "CALC-78", "summary": "Add two numbers", "labels": ["smoke"]}
    tests = {"data": {"getTests": {"total": 1, "results": [{"jira": found}]}}}
    graphql.script["/api/v2/graphql"][1] = tests

    assert bring().exit_code == 0
    assert len(posted(graphql)) == 1


def test_cloud_with_a_login_to_jira(
    graphql: Xray, bring: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Summary and labels are restored in Jira, with its own login."""
    monkeypatch.setenv("XRAY_JIRA_URL", graphql.url)
    monkeypatch.setenv("XRAY_JIRA_USER", "me@example.com")
    monkeypatch.setenv("XRAY_JIRA_TOKEN", "another-secret")
    said = bring()
    edit = next(each for each in graphql.sent if each.method == "PUT")

    assert said.exit_code == 0
    assert edit.path == ISSUE
    assert edit.authorization.startswith("Basic ")
    assert json.loads(edit.body)["fields"] == {"summary": "Add two"}


# Labels, prefixes, descriptions -------------------------------------------------------


def test_labels_that_look_like_keys(jira: Xray, bring: Importer) -> None:
    """Beside a Test tag they are imported as labels."""
    text = KEYED.replace("@smoke", "@UTF-8 @WCAG-2")
    (bring.root / "a.feature").write_text(text)

    said = bring("--json").json

    assert said["exit_code"] == 0
    assert said["changes"][0]["added"] == ["UTF-8", "WCAG-2"]
    assert len(posted(jira)) == 1


def test_label_without_a_key(jira: Xray, bring: Importer) -> None:
    """Without such a project it is a label, and Xray creates a Test."""
    (bring.root / "a.feature").write_text(UNKEYED.replace("  Scen", "  @UTF-8\n  Scen"))
    jira.script[SEARCH] = [NO_ISSUES, a_test("CALC-78", "Divide")]

    said = bring()

    assert said.exit_code == 0
    assert "a.feature:3: @UTF-8 is a label: there is no project UTF" in said.output


EXPORT = "/rest/raven/2.0/export/test"


@pytest.mark.parametrize(
    ("tag", "is_told"), [("T:", True), ("", True), ("TEST_", False)]
)
def test_prefix_of_the_instance(
    jira: Xray, bring: Importer, tag: str, *, is_told: bool
) -> None:
    """An export shows the prefix before anything is sent."""
    feature = f"Feature: x\n\n  @fast @{tag}CALC-78 @slow\n  Scenario: Add\n    * x\n"
    jira.script[EXPORT] = [Response(feature, content_type="text/plain")]

    said = bring("--dry-run")

    assert said.exit_code == 0
    assert (f"this Xray instance tags Tests as @{tag}CALC-78" in said.output) is is_told
    assert not posted(jira)


@pytest.mark.parametrize(
    "export",
    [
        Response("no", status=400),
        Response("<html>"),
        Response("Feature: x\n\n  @fast\n  Scenario: Add\n    * x\n"),
    ],
    ids=["refused", "page", "no tag"],
)
def test_prefix_that_nobody_tells(jira: Xray, bring: Importer, export: Any) -> None:
    """Without a known prefix there is no notice."""
    jira.script[EXPORT] = [export]

    said = bring()

    assert said.exit_code == 0
    assert "this Xray instance tags Tests" not in said.output


def test_tests_that_xray_makes_anew(jira: Xray, bring: Importer) -> None:
    """A key that Xray has not updated is reported, with the new Test."""
    jira.script[SERVER] = [[{**TAKEN[0], "key": "CALC-104"}]]

    said = bring()

    assert said.exit_code == 82
    assert (
        "a.feature:3: Xray did not update CALC-78; it created CALC-104 "
        "(check that xray_tag_prefixes is what this Xray instance uses)"
    ) in said.output


def test_tests_that_were_moved(jira: Xray, bring: Importer) -> None:
    """Xray answers with the new key of a moved Test."""
    jira.script[SERVER] = [[{**TAKEN[0], "key": "NEW-78"}]]
    jira.script[ISSUE] = [{"key": "NEW-78", "fields": {}}]

    assert bring().exit_code == 0


GRAPHQL = "/api/v2/graphql"
COMMENTED = KEYED.replace("  @TEST", "  # Adds numbers,\n  # two of them.\n\n  @TEST")
DOCUMENT: dict[str, Any] = {"type": "doc", "version": 1, "content": [{"type": "rule"}]}
WORDS = {"type": "doc", "content": [{"content": [{"text": "By"}, {"text": "hand"}]}]}


@pytest.fixture
def described(cloud: Xray) -> Xray:
    """Xray Cloud with a Test that people have described."""
    test = {"key": "CALC-78", "summary": "Add two numbers", "labels": ["smoke"]}

    def listed(**issue: Any) -> dict[str, Any]:
        return {"data": {"getTests": {"total": 1, "results": [{"jira": issue}]}}}

    project = {"projectId": "1", "testEnvironments": []}
    cloud.script |= {
        GRAPHQL: [
            {"data": {"getProjectSettings": project}},
            listed(**test),
            listed(key="CALC-78", description=WORDS),
        ],
        CLOUD: [{"errors": [], "updatedOrCreatedTests": [{"key": "CALC-78"}]}],
        "/rest/api/3/issue/CALC-78": [
            {"key": "CALC-78", "fields": {"description": DOCUMENT}},
            Response("", status=204),
        ],
    }
    return cloud


def test_description_without_jira(described: Xray, bring: Importer) -> None:
    """Nothing is sent if it could not be restored."""
    (bring.root / "a.feature").write_text(COMMENTED)

    said = bring()

    assert said.exit_code == 82
    assert "CALC-78: description 'By hand' becomes 'Adds numbers," in said.output
    assert "cannot restore them without a login to Jira" in said.output
    assert not posted(described)


def test_description_is_put_back(
    described: Xray, bring: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The description is restored as a document with its formatting."""
    monkeypatch.setenv("XRAY_JIRA_URL", described.url)
    monkeypatch.setenv("XRAY_JIRA_USER", "me@example.com")
    monkeypatch.setenv("XRAY_JIRA_TOKEN", "abc")
    described.script[PROJECT] = [{"key": "CALC", "versions": []}]
    (bring.root / "a.feature").write_text(COMMENTED)

    said = bring()

    assert said.exit_code == 0
    assert edits(described) == [{"fields": {"description": DOCUMENT}}]
    assert "put back CALC-78" in said.output


def test_descriptions_on_server(jira: Xray, bring: Importer) -> None:
    """Server does not write comments into descriptions."""
    (bring.root / "a.feature").write_text(COMMENTED)

    said = bring()

    assert "description" not in said.output
    assert "description" not in json.dumps(edits(jira))


def test_prefix_is_asked_for_with_five_keys(jira: Xray, bring: Importer) -> None:
    """An export of a few Tests is enough."""
    (bring.root / "a.feature").write_text(several_scenarios(*range(1, 8)))
    jira.script[SEARCH] = [several_tests(*range(1, 8))]
    bring("--dry-run")

    (asked,) = [each for each in jira.sent if each.path == EXPORT]
    assert asked.query["keys"] == "CALC-1;CALC-2;CALC-3;CALC-4;CALC-5"


def test_scenario_with_two_keys(jira: Xray, bring: Importer) -> None:
    """Xray updates one of them, and the other is not reported."""
    text = KEYED.replace("@smoke", "@TEST_CALC-79")
    (bring.root / "a.feature").write_text(text)
    found = [a_test(f"CALC-{n}", "Add two")["issues"][0] for n in (78, 79)]
    jira.script[SEARCH] = [{"issues": found, "total": 2}]
    jira.script["/rest/api/2/issue/CALC-79"] = [Response("", status=204)]

    said = bring()

    assert said.exit_code == 0
    assert "did not update" not in said.output


def test_all_that_were_taken_are_listed(jira: Xray, bring: Importer) -> None:
    """After a file that Xray took, the next one is sent."""
    with zipfile.ZipFile(bring.root / "b.zip", "w") as archive:
        archive.writestr("b.feature", KEYED)

    said = bring("--json", paths=(".",)).json

    assert [each.parts["file"][0] for each in posted(jira)] == ["a.feature", "b.zip"]
    assert said["exit_code"] == 0
    assert len(said["raw"]) == 2


def test_server_that_fails_after_an_import(jira: Xray, bring: Importer) -> None:
    """It is not asked for the Preconditions among the new keys, too."""
    (bring.root / "a.feature").write_text(UNKEYED)
    jira.script[SEARCH] = [NO_ISSUES, Response("", status=403)]
    said = bring()

    assert said.exit_code == 0
    assert len(jira.posts("/search")) == 2


def test_import_that_takes_all_of_the_time(
    jira: Xray, bring: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is time of its own to restore the issues."""
    send, clock = ServerXray.send, time.monotonic

    def late(
        xray: ServerXray, request: Request, into: BinaryIO | None = None
    ) -> Answer:
        found = send(xray, request, into)
        if request.path == SERVER:
            monkeypatch.setattr(time, "monotonic", lambda: clock() + 1e5)
        return found

    monkeypatch.setattr(ServerXray, "send", late)
    said = bring()

    assert said.exit_code == 0
    assert "put back CALC-78" in said.output
    assert len(edits(jira)) == 1


@pytest.mark.parametrize("taken", ["CALC-1", "NEW-1"], ids=["taken", "moved"])
def test_all_that_xray_did_not_update(jira: Xray, bring: Importer, taken: str) -> None:
    """Keys after one that was updated, or moved, are reported, each on a line."""
    (bring.root / "a.feature").write_text(several_scenarios(1, 2, 3))
    jira.script[SEARCH] = [several_tests(1, 2, 3), several_tests(1)]
    jira.script[SERVER] = [[{**TAKEN[0], "key": taken}]]
    jira.script["/rest/api/2/issue/CALC-1"] = [{"key": taken, "fields": {}}]
    for number in (2, 3):
        key = f"CALC-{number}"
        jira.script[f"/rest/api/2/issue/{key}"] = [{"key": key, "fields": {}}]

    said = bring("--json").json

    assert [each.partition(";")[0].partition(" (")[0] for each in said["refused"]] == [
        "a.feature:6: Xray did not update CALC-2",
        "a.feature:9: Xray did not update CALC-3",
    ]


def test_all_files_after_a_lost_answer_are_named(jira: Xray, bring: Importer) -> None:
    """Each that was not sent, and none that was."""
    for name in "bcd":
        with zipfile.ZipFile(bring.root / f"{name}.zip", "w") as archive:
            archive.writestr("b.feature", UNKEYED)
    jira.script[SERVER] = [TAKEN, Response("", status=502)]
    said = bring("--json", paths=(".",)).json

    assert [each.partition(":")[0] for each in said["refused"]] == [
        "b.zip",
        "c.zip",
        "d.zip",
    ]


def test_new_tests_and_preconditions(jira: Xray, bring: Importer) -> None:
    """Both are created, and have their summaries."""
    (bring.root / "a.feature").write_text(
        UNKEYED.replace("  Scen", "  Background: Fresh\n    * x\n  Scen")
    )
    test = a_test("CALC-78", "Divide")
    precondition = a_test("CALC-79", "Fresh")
    precondition["issues"][0]["fields"]["issuetype"] = {"name": "Pre-Condition"}
    jira.script[SEARCH] = [NO_ISSUES, NO_ISSUES, test, precondition]
    jira.script[SERVER] = [
        [TAKEN[0], {"key": "CALC-79", "issueType": {"name": "Pre-Condition"}}]
    ]
    said = bring("--json").json

    assert (said["tests"], said["preconditions"]) == (["CALC-78"], ["CALC-79"])
    assert [(each["key"], each["summary"]) for each in said["created"]] == [
        ("CALC-78", "Divide"),
        ("CALC-79", "Fresh"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf@T:CALC-78\nFeature: x\n\n  Scenario: Add\n    * x\n",
        b"Feature: caf\xe9\n\n  @T:CALC-78\n  Scenario: Add\n    * x\n",
    ],
    ids=["byte order mark", "another encoding"],
)
def test_prefix_in_an_odd_file(jira: Xray, bring: Importer, content: bytes) -> None:
    """Neither of them hides the tag."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.feature", content)
    jira.script[EXPORT] = [
        Response(buffer.getvalue(), content_type="application/octet-stream")
    ]

    said = bring("--dry-run")

    assert said.exit_code == 0
    assert "this Xray instance tags Tests as @T:CALC-78" in said.output
