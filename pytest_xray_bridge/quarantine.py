"""
Spare the exit code of a session whose failures are all in quarantine.

Only sessions with a quarantine import it. pytest's own summary stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge.guard import guard_hooks, guarded
from pytest_xray_bridge.recorder import PHASES
from xray_bridge.recording import quarantine
from xray_bridge.runs.running_test import address_of


if TYPE_CHECKING:
    from xray_bridge.recording.session import Session
    from xray_bridge.runs.codec import Line

NAME = "xray-bridge-quarantine"
# The key in the input of a worker, and in its output.
WORKER_INPUT = DESELECTED = "xray_quarantine"
CRASHED = "its process crashed"


def begin(config: pytest.Config, session: Session) -> QuarantineReports:
    """Begin the quarantine of a session, after its check, and register its hooks."""
    found = QuarantineReports(config, session)
    config.pluginmanager.register(found, NAME)
    return found


@guard_hooks
class QuarantineReports:
    """Compares pytest's failures with those that are spared."""

    def __init__(self, config: pytest.Config, session: Session) -> None:
        self._config = config
        self._session = session
        self._verdicts = quarantine.begin(session)
        # Node ids of failed tests, with their workers.
        self._failed: set[tuple[str, object]] = set()
        self._reports = 0
        self._is_partial = _has_paths(config)
        self._has_crashed = False
        self._lines: list[str] = []

    def record_line(self, line: Line) -> None:
        """Judge a finished test, and record it."""
        self._judge(line)
        self._session.record_line(line)

    @guarded
    def _judge(self, line: Line) -> None:
        self._verdicts.judge(line)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure, as pytest counts it."""
        if not report.failed or hasattr(report, "wasxfail"):
            return
        self._reports += 1
        self._failed.add((report.nodeid, getattr(report, "node", None)))
        if report.when not in PHASES:
            self._has_crashed = True
            definition = ".".join(filter(None, address_of(report.nodeid)))
            self._verdicts.refuse(definition, CRASHED)

    def pytest_deselected(self) -> None:
        """Remember that tests of the project do not run."""
        self._is_partial = True

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Let a worker note that it deselects tests."""
        node.workerinput[WORKER_INPUT] = True

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take the note of a worker that has ended."""
        self._has_crashed |= bool(error)
        output = getattr(node, "workeroutput", {})
        self._is_partial |= bool(output.get(DESELECTED))

    def spare(self, session: pytest.Session) -> None:
        """Set the exit code to 0 if all failures are spared, and nothing is wrong."""
        is_full = not (self._is_partial or self._session.incomplete)
        if is_full:
            quarantine.note_tests(self._verdicts, self._session.folder)
        why_red = self._why_red(session)
        if self._verdicts.spared and not why_red:
            session.exitstatus = pytest.ExitCode.OK
        self._lines = self._verdicts.list_lines(why_red, is_full=is_full)

    def _why_red(self, session: pytest.Session) -> str:
        found = self._verdicts.why_red(self._session.incomplete)
        if found:
            return found
        if session.exitstatus != pytest.ExitCode.TESTS_FAILED:
            return f"pytest ends with {int(session.exitstatus)}"
        if self._has_crashed:
            return "a worker crashed"
        is_all = len(self._failed) == len(self._verdicts.spared)
        if not is_all or session.testsfailed != self._reports:
            return "there are failures that belong to no test of this run"
        return ""

    @property
    def lines(self) -> list[str]:
        """The lines for the end of the session."""
        return self._lines


@guard_hooks
class Deselected:
    """Notes in a worker that it deselects tests."""

    NAME = f"{NAME}-deselected"

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_deselected(self) -> None:
        """Remember that tests of the project do not run."""
        self._config.workeroutput[DESELECTED] = True  # type: ignore[attr-defined]


def _has_paths(config: pytest.Config) -> bool:
    """Whether the command line names files, folders or tests."""
    return config.args_source is pytest.Config.ArgsSource.ARGS
