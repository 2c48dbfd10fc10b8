"""From a session of pytest to a Test Execution in the sandbox."""

from __future__ import annotations

import json

import pytest

from tests.adapters.pytest.conftest import Project
from tests.refusals import WORDS, planned_fields, refusing_server


SUITE = """
    import pytest

    @pytest.mark.xray("CALC-1")
    def test_passes(): pass

    @pytest.mark.xray("CALC-2")
    def test_fails(): assert 1 == 2

    @pytest.mark.xray("CALC-3")
    def test_is_skipped(): pytest.skip("not today")

    @pytest.mark.xray("calc-4", "CALC-5")
    def test_with_two_keys(): pass

    @pytest.mark.xray("CALC-6")
    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_with_rows(number): assert number != 2

    def test_without_key(): pass
"""


def test_every_result_arrives(project: Project, workers: tuple[str, ...]) -> None:
    """One upload, all tests, in one Test Execution; keys as Jira spells them."""
    project.pytester.makepyfile(SUITE)

    result = project.upload(*workers)

    result.assert_outcomes(passed=5, failed=2, skipped=1)
    assert result.ret == 1
    keyed = {k: v for k, v in project.statuses.items() if k in KEYS}
    assert keyed == {
        "CALC-1": "PASS",
        "CALC-2": "FAIL",
        "CALC-3": "TODO",
        "CALC-4": "PASS",
        "CALC-5": "PASS",
        "CALC-6": "FAIL",
    }
    assert len(project.statuses) == 7


KEYS = {f"CALC-{number}" for number in range(1, 10)}


def test_the_section_at_the_end_names_the_test_execution(project: Project) -> None:
    """Key, address, counts and run directory stand under pytest's own summary."""
    project.pytester.makepyfile(SUITE)

    result = project.upload()

    (execution,) = project.executions
    result.stdout.fnmatch_lines(
        [
            "*2 failed, 5 passed, 1 skipped*",
            "*= xray-bridge =*",
            f"Test Execution: {execution.key}",
            "Tests: 7 sent, 7 accepted, 0 refused",
            "Results: 5 passed, 2 failed, 1 skipped",
            "Run directory: .xray/runs/*",
        ]
    )


def test_settings_reach_the_test_execution(
    project: Project, workers: tuple[str, ...]
) -> None:
    """Plan, environments, revision, version, summary and labels arrive."""
    project.pytester.makepyfile(SUITE)
    project.pytester.makeini(
        """
        [pytest]
        xray_test_plan = CALC-15
        xray_environments = chrome;linux
        xray_fix_version = v3.0
        xray_summary = Nightly of ${BRANCH:-main}
        xray_labels = nightly smoke
        xray_execution_fields = {"description": "Build ${BUILD}"}
        """
    )

    project.upload("--xray-revision", "abc123", *workers, BUILD="17")

    (execution,) = project.executions
    assert execution.test_plans == ("CALC-15",)
    assert set(execution.environments) == {"chrome", "linux"}
    assert execution.fix_versions == ("v3.0",)
    assert execution.revision == "abc123"
    assert execution.summary == "Nightly of main"
    assert execution.description == "Build 17"
    assert {"nightly", "smoke"} < set(execution.labels)


@pytest.mark.parametrize("deployment", ["server", "cloud"])
def test_both_products_take_the_results(project: Project, deployment: str) -> None:
    """Server/Data Center and Cloud end with the same Test Execution."""
    words = {"server": ("PASS", "FAIL"), "cloud": ("PASSED", "FAILED")}[deployment]
    project.pytester.makepyfile(SUITE)

    project.upload(
        "--xray-deployment", deployment, "--xray-environments", "chrome;linux"
    )

    (execution,) = project.executions
    found = {run.test_key: run.status for run in execution.runs}
    assert (found["CALC-1"], found["CALC-2"]) == words
    assert set(execution.environments) == {"chrome", "linux"}


@pytest.mark.parametrize("deployment", ["server", "cloud"])
@pytest.mark.parametrize("report_format", ["junit", "xray"])
def test_an_existing_test_execution_is_filled(
    project: Project, deployment: str, report_format: str
) -> None:
    """Results go to the given key, whose summary does not change."""
    project.pytester.makepyfile(SUITE)
    project.upload("--xray-deployment", deployment, "--xray-summary", "First")
    key = project.executions[0].key

    project.upload(
        *("--xray-deployment", deployment, "--xray-format", report_format),
        *("--xray-test-execution", key, "--xray-summary", "Second"),
        *("--xray-revision", "r2"),
    )

    (execution,) = project.executions
    assert (execution.key, execution.summary) == (key, "First")
    assert execution.revision == "r2"
    assert len(execution.runs) == 7


@pytest.mark.parametrize("report_format", ["junit", "xray"])
def test_cloud_gets_a_revision_that_multipart_cannot_carry(
    project: Project, report_format: str
) -> None:
    """A second request to the new Test Execution sets it."""
    project.pytester.makepyfile(SUITE)

    project.upload(
        *("--xray-deployment", "cloud", "--xray-format", report_format),
        *("--xray-revision", "abc123"),
    )

    (execution,) = project.executions
    assert execution.revision == "abc123"


def test_a_guessed_revision_goes_into_the_description_on_cloud(
    project: Project,
) -> None:
    """A revision from CI alone never needs a second request."""
    project.pytester.makepyfile(SUITE)

    project.upload(
        "--xray-deployment", "cloud", GITHUB_ACTIONS="true", GITHUB_SHA="f00d"
    )

    (execution,) = project.executions
    assert "Revision: f00d" in execution.description


def test_only_keyed_leaves_out_the_rest(project: Project) -> None:
    """Tests without a key make no Test in Xray."""
    project.pytester.makepyfile(SUITE)

    project.upload("--xray-only-keyed")

    assert set(project.statuses) == {f"CALC-{number}" for number in range(1, 7)}


def test_formats_are_written_and_the_first_is_uploaded(project: Project) -> None:
    """Each report is in the run directory, the uploaded one where it is wanted."""
    project.pytester.makepyfile(SUITE)

    project.upload("--xray-format", "xray,junit", "--xray-report", "out/report.json")

    (run,) = project.runs
    assert (run / "report.xml").exists()
    copied = project.pytester.path / "out" / "report.json"
    assert copied.read_bytes() == (run / "report-xray.json").read_bytes()
    assert project.receipt["report"]["format"] == "xray"


def test_ctrf_is_written_beside_the_report_that_is_sent(project: Project) -> None:
    """With the tool, and all results; Xray gets its own format."""
    project.pytester.makepyfile(SUITE)

    project.upload("--xray-format", "auto,ctrf")

    (run,) = project.runs
    results = json.loads((run / "ctrf-report.json").read_bytes())["results"]
    assert results["tool"] == {"name": "pytest", "version": pytest.__version__}
    assert results["summary"]["tests"] == len(project.journal)
    assert project.receipt["report"]["format"] == "junit"


def test_ctrf_alone_is_for_runs_that_are_not_sent(project: Project) -> None:
    """An upload ends before the first test; a collected run writes it."""
    project.pytester.makepyfile("def test_it(): pass")

    refused = project.upload("--xray-format", "ctrf")
    collected = project.run(
        *("--xray-collect", "--xray-format", "ctrf", "--xray-report", "out.json"),
        *("--xray-project", "CALC"),
    )

    assert (refused.ret, collected.ret) == (4, 0)
    refused.stderr.fnmatch_lines("*Xray does not import CTRF*auto,ctrf*")
    report = json.loads((project.pytester.path / "out.json").read_bytes())
    assert report["results"]["summary"]["passed"] == 1


@pytest.mark.fault("E24")
def test_a_session_without_tests_makes_no_test_execution(project: Project) -> None:
    """Nothing selected, nothing uploaded; pytest's own exit code stays."""
    project.pytester.makepyfile(SUITE)

    result = project.upload("-k", "nothing")

    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["Nothing to upload*"])


@pytest.mark.parametrize("looking", ["--collect-only", "--setup-plan", "--fixtures"])
@pytest.mark.fault("D15")
def test_a_session_that_runs_no_tests_leaves_nothing(
    project: Project, looking: str
) -> None:
    """No run directory, no request."""
    project.pytester.makepyfile(SUITE)

    result = project.upload(looking)

    assert result.ret == 0
    assert not (project.pytester.path / ".xray").exists()


def test_a_dry_run_prints_the_request(project: Project) -> None:
    """Address, endpoint, parts and the info part; nothing is sent."""
    project.pytester.makepyfile(SUITE)

    result = project.run(
        *("--xray-dry-run", "--xray-project", "CALC", "--xray-test-plan", "CALC-15"),
        XRAY_URL="https://jira.invalid/jira",
        XRAY_TOKEN="very-secret",
    )

    result.stdout.fnmatch_lines(
        [
            "Dry run: nothing was sent. xray-bridge would send:",
            "*to https://jira.invalid/jira (Xray Server/Data Center: *",
            "*POST /rest/raven/2.0/import/execution/junit/multipart",
            "*part file: report.xml, * bytes",
            '*"CALC-15"*',
        ]
    )
    assert "very-secret" not in result.stdout.str()


def test_a_dry_run_prints_whole_documents(
    project: Project, workers: tuple[str, ...]
) -> None:
    """Lines that are equal stay: what is printed is JSON."""
    project.pytester.makepyfile(SUITE)

    result = project.run(
        *("--xray-dry-run", "--xray-project", "CALC", "--xray-test-plan", "CALC-15"),
        *("--xray-environments", "chrome;linux", *workers),
        XRAY_URL="https://jira.invalid/jira",
        XRAY_TOKEN="very-secret",
    )

    fields = planned_fields(result.stdout.str())
    assert fields["project"] == {"key": "CALC"}
    assert fields["issuetype"] == {"name": "Test Execution"}


def test_refusals_with_the_same_words(
    project: Project, workers: tuple[str, ...]
) -> None:
    """Two tests were refused, so two lines say it."""
    project.pytester.makepyfile(SUITE)

    with refusing_server() as environ:
        result = project.run("--xray-upload", *workers, XRAY_PROJECT="CALC", **environ)

    assert result.stdout.str().count(f"Refused by Xray: {WORDS}") == 2


def test_a_dry_run_wins_over_the_upload(project: Project) -> None:
    """A dry run sends nothing, even if the ini file asks for an upload."""
    project.pytester.makepyfile(SUITE)

    result = project.upload("--xray-dry-run")

    result.stdout.fnmatch_lines(["Dry run: nothing was sent.*"])
    assert project.executions == []


def test_an_upload_in_an_inner_session_is_not_the_outer_ones(project: Project) -> None:
    """A nested pytest run without the flag uploads nothing."""
    project.pytester.makepyfile(
        """
        import pytest

        def test_outer(tmp_path):
            inner = tmp_path / "test_inner.py"
            inner.write_text("def test_inner(): pass")
            assert pytest.main([str(inner), "-p", "no:cacheprovider"]) == 0
        """
    )

    project.upload()

    assert [line["name"] for line in project.journal] == ["test_outer"]
