"""One run and what its settings make of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run, recorded, settings_of
from xray_bridge import job
from xray_bridge.dialect import DIALECTS, SERVER
from xray_bridge.job import Job
from xray_bridge.merge import Results


if TYPE_CHECKING:
    from pathlib import Path


def a_job(tmp_path: Path, **given: str) -> Job:
    """A run of one test, and the settings that it has."""
    directory = recorded(tmp_path, a_run())
    return Job(
        directory=directory,
        settings=settings_of(**given),
        session=directory.session,
        results=Results([directory]),
        dialect=DIALECTS[SERVER],
    )


@pytest.mark.parametrize(
    ("given", "project"),
    [
        ({"project": "CALC"}, "CALC"),
        ({"project": "CALC", "test_execution": "OTHER-1"}, "CALC"),
        ({"test_execution": "OTHER_2-17"}, "OTHER_2"),
        ({}, ""),
    ],
    ids=str,
)
def test_project_of_new_tests(
    tmp_path: Path, given: dict[str, str], project: str
) -> None:
    """Xray JSON wants one for each Test without a key."""
    assert job.project(a_job(tmp_path, **given)) == project


@pytest.mark.parametrize(
    ("given", "key"), [({"test_execution": "CALC-7"}, "CALC-7"), ({}, "CALC-8")]
)
def test_existing_execution(tmp_path: Path, given: dict[str, str], key: str) -> None:
    """What is set wins over what an earlier attempt has made."""
    found = a_job(tmp_path, **given)
    found.directory.state = replace(found.directory.state, test_execution="CALC-8")

    assert job.existing_execution(found) == key
