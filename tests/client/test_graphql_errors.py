"""GraphQL errors with status 200 do not tell whether an issue exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.scripted_xray import Xray
from xray_bridge import cli
from xray_bridge.client.graphql import graphql_request


if TYPE_CHECKING:
    from pathlib import Path

GRAPHQL = "/api/v2/graphql"
IMPORT_FEATURE = "/api/v2/import/feature"


def errors(message: str) -> dict[str, Any]:
    """Make an answer with errors."""
    return {"errors": [{"message": message}], "data": None}


DOWN = errors("Internal server error")
PROJECT = {"data": {"getProjectSettings": {"projectId": "1", "testEnvironments": []}}}
CONTROL = {"data": {"getTests": {"total": 1}}}


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run ``xray-bridge check``; its exit code and lines."""
    code = cli.main(["check", "--project", "CALC", *arguments])
    return code, capsys.readouterr().out


@pytest.mark.parametrize(
    ("query", "repeatable", "is_sent_again", "is_question"),
    [
        (
            "query($id: String!) { getTest(issueId: $id) { issueId } }",
            False,
            True,
            True,
        ),
        ("{ getStatuses { name } }", False, True, True),
        ("mutation { createTest { warnings } }", False, False, False),
        ("mutation { updateTestFolder }", True, True, False),
    ],
)
def test_only_mutations_may_do_harm(
    query: str, repeatable: bool, is_sent_again: bool, is_question: bool
) -> None:
    """After a lost answer, a query is sent again, and some mutations are."""
    request = graphql_request(query, {}, repeatable=repeatable)

    assert request.repeatable is is_sent_again
    assert request.is_question is is_question


def test_errors_once(cloud: Xray, capsys: pytest.CaptureFixture[str]) -> None:
    """The query is repeated."""
    cloud.script[GRAPHQL] = [DOWN, PROJECT]

    code, out = check(capsys)

    assert code == 0
    assert "there is no project" not in out
    assert "Internal server error" not in out


@pytest.mark.parametrize("odd", ["x", [1], 7])
def test_project_of_another_shape(
    cloud: Xray, capsys: pytest.CaptureFixture[str], odd: object
) -> None:
    """It is not Xray, and it is unknown whether the project exists."""
    cloud.script[GRAPHQL] = [{"data": {"getProjectSettings": odd}}]

    code, out = check(capsys)

    assert code == 85
    assert "query for project CALC has an unknown form" in out
    assert "there is no project" not in out


def test_errors_for_ever(cloud: Xray, capsys: pytest.CaptureFixture[str]) -> None:
    """The finding is unknown, not wrong."""
    cloud.script[GRAPHQL] = [DOWN]

    code, out = check(capsys, "--test-plan", "CALC-15")

    assert code == 0
    assert "there is no" not in out
    assert "Internal server error" in out


@pytest.mark.parametrize("kind", ["test-plan", "test-execution"])
def test_key_that_is_refused(
    cloud: Xray, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """A key is refused if Jira names it twice and answers other queries."""
    none = errors("Le ticket CALC-15 n'existe pas.")
    cloud.script[GRAPHQL] = [PROJECT, none, none, CONTROL]

    code, out = check(capsys, f"--{kind}", "CALC-15")

    assert code == 85
    assert f"there is no {kind.replace('-', ' ').title()} CALC-15" in out


def test_outage_that_repeats_the_question(
    cloud: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """A named key is not refused if other queries fail, too."""
    cloud.script[GRAPHQL] = [PROJECT, errors("failed: key = CALC-15")]

    code, out = check(capsys, "--test-plan", "CALC-15")

    assert code == 0
    assert "there is no Test Plan" not in out


FEATURE = """Feature: Add

  @smoke
  Scenario: one and one
    Given 1
"""


@pytest.mark.parametrize("text", [FEATURE, FEATURE.replace("smoke", "TEST_CALC-7")])
def test_features_without_the_guard(
    cloud: Xray, capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    """Nothing is imported if it is unknown which Tests would change."""
    path = tmp_path / "add.feature"
    path.write_text(text)
    cloud.script[GRAPHQL] = [PROJECT, DOWN]
    cloud.script[IMPORT_FEATURE] = [{"updatedOrCreatedTests": [{"key": "CALC-7"}]}]

    code = cli.main(
        [
            "features",
            "import",
            str(path),
            "--project",
            "CALC",
            "--relative-to",
            str(tmp_path),
        ]
    )

    assert code != 0
    assert not cloud.posts(IMPORT_FEATURE)
    assert "Internal server error" in capsys.readouterr().err


def test_keys_are_not_reported_missing(
    cloud: Xray, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A JQL without an answer is not an empty selection."""
    cloud.script[GRAPHQL] = [DOWN]
    path = tmp_path / "add.feature"
    path.write_text(FEATURE)

    code = cli.main(["keys", "--select", "CALC-15", str(tmp_path)])

    assert code != 0
    assert "there is no issue" not in "".join(capsys.readouterr())


JQL_ERRORS = (
    "Field 'foo' does not exist or you do not have permission to view it.",
    "Le champ 'foo' n'existe pas.",
    "Error in the JQL Query: Expecting operator but got '1'. (line 1, character 5)",
    "Fehler in der JQL-Abfrage: 'foo' ist ein Fehler.",
)


@pytest.mark.parametrize("said", JQL_ERRORS)
def test_jql_of_a_person_that_is_wrong(
    cloud: Xray, capsys: pytest.CaptureFixture[str], said: str
) -> None:
    """One line at once, with the exit code of Server's refusal."""
    cloud.script[GRAPHQL] = [errors(said), CONTROL]

    code = cli.main(["keys", "--selected", "--select", "foo = 1"])

    assert code == 80
    first = capsys.readouterr().err.splitlines()[0]
    assert first.endswith(f"Xray refused a query: {said} [refused]")
    assert len(cloud.posts(GRAPHQL)) == 2


@pytest.mark.parametrize("said", ["Internal server error", 'failed: "foo = 1"'])
def test_jql_of_a_person_in_an_outage(
    cloud: Xray, capsys: pytest.CaptureFixture[str], said: str
) -> None:
    """Errors that quote no part of the JQL are repeated."""
    test = {"total": 1, "results": [{"jira": {"key": "CALC-1", "summary": "x"}}]}
    cloud.script[GRAPHQL] = [errors(said), {"data": {"getTests": test}}]

    code = cli.main(["keys", "--selected", "--select", "foo = 1"])

    assert code == 0
    assert "CALC-1 x" in capsys.readouterr().out
