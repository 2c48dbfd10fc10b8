"""A CI system gets the results of a behave run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_sandbox import CREDENTIALS, running


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project

FEATURE = """
Feature: Calculator

  @CALC-78
  Scenario: works
    Given it works
"""


def test_teamcity(project: Project) -> None:
    """Its messages stand at the start of lines, after our section."""
    project.write({"features/calculator.feature": FEATURE})
    project.environ["TEAMCITY_VERSION"] = "2025.1"

    with running(project.path / "sandbox") as sandbox:
        project.environ.update(XRAY_URL=sandbox.url, XRAY_TOKEN=CREDENTIALS.token)
        finished = project.run("-D", "xray_upload=yes", "-D", "xray_project=CALC")

    key = project.directory.state.test_execution
    message = f"##teamcity[setParameter name='env.XRAY_TEST_EXECS' value='{key}']"
    assert finished.code == 0
    assert message in finished.section.splitlines()
