"""
The JSON of builds and deployments, within the limits of Jira's API.

Empty texts and empty lists are left out: Jira rejects some of them. Source: Atlassian's
"Submit build data" and "Submit deployment data".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge._version import __version__
from xray_bridge.ci.repositories import branch_page
from xray_bridge.jira.builds.pipelines import cut_name
from xray_bridge.model.jira_text import shorten
from xray_bridge.model.times import iso_time
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Callable

    from xray_bridge.jira.builds.build import Build

LONGEST = 255
LONGEST_URL = 2000
SCHEMA = "1.0"


def make_document(build: Build, clean: Callable[[str], str] = str) -> dict[str, Any]:
    """
    Make the body of a request with one build or deployment.

    ``clean`` removes secrets from texts.
    """
    is_build = not build.environment
    content = _build_json(build, clean) if is_build else _deployment_json(build, clean)
    return {
        "properties": {"source": "xray-bridge"},
        "providerMetadata": {"product": f"xray-bridge {__version__}"},
        "builds" if is_build else "deployments": [content],
    }


def _build_json(build: Build, clean: Callable[[str], str]) -> dict[str, Any]:
    found = {
        "schemaVersion": SCHEMA,
        "pipelineId": build.pipeline,
        "buildNumber": build.number,
        "updateSequenceNumber": build.sequence,
        "displayName": cut_name(clean(build.pipeline)),
        "label": _shorten(clean(build.label)),
        "url": build.url,
        "state": build.state,
        "lastUpdated": _format_time(build.updated),
        "description": _shorten(clean(build.description)),
        "associations": _list_issues(build),
    }
    if build.counts is not None:
        found["testInfo"] = {
            "totalNumber": build.counts.total,
            "numberPassed": build.counts.passed,
            "numberFailed": build.counts.failed,
            "numberSkipped": build.counts.skipped,
        }
    if references := _make_references(build, clean):
        found["references"] = [references]
    return found


def _deployment_json(build: Build, clean: Callable[[str], str]) -> dict[str, Any]:
    name = _shorten(clean(build.environment))
    found = {
        "schemaVersion": SCHEMA,
        "deploymentSequenceNumber": build.number,
        "updateSequenceNumber": build.sequence,
        "displayName": _shorten(f"{cut_name(clean(build.pipeline))} #{build.number}"),
        "label": _shorten(clean(build.label)),
        "url": build.url,
        "description": _shorten(clean(build.description)),
        "lastUpdated": _format_time(build.updated),
        "state": build.state,
        "pipeline": {
            "id": build.pipeline,
            "displayName": cut_name(clean(build.pipeline)),
            "url": build.url,
        },
        "environment": {
            "id": name,
            "displayName": name,
            "type": build.environment_type,
        },
        "associations": _list_issues(build),
    }
    if build.duration:
        found["duration"] = build.duration
    return found


def _list_issues(build: Build) -> list[dict[str, Any]]:
    return [{"associationType": "issueIdOrKeys", "values": list(build.keys)}]


def _make_references(build: Build, clean: Callable[[str], str]) -> dict[str, Any]:
    """Return commit and branch, each only if both of its members are known."""
    found: dict[str, Any] = {}
    repository = clean(build.repository)
    if not 0 < len(repository) <= LONGEST_URL:
        return found
    if 0 < len(build.revision) <= LONGEST:
        found["commit"] = {"id": build.revision, "repositoryUri": repository}
    page = branch_page(repository, build.branch)
    if 0 < len(page) <= LONGEST_URL:
        found["ref"] = {"name": _shorten(clean(build.branch)), "uri": page}
    return found


def _shorten(text: str) -> str:
    """Return a readable line; the environment of CI may have any bytes."""
    return shorten(one_line(text), LONGEST)


def _format_time(seconds: float) -> str:
    return iso_time(seconds).replace("+00:00", "Z")
