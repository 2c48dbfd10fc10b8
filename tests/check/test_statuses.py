"""Whether Xray has the statuses in the settings, checked before the first test."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass

import pytest
from werkzeug import Response

from tests.scripted_xray import Xray
from xray_bridge import cli


SERVER_STATUSES = "/rest/raven/2.0/api/settings/teststatuses"
GRAPHQL = "/api/v2/graphql"
NAMES = ("PASS", "FAIL", "TO DO", "EXECUTING", "ABORTED", "BLOCKED")
SETTINGS = {"data": {"getProjectSettings": {"projectId": "10400"}}}


def server_with(xray: Xray, answer: object) -> None:
    """Server answers the question for its statuses like this."""
    xray.script |= {
        "/rest/api/2/myself": [{"displayName": "Ann"}],
        "/rest/api/2/project/CALC": [{"versions": []}],
        "/rest/raven/2.0/api/xraylicense": [{"active": True}],
        SERVER_STATUSES: [answer],
    }


def cloud_with(xray: Xray, answer: object) -> None:
    """Cloud answers the question for its statuses like this."""
    xray.script[GRAPHQL] = [SETTINGS, answer]


@dataclass
class Checked:
    """The exit code and the output of the command."""

    code: int
    line: str


def check(capsys: pytest.CaptureFixture[str], statuses: str) -> Checked:
    """Run ``xray-bridge check``; its line on statuses."""
    code = cli.main(["check", "--statuses", statuses])
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if "statuses" in line.split()[:2]]
    return Checked(code, " ".join(line.split()))


def test_server_is_asked_over_rest(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """A status that Server has is fine."""
    server_with(server, [{"id": n, "name": name} for n, name in enumerate(NAMES)])

    found = check(capsys, "skipped=BLOCKED flaky=FAILED xfailed=todo")

    assert (found.code, found.line) == (0, "ok statuses Xray has BLOCKED, FAIL, TO DO")
    assert f"GET {SERVER_STATUSES}" in server.lines


def test_cloud_is_asked_by_graphql(
    cloud: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """Statuses of the other product count as Cloud's own."""
    names = ("PASSED", "FAILED", "TO DO", "ABORTED")
    cloud_with(cloud, {"data": {"getStatuses": [{"name": name} for name in names]}})

    found = check(capsys, "skipped=ABORTED flaky=FAIL")

    assert (found.code, found.line) == (0, "ok statuses Xray has ABORTED, FAILED")
    assert "getStatuses { name }" in json.loads(cloud.sent[-1].body)["query"]


def test_word_that_cloud_would_silently_make_to_do(
    cloud: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown status is wrong, and the line lists the known ones."""
    cloud_with(cloud, {"data": {"getStatuses": [{"name": "PASSED"}, {"name": "X"}]}})

    found = check(capsys, "skipped=SKIPPED flaky=PASS")

    assert found.code == 85
    assert found.line.startswith("WRONG statuses Xray does not have SKIPPED (")
    assert "PASSED, X" in found.line


UNTOLD = {
    "no permission": Response('{"error": "no"}', 403),
    "old version": Response("<status>404</status>", 404),
    "a page": Response("<html><body>Dashboard</body></html>", 200),
    "an object": {"statuses": []},
    "nothing": [],
    "words of no shape": [{"id": 1}, None, 7],
}


@pytest.mark.parametrize("answer", UNTOLD.values(), ids=list(UNTOLD))
def test_server_that_does_not_tell(
    server: Xray, capsys: pytest.CaptureFixture[str], answer: object
) -> None:
    """A status that cannot be checked is not wrong."""
    server_with(server, answer)

    found = check(capsys, "skipped=ABORTED")

    assert found.code == 0
    assert found.line.startswith("? statuses Xray does not say whether it has ABORTED")


@pytest.mark.parametrize(
    "answer",
    [{"errors": [{"message": "Cannot query field"}]}, {"data": {"getStatuses": None}}],
    ids=["errors", "null"],
)
def test_cloud_that_does_not_tell(
    cloud: Xray, capsys: pytest.CaptureFixture[str], answer: object
) -> None:
    """A status that cannot be checked is not wrong."""
    cloud_with(cloud, answer)

    found = check(capsys, "skipped=ABORTED")

    assert (found.code, found.line[:1]) == (0, "?")


def test_nobody_asks_without_need(
    server: Xray, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the setting there is no question."""
    server_with(server, [])

    code = cli.main(["check"])

    assert code == 0
    assert f"GET {SERVER_STATUSES}" not in server.lines
    assert "statuses" not in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["--offline"]], ids=["asked", "offline"])
def test_format_that_cannot_say_the_word(
    server: Xray,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:
    """A session finds it before its first test, also without a server."""
    given = {"upload": "yes", "format": "junit", "statuses": "skipped=ABORTED"}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(given)))

    code = cli.main(["check", "--json", "--given", "-", *arguments])

    error = json.loads(capsys.readouterr().out)["error"]
    assert (code, error["slug"]) == (2, "setting")
    assert "xray_format = junit cannot hold xray_statuses" in error["message"]
    assert server.sent == []
