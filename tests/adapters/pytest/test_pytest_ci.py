"""A CI system gets the results of a pytest session."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.adapters.pytest.conftest import Project


SUITE = """
    import pytest

    @pytest.mark.xray("CALC-1")
    def test_passes(): pass

    @pytest.mark.xray("CALC-2")
    def test_fails():
        raise ValueError("##vso[task.setvariable variable=A]b | <b>")
"""


@pytest.fixture
def github(project: Project) -> dict[str, str]:
    """The environment of GitHub Actions, with empty files."""
    folder = project.pytester.path
    event = folder / "event.json"
    event.write_text(json.dumps({"pull_request": {"head": {"sha": "the-head"}}}))
    found = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_SHA": "a-merge",
        "GITHUB_HEAD_REF": "topic",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "ann/calc",
        "GITHUB_RUN_ID": "99",
        "GITHUB_RUN_NUMBER": "17",
    }
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        found[name] = str(folder / name)
        Path(found[name]).touch()
    return found


def test_github(project: Project, github: dict[str, str]) -> None:
    """Outputs, summary and annotations; the Test Execution knows the build."""
    project.pytester.makepyfile(SUITE)

    result = project.upload(**github)

    (execution,) = project.executions
    output = Path(github["GITHUB_OUTPUT"]).read_text()
    assert f"\n{execution.key}\n" in output.partition("XRAY_TEST_EXECS<<")[2]
    summary = Path(github["GITHUB_STEP_SUMMARY"]).read_text()
    assert f"### Xray: {execution.key}\n" in summary
    said = "`ValueError: # #vso[task.setvariable variable=A]b | <b>`"
    assert f"- `test_github.test_fails` (`CALC-2`): {said}" in summary
    text = "ValueError: # #vso[task.setvariable variable=A]b | <b>"
    place = "title=test_github.test_fails,file=test_github.py,line=8"
    assert f"::error {place}::{text}" in result.outlines
    assert execution.revision == "the-head"
    build = "Build: https://github.com/ann/calc/actions/runs/99"
    assert execution.description.splitlines() == [build, "Branch: topic"]
    told = json.loads((project.runs[0] / "run.json").read_text())["ci"]
    assert (told["branch"], told["run_id"]) == ("topic", "github-99")


def test_azure(project: Project) -> None:
    """Lines of their own below our section, under xdist as well."""
    project.pytester.makepyfile(SUITE)

    result = project.upload("-n", "2", TF_BUILD="True", BUILD_BUILDID="17")

    (execution,) = project.executions
    named = "variable=XRAY_TEST_EXECS;isoutput=true"
    assert f"##vso[task.setvariable {named}]{execution.key}" in result.outlines
    page = project.pytester.path / ".xray" / "summary.md"
    assert f"##vso[task.uploadsummary]{page}" in result.outlines
    assert page.read_text().startswith(f"### Xray: {execution.key}\n")
    own = result.outlines.index(f"Run directory: {project.receipt['run']}")
    said = "ValueError: # #vso[task.setvariable variable=A]b | <b>"
    place = "sourcepath=test_azure.py;linenumber=8"
    assert [line for line in result.outlines[own:] if "variable=A" in line] == [
        f"##vso[task.logissue type=error;{place}]test_azure.test_fails: {said}"
    ]


def test_rehearsal_tells_no_ci_system(project: Project, github: dict[str, str]) -> None:
    """Nothing was sent, so that later steps have nothing to work with."""
    project.pytester.makepyfile(SUITE)

    result = project.run("--xray-dry-run", "--xray-sandbox", **github)

    assert Path(github["GITHUB_OUTPUT"]).read_text() == ""
    assert Path(github["GITHUB_STEP_SUMMARY"]).read_text() == ""
    assert not [line for line in result.outlines if line.startswith("::")]


def test_output_that_cannot_be_written(
    project: Project, github: dict[str, str]
) -> None:
    """A notice: what has arrived is no failure."""
    project.pytester.makepyfile("def test_passes(): pass")
    github["GITHUB_OUTPUT"] = str(project.pytester.path)

    result = project.upload(**github)

    assert result.ret == 0
    result.stdout.fnmatch_lines(["Note: GitHub Actions did not get the results:*"])
