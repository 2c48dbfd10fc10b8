"""What is known of a run, here and on another machine."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.builders import STARTED, a_run, a_test, recorded
from xray_bridge.jira.builds.counts import Counts
from xray_bridge.jira.builds.facts import Facts, Place, facts_of_job, read_facts
from xray_bridge.model.results import Outcome
from xray_bridge.runs.join import join_parts


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.runs.run_directory import RunDirectory

RECORDED = {
    "name": "GitLab CI",
    "run_id": "gitlab-99",
    "branch": "main",
    "pipeline": "acme/api",
    "job": "unit",
    "number": "812",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_PROJECT_PATH": "acme/api",
    "CI_PROJECT_URL": "https://gitlab.com/acme/api",
    "CI_JOB_NAME": "report",
    "CI_PIPELINE_ID": "99",
    "CI_PIPELINE_IID": "812",
    "CI_COMMIT_MESSAGE": "CALC-13",
}


@pytest.fixture(autouse=True)
def _no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git finds no repository around the folder of the test."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


def facts_of(directory: RunDirectory, environ: dict[str, str]) -> Facts:
    """Read the facts in this environment."""
    place = Place(environ=environ, folder=directory.path.parents[2])
    return read_facts(directory, directory.info, place)


def test_gaps_are_filled_in_the_same_ci_run(tmp_path: Path) -> None:
    """A session that did not ask for builds has recorded less."""
    context = {name: RECORDED[name] for name in ("name", "run_id", "branch")}
    found = facts_of(recorded(tmp_path, a_run(), ci=context), GITLAB).details

    assert (found.pipeline, found.job, found.number) == ("acme/api", "report", "812")
    assert found.message == "CALC-13"


def test_what_was_recorded_stays(tmp_path: Path) -> None:
    """Another job of the same CI run sends it."""
    found = facts_of(recorded(tmp_path, a_run(), ci=RECORDED), GITLAB).details

    assert found.job == "unit"
    assert found.repository == "https://gitlab.com/acme/api"


@pytest.mark.parametrize("environ", [{}, {**GITLAB, "CI_PIPELINE_ID": "100"}])
def test_nothing_comes_from_another_place(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    """Neither from a person's machine nor from another CI run, nor from their git."""
    for arguments in (
        ("init", "-q"),
        ("remote", "add", "origin", "https://github.com/other/repository"),
    ):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)  # noqa: S607
    found = facts_of(recorded(tmp_path, a_run(), ci=RECORDED), environ).details

    assert (found.job, found.message, found.repository) == ("unit", "", "")


@pytest.mark.parametrize(("environ", "job"), [(GITLAB, "report"), ({}, "")])
def test_merged_run_has_the_job_that_merges(
    tmp_path: Path, environ: dict[str, str], job: str
) -> None:
    """Not that of any part."""
    part = {**RECORDED, "variant": "Linux/3.12", "folder": "api", "attempt": "7"}
    parts = [recorded(tmp_path, a_run(), ci=part) for _ in range(2)]
    whole = join_parts(parts, tmp_path / ".xray")
    found = facts_of(whole, environ).details

    assert (found.job, found.variant, found.folder) == (job, "", "")
    assert (found.number, found.attempt) == ("812", "")


def test_tests_are_counted_with_their_keys(tmp_path: Path) -> None:
    """Also those that are not sent; not those that did not run."""
    one = a_test("test_a", test_keys=("CALC-1",), requirements=("SHOP-1", "SHOP-2"))
    two = a_test("test_b", test_keys=("CALC-2",), requirements=("SHOP-2",))
    not_run = a_test("test_c", test_keys=("CALC-3",), requirements=("SHOP-3",))
    directory = recorded(
        tmp_path,
        a_run(test=one, duration=2.0),
        a_run(Outcome.FAILED, test=two, withheld="a password"),
        a_run(Outcome.NOT_RUN, test=not_run, duration=9.0),
        ci=RECORDED,
    )
    found = facts_of(directory, {})

    assert found.counts == Counts(passed=1, failed=1)
    assert found.requirements == ("SHOP-1", "SHOP-2")
    assert found.tests == ("CALC-1", "CALC-2")
    assert (found.started, found.finished) == (STARTED, STARTED + 2.0)


def test_unknown_times_are_those_of_the_run(tmp_path: Path) -> None:
    """A start of 0 is unknown."""
    found = facts_of(recorded(tmp_path, a_run(started=0.0), ci=RECORDED), {})

    assert found.finished == STARTED


def test_damaged_lines_are_counted_without_their_place(tmp_path: Path) -> None:
    """The description in Jira has no path of this machine."""
    directory = recorded(tmp_path, a_run(), a_run(name="test_b"), ci=RECORDED)
    first, second = directory.journal.read_bytes().splitlines(keepends=True)
    directory.journal.write_bytes(first + second.replace(b"test_b", b"test_c"))
    found = facts_of(directory, {})

    assert found.incomplete == ("1 damaged line in the journal",)
    assert found.counts == Counts(passed=1)


def test_a_job_without_tests_has_no_counts(tmp_path: Path) -> None:
    """Its times are that of the call."""
    found = facts_of_job(Place(environ=GITLAB, folder=tmp_path), 5.0)

    assert found.counts is None
    assert (found.started, found.finished, found.directory) == (5.0, 5.0, None)
    assert found.context.run_id == "gitlab-99"
