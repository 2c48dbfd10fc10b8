"""Releases, requirements and the steps after an upload, end to end on both products."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_run, a_test, recorded
from xray_bridge import cli
from xray_bridge.model.results import Outcome
from xray_sandbox import CREDENTIALS, RunningSandbox, running
from xray_sandbox.store.documents import ATTACHMENT, REMOTE_LINK


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.runs.run_directory import RunDirectory
    from xray_sandbox.store.rows import IssueRow

CI = {
    "name": "GitLab CI",
    "build_number": "812",
    "build_url": "https://gitlab.com/acme/api/-/pipelines/99",
    "branch": "release/4.0",
}
SERVER = {"XRAY_TOKEN": CREDENTIALS.token}
CLOUD = {
    "XRAY_CLIENT_ID": CREDENTIALS.client_id,
    "XRAY_CLIENT_SECRET": CREDENTIALS.client_secret,
    "XRAY_JIRA_USER": CREDENTIALS.user,
    "XRAY_JIRA_TOKEN": CREDENTIALS.token,
}


@dataclass
class World:
    """A sandbox, and the command that talks to it."""

    sandbox: RunningSandbox
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run ``xray-bridge``: exit code and output."""
        code = cli.main(arguments)
        said = self.capsys.readouterr()
        return code, said.out + said.err

    def record(self, **info: Any) -> RunDirectory:
        """One passed and one failed test; both cover the requirement CALC-70."""
        tests = [
            a_test("test_add", test_keys=("CALC-1",), requirements=("CALC-70",)),
            a_test("test_sub", test_keys=("CALC-2",), requirements=("CALC-70",)),
        ]
        outcomes = (Outcome.PASSED, Outcome.FAILED)
        results = [
            a_run(each, test=test) for each, test in zip(outcomes, tests, strict=True)
        ]
        given = {"ci": CI, "run_id": "gitlab-99", "settings": {"upload": "yes"}}
        return recorded(self.folder, *results, **{**given, **info})

    def upload(self, directory: RunDirectory, *flags: str) -> tuple[int, str, str]:
        """Upload a run: exit code, output and the Test Execution."""
        code, said = self.run("upload", str(directory.path), *flags)
        return code, said, directory.state.test_execution

    def issue(self, key: str) -> IssueRow:
        """An issue."""
        found = self.sandbox.store.issue(key)
        assert found is not None
        return found


@pytest.fixture(params=[SERVER, CLOUD], ids=["server", "cloud"])
def world(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[World]:
    """The demo project with a board, an active sprint and an open version."""
    monkeypatch.chdir(tmp_path)
    with running(tmp_path / "data") as sandbox:
        for name, value in request.param.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("XRAY_URL", sandbox.url)
        monkeypatch.setenv("XRAY_PROJECT", "CALC")
        monkeypatch.setenv("XRAY_SKIP_PROXY", "yes")
        if request.param is CLOUD:
            monkeypatch.setenv("XRAY_JIRA_URL", f"{sandbox.url}/jira-cloud")
        store = sandbox.store
        for name in ("v1.0", "v2.0", "v3.0"):
            store.change_version("CALC", name, released=True)
        store.change_version("CALC", "v4.0", releaseDate="2027-01-02")
        board = store.add_board("CALC", "Team")
        store.add_sprint(board, "Alpha", "active", end="2026-12-24T10:00:00.000Z")
        store.add_sprint(board, "Beta")
        yield World(sandbox, tmp_path, capsys)


STEPS = (
    *("--fix-version", "auto", "--sprint", "active", "--transition", "done"),
    *("--attach", "report.html", "--link-build", "--link-requirements"),
)


def test_all_steps_are_done(world: World) -> None:
    """Each shows in Jira, and in the messages."""
    Path("report.html").write_text("<p>All is well</p>")
    code, said, key = world.upload(world.record(), *STEPS)
    store, row = world.sandbox.store, world.issue(key)

    assert code == 0, said
    assert "the fix version is v4.0 (the branch release/4.0)" in said
    assert row.fix_versions == ("v4.0",)
    assert row.fields["status"] == "Done"
    assert f"{key} is in sprint Alpha" in said
    [attached] = store.documents(ATTACHMENT, row.id)
    assert attached.name == "report.html"
    [link] = store.documents(REMOTE_LINK, row.id)
    assert "xray-bridge:ci:gitlab-99" in (link.name, str(link.content))
    covering = store.tests_covering(world.issue("CALC-70"))
    assert {"CALC-1", "CALC-2"} <= {each.key for each in covering}


def test_failed_step_is_done_by_a_resend(world: World) -> None:
    """And the others are not done twice."""
    code, said, key = world.upload(world.record(), *STEPS)
    Path("report.html").write_text("<p>All is well</p>")
    again = world.run("resend", *STEPS)
    last = world.run("resend", *STEPS)
    store, row = world.sandbox.store, world.issue(key)

    assert code == 84
    assert "attach: not attached: report.html does not exist" in said
    assert again[0] == 0, again[1]
    assert f"attached report.html to {key}" in again[1]
    assert "Nothing to send" in last[1]
    assert len(store.documents(ATTACHMENT, row.id)) == 1
    assert len(store.documents(REMOTE_LINK, row.id)) == 1
    assert row.fields["status"] == "Done"


@pytest.mark.parametrize(
    ("lacks", "flags", "why"),
    [
        ("TRANSITION_ISSUES", ("--transition", "Done"), "no transition leads to Done"),
        ("CREATE_ATTACHMENTS", ("--attach", "report.html"), "report.html"),
        ("SCHEDULE_ISSUES", ("--sprint", "active"), "sprint"),
        (
            "ADMINISTER_PROJECTS",
            ("--fix-version", "9.9", "--create-version"),
            "needs the permission Administer Projects in CALC",
        ),
    ],
)
def test_missing_permission_costs_no_result(
    world: World, lacks: str, flags: tuple[str, ...], why: str
) -> None:
    """The results are there; the exit code is 84."""
    Path("report.html").write_text("<p>All is well</p>")
    world.sandbox.store.taken_away.add(lacks)
    code, said, key = world.upload(world.record(), *flags)
    execution = world.sandbox.store.test_execution(key)

    assert code == 84
    assert why in said
    assert execution is not None
    assert len(execution.runs) == 2


def test_version_is_created(world: World) -> None:
    """From the tag of the run, spelt like the others."""
    directory = world.record(ci={**CI, "tag": "5.0"})
    flags = ("--fix-version", "auto", "--create-version")
    code, said, key = world.upload(directory, *flags)

    assert code == 0, said
    assert "created the version v5.0 in CALC (the tag 5.0)" in said
    assert world.issue(key).fix_versions == ("v5.0",)


def test_required_field_of_a_transition(world: World) -> None:
    """Its values are named; with one of them it works."""
    world.sandbox.store.required.add("transition resolution")
    directory = world.record()
    code, said, key = world.upload(directory, "--transition", "Done")
    flags = ("--transition", "Done; Resolution = Duplicate")
    again = world.run("resend", *flags)

    assert code == 84
    assert "needs Resolution (Done, Won't Do, Duplicate, Cannot Reproduce)" in said
    assert again[0] == 0, again[1]
    assert world.issue(key).fields["resolution"] == "Duplicate"


def test_releases_are_listed(world: World) -> None:
    """What fix version and sprint can be."""
    code, said = world.run("releases", "list")

    assert code == 0
    assert "v4.0     unreleased         2027-01-02" in said
    assert "Alpha   active" in said
    assert "Beta    future" in said


def test_coverage_of_an_upload(world: World) -> None:
    """The failed Test decides; a bug on its Test Run is open."""
    store = world.sandbox.store
    _, _, key = world.upload(world.record(), "--link-requirements")
    bug = store.add_issue("Bug", project="CALC", summary="Wrong difference")
    execution = store.test_execution(key)
    assert execution is not None
    failed = next(run for run in execution.runs if run.test_key == "CALC-2")
    store.change_defects(failed.id, (bug,))
    pulled = world.run("requirements", "pull")
    code, said = world.run("requirements", "coverage", "--no-collect", "--json")
    [row] = [e for e in json.loads(said)["requirements"] if e["key"] == "CALC-70"]

    assert pulled[0] == 0, pulled[1]
    assert code == 0, said
    assert row["coverage"] == "NOK"
    statuses = {each["key"]: each["status"][:4] for each in row["tests"]}
    assert {"CALC-1": "PASS", "CALC-2": "FAIL"}.items() <= statuses.items()
    assert [each["key"] for each in row["open_defects"]] == [bug]

    store.change_status(bug, "Done")
    said = world.run("requirements", "coverage", "--no-collect", "--json")[1]
    [row] = [e for e in json.loads(said)["requirements"] if e["key"] == "CALC-70"]

    assert row["open_defects"] == []


def test_epic_and_its_children(world: World) -> None:
    """Issues below an Epic are pulled, and count for it."""
    store = world.sandbox.store
    epic = store.add_issue("Epic", project="CALC", summary="Arithmetic")
    parent = {"key": epic, "id": str(world.issue(epic).id)}
    fields = {"parent": parent}
    child = store.add_issue("Task", project="CALC", summary="Add", fields=fields)
    store.link_issues("Tests", world.issue("CALC-1").id, world.issue(child).id)
    world.upload(world.record())
    code, said = world.run(
        "requirements", "coverage", "--types", "Epic", "--no-collect", "--json"
    )
    found = {e["key"]: e for e in json.loads(said)["requirements"]}

    assert code == 0, said
    assert set(found) == {epic, child}
    assert found[child]["parent"] == epic
    assert found[epic]["coverage"] in {"OK", "no requirement", "UNCOVERED"}
    assert found[child]["coverage"] == "OK"
