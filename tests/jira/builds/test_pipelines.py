"""Names of pipelines: the same in all builds, and different in one build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import recorded, settings_of
from xray_bridge.ci.details import Details
from xray_bridge.jira.builds.pipelines import (
    LONGEST,
    NOTE,
    Pipeline,
    cut_name,
    find_pipeline,
    note_pipeline,
)
from xray_bridge.jira.notes import FILE, read_notes
from xray_bridge.model.jira_text import jira_length


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.runs.run_directory import RunDirectory

DETAILS = Details(pipeline="acme/api/ci", job="unit", number="812", attempt="1")


def find(
    tmp_path: Path,
    directory: RunDirectory | None = None,
    details: Details = DETAILS,
    **given: str,
) -> Pipeline | None:
    """Find the pipeline of a run below ``.xray``."""
    report_dir = tmp_path / ".xray"
    return find_pipeline(settings_of(**given), details, 1000.5, directory, report_dir)


@pytest.mark.parametrize(
    ("details", "environments", "name"),
    [
        (DETAILS, "", "acme/api/ci/unit"),
        (Details(pipeline="acme/api"), "", "acme/api"),
        (
            Details(pipeline="a/b", job="unit/2", variant="Linux/3.12", folder="api"),
            "",
            "a/b/unit/2/Linux/3.12/api",
        ),
        (DETAILS, "firefox;staging", "acme/api/ci/unit/firefox/staging"),
    ],
)
def test_name_is_readable(
    tmp_path: Path, details: Details, environments: str, name: str
) -> None:
    """It has the job, what tells jobs of a matrix apart, and the environments."""
    found = find(tmp_path, details=details, environments=environments)

    assert found is not None
    assert found.name == name


def test_name_is_one_line(tmp_path: Path) -> None:
    """A job may have any name."""
    found = find(tmp_path, details=Details(pipeline="a\n b", job="\x1b[1mc\udc80"))

    assert found is not None
    assert found.name == "a b/c\\udc80"


def test_a_person_names_the_pipeline(tmp_path: Path) -> None:
    """Also outside of CI; the number is the second of the start."""
    assert find(tmp_path, jira_pipeline="nightly") == Pipeline(
        name="nightly", number=812
    )
    assert find(tmp_path, details=Details(), jira_pipeline="nightly") == Pipeline(
        name="nightly", number=1000
    )
    assert find(tmp_path, details=Details()) is None


def test_second_session_of_a_job_has_a_name_of_its_own(tmp_path: Path) -> None:
    """Else it would replace the counts of the first."""
    first, second = recorded(tmp_path), recorded(tmp_path)
    one = find(tmp_path, first)
    assert one is not None
    note_pipeline(first, one)
    two = find(tmp_path, second)
    again = find(tmp_path, first)

    assert two == Pipeline(name="acme/api/ci/unit (2)", number=812, attempt="1")
    assert again == one


@pytest.mark.parametrize("changes", [{"number": "813"}, {"attempt": "2"}])
def test_later_builds_have_the_same_name(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    """A folder of an earlier build, or of an earlier attempt, may still be here."""
    before = recorded(tmp_path)
    one = find(tmp_path, before)
    assert one is not None
    note_pipeline(before, one)
    given = {"pipeline": "acme/api/ci", "job": "unit", "number": "812", "attempt": "1"}
    found = find(tmp_path, recorded(tmp_path), Details(**{**given, **changes}))

    assert found is not None
    assert found.name == "acme/api/ci/unit"


def test_resend_from_elsewhere_has_the_noted_name(tmp_path: Path) -> None:
    """Another machine does not know the job."""
    directory = recorded(tmp_path)
    note_pipeline(directory, Pipeline(name="acme/api/ci/unit", number=812))

    assert find(tmp_path, directory, Details()) == Pipeline(
        name="acme/api/ci/unit", number=812
    )


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"build": []}',
        '{"build": {"name": 7, "number": 1}}',
        '{"build": {"name": "a", "number": true}}',
    ],
)
def test_damaged_note_is_ignored(tmp_path: Path, content: str) -> None:
    """The run is named as if there were none."""
    directory = recorded(tmp_path)
    (directory.path / FILE).write_text(content, encoding="utf-8")
    found = find(tmp_path, directory)

    assert found is not None
    assert found.name == "acme/api/ci/unit"


def test_note_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """The build is sent all the same."""
    directory = recorded(tmp_path)
    (directory.path / FILE).mkdir()

    note_pipeline(directory, Pipeline(name="a", number=1))
    assert find(tmp_path, directory) is not None


def test_note_is_one_of_jira(tmp_path: Path) -> None:
    """It has the identity of the build, and the attempt."""
    directory = recorded(tmp_path)
    note_pipeline(directory, Pipeline(name="a", number=1, attempt="2"))

    assert read_notes(directory, NOTE) == {"name": "a", "number": 1, "attempt": "2"}


@pytest.mark.parametrize("letter", ["a", "é", "😀"])
def test_long_names_keep_their_end(letter: str) -> None:
    """The end has the job; no character is split."""
    found = cut_name(f"start{letter * 400}/unit")

    assert jira_length(found) <= LONGEST
    assert found.startswith("start")
    assert found.endswith("/unit")
    assert "\ufffd" not in found
    assert cut_name(letter * 100) == letter * 100


def test_the_longest_name_stays() -> None:
    """A name of 255 characters is whole; a longer one loses its middle."""
    assert cut_name("a" * 255) == "a" * 255
    assert cut_name("a" * 128 + "b" * 128) == f"{'a' * 126}...{'b' * 126}"
