"""Where the two products differ, and what overrides make of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from xray_bridge.model.dialect import CLOUD, DIALECTS, SERVER
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from tests.gold_files import Gold


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
    """A status of both products gets the form of this one; others stay unchanged."""
    dialect = DIALECTS[deployment].with_statuses({"skipped": given})

    assert dialect.statuses[Outcome.SKIPPED] == word


def test_word_for_one_outcome_does_not_move_another() -> None:
    """A changed status of passes does not change that of expected failures."""
    overrides = {"passed": "FAIL", "xfailed": "PASS", "failed": "ABORTED"}

    dialect = DIALECTS[CLOUD].with_statuses(overrides)

    assert dialect.statuses[Outcome.PASSED] == "FAILED"
    assert dialect.statuses[Outcome.XFAILED] == "PASSED"
    assert dialect.statuses[Outcome.FAILED] == "ABORTED"
    assert dialect.changed == {Outcome.PASSED: "FAILED", Outcome.FAILED: "ABORTED"}


@pytest.mark.parametrize("word", ["AAA", "ZZZ"])
def test_another_word_is_a_change(word: str) -> None:
    """Every other status is a change."""
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
    """It can give passed, failed or skipped, but no other status."""
    dialect = DIALECTS[deployment].with_statuses({"flaky": word})

    assert dialect.plainly(Outcome.FLAKY) is plain


@pytest.mark.parametrize("deployment", [SERVER, CLOUD])
@pytest.mark.parametrize("outcome", Outcome, ids=lambda outcome: outcome.value)
def test_own_words_can_be_said_by_each_format(
    deployment: str, outcome: Outcome
) -> None:
    """Without overrides nothing needs a word of its own."""
    assert DIALECTS[deployment].plainly(outcome) is not None


@pytest.mark.parametrize("deployment", [SERVER, CLOUD])
def test_words_of_a_product(gold: Gold, deployment: str) -> None:
    """Paths, parts and keys are those of its manual."""
    words = asdict(DIALECTS[deployment])
    words["statuses"] = {each.value: word for each, word in words["statuses"].items()}
    text = json.dumps(words, indent=1, default=_plain, sort_keys=True)

    gold.check(f"dialect/{deployment}.json", f"{text}\n")


def _plain(value: object) -> object:
    return sorted(value, key=str) if isinstance(value, frozenset) else str(value)


def test_no_other_files(gold: Gold) -> None:
    """Each product has a gold file."""
    gold.check_names("dialect", {f"{name}.json" for name in DIALECTS})


@pytest.mark.parametrize("deployment", [SERVER, CLOUD])
@pytest.mark.parametrize("word", ["todo", "Executing", "ABORTED"])
def test_words_of_both_products(deployment: str, word: str) -> None:
    """They are upper case, however a user spells them."""
    dialect = DIALECTS[deployment].with_statuses({"failed": word})

    assert dialect.statuses[Outcome.FAILED] == word.upper()
