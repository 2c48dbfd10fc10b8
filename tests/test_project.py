"""
Checks of the project: GitHub's files, and the fragments of the changelog.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.schemas import refused


ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))
# Each with the schema that check-jsonschema ships for it.
FORMS = {
    **dict.fromkeys(WORKFLOWS, "github-workflows"),
    **dict.fromkeys(sorted(GITHUB.glob("ISSUE_TEMPLATE/*.yml")), "github-issue-forms"),
    GITHUB / "ISSUE_TEMPLATE" / "config.yml": "github-issue-config",
    GITHUB / "dependabot.yml": "dependabot",
}
# All that a job may do; what is more than reading, only where it says why.
PERMISSIONS = {
    "ci.yml": {"contents: read"},
    "plugins.yml": {"contents: read"},
    "release.yml": {"contents: read", "attestations: write", "id-token: write"},
}


def text_of(name: str) -> str:
    """The text of a file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def loaded(workflow: Path) -> dict[str, Any]:
    """A workflow as GitHub reads it, except ``on``, which YAML reads as true."""
    found: dict[str, Any] = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_github_understands_its_files(path: Path) -> None:
    """Workflows, forms and Dependabot's settings match their schemas."""
    assert refused(FORMS[path], path) == ""


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned(workflow: Path) -> None:
    """Actions are pinned by their commit, with the version as a comment."""
    text = workflow.read_text(encoding="utf-8")
    used = re.findall(r"^\s*(?:- )?uses: (.*)$", text, re.MULTILINE)
    others = [each for each in used if not each.startswith("./")]
    loose = [
        each
        for each in others
        if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)
    ]

    assert others
    assert loose == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_permissions_are_minimal(workflow: Path) -> None:
    """Only jobs have permissions, and clones keep no credentials."""
    found = loaded(workflow)
    jobs = found["jobs"].values()
    given = {
        f"{scope}: {level}"
        for job in jobs
        for scope, level in job["permissions"].items()
    }
    clones = [
        step["with"]["persist-credentials"]
        for job in jobs
        for step in job.get("steps", ())
        if step.get("uses", "").startswith("actions/checkout@")
    ]

    assert found["permissions"] == {}
    assert given == PERMISSIONS[workflow.name]
    assert set(clones) == {False}


def test_only_what_runs_no_code_of_ours_may_sign_and_publish() -> None:
    """Jobs with an identity have no steps but actions, and publish what was tried."""
    jobs = loaded(GITHUB / "workflows" / "release.yml")["jobs"]
    trusted = {
        name for name, job in jobs.items() if "id-token" in job.get("permissions", {})
    }

    assert trusted == {"attest", "publish"}
    assert not [
        step for name in trusted for step in jobs[name]["steps"] if "run" in step
    ]
    assert jobs["publish"]["environment"] == "pypi"
    assert [jobs[name]["needs"] for name in ("build", "attest", "publish")] == [
        "ci",
        "build",
        "attest",
    ]


def test_all_pythons_are_tested() -> None:
    """CI has those of ``nox``; what is claimed is tested, and the oldest is one."""
    claimed = re.findall(r'"Programming .* :: (3\.\d+)"', text_of("pyproject.toml"))
    jobs = loaded(GITHUB / "workflows" / "ci.yml")["jobs"]
    listed = re.search(r"^PYTHONS = \((.*)\)$", text_of("noxfile.py"), re.MULTILINE)
    assert listed is not None
    tested = re.findall(r'"(.*?)"', listed[1])

    assert jobs["tests"]["strategy"]["matrix"]["python"] == tested
    assert claimed == tested[: len(claimed)]
    assert f'requires-python = ">={claimed[0]}"' in text_of("pyproject.toml")


def test_one_job_waits_for_all_others() -> None:
    """The job ``passed`` needs all other jobs."""
    jobs = loaded(GITHUB / "workflows" / "ci.yml")["jobs"]

    assert {*jobs["passed"]["needs"], "passed"} == set(jobs)


def test_checks_of_the_workflow_are_sessions() -> None:
    """Each check of CI is a nox session with the same name."""
    matrix = loaded(GITHUB / "workflows" / "ci.yml")["jobs"]["checks"]["strategy"]
    run = {row["session"] for row in matrix["matrix"]["include"]}
    there = re.findall(r"^def (\w+)\(session", text_of("noxfile.py"), re.MULTILINE)

    assert run <= set(there)


def test_kinds_of_changes_are_those_of_towncrier() -> None:
    """The README of the fragments lists exactly the kinds of towncrier."""
    told = re.findall(r"^\| `(\w+)` ", text_of("changelog.d/README.md"), re.MULTILINE)
    tables = text_of("pyproject.toml").split("[[tool.towncrier.type]]\n")[1:]

    assert told == [re.findall(r'^directory = "(.*)"', each)[0] for each in tables]


def test_changes_can_go_into_the_changelog() -> None:
    """Each fragment has a valid name, and text without a bullet."""
    folder = ROOT / "changelog.d"
    texts = {
        path.name: text_of(f"changelog.d/{path.name}") for path in folder.iterdir()
    }
    no_fragments = {"README.md", "template.md.jinja"}
    named = {name for name in texts if re.fullmatch(r"[a-z0-9-]+\.[a-z]+\.md", name)}

    assert named == set(texts) - no_fragments
    assert not [name for name in named if texts[name][0] in "-*#\n"]
