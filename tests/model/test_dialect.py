"""Where the two products differ, and what overrides make of it."""

from __future__ import annotations

import pytest

from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER
from xray_bridge.model.formats import FORMATS
from xray_bridge.model.results import Outcome


def test_nothing_is_changed_by_default() -> None:
    """The product's own words are no overrides."""
    assert DIALECTS[SERVER].changed == {}
    assert DIALECTS[SERVER].with_statuses({}) == DIALECTS[SERVER]


@pytest.mark.parametrize(
    ("deployment", "given", "word"),
    [
        (SERVER, "PASSED", "PASS"),
        (SERVER, "fail", "FAIL"),
        (SERVER, "failed", "FAIL"),
        (CLOUD, "PASS", "PASSED"),
        (CLOUD, "FAIL", "FAILED"),
        (CLOUD, "FAILED", "FAILED"),
        (CLOUD, "aborted", "ABORTED"),
        (SERVER, "Blocked", "Blocked"),
    ],
)
def test_word_is_that_of_the_product(deployment: str, given: str, word: str) -> None:
    """What both have is spelled as the product does; another word stays as it is."""
    dialect = DIALECTS[deployment].with_statuses({"skipped": given})

    assert dialect.statuses[Outcome.SKIPPED] == word


def test_word_for_one_outcome_does_not_move_another() -> None:
    """That a pass is told as a failure does not make failures of expected ones."""
    overrides = {"passed": "FAIL", "xfailed": "PASS", "failed": "ABORTED"}

    dialect = DIALECTS[CLOUD].with_statuses(overrides)

    assert dialect.statuses[Outcome.PASSED] == "FAILED"
    assert dialect.statuses[Outcome.XFAILED] == "PASSED"
    assert dialect.statuses[Outcome.FAILED] == "ABORTED"
    assert dialect.changed == {Outcome.PASSED: "FAILED", Outcome.FAILED: "ABORTED"}


@pytest.mark.parametrize("word", ["AAA", "ZZZ"])
def test_another_word_is_a_change(word: str) -> None:
    """Whatever it is."""
    assert DIALECTS[SERVER].with_statuses({"flaky": word}).changed == {
        Outcome.FLAKY: word
    }


def test_override_with_the_word_it_has_changes_nothing() -> None:
    """In either product's spelling."""
    dialect = DIALECTS[CLOUD].with_statuses({"xfailed": "PASS", "skipped": "todo"})

    assert dialect.changed == {}


@pytest.mark.parametrize(
    ("word", "plain"),
    [
        ("PASS", Outcome.PASSED),
        ("FAIL", Outcome.FAILED),
        ("TODO", Outcome.SKIPPED),
        ("ABORTED", None),
        ("BLOCKED", None),
    ],
)
@pytest.mark.parametrize("deployment", [SERVER, CLOUD])
def test_what_a_format_without_words_can_say(
    deployment: str, word: str, plain: Outcome | None
) -> None:
    """Passed, failed or skipped, whatever the outcome was; other words not at all."""
    dialect = DIALECTS[deployment].with_statuses({"flaky": word})

    assert dialect.plainly(Outcome.FLAKY) is plain


@pytest.mark.parametrize("deployment", [SERVER, CLOUD])
@pytest.mark.parametrize("outcome", Outcome, ids=lambda outcome: outcome.value)
def test_own_words_can_be_said_by_each_format(
    deployment: str, outcome: Outcome
) -> None:
    """Without overrides nothing needs a word of its own."""
    assert DIALECTS[deployment].plainly(outcome) is not None


@pytest.mark.parametrize("report_format", FORMATS)
def test_part_of_a_report(report_format: str) -> None:
    """Server has two names for it, by what the format is made of; Cloud has one."""
    is_xml = FORMATS[report_format].is_xml

    server = DIALECTS[SERVER].report_part(report_format)
    cloud = DIALECTS[CLOUD].report_part(report_format)

    assert (server, cloud) == ("file" if is_xml else "result", "results")


@pytest.mark.parametrize("report_format", FORMATS)
def test_path_of_an_import(report_format: str) -> None:
    """Xray JSON is the format that has no name there."""
    ending = "" if report_format == "xray" else f"/{report_format}"

    for dialect, path in (
        (DIALECTS[SERVER], "/rest/raven/2.0/import/execution"),
        (DIALECTS[CLOUD], "/api/v2/import/execution"),
    ):
        plain = dialect.import_to(report_format, multipart=False)
        multipart = dialect.import_to(report_format, multipart=True)
        assert plain == f"{path}{ending}"
        assert multipart == f"{path}{ending}/multipart"


def test_what_server_is_told() -> None:
    """Its manual's words."""
    dialect = DIALECTS[SERVER]

    assert dialect.name == "server"
    assert dialect.product == "Xray Server/Data Center"
    assert dialect.export_path == "/rest/raven/2.0/export/test"
    assert dialect.export_query == {"fz": "true"}
    assert dialect.plain_xml_part == "file"
    assert dialect.xray_fields == ""
    assert dialect.example_statuses == {"PASS", "FAIL", "TODO", "EXECUTING"}
    assert dialect.evidence_key == dialect.step_evidence_key == "evidences"
    assert dialect.test_type_key == "testType"


def test_what_cloud_is_told() -> None:
    """Its manual's words."""
    dialect = DIALECTS[CLOUD]

    assert dialect.name == "cloud"
    assert dialect.product == "Xray Cloud"
    assert dialect.export_path == "/api/v2/export/cucumber"
    assert dialect.export_query == {}
    assert dialect.plain_xml_part == ""
    assert dialect.xray_fields == "xrayFields"
    assert dialect.example_statuses == {"PASSED", "FAILED", "TODO", "EXECUTING"}
    assert (dialect.evidence_key, dialect.step_evidence_key) == (
        "evidence",
        "evidences",
    )
    assert dialect.test_type_key == "type"


@pytest.mark.parametrize(
    ("deployment", "passed", "failed"),
    [(SERVER, "PASS", "FAIL"), (CLOUD, "PASSED", "FAILED")],
)
def test_statuses(deployment: str, passed: str, failed: str) -> None:
    """Each outcome's, as long as nobody wants another."""
    assert DIALECTS[deployment].statuses == {
        Outcome.PASSED: passed,
        Outcome.XFAILED: passed,
        Outcome.XPASSED: passed,
        Outcome.FLAKY: passed,
        Outcome.FAILED: failed,
        Outcome.SKIPPED: "TODO",
        Outcome.NOT_RUN: "TODO",
    }


@pytest.mark.parametrize("deployment", [SERVER, CLOUD])
@pytest.mark.parametrize("word", ["todo", "Executing", "ABORTED"])
def test_words_of_both_products(deployment: str, word: str) -> None:
    """They are upper case, however a user spells them."""
    dialect = DIALECTS[deployment].with_statuses({"failed": word})

    assert dialect.statuses[Outcome.FAILED] == word.upper()
