"""Runs of behave say what changed since the last one."""

from __future__ import annotations

from tests.adapters.behave.conftest import Project


FEATURE = """
Feature: F
  @CALC-1
  Scenario: one
    Given it {one}

  Scenario Outline: rows
    Given it <what>

    @CALC-3
    Examples: A
      | what  |
      | works |
      | {row} |
"""
UPLOAD = ("-D", "xray_upload=yes", "-D", "xray_sandbox=yes", "-D", "xray_project=CALC")


def test_compared_with_the_run_before(project: Project) -> None:
    """Scenarios and rows of outlines."""
    project.write({"features/f.feature": FEATURE.format(one="works", row="works")})
    project.run(*UPLOAD)
    project.write({"features/f.feature": FEATURE.format(one="breaks", row="works")})
    done = project.run(*UPLOAD, "-D", "xray_compare=yes")

    assert ": 1 newly failing\n" in done.section
    assert "newly failing: features.f.one (CALC-1): Given it breaks" in done.section
    assert "1 failure, 1 cause" in done.section
