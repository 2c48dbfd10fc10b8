"""The tables from behave's statuses to outcomes."""

from __future__ import annotations

import pytest

from behave_xray_bridge import outcomes
from xray_bridge.model.results import Outcome


NAMES = {
    # behave 1.2.6 and 1.3: behave.model.Status
    "untested": Outcome.NOT_RUN,
    "skipped": Outcome.SKIPPED,
    "passed": Outcome.PASSED,
    "failed": Outcome.FAILED,
    "undefined": Outcome.FAILED,
    "executing": Outcome.FAILED,
    # behave 1.3 only
    "error": Outcome.FAILED,
    "hook_error": Outcome.FAILED,
    "cleanup_error": Outcome.FAILED,
    "pending": Outcome.FAILED,
    "pending_warn": Outcome.SKIPPED,
    "untested_pending": Outcome.NOT_RUN,
    "untested_undefined": Outcome.NOT_RUN,
    "xfailed": Outcome.XFAILED,
    "xpassed": Outcome.XPASSED,
    "unknown": Outcome.FAILED,
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_status_of_a_scenario(name: str, expected: Outcome) -> None:
    """Every name that behave has, reserved ones included, has an outcome."""
    assert outcomes.of_scenario(name, selected=True).outcome is expected


def test_all_names_of_the_installed_behave() -> None:
    """behave has no status that this table was not asked about."""
    from behave.model import Status

    assert {each.name for each in Status} <= set(NAMES)


@pytest.mark.parametrize("name", ["unknown", "executing", "brand_new"])
def test_unknown_name_fails_with_a_warning(name: str) -> None:
    """An unknown status is never a pass, and always gives a warning."""
    found = outcomes.of_scenario(name, selected=True)

    assert found.outcome is Outcome.FAILED
    assert name in found.warning


@pytest.mark.parametrize("name", ["skipped", "untested"])
def test_unselected_scenario_is_no_result(name: str) -> None:
    """behave calls skipped what it was not asked to run."""
    assert outcomes.of_scenario(name, selected=False).outcome is Outcome.NOT_RUN


@pytest.mark.parametrize("name", ["passed", "failed", "hook_error"])
def test_unselected_scenario_that_ran_is_a_result(name: str) -> None:
    """A hook may select what tags did not."""
    assert outcomes.of_scenario(name, selected=False).outcome is NAMES[name]


@pytest.mark.parametrize("name", NAMES)
def test_interrupted_scenario_is_no_result(name: str) -> None:
    """Ctrl-C is no failure of what was running."""
    found = outcomes.of_scenario(name, selected=True, interrupted=True)

    assert found.outcome is Outcome.NOT_RUN


def test_feature_that_never_began_fails_its_scenarios() -> None:
    """A hook of the feature failed: its scenarios were not run, and not well."""
    found = outcomes.of_scenario("untested", selected=True, never_began=True)

    assert found.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("skipped", Outcome.NOT_RUN),
        ("untested", Outcome.NOT_RUN),
        ("undefined", Outcome.FAILED),
        ("passed", Outcome.PASSED),
    ],
)
def test_step_after_a_failure(name: str, expected: Outcome) -> None:
    """behave calls skipped what it did not get to."""
    assert outcomes.of_step(name, after_failure=True) is expected


def test_skipped_step_without_a_failure() -> None:
    """A step that the scenario skipped is skipped."""
    assert outcomes.of_step("skipped") is Outcome.SKIPPED


UNKNOWN = {"unknown", "executing"}


@pytest.mark.parametrize("name", sorted(set(NAMES) - UNKNOWN))
def test_known_name_needs_no_warning(name: str) -> None:
    """No known status gives a warning, nor does a scenario that did not run."""
    assert outcomes.of_scenario(name, selected=True).warning == ""
    assert outcomes.of_scenario(name, selected=False).warning == ""
    assert outcomes.of_scenario(name, selected=True, interrupted=True).warning == ""
    assert outcomes.of_scenario(name, selected=True, never_began=True).warning == ""


@pytest.mark.parametrize("name", sorted(set(NAMES) - UNKNOWN))
def test_feature_that_never_began(name: str) -> None:
    """It fails what was not run; what has a result keeps it."""
    found = outcomes.of_scenario(name, selected=True, never_began=True).outcome

    not_run = NAMES[name] is Outcome.NOT_RUN
    assert found is (Outcome.FAILED if not_run else NAMES[name])


@pytest.mark.parametrize("name", ["untested", "skipped"])
def test_unselected_scenario_of_a_feature_that_never_began(name: str) -> None:
    """It has no result, because it was not selected."""
    found = outcomes.of_scenario(name, selected=False, never_began=True)

    assert found.outcome is Outcome.NOT_RUN


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_status_of_a_step(name: str, expected: Outcome) -> None:
    """It maps as that of a scenario; an unknown status fails."""
    assert outcomes.of_step(name) is expected
    assert outcomes.of_step("brand_new") is Outcome.FAILED


@pytest.mark.parametrize("name", ["skipped", "untested", "executing"])
def test_step_that_was_not_reached(name: str) -> None:
    """After a failure, behave's words for the rest mean that they were not run."""
    assert outcomes.of_step(name, after_failure=True) is Outcome.NOT_RUN


@pytest.mark.parametrize("name", NAMES)
def test_step_that_is_still_to_be_written(name: str) -> None:
    """behave lets it pass with a warning."""
    assert outcomes.is_pending(name) is (name == "pending_warn")
