"""The description of a new Test Execution, and existing ones."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_prepared_run, a_run, settings_of
from xray_bridge.upload.execution import describe_execution


if TYPE_CHECKING:
    from pathlib import Path


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
    assert a_prepared_run(tmp_path, a_run(), **given).project == project


@pytest.mark.parametrize(
    ("given", "key"), [({"test_execution": "CALC-7"}, "CALC-7"), ({}, "CALC-8")]
)
def test_existing_execution(tmp_path: Path, given: dict[str, str], key: str) -> None:
    """The setting wins over the Test Execution of an earlier attempt."""
    found = a_prepared_run(tmp_path, a_run(), **given)
    found.directory.state = replace(found.directory.state, test_execution="CALC-8")

    assert found.existing_execution == key


def test_texts_of_a_new_execution_are_short(tmp_path: Path) -> None:
    """Jira refuses what is longer, on each attempt; emoji are two, and never cut."""
    given = {"summary": "a\nb" + "\N{BUG}" * 300, "description": "c\x1b" + "d" * 40_000}

    found = describe_execution(a_prepared_run(tmp_path, a_run(), **given))

    lengths = [
        len(t.encode("utf-16-le")) // 2 for t in (found.summary, found.description)
    ]
    assert found.summary.startswith("a b\N{BUG}")
    assert found.summary.endswith("\N{BUG}...")
    assert found.description.startswith("c\\x1bdd")
    assert lengths == [254, 32_000]


@pytest.mark.parametrize("summary", ["", " \n "])
def test_summary_that_says_nothing(tmp_path: Path, summary: str) -> None:
    """A readable one takes its place."""
    found = describe_execution(a_prepared_run(tmp_path, a_run(), summary=summary))

    assert found.summary == "pytest 2026-01-02 03:04 UTC"


def test_many_reasons_why_a_run_is_incomplete(tmp_path: Path) -> None:
    """The reasons that do not fit are counted."""
    reasons = tuple(f"tests/test_{n}.py could not be collected" for n in range(2_000))
    found = replace(a_prepared_run(tmp_path, a_run()), incomplete=reasons)

    *lines, last = describe_execution(found).description.split("\n")

    assert lines[0] == "Incomplete: tests/test_0.py could not be collected"
    assert last == f"... {2_000 - len(lines)} more"
    assert 30_000 < len("\n".join(lines)) < 32_000


def label_of(tmp_path: Path, project: str = "", **info: Any) -> str:
    """The label of a run."""
    found = a_prepared_run(tmp_path, a_run(), project=project)
    return describe_execution(replace(found, info=replace(found.info, **info))).label


def test_label_of_a_run(tmp_path: Path) -> None:
    """Its own; a part does not know whether it is all there is."""
    found = a_prepared_run(tmp_path, a_run())

    assert describe_execution(found).label == f"xray-bridge-{found.directory.id}"
    assert "4711" not in label_of(tmp_path, run_id="4711")
    assert "4711" not in label_of(tmp_path, parts=("4711",))


@pytest.mark.parametrize(
    ("run_id", "name"),
    [
        ("4711", "4711"),
        ("jenkins-Calc_main-4.2", "jenkins-Calc_main-4.2"),
        ("a b", "a-b-c8687a08aa5d"),
        ('a"b', "a-b-39a012772dd5"),
        ("x" * 61, f"{'x' * 60}-"),
    ],
)
def test_label_of_a_ci_run(tmp_path: Path, run_id: str, name: str) -> None:
    """The same on all machines, of one framework; Jira takes it as it is."""
    given: dict[str, Any] = {"parts": ("one",), "run_id": run_id}

    found = label_of(tmp_path, **given)

    assert found.startswith(f"xray-bridge-pytest-{name}")
    assert f"-CALC-pytest-{name}" in label_of(tmp_path, **given, project="CALC")
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,100}", found)
    assert found == label_of(tmp_path, **given)
    assert found != label_of(tmp_path, **given, framework="behave")
    assert found != label_of(tmp_path, parts=("one",), run_id=f"{run_id}?")


@pytest.mark.parametrize(
    ("ci", "description"),
    [
        (
            {"build_url": "https://ci.example.com/17", "branch": "topic"},
            "Build: https://ci.example.com/17\nBranch: topic",
        ),
        ({"build_url": "", "branch": "a\nb\x1b[1m"}, "Branch: a b"),
        ({}, ""),
    ],
    ids=["both", "odd", "none"],
)
def test_description_of_a_new_execution(
    tmp_path: Path, ci: dict[str, str], description: str
) -> None:
    """Where it comes from, in lines of their own; what people set goes before."""
    found = a_prepared_run(tmp_path, a_run())
    told = replace(found, info=replace(found.info, ci=ci))
    own = replace(told, settings=settings_of(description="Mine."))

    assert describe_execution(told).description == description
    assert describe_execution(own).description == "Mine."
