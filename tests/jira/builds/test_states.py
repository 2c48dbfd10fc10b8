"""States of builds, and types of environments."""

from __future__ import annotations

import pytest

from xray_bridge.config.jira_settings import BUILD_STATES, ENVIRONMENT_TYPES
from xray_bridge.jira.builds.counts import Counts
from xray_bridge.jira.builds.states import TYPES, decide_state, guess_type


@pytest.mark.parametrize(
    ("counts", "incomplete", "state"),
    [
        (Counts(passed=2), (), "successful"),
        (Counts(passed=2, skipped=1), (), "successful"),
        (Counts(passed=2, failed=1), (), "failed"),
        (Counts(), (), "unknown"),
        (Counts(), ("a.py could not be collected",), "failed"),
        (Counts(passed=2), ("a.py could not be collected",), "failed"),
        (Counts(failed=2), ("the session was interrupted",), "cancelled"),
        (Counts(), ("3 scenarios did not run: the run was interrupted",), "cancelled"),
        (Counts(passed=2), ("the session was killed before it ended",), "failed"),
        (None, (), "unknown"),
    ],
)
def test_state_follows_from_the_tests(
    counts: Counts | None, incomplete: tuple[str, ...], state: str
) -> None:
    """A run with missing tests is no success."""
    assert decide_state(counts, incomplete) == state
    assert state in BUILD_STATES


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("production", "production"),
        ("Prod", "production"),
        ("prod-eu-1", "production"),
        ("eu_live", "production"),
        ("pre-prod", "staging"),
        ("PreProduction", "staging"),
        ("non-prod", "testing"),
        ("staging/eu", "staging"),
        ("UAT", "staging"),
        ("qa3", "testing"),
        ("Test", "testing"),
        ("dev", "development"),
        ("product-catalogue", "unmapped"),
        ("blue", "unmapped"),
        ("", "unmapped"),
    ],
)
def test_type_follows_from_the_name(name: str, kind: str) -> None:
    """Whole words decide, not parts of words."""
    assert guess_type(name) == kind


def test_types_are_those_of_jira() -> None:
    """The setting accepts the same."""
    assert {kind for _, kind in TYPES} | {"unmapped"} == set(ENVIRONMENT_TYPES)
