"""
Detect whether a CI run is that of a pull request.

The variable names are those that each system documents; some systems set them to a word
in other runs.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from xray_bridge.ci import detect


if TYPE_CHECKING:
    from collections.abc import Mapping

# The key in the recorded data of a CI run.
NAME = "pull_request"
# The key of the branch that the pull request is to be merged into.
TARGET = "target_branch"
TARGETS = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "CHANGE_TARGET",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
    "DRONE_TARGET_BRANCH",
    "CI_COMMIT_TARGET_BRANCH",
)
NO = frozenset({"", "false", "null", "undefined", "0"})
# Variables with the number of the pull request.
NUMBERS = (
    "CI_MERGE_REQUEST_IID",
    "CHANGE_ID",
    "ghprbPullId",
    "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER",
    "SYSTEM_PULLREQUEST_PULLREQUESTID",
    "BITBUCKET_PR_ID",
    "DRONE_PULL_REQUEST",
    "BUILDKITE_PULL_REQUEST",
    "TEAMCITY_PULLREQUEST_NUMBER",
    "TRAVIS_PULL_REQUEST",
    "APPVEYOR_PULL_REQUEST_NUMBER",
    "CI_COMMIT_PULL_REQUEST",
    "_PR_NUMBER",
)
# Variables from which the number is read by a pattern.
INSIDE = (
    ("GITHUB_REF", r"refs/pull/(\d+)/"),
    ("CIRCLE_PULL_REQUEST", r"/(\d+)/?$"),
    ("CODEBUILD_SOURCE_VERSION", r"^pr/(\d+)$"),
    # For the event pull_request_target the ref is that of the target branch.
    ("GITHUB_EVENT_NAME", r"^(pull_request(?:_target)?)$"),
)


def find_pull_request(environ: Mapping[str, str]) -> str:
    """Return the number of the pull request; empty if this run is not one of it."""
    for name in NUMBERS:
        found = environ.get(name, "").strip()
        if found.lower() not in NO:
            return found
    for name, pattern in INSIDE:
        match = re.search(pattern, environ.get(name, ""))
        if match:
            return match[1]
    return ""


def describe_run(environ: Mapping[str, str]) -> dict[str, str]:
    """Describe a CI run, also whether it is of a pull request, and into what branch."""
    found: dict[str, str] = asdict(detect.detect(environ))
    number = find_pull_request(environ)
    if not number:
        return found
    target = next(filter(None, (environ.get(name, "") for name in TARGETS)), "")
    target = detect.clean_branch(target.strip())
    return {**found, NAME: number, **({TARGET: target} if target else {})}
