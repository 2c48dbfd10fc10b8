"""A behave run is shown as a build in Jira, with behave's own counts."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Response

from tests.scripted_xray import CREATED, OTHER_IMPORTS


if TYPE_CHECKING:
    from tests.adapters.behave.conftest import Project
    from tests.scripted_xray import Xray

BULK = "/jira/builds/0.1/cloud/abc/bulk"
FEATURE = """
@REQ_SHOP-7
Feature: Calculator

  @CALC-1
  Scenario: works
    Given it works

  @CALC-2
  Scenario: breaks
    Given it breaks

  @CALC-3
  Scenario: is skipped
    Given it works

  @CALC-4
  Scenario Outline: rows
    Given it <does>

    Examples:
      | does   |
      | works  |
      | breaks |
"""
ENVIRONMENT = """
def before_scenario(context, scenario):
    if "CALC-3" in scenario.tags: scenario.skip("no browser")
"""
SUMMARY = re.compile(r"(\d+) scenarios? passed, (\d+) failed.*?, (\d+) skipped")


@pytest.fixture
def jira(xray: Xray, project: Project) -> Xray:
    """Xray Cloud and Jira's builds; the project is a GitLab job that uses them."""
    created = CREATED["testExecIssue"]
    xray.script = {
        "/api/v2/authenticate": ["a.token.made-of-base64"],
        "/oauth/token": [{"access_token": "t0ken"}],
        BULK: [Response(json.dumps({"acceptedBuilds": [{}]}), 202)],
        **{
            f"/api/v2/import/execution{path}": [created]
            for path in ("/junit", "/junit/multipart", *OTHER_IMPORTS)
        },
    }
    project.environ.update(
        {
            "GITLAB_CI": "true",
            "CI_PROJECT_PATH": "acme/api",
            "CI_JOB_NAME": "unit",
            "CI_PIPELINE_IID": "812",
            "CI_PIPELINE_ID": "99",
            "CI_PIPELINE_URL": "https://gitlab.com/acme/api/-/pipelines/99",
            "CI_COMMIT_REF_NAME": "feature/CALC-12",
            "CI_COMMIT_MESSAGE": "add",
            "XRAY_UPLOAD": "yes",
            "XRAY_PROJECT": "CALC",
            "XRAY_URL": xray.url,
            "XRAY_CLIENT_ID": "id-of-xray",
            "XRAY_CLIENT_SECRET": "s3cret-of-xray",
            "XRAY_JIRA_API_URL": xray.url,
            "XRAY_JIRA_CLIENT_ID": "id-of-oauth",
            "XRAY_JIRA_CLIENT_SECRET": "s3cret-of-oauth",
            "XRAY_JIRA_CLOUD_ID": "abc",
            "XRAY_JIRA_BUILD": "on",
            "XRAY_PREFLIGHT": "off",
        }
    )
    return xray


def builds(jira: Xray) -> list[dict[str, Any]]:
    """All builds that were sent."""
    return [json.loads(each.body)["builds"][0] for each in jira.posts(BULK)]


def test_counts_are_those_of_behave(project: Project, jira: Xray) -> None:
    """The same as in behave's own summary; each row of an outline is one."""
    project.write(
        {
            "features/calculator.feature": FEATURE,
            "features/environment.py": ENVIRONMENT,
        }
    )
    finished = project.run()
    (build,) = builds(jira)
    found = SUMMARY.search(finished.out)
    assert found is not None
    passed, failed, skipped = map(int, found.groups())

    assert build["testInfo"] == {
        "totalNumber": passed + failed + skipped,
        "numberPassed": passed,
        "numberFailed": failed,
        "numberSkipped": skipped,
    }
    assert (passed, failed, skipped) == (2, 2, 1)
    assert build["state"] == "failed"
    assert build["associations"][0]["values"] == ["CALC-12", "SHOP-7"]
    assert build["pipelineId"] == "acme/api/unit"
    assert "sent to Jira as failed: CALC-12, SHOP-7" in finished.section


def test_a_stopped_run_is_no_success(project: Project, jira: Xray) -> None:
    """With --stop the other scenarios did not run."""
    project.write({"features/calculator.feature": FEATURE})
    project.run("--stop")
    (build,) = builds(jira)

    assert build["state"] == "failed"
    assert build["testInfo"]["totalNumber"] == 2
    assert "incomplete: " in build["description"]
