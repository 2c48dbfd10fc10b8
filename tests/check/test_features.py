"""``check --features``: the permission table, filled in for this account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from xray_bridge import cli
from xray_sandbox import CREDENTIALS, running


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from xray_sandbox import RunningSandbox

    Check = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningSandbox]:
    """A running sandbox with the demo project, to which the environment points."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XRAY_PROJECT", "CALC")
    with running(tmp_path / "sandbox") as server:
        monkeypatch.setenv("XRAY_URL", server.url)
        monkeypatch.setenv("XRAY_TOKEN", CREDENTIALS.token)
        yield server


@pytest.fixture
def cloud(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    """The same as Cloud, with a login to its Jira site."""
    for name, value in {
        "XRAY_CLIENT_ID": CREDENTIALS.client_id,
        "XRAY_CLIENT_SECRET": CREDENTIALS.client_secret,
        "XRAY_JIRA_URL": f"{sandbox.url}/jira-cloud",
        "XRAY_JIRA_USER": CREDENTIALS.user,
        "XRAY_JIRA_TOKEN": CREDENTIALS.token,
        "XRAY_JIRA_API_URL": f"{sandbox.url}/atlassian",
        "XRAY_JIRA_CLOUD_ID": "a-cloud-id",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("XRAY_TOKEN")
    return sandbox


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """Run the command: exit code and document."""

    def run(features: str, *flags: str) -> tuple[int, dict[str, Any]]:
        code = cli.main(["check", "--features", features, "--json", *flags])
        return code, json.loads(capsys.readouterr().out)

    return run


def finding(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The finding of a feature."""
    [found] = [e for e in document["findings"] if e["what"] == f"for_{name}"]
    return dict(found)


def rows(document: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """The rows of a feature by their purpose."""
    table = document["features"]["permissions"]
    return {each["purpose"]: each for each in table if each["feature"] == name}


@pytest.mark.usefixtures("sandbox")
def test_all_features_are_well(check: Check) -> None:
    """An account with all permissions has a line for each feature."""
    code, found = check("all")
    names = ("builds", "defects", "requirements", "releases", "execution")

    assert code == 0
    assert all(finding(found, name)["ok"] for name in names)
    assert found["features"]["scopes"] == {}


def test_missing_permission_is_named(check: Check, sandbox: RunningSandbox) -> None:
    """With its purpose; only the features that need it are wrong."""
    sandbox.store.taken_away.add("CREATE_ATTACHMENTS")
    code, found = check("defects,requirements")

    assert code == 85
    assert finding(found, "requirements")["ok"] is True
    assert finding(found, "defects")["message"] == (
        "the account lacks permissions in CALC: Create Attachments (for evidence)"
    )
    assert rows(found, "defects")["for evidence"]["has"] is False


@pytest.mark.parametrize(
    ("required", "field"), [("duedate", "Due Date"), ("fixVersions", "Fix Versions")]
)
def test_required_field_needs_its_permission(
    check: Check, sandbox: RunningSandbox, required: str, field: str
) -> None:
    """The fields of this project's bugs decide."""
    before = rows(check("defects")[1], "defects")
    sandbox.store.required.add(required)
    after = rows(check("defects")[1], "defects")

    assert before[f"for the field {field} (not required here)"]["is_needed"] is False
    assert after[f"for the field {field} (required here)"]["is_needed"] is True


def test_field_that_jira_hides_is_undecided(
    check: Check, sandbox: RunningSandbox
) -> None:
    """Jira shows it only to accounts with the permission."""
    sandbox.store.taken_away.add("SCHEDULE_ISSUES")
    code, found = check("defects")
    row = rows(found, "defects")["for the field Due Date (not on the screen)"]

    assert code == 0
    assert (row["is_needed"], row["has"]) == (None, False)


@pytest.mark.parametrize(
    ("flags", "permission"),
    [
        (("--create-version",), "ADMINISTER_PROJECTS"),
        (("--sprint", "active"), "SCHEDULE_ISSUES"),
        (("--transition", "Done"), "TRANSITION_ISSUES"),
        (("--link-requirements",), "LINK_ISSUES"),
    ],
)
def test_setting_needs_its_permission(
    check: Check, sandbox: RunningSandbox, flags: tuple[str, ...], permission: str
) -> None:
    """What is not set is not needed."""
    sandbox.store.taken_away.add(permission)
    names = "releases,execution,requirements"

    def wrong(document: dict[str, Any]) -> list[str]:
        found = document["findings"]
        return [e["what"] for e in found if e["ok"] is False and "for_" in e["what"]]

    assert wrong(check(names)[1]) == []
    assert len(wrong(check(names, *flags)[1])) == 1


@pytest.mark.usefixtures("cloud")
def test_cloud_names_scopes_and_credentials(check: Check) -> None:
    """Builds belong to no user; tokens with scopes need these."""
    code, found = check("builds,requirements,releases")

    assert code == 85
    assert finding(found, "builds")["ok"] is False
    assert "XRAY_JIRA_CLIENT_ID is not set" in finding(found, "builds")["message"]
    assert found["features"]["scopes"]["requirements"] == [
        "read:jira-work",
        "write:jira-work",
    ]
    assert "builds" not in found["features"]["scopes"]


@pytest.mark.usefixtures("cloud")
def test_cloud_gets_a_token_for_builds(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong secret is told before the first build is sent."""
    monkeypatch.setenv("XRAY_JIRA_CLIENT_ID", "nobody")
    monkeypatch.setenv("XRAY_JIRA_CLIENT_SECRET", "wrong-secret-of-nobody")
    found = check("builds")[1]

    assert finding(found, "builds")["ok"] is not True


def test_cloud_without_a_login_is_told(
    check: Check, cloud: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only Jira knows permissions."""
    del cloud
    monkeypatch.delenv("XRAY_JIRA_TOKEN")
    found = check("requirements")[1]

    assert finding(found, "requirements")["ok"] is None
    assert "XRAY_JIRA_TOKEN" in finding(found, "requirements")["hint"]


@pytest.mark.usefixtures("sandbox")
def test_project_that_does_not_exist_is_told(check: Check) -> None:
    """The feature cannot be used there."""
    code, found = check("requirements", "--project", "NOPE")

    assert code == 85
    assert finding(found, "requirements")["ok"] is False
    assert finding(found, "requirements")["message"] == "there is no project NOPE"


def test_unknown_feature_is_refused(
    capsys: pytest.CaptureFixture[str], sandbox: RunningSandbox
) -> None:
    """Before any request, with the names that there are."""
    del sandbox
    code = cli.main(["check", "--features", "builds,bugs"])

    assert code == 2
    assert "no feature 'bugs' (use builds, defects," in capsys.readouterr().err


def test_table_is_for_people(
    capsys: pytest.CaptureFixture[str], sandbox: RunningSandbox
) -> None:
    """One line for each permission and purpose."""
    sandbox.store.taken_away.add("LINK_ISSUES")
    cli.main(["check", "--features", "requirements", "--link-requirements"])
    said = capsys.readouterr().out

    assert "FEATURE       PERMISSION       NEEDED  THERE  PURPOSE" in said
    assert "requirements  Browse Projects  yes     yes    to read requirements" in said
    assert "requirements  Link Issues      yes     NO     to link Tests to" in said


def test_sprint_is_checked(check: Check, sandbox: RunningSandbox) -> None:
    """Before an upload needs it."""
    del sandbox
    findings = check("requirements", "--sprint", "999")[1]["findings"]
    [line] = [each for each in findings if each["what"] == "sprint"]

    assert line["ok"] is False
    assert "no sprint with the id 999" in line["message"]


def test_attachments_are_checked(check: Check, sandbox: RunningSandbox) -> None:
    """Jira says up to which size it takes them."""
    del sandbox
    findings = check("requirements", "--attach", "report.html")[1]["findings"]
    [line] = [each for each in findings if each["what"] == "attach"]

    assert line["ok"] is True
    assert "Jira takes files up to" in line["message"]
