"""``xray-bridge releases list``: what fix version and sprint can be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from xray_bridge import cli


if TYPE_CHECKING:
    from tests.scripted_xray import Xray

VERSIONS = "/rest/api/2/project/CALC/versions"
BOARD = "/rest/agile/1.0/board"
SPRINTS = f"{BOARD}/4/sprint"


@pytest.fixture(autouse=True)
def _project(server: Xray) -> None:
    """A project with three versions, and a board with one sprint."""
    server.script = {
        VERSIONS: [
            [
                {"name": "1.0", "released": True, "releaseDate": "2026-01-02"},
                {"name": "0.9", "archived": True},
                {"name": "2.0", "startDate": "2026-03-04"},
            ]
        ],
        BOARD: [{"values": [{"id": 4, "name": "Team", "type": "scrum"}]}],
        SPRINTS: [
            {
                "values": [
                    {
                        "id": 7,
                        "name": "Alpha\nBeta",
                        "state": "active",
                        "startDate": "2026-11-20T10:00:00.000Z",
                        "endDate": "2026-12-04T10:00:00.000Z",
                    }
                ]
            }
        ],
    }


def listed(capsys: pytest.CaptureFixture[str], *flags: str) -> tuple[int, str]:
    """Run the command: exit code and output."""
    code = cli.main(["releases", "list", *flags])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_two_tables(capsys: pytest.CaptureFixture[str]) -> None:
    """Versions with their dates, and sprints of the board."""
    code, said = listed(capsys)

    assert code == 0
    assert [line.rstrip() for line in said.splitlines()] == [
        "VERSION  STATE       START       RELEASE",
        "1.0      released                2026-01-02",
        "2.0      unreleased  2026-03-04",
        "Sprints of board 4 Team:",
        "ID  SPRINT      STATE   START       END",
        "7   Alpha Beta  active  2026-11-20  2026-12-04",
    ]


def test_all_of_them(server: Xray, capsys: pytest.CaptureFixture[str]) -> None:
    """Archived versions and closed sprints."""
    said = listed(capsys, "--all")[1]

    assert "0.9      archived" in said
    assert server.sent[-1].query["state"] == "active,future,closed"


def test_document_has_all_fields(capsys: pytest.CaptureFixture[str]) -> None:
    """Dates are as Jira gives them."""
    found = json.loads(listed(capsys, "--json")[1])

    assert found["project"] == "CALC"
    assert found["versions"][1]["name"] == "2.0"
    assert found["board"]["id"] == "4"
    assert found["sprints"][0]["end"] == "2026-12-04T10:00:00.000Z"


def test_versions_are_listed_without_a_board(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says why there are no sprints, and what to set."""
    boards = [{"id": n, "name": f"B{n}", "type": "scrum"} for n in (4, 5)]
    server.script[BOARD] = [{"values": boards}]
    code, said = listed(capsys)

    assert code == 0
    assert "No sprints: there are several boards in CALC: 4 B4, 5 B5" in said


def test_project_without_boards_has_no_sprint_to_unset(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command asks for no sprint, so its line names no setting."""
    server.script[BOARD] = [{"values": []}]
    code, said = listed(capsys)

    assert code == 0
    assert said.endswith("No sprints: there is no board with sprints in CALC\n")


def test_board_that_is_set_has_to_exist(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name is an error."""
    code, said = listed(capsys, "--board", "Other")

    assert code == 2
    assert "there is no board Other in CALC, only 4 Team" in said


def test_empty_project(server: Xray, capsys: pytest.CaptureFixture[str]) -> None:
    """Both tables are missing."""
    server.script |= {VERSIONS: [[]], SPRINTS: [{"values": []}]}
    said = listed(capsys)[1]

    assert "CALC has no versions." in said
    assert "There are none." in said


def test_project_is_needed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the flag."""
    monkeypatch.delenv("XRAY_PROJECT")
    code, said = listed(capsys)

    assert code == 2
    assert "give --project KEY" in said


def test_cloud_needs_a_login_to_jira(
    cloud: Xray, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Xray Cloud knows no versions."""
    del cloud
    monkeypatch.delenv("XRAY_TOKEN")
    code, said = listed(capsys)

    assert code == 2
    assert "there is no login to the Jira site (set XRAY_JIRA_URL" in said
