"""Real runs of behave with failures in quarantine."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from xray_bridge.config.quarantine_table import Entry
from xray_bridge.quarantine.write import PROJECT_FILE, format_entry
from xray_sandbox import Store


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project

FEATURE = """\
Feature: Cart
  @CALC-78
  Scenario: total
    Given it breaks

  @CALC-79
  Scenario Outline: prices
    Given it <verb>

    Examples:
      | verb   |
      | works  |
      | breaks |

  @CALC-201
  Scenario: empty
    Given it works
"""
TABLE = """\
project = "CALC"

[quarantine]
owner = "Anna"
until = 2999-12-31

[[quarantine.tests]]
test = "calc-78"
issue = "CALC-99"

[[quarantine.tests]]
test = "features/cart.feature: prices"
"""
COLLECT = ("-D", "xray_collect=on")
UPLOAD = ("-D", "xray_upload=on", "-D", "xray_sandbox=on")
SPARED = "Quarantine: exit code 0, because all failures (2) are in it"


@pytest.fixture
def shop(project: Project) -> Project:
    """A suite with two failures, which are in quarantine."""
    project.write({"features/cart.feature": FEATURE, "xray-bridge.toml": TABLE})
    return project


def test_a_run_whose_failures_are_all_in_quarantine_ends_with_0(shop: Project) -> None:
    """Xray gets FAIL with a note, and behave's summary stays red."""
    done = shop.run(*UPLOAD)
    store = Store(shop.path / ".xray" / "sandbox" / "sandbox.sqlite3")
    execution = store.test_execution(store.test_executions()[0].key)

    assert done.code == 0
    assert "2 scenarios passed, 2 failed" in done.out
    assert "CALC-78 features.cart.total [xb-" in done.section
    assert "]: Anna until 2999-12-31, CALC-99\n" in done.section
    assert SPARED in done.section
    assert execution is not None
    failed = {run.test_key: run for run in execution.runs if run.status == "FAIL"}
    assert "CALC-78" in failed
    report = next(shop.path.glob(".xray/runs/*/report.behave.json")).read_text()
    assert report.count("Quarantined by Anna until 2999-12-31") == 2


@pytest.mark.parametrize(
    ("file", "code", "why"),
    [
        (
            "features/other.feature",
            "Feature: Other\n  Scenario: new\n    Given it breaks\n",
            "1 of 3 failures count",
        ),
        (
            "features/environment.py",
            "def after_all(context): raise OSError('the end')\n",
            "results are missing: after_all failed",
        ),
        (
            "features/environment.py",
            "def after_scenario(context, scenario): assert scenario.name != 'total'",
            "behave has failures that belong to no scenario of this run",
        ),
        (
            "features/environment.py",
            "def after_feature(context, feature):\n    raise OSError('the hook')\n",
            "results are missing: features/cart.feature: *",
        ),
    ],
    ids=["failure", "after_all", "after_scenario", "after_feature"],
)
def test_what_is_no_failure_of_a_scenario_in_quarantine_is_never_spared(
    shop: Project, file: str, code: str, why: str
) -> None:
    """Other scenarios and hooks keep behave's exit code."""
    shop.write({file: code})

    done = shop.run(*COLLECT)

    assert done.code == 1
    told = f"Quarantine: the exit code is not spared, because {why}".rstrip("*")
    assert told in done.section


def test_a_hook_that_fails_a_scenario_is_no_known_failure(shop: Project) -> None:
    """A hook concerns other scenarios, too."""
    code = (
        "def before_scenario(context, scenario):\n    assert scenario.name != 'total'\n"
    )
    shop.write({"features/environment.py": code})

    done = shop.run(*COLLECT)

    assert done.code == 1
    assert "it failed outside of its steps" in done.section


def test_an_entry_without_scenario_is_named_in_a_full_run(shop: Project) -> None:
    """A run of some scenarios does not know whether the others exist."""
    wrong = '\n[[quarantine.tests]]\ntest = "a scenario that was renamed"\n'
    shop.write({"xray-bridge.toml": TABLE + wrong})
    line = "Quarantine: a scenario that was renamed names no test of this run"

    whole = shop.run(*COLLECT)
    some = shop.run(*COLLECT, "--tags=CALC-78")
    named = shop.run(*COLLECT, "features/cart.feature")

    assert (whole.code, some.code, named.code) == (0, 0, 0)
    assert line in whole.section
    assert line not in some.section
    assert line not in named.section


def test_mistakes_in_the_table_end_the_run_before_its_first_scenario(
    shop: Project,
) -> None:
    """The error names the file and the key."""
    shop.write({"xray-bridge.toml": f"{TABLE}fingerprint = 'abc'\n"})

    done = shop.run(*COLLECT)

    assert done.code == 2
    assert (
        "quarantine (xray-bridge.toml): features/cart.feature: prices: fingerprint is "
        "'abc', but must be a fingerprint, such as xb-0123456789ab, or a list of them"
    ) in done.err


def test_what_add_writes_into_pyproject_does_not_end_behave(project: Project) -> None:
    """behave 1.3 makes JSON of that file, which has no dates."""
    entries = (
        Entry(test=name, owner="Anna", until=date(2999, 12, 31))
        for name in ("CALC-78", "prices")
    )
    lines = [each for e in entries for each in format_entry(e, PROJECT_FILE)]
    project.write({"features/cart.feature": FEATURE, PROJECT_FILE: "\n".join(lines)})

    done = project.run(*COLLECT)

    assert done.code == 0
    assert "exit code 0, because all failures (2) are in it" in done.section
