"""What a terminal shows of things that take longer than a second."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from xray_bridge import progress
from xray_bridge.progress import (
    BYTES,
    PlainLine,
    RichBar,
    Step,
    counted,
    may_show,
    step,
)


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import TextIO

    from pytest_httpserver import HTTPServer
    from werkzeug import Request, Response

    from xray_bridge.progress import Display

# Seconds of a step that is shown, and of one that is not.
LONG, SHORT = 0.2, 0.0
PLAIN_TERMINAL = {"TERM": "xterm", "HOME": "/", "PATH": os.environ["PATH"]}


class Terminal(io.StringIO):
    """A terminal of a person, who may close its window."""

    is_gone = False

    def write(self, text: str) -> int:
        """Write to it as long as it is there."""
        if self.is_gone:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().write(text)

    def isatty(self) -> bool:
        """It is one, unless it is closed."""
        super().isatty()
        return True

    @property
    def lines(self) -> list[str]:
        """All that was drawn, one after the other."""
        return self.getvalue().replace("\x1b[K", "").split("\r")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal without rich, which shows what takes longer than 0.05 seconds."""
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    monkeypatch.setattr(progress, "TICK", 0.01)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    for name in progress.SILENT_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    found = Terminal()
    progress.enable(found)
    yield found
    progress.disable()


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Step("reading results"), "reading results"),
        (Step("importing feature files", 12), "importing feature files: 3 of 12"),
        (Step("reading", 12, "files"), "reading: 3 of 12 files"),
        (Step("sending", 34_000_000, BYTES), "sending: 0 of 34 MB"),
        (Step("sending", 3, BYTES, "and waiting"), "sending, and waiting"),
        (Step("sending", 900_000, BYTES, "and waiting"), "sending, and waiting"),
    ],
)
def test_text_of_a_step(found: Step, text: str) -> None:
    """It says what is done, and how much of it."""
    found.advance(3)

    assert found.describe() == text


@pytest.mark.parametrize(
    ("environ", "is_shown"),
    [
        ({}, True),
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "dumb"}, False),
        ({"CI": "true"}, False),
        ({"JENKINS_URL": "https://ci.example.com"}, False),
    ],
)
def test_who_sees_it(environ: Mapping[str, str], is_shown: bool) -> None:
    """A person at a terminal, and no log of a CI system."""
    assert may_show(Terminal(), environ) is is_shown
    assert not may_show(io.StringIO(), environ)
    assert not may_show(None, environ)


def test_closed_terminal_is_none() -> None:
    """A test may have closed the file."""
    closed = Terminal()
    closed.close()

    assert not may_show(closed, {})


def test_long_step_is_shown_and_removed(terminal: Terminal) -> None:
    """The line is there while the step runs, and gone afterwards."""
    with step("reading results"):
        time.sleep(LONG)

    assert "reading results" in terminal.lines
    assert terminal.lines[-1] == ""


def test_short_steps_are_not_shown(terminal: Terminal) -> None:
    """Nothing flickers."""
    for _ in range(50):
        with step("reading results"):
            time.sleep(SHORT)

    assert terminal.getvalue() == ""


def test_newest_step_is_shown(terminal: Terminal) -> None:
    """A wait within a step is what a person wants to know."""
    with step("importing feature files", 3), step("waiting 5 s"):
        time.sleep(LONG)

    assert "waiting 5 s" in terminal.lines
    assert "importing feature files: 0 of 3" not in terminal.lines


def test_counted_items(terminal: Terminal) -> None:
    """Each item that is taken advances the line."""
    for _ in counted(range(3), "writing the report", 3):
        time.sleep(LONG)

    assert "writing the report: 0 of 3" in terminal.lines
    assert "writing the report: 2 of 3" in terminal.lines


def test_items_are_not_touched_if_nothing_is_shown() -> None:
    """Nobody pays for a line that nobody sees."""
    items = range(3)

    assert counted(items, "writing the report", 3) is items


def test_line_makes_place_for_others(terminal: Terminal) -> None:
    """What is printed in between begins at the start of a line."""
    with step("reading results"):
        time.sleep(LONG)
        progress.clear()
        found = terminal.lines

    assert found[-1] == ""


@pytest.mark.parametrize("display", [PlainLine, RichBar])
def test_terminal_that_goes_away(
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    display: Callable[[TextIO], Display],
) -> None:
    """The step goes on: it may be an upload, which must not fail with its line."""
    monkeypatch.delitem(sys.modules, "rich.console")
    monkeypatch.setattr(progress, "make_display", display)
    with step("sending") as found:
        while "sending" not in terminal.getvalue():
            time.sleep(SHORT)
        terminal.is_gone = True
        time.sleep(LONG)
        found.advance()

    assert found.done == 1


def test_terminal_that_was_only_lent(terminal: Terminal) -> None:
    """Once the session has closed the pipe, nothing is written on its terminal."""
    until, ours = os.pipe()
    progress.disable()
    progress.enable(terminal, until)
    with step("asking the server"):
        time.sleep(LONG)
        os.close(ours)
        drawn = terminal.getvalue()
        time.sleep(LONG)

    assert "asking the server" in terminal.lines
    assert terminal.getvalue() == drawn
    progress.disable()
    os.close(until)


# A shell lets what it starts in the background ignore Ctrl-C.
HEAR_CTRL_C = """\
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""


def run_in_terminal(
    command: list[str], folder: Path, *, stop_at: str = "", **environ: str
) -> str:
    """
    Run a command in a terminal; what that terminal got.

    ``stop_at``: Ctrl-C is typed when the terminal shows this text.
    """
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", HEAR_CTRL_C, *command],
        cwd=folder,
        env={**PLAIN_TERMINAL, **environ},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    found = b""
    while block := _read(ours):
        found += block
        if stop_at and stop_at.encode() in found:
            os.killpg(process.pid, signal.SIGINT)
            stop_at = ""
    os.close(ours)
    process.wait()
    return found.decode()


def _read(file: int) -> bytes:
    try:
        return os.read(file, 4096)
    except OSError:
        # Linux: all other ends are closed.
        return b""


@pytest.fixture
def slow_xray(httpserver: HTTPServer) -> str:
    """The address of a server that takes its time for an import."""
    from werkzeug import Response

    def take(_: Request) -> Response:
        # Longer than a busy machine needs to show the line, and to stop.
        time.sleep(5)
        return Response('{"testExecIssue": {"id": "1", "key": "CALC-7", "self": ""}}')

    httpserver.expect_request("/rest/api/2/field").respond_with_json([])
    path = "/rest/raven/2.0/import/execution/junit/multipart"
    httpserver.expect_request(path).respond_with_handler(take)
    return httpserver.url_for("").rstrip("/")


WAITING = "sending, and waiting for the answer"
GREEN = "def test_it(): pass\n"


@pytest.mark.real_start
@pytest.mark.parametrize(("environ", "is_shown"), [({}, True), ({"CI": "true"}, False)])
def test_upload_of_a_command(
    tmp_path: Path, slow_xray: str, environ: dict[str, str], is_shown: bool
) -> None:
    """A person sees what it waits for; the log of a CI system stays clean."""
    (tmp_path / "r.xml").write_text(
        '<testsuite><testcase classname="a" name="b"/></testsuite>', "ascii"
    )
    command = [sys.executable, "-m", "xray_bridge", "upload", "r.xml"]

    found = run_in_terminal(
        [*command, "--project", "CALC", "--url", slow_xray],
        tmp_path,
        XRAY_TOKEN="a-token-of-a-test",
        **environ,
    )

    assert (WAITING in found) is is_shown
    assert "Test Execution: CALC-7" in found


@pytest.mark.real_start
@pytest.mark.parametrize(("flags", "is_shown"), [((), True), (("-q",), False)])
def test_upload_of_a_session(
    tmp_path: Path, slow_xray: str, flags: tuple[str, ...], is_shown: bool
) -> None:
    """pytest's terminal shows it, unless a person asked for less."""
    (tmp_path / "test_it.py").write_text(GREEN, "ascii")
    command = [sys.executable, "-m", "pytest", *flags, "--xray-upload"]

    found = run_in_terminal(
        [*command, "--xray-preflight=off", "--xray-project=CALC"],
        tmp_path,
        XRAY_URL=slow_xray,
        XRAY_TOKEN="a-token-of-a-test",
    )

    assert (WAITING in found) is is_shown
    assert "Test Execution: CALC-7" in found


@pytest.mark.real_start
def test_upload_goes_on_after_ctrl_c(tmp_path: Path, slow_xray: str) -> None:
    """The line of the upload is removed, and does not come back below the prompt."""
    (tmp_path / "test_it.py").write_text(GREEN, "ascii")
    command = [sys.executable, "-m", "pytest", "--xray-upload", "--xray-preflight=off"]

    found = run_in_terminal(
        [*command, "--xray-project=CALC"],
        tmp_path,
        stop_at=WAITING,
        XRAY_URL=slow_xray,
        XRAY_TOKEN="a-token-of-a-test",
    )

    before, cleared, after = found.rpartition(progress.CLEAR.decode())
    assert cleared
    assert WAITING in before
    assert "the upload was interrupted" in after
    assert WAITING not in after
    assert after.rstrip().endswith(f"resend {_find_run(tmp_path)}")


def _find_run(folder: Path) -> Path:
    (found,) = (folder / ".xray" / "runs").iterdir()
    return found.relative_to(folder)
