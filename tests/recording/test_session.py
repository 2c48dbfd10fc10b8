"""A session of the core: what its second process answers, and what it prints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_run
from xray_bridge.config import resolve
from xray_bridge.model.receipt import DELIVERED, DRY_RUN, Receipt, Refused
from xray_bridge.recording.ending import Ending, describe_selection
from xray_bridge.recording.second_process import CommandResult
from xray_bridge.recording.session import Session
from xray_bridge.runs import codec


if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = ("{", " {", " },", " {", " },", "}")
REFUSED = Refused(key="", message="archived")


@dataclass
class Answers:
    """A second process that gives each command its answer."""

    folder: str
    content: dict[str, dict[str, Any]]
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, command: str, *_: object, **__: object) -> CommandResult:
        """The answer to a command."""
        return CommandResult(exit_code=0, content=self.content[command])


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session with a dry run."""
    given = {"dry_run": "yes", "project": "CALC", "report_dir": str(tmp_path)}
    settings = resolve.resolve([resolve.Layer("test", given, lambda s: s.name)], {})
    return Session(settings, framework="pytest", versions={}, root=str(tmp_path))


def publish(session: Session, receipt: Receipt, *checked: str) -> Ending:
    """The end of a session; ``checked`` are notices of the preflight."""
    content = {"check": {"notices": checked}, "upload": receipt.to_json()}
    folder = session.second_process.folder
    session.second_process = Answers(folder, content)  # type: ignore[assignment]
    session.preflight()
    session.start()
    session.record_line(codec.encode(a_run()))
    session.seal()
    ending = session.publish()
    assert ending is not None
    return ending


def test_equal_lines_are_all_printed(session: Session) -> None:
    """The document of a dry run stays complete."""
    ending = publish(session, Receipt(status=DRY_RUN, plan=DOCUMENT))

    assert ending.lines[1:] == tuple(f"  {line}" for line in DOCUMENT)


def test_equal_refusals_are_all_printed(session: Session) -> None:
    """Two tests that were refused with the same words are two lines."""
    receipt = Receipt(status=DELIVERED, refused=(REFUSED, REFUSED))
    ending = publish(session, receipt)

    assert ending.lines[2:] == ("Refused by Xray: archived",) * 2


def test_notices_of_both_processes_are_printed_once(session: Session) -> None:
    """The preflight and the upload note the same; each keeps what it says twice."""
    receipt = Receipt(status=DRY_RUN, notices=("old server", "new"))
    ending = publish(session, receipt, "old server", "twice", "twice")

    assert [line for line in ending.lines if line.startswith("Note: ")] == [
        "Note: old server",
        "Note: twice",
        "Note: twice",
        "Note: new",
    ]
    assert ending.receipt == receipt


def test_selected_tests_without_code() -> None:
    """They are named, up to a number."""
    some = describe_selection("CALC-15", ["CALC-1", "CALC-2"], {"CALC-1"})
    many = describe_selection("CALC-15", [f"CALC-{n}" for n in range(30)], ())

    assert some == "selected: 2 Tests of CALC-15; no collected test has the key CALC-2"
    assert many.endswith("CALC-19 and 10 more")


def test_a_preflight_that_is_off(tmp_path: Path) -> None:
    """No process is started before the tests."""
    given = {"dry_run": "yes", "preflight": "off", "report_dir": str(tmp_path)}
    settings = resolve.resolve([resolve.Layer("test", given, lambda s: s.name)], {})
    session = Session(settings, framework="behave", versions={}, root=str(tmp_path))
    # It has no answer to any command.
    session.second_process = Answers(str(tmp_path), {})  # type: ignore[assignment]

    session.preflight()

    assert session.notices == []
