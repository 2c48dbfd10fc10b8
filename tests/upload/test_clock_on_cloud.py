"""The clock of Xray Cloud, which an upload has to know before it sends results."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.http import http_date

from tests import scripted
from tests.scripted_xray import PASSED
from xray_bridge.client.http import Http
from xray_bridge.runs import run_directory


if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scripted import Scripted
    from tests.scripted_xray import Sender, Xray
    from xray_bridge.client.request import Request
    from xray_bridge.client.response import Answer
    from xray_bridge.runs.run_directory import State

LOGIN = "/api/v2/authenticate"
IMPORT = "/api/v2/import/execution/junit/multipart"
GRAPHQL = "/api/v2/graphql"
AHEAD = 30.0


class KilledError(BaseException):
    """The process ends here."""


@pytest.fixture
def ahead(cloud: Xray, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """Xray Cloud, whose clock is ahead of ours, and whose search finds nothing."""
    headers = {"Date": http_date(time.time() + AHEAD)}
    answers = {
        LOGIN: cloud.script[LOGIN][0],
        IMPORT: cloud.script[IMPORT][0],
        GRAPHQL: {"data": {"getTestExecutions": {"total": 0, "results": []}}},
    }
    script = scripted.by_path(
        {
            path: (200, json.dumps(each).encode(), headers)
            for path, each in answers.items()
        }
    )
    with scripted.scripted(script) as server:
        monkeypatch.setenv("XRAY_URL", server.url)
        yield server


@pytest.mark.usefixtures("ahead")
def test_login_is_the_first_request(
    send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When results are noted as being sent, its answer has shown the clock."""
    directory = send.record(PASSED)
    noted: dict[str, State] = {}
    post = Http.send

    def note(http: Http, request: Request, **options: Any) -> Answer:
        noted[request.path] = directory.state
        return post(http, request, **options)

    monkeypatch.setattr(Http, "send", note)
    send.send(directory)

    assert list(noted) == [LOGIN, IMPORT]
    assert noted[LOGIN].state not in run_directory.IN_DOUBT
    assert noted[IMPORT].state == run_directory.SENDING
    assert noted[IMPORT].skew == pytest.approx(AHEAD, abs=5)


@pytest.mark.parametrize("set_forward", [3600.0, 1e7])
@pytest.mark.fault("J01")
def test_clock_that_is_set_forward_after_a_kill(
    ahead: Scripted, send: Sender, monkeypatch: pytest.MonkeyPatch, set_forward: float
) -> None:
    """The results are not sent again: by the server's clock, no time has passed."""
    directory = send.record(PASSED)
    wall, post = time.time, Http.send

    def send_until_killed(http: Http, request: Request, **options: Any) -> Answer:
        if request.path == IMPORT:
            raise KilledError
        return post(http, request, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Http, "send", send_until_killed)
        with pytest.raises(KilledError):
            send.send(directory)
    monkeypatch.setattr(time, "time", lambda: wall() + set_forward)

    outcomes = send.send(directory, command="resend")

    asked = [each for each in ahead.received if each.target == GRAPHQL]
    assert outcomes.exit_code == 81
    assert IMPORT not in {each.target for each in ahead.received}
    assert asked
    assert not [each for each in asked if b"mutation" in each.body]
