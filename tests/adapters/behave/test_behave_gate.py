"""Real runs of behave that end with a gate."""

from __future__ import annotations

from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project

FEATURE = """\
Feature: Cart
  @CALC-78
  Scenario: total
    Given it works
"""
UPLOAD = ("-D", "xray_upload=on", "-D", "xray_sandbox=on")


def test_a_gate_decides_about_a_green_run(project: Project) -> None:
    """86 replaces 0, and no other exit code."""
    files = {"features/cart.feature": FEATURE}
    project.write({**files, "xray-bridge.toml": "[gate]\nmin_tests = 2\n"})
    few = project.run(*UPLOAD)
    project.write({**files, "xray-bridge.toml": "[gate]\nmax_failures = 0\n"})
    good = project.run(*UPLOAD)
    project.write({"features/cart.feature": FEATURE.replace("works", "breaks")})

    red = project.run(*UPLOAD)

    assert (few.code, good.code, red.code) == (86, 0, 1)
    assert "Gate: FAILED (min_tests)" in few.section
    assert "Gate: passed" in good.section
    assert "Gate: FAILED (max_failures)" in red.section


def test_mistakes_end_the_run_before_its_first_scenario(project: Project) -> None:
    """The error names the file."""
    project.write({"features/cart.feature": FEATURE, "xray-bridge.toml": "[gate]\nx=1"})

    done = project.run("-D", "xray_collect=on")

    assert done.code == 2
    assert "gate (xray-bridge.toml): there is no rule x" in done.err
