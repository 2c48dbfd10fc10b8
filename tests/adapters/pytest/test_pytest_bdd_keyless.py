"""Scenarios without a Test key where nothing takes them: known before the first one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

FEATURE = "Feature: Cart\n  {}\n  Scenario: It opens\n    Given it works\n"
SCENARIOS = """
from pytest_bdd import given, scenarios

scenarios("cart.feature")

@given("it works")
def _(): open("ran", "w").close()
"""
REFUSED = [
    ("server", {"XRAY_TEST_EXECUTION": "CALC-42"}, "xray_test_execution"),
    ("cloud", {"XRAY_TEST_EXECUTION": "CALC-42"}, "xray_test_execution"),
    ("server", {"XRAY_STATUSES": "skipped=ABORTED"}, "xray_statuses"),
    ("cloud", {"XRAY_STATUSES": "skipped=ABORTED"}, "xray_statuses"),
    ("cloud", {"XRAY_REVISION": "1.0"}, "xray_revision"),
]


def write(project: Project, tag: str = "") -> None:
    """A feature with one scenario, and what runs it."""
    path = project.pytester.path / "cart.feature"
    path.write_text(FEATURE.format(tag), encoding="utf-8")
    project.pytester.makepyfile(test_cart=SCENARIOS)


@pytest.mark.parametrize(("product", "environ", "said"), REFUSED)
def test_it_ends_before_the_first_scenario(
    project: Project,
    workers: tuple[str, ...],
    product: str,
    environ: dict[str, str],
    said: str,
) -> None:
    """A usage error says what to do; nothing is left to be sent."""
    write(project)

    result = project.upload(
        *workers, XRAY_PROJECT="CALC", XRAY_DEPLOYMENT=product, **environ
    )

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    output = result.stdout.str() + result.stderr.str()
    assert f"no scenario has a Test key, and with {said}" in output
    assert "tag each scenario with its Test" in output
    assert "NOT DELIVERED" not in output
    assert not (project.pytester.path / "ran").exists()
    assert not [run for run in project.runs if (run / "receipt.json").exists()]


@pytest.mark.parametrize(
    ("environ", "tag", "arguments", "more"),
    [
        ({"XRAY_REVISION": "1.0"}, "", [], ""),
        ({"XRAY_STATUSES": "skipped=ABORTED"}, "@TEST_CALC-1", [], ""),
        ({"XRAY_STATUSES": "skipped=ABORTED"}, "", [], "def test_other(): pass"),
        ({"XRAY_STATUSES": "skipped=ABORTED"}, "", ["--xray-only-keyed"], ""),
    ],
    ids=["revision on Server", "keyed", "another test", "only keyed"],
)
def test_it_goes_on(
    project: Project,
    environ: dict[str, str],
    tag: str,
    arguments: list[str],
    more: str,
) -> None:
    """Something takes the results, or none is to be sent."""
    write(project, tag)
    if more:
        project.pytester.makepyfile(test_other=more)

    result = project.upload(*arguments, XRAY_PROJECT="CALC", **environ)

    assert result.ret != pytest.ExitCode.USAGE_ERROR
    assert (project.pytester.path / "ran").exists()
