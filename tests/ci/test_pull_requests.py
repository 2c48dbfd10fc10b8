"""What a CI run says about its pull request."""

from __future__ import annotations

import pytest

from xray_bridge.ci.pull_requests import describe_run


GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REF": "refs/pull/7/merge",
    "GITHUB_HEAD_REF": "feature",
    "GITHUB_BASE_REF": "main",
}
AZURE = {
    "TF_BUILD": "True",
    "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
    "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/feature",
    "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feature",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
}


@pytest.mark.parametrize("environ", [GITHUB, AZURE, GITLAB])
def test_branch_number_and_target(environ: dict[str, str]) -> None:
    """The target is a branch as Git names it."""
    found = describe_run(environ)

    assert found["branch"] == "feature"
    assert found["pull_request"] == "7"
    assert found["target_branch"] == "main"


def test_a_build_of_a_branch_has_no_target() -> None:
    """Drone names one for each build."""
    environ = {"DRONE": "true", "DRONE_BRANCH": "main", "DRONE_TARGET_BRANCH": "main"}

    assert "target_branch" not in describe_run(environ)
