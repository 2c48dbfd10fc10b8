"""Where the two products differ, and what overrides make of it."""

from __future__ import annotations

import pytest

from xray_bridge.dialect import CLOUD, DIALECTS, SERVER
from xray_bridge.model import Outcome


def test_nothing_is_changed_by_default() -> None:
    """The product's own words are no overrides."""
    assert DIALECTS[SERVER].changed == {}
    assert DIALECTS[SERVER].with_statuses({}) == DIALECTS[SERVER]


@pytest.mark.parametrize(
    ("deployment", "given", "word"),
    [
        (SERVER, "PASSED", "PASS"),
        (SERVER, "fail", "FAIL"),
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
