"""Which builds and deployments of a run are sent, and why one is not."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import settings_of
from xray_bridge.ci.details import Details
from xray_bridge.ci.detect import Context
from xray_bridge.jira.builds.counts import Counts
from xray_bridge.jira.builds.facts import Facts
from xray_bridge.jira.builds.plan import KINDS, Plan, Request, list_kinds, make_plan


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REVISION = "08cd1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b"
CONTEXT = Context(
    name="GitHub Actions",
    revision=REVISION,
    build_url="https://github.com/acme/api/actions/runs/99",
    branch="feature/proj-12-add",
    run_id="github-99",
)
DETAILS = Details(
    pipeline="acme/api/ci",
    number="812",
    title="PROJ-13, UTF-8",
    message="PROJ-14: as in OPS-1",
    repository="https://github.com/acme/api",
)
COUNTS = Counts(passed=2, failed=1)
GIVEN = {"project": "PROJ", "jira_build": "on", "jira_environment": "prod-eu"}


def some_facts(
    context: Context = CONTEXT,
    details: Details = DETAILS,
    counts: Counts | None = COUNTS,
) -> Facts:
    """The facts of a run with a failed test."""
    return Facts(
        context=context,
        details=details,
        started=100.0,
        finished=161.4,
        counts=counts,
        requirements=("SHOP-7", "PROJ-13"),
        tests=("PROJ-500",),
    )


def plan_of(
    facts: Facts,
    tmp_path: Path,
    environ: Mapping[str, str] = MappingProxyType({}),
    **given: Any,
) -> Plan:
    """The plan of a run whose Test Execution is PROJ-185."""
    return make_plan(
        facts,
        Request(
            settings=settings_of(**{"report_dir": str(tmp_path), **GIVEN, **given}),
            environ=environ,
            sequence=161400,
            execution="PROJ-185",
        ),
    )


def test_build_and_deployment_of_a_run(tmp_path: Path) -> None:
    """Both have the same identity; the deployment has a version and a type."""
    build, deployment = plan_of(some_facts(), tmp_path, fix_version="2.4").builds

    assert (build.pipeline, build.number, build.sequence) == (
        "acme/api/ci",
        812,
        161400,
    )
    assert (build.state, build.label, build.environment) == ("failed", "#812", "")
    assert build.description == "1 of 3 tests failed; Test Execution PROJ-185"
    assert build.url == CONTEXT.build_url
    assert (build.revision, build.duration) == (REVISION, 61)
    assert (deployment.pipeline, deployment.number) == ("acme/api/ci", 812)
    assert (deployment.environment, deployment.environment_type) == (
        "prod-eu",
        "production",
    )
    assert deployment.label == "2.4"
    assert deployment.description == (
        "deployment to prod-eu; 1 of 3 tests failed; Test Execution PROJ-185"
    )


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        ({}, ("PROJ-12", "PROJ-13", "PROJ-14", "SHOP-7")),
        (
            {"jira_issues": "XY-1"},
            ("XY-1", "PROJ-12", "PROJ-13", "PROJ-14", "SHOP-7"),
        ),
        (
            {"jira_projects": "ops proj"},
            ("PROJ-12", "PROJ-13", "PROJ-14", "OPS-1", "SHOP-7"),
        ),
        ({"jira_issues_from": "title"}, ("PROJ-13",)),
        ({"jira_issues_from": "tests"}, ("PROJ-500",)),
        ({"project": "", "test_execution": "OPS-9"}, ("OPS-1", "SHOP-7", "PROJ-13")),
        # Without another one, the project is that of the Test Execution.
        ({"project": ""}, ("PROJ-12", "PROJ-13", "PROJ-14", "SHOP-7")),
    ],
)
def test_issues_come_from_texts_and_tests(
    tmp_path: Path, given: dict[str, Any], keys: tuple[str, ...]
) -> None:
    """In texts only keys of the projects count; those of tests count all."""
    assert plan_of(some_facts(), tmp_path, **given).builds[0].keys == keys


def test_too_many_issues_are_said(tmp_path: Path) -> None:
    """Jira takes 500 of them; those that a person gave come first."""
    given = ";".join(f"SHOP-{number}" for number in range(1, 502))
    found = plan_of(some_facts(), tmp_path, jira_issues=given)

    assert len(found.builds[0].keys) == 500
    assert found.notices == ("Jira takes 500 issues for a build; 4 more are left out",)


@pytest.mark.parametrize(
    ("given", "states"),
    [
        ({"jira_build_on": "successful"}, []),
        ({"jira_build_on": "failed"}, ["failed", "failed"]),
        ({"jira_build_state": "successful"}, ["successful", "successful"]),
        ({"jira_build_state": "rolled_back"}, ["failed", "rolled_back"]),
        (
            {"jira_build_state": "rolled_back", "jira_build_on": "rolled_back"},
            ["rolled_back"],
        ),
    ],
)
def test_state_is_a_filter_and_may_be_set(
    tmp_path: Path, given: dict[str, Any], states: list[str]
) -> None:
    """Only a deployment can be rolled back."""
    found = plan_of(some_facts(), tmp_path, **given)

    assert [each.state for each in found.builds] == states
    assert found.notices == ()


NONE: dict[str, tuple[Facts, dict[str, Any], str]] = {
    "no issue": (
        some_facts(Context(build_url="https://a"), Details(pipeline="a/b")),
        {"jira_issues_from": "branch,title"},
        "no issue is named in the branch, the title of the pull request; set xray_jira",
    ),
    "outside CI": (
        some_facts(Context(), Details()),
        {},
        "this is no known CI system; set xray_jira_pipeline to send it",
    ),
    "no page": (
        some_facts(Context(build_url="javascript:alert(1)")),
        {},
        "there is neither a CI run nor a Test Execution to link to",
    ),
}


@pytest.mark.parametrize("name", NONE)
def test_what_cannot_be_shown_is_said(tmp_path: Path, name: str) -> None:
    """The notice names the kinds and the setting that helps."""
    facts, given, why = NONE[name]
    found = plan_of(facts, tmp_path, **given)
    (notice,) = found.notices

    assert found.builds == ()
    assert notice.startswith("no build and deployment is sent to Jira: ")
    assert why in notice


@pytest.mark.parametrize(("length", "is_taken"), [(2000, True), (2001, False)])
def test_long_addresses_are_not_sent(
    tmp_path: Path, length: int, *, is_taken: bool
) -> None:
    """Jira takes 2000 characters; the page of the Test Execution is shorter."""
    url = "https://ci.example.com/".ljust(length, "a")
    other = "https://jira.example.com/browse/PROJ-185"
    facts = some_facts(replace(CONTEXT, build_url=url))
    asked = Request(
        settings=settings_of(report_dir=str(tmp_path), **GIVEN),
        environ={},
        sequence=1,
        execution_url=other,
    )

    assert make_plan(facts, asked).builds[0].url == (url if is_taken else other)


def test_pull_request_from_a_fork_is_not_shown(tmp_path: Path) -> None:
    """Its author chose the title, the branch and the marks."""
    found = plan_of(some_facts(), tmp_path, {"SYSTEM_PULLREQUEST_ISFORK": "True"})
    (notice,) = found.notices

    assert found.builds == ()
    assert "a pull request from a fork (Azure Pipelines)" in notice


def test_a_job_without_tests_has_no_counts(tmp_path: Path) -> None:
    """Its state is the one that is set."""
    facts = some_facts(counts=None)
    build, deployment = plan_of(facts, tmp_path, jira_build_state="successful").builds

    assert build.counts is None
    assert build.description == "successful"
    assert deployment.description == "deployment to prod-eu"
    assert deployment.label == REVISION[:12]


def test_the_label_of_a_deployment_is_a_version(tmp_path: Path) -> None:
    """The version that xray-bridge chooses in Jira is not known here."""
    found = plan_of(some_facts(), tmp_path, fix_version="auto")

    assert found.builds[1].label == REVISION[:12]


def test_incomplete_runs_say_so(tmp_path: Path) -> None:
    """The reason is in the description."""
    facts = Facts(
        context=CONTEXT,
        details=DETAILS,
        started=1.0,
        finished=2.0,
        counts=Counts(passed=1),
        incomplete=("a.py could not be collected", "more"),
    )
    build = plan_of(facts, tmp_path).builds[0]

    assert build.state == "failed"
    assert build.description == (
        "1 of 1 test passed; incomplete: a.py could not be collected; "
        "Test Execution PROJ-185"
    )


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        ({}, ()),
        ({"jira_build": "on"}, ("build",)),
        ({"jira_environment": "prod"}, ("deployment",)),
        ({"jira_build": "on", "jira_environment": "prod"}, KINDS),
    ],
)
def test_kinds_are_those_that_are_set(
    given: dict[str, str], kinds: tuple[str, ...]
) -> None:
    """Both are off by default."""
    settings = settings_of(**given)

    assert list_kinds(settings) == kinds
    assert settings.shows_builds is bool(kinds)


def test_a_secret_in_the_name_of_a_job_is_removed(tmp_path: Path) -> None:
    """The name is the build's identity in Jira, and is shown there."""
    details = replace(DETAILS, job="deploy-s3cret-s3cret")
    found = plan_of(some_facts(details=details), tmp_path, token="s3cret-s3cret")

    assert "s3cret" not in found.builds[0].pipeline
    assert "deploy-***" in found.builds[0].pipeline
