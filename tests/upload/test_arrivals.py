"""The record of reports that have arrived, with a full disk and Ctrl-C."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from xray_bridge.client.import_answer import ImportAnswer
from xray_bridge.client.import_requests import Execution, Report
from xray_bridge.client.request import Request
from xray_bridge.errors import RefusedError, RunDirectoryError
from xray_bridge.runs.run_directory import RunDirectory
from xray_bridge.upload.arrivals import Arrivals
from xray_bridge.upload.parallel import send_rest
from xray_bridge.upload.posting import Target
from xray_bridge.upload.shipment import Shipment
from xray_bridge.upload.unasked import Unasked


if TYPE_CHECKING:
    from xray_bridge.client.xray import Xray

ANSWER = ImportAnswer(key="CALC-1")


def test_full_disk_between_two_arrivals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The half line of the one does not spoil that of the next."""
    directory = RunDirectory(tmp_path)
    arrivals = Arrivals(directory)
    arrivals.note("first", ANSWER)

    def full(_: int) -> None:
        os.truncate(tmp_path / "arrived.jsonl", arrivals_size + 5)
        raise OSError(errno.ENOSPC, "No space left on device")

    arrivals_size = (tmp_path / "arrived.jsonl").stat().st_size
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        arrivals.note("second", ANSWER)
    arrivals.note("third", ANSWER)

    found = Arrivals(directory)

    assert "No space left" in arrivals.trouble
    assert [each in found for each in ("first", "second", "third")] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"said": None},
        {"key": 7},
        {"accepted": [None]},
        {"refused": [{"key": 1}]},
        {"found": "CALC-1"},
        {"resent": "no"},
        {"unknown": ""},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_an_answer_of_another_type_is_damage(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    """A note that another version or a stranger wrote is refused as a whole."""
    answer = {"key": "CALC-1", "accepted": ["CALC-2"], "refused": [], "found": []}
    line = {"report": "results", "answer": {**answer, **changes}}
    (tmp_path / "arrived.jsonl").write_text(f"{json.dumps(line)}\n", "ascii")

    with pytest.raises(RunDirectoryError, match="is damaged"):
        Arrivals(RunDirectory(tmp_path))


def test_nothing_is_begun_after_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Queued reports are not sent; the next upload sends them."""
    begun: list[str] = []

    class Server:
        """Takes all there is."""

        def import_results(self, request: Request) -> ImportAnswer:
            """Note it."""
            begun.append(request.path)
            if len(begun) == 1:
                interrupted.append(True)
            return ANSWER

    interrupted: list[bool] = []

    def result(_: object) -> None:
        while not interrupted:
            pass
        raise KeyboardInterrupt

    monkeypatch.setattr("concurrent.futures.Future.result", result)
    path = tmp_path / "report"
    path.touch()
    shipments = [
        Shipment(
            id=str(number),
            report=Report(format="junit", path=path),
            sent_as="junit",
            fill=lambda key: Request(method="POST", path=key),
        )
        for number in range(500)
    ]
    arrivals = Arrivals(RunDirectory(tmp_path))
    xray = cast("Xray", Server())
    target = Target(xray=xray, key="CALC-1", unasked=Unasked(Execution()))

    with pytest.raises(KeyboardInterrupt):
        send_rest(shipments, target, arrivals, jobs=1)

    assert 1 <= len(begun) < len(shipments)


class Screen:
    """Xray, which takes results once the label is left out."""

    def __init__(self, status: int = 400) -> None:
        self.status = status
        self.sent: list[str] = []

    def import_results(self, request: Request) -> ImportAnswer:
        """Note which label came, and refuse it."""
        self.sent.append(request.path)
        if request.path:
            msg = "labels: not on the screen"
            raise RefusedError(msg, status=self.status, said=msg)
        return ANSWER


def target_of(screen: Screen, execution: Execution) -> tuple[Target, Unasked]:
    """An existing Test Execution on it, and what is said of it."""
    unasked = Unasked(execution)
    xray = cast("Xray", screen)
    return Target(xray=xray, key="CALC-1", unasked=unasked), unasked


def test_filled_without_what_is_refused() -> None:
    """The same results go out again, without what nobody has asked for."""
    screen = Screen()
    target, unasked = target_of(screen, Execution(label="xray-bridge-run"))

    def request_to(key: str) -> Request:
        assert key == "CALC-1"
        return Request(method="POST", path=unasked.execution.label)

    assert target.fill(request_to) == ANSWER
    assert screen.sent == ["xray-bridge-run", ""]


def test_refusal_of_something_else_is_one() -> None:
    """Nothing can be left out for it: one request, and the error."""
    screen = Screen(status=403)
    target, _ = target_of(screen, Execution(label="xray-bridge-run"))

    with pytest.raises(RefusedError, match="not on the screen"):
        target.fill(lambda _: Request(method="POST", path="any"))

    assert screen.sent == ["any"]
