"""
Count failures with an open defect as expected: the setting ``xfail_open_defects``.

Only sessions with this setting import it. With xdist it runs in the workers.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import annotator, options
from pytest_xray_bridge.guard import guard_hooks
from pytest_xray_bridge.names import ItemNames
from pytest_xray_bridge.outcomes import CALL, SETUP, WORKER
from xray_bridge.config import resolve
from xray_bridge.jira.defects.known import KnownDefects, from_content
from xray_bridge.model.results import TestIssue
from xray_bridge.recording.questions import OPEN_DEFECTS, ask
from xray_bridge.runs.running_test import address_of
from xray_bridge.runs.scrub import Scrub, local_folders


if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from xray_bridge.recording.session import Session

NAME = "xray-bridge-open-defects"
# The key in the input of a worker.
WORKER_INPUT = "xray_open_defects"
REASON = "known bug {}"


@guard_hooks
class Setup:
    """Asks which defects are open, before the first test; passes them to workers."""

    NAME = f"{NAME}-setup"

    def __init__(self, config: pytest.Config, session: Session) -> None:
        self._config = config
        self._session = session
        self._content: Mapping[str, Any] = {}

    # After the reporter's hook, whose check has asked, and before xdist's.
    def pytest_sessionstart(self) -> None:
        """Ask, if this session runs tests."""
        if options.runs_no_tests(self._config):
            return
        self._content = ask(self._session, OPEN_DEFECTS) or {}
        if self._config.pluginmanager.hasplugin("dsession"):
            return
        found = make(self._config, self._content, self._session.redact)
        if found is not None:
            self._config.pluginmanager.register(found, NAME)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give xdist's workers the open defects."""
        if self._content:
            redact = self._session.settings.redact
            node.workerinput[WORKER_INPUT] = to_worker_input(self._content, redact)


def to_worker_input(content: Mapping[str, Any], redact: str) -> dict[str, Any]:
    """Make the input of ``make_in_worker`` in the controller; builtins only."""
    return {"content": dict(content), "redact": redact}


def make_in_worker(config: pytest.Config) -> OpenDefects | None:
    """Make the plugin of one of xdist's workers from the controller's input."""
    given = options.worker_input(config)[WORKER_INPUT]
    redactor = resolve.redactor_of(os.environ, given["redact"])
    scrub = Scrub.of(redactor, local_folders(str(config.rootpath), os.environ))
    return make(config, given["content"], scrub.clean)


def make(
    config: pytest.Config, content: Mapping[str, Any], clean: Callable[[str], str]
) -> OpenDefects | None:
    """Make the plugin; None if no defect is open."""
    known = from_content(content, clean)
    return OpenDefects(config, known) if known else None


@guard_hooks
class OpenDefects:
    """Turns the failure of a test into an expected one if its defect is open."""

    def __init__(self, config: pytest.Config, known: KnownDefects) -> None:
        self._config = config
        self._known = known
        self._names = ItemNames(config)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Change the report as pytest does for the mark ``xfail``."""
        report = yield
        if report.outcome == "failed" and report.when in {SETUP, CALL}:
            key = self._find_key(item, report)
            if key:
                report.outcome = "skipped"
                report.wasxfail = REASON.format(key)
                self._add_defect(key)
        return report

    def _find_key(self, item: pytest.Item, report: pytest.TestReport) -> str:
        classname, name = address_of(item.nodeid)
        named = self._names.read(item)
        test = TestIssue(
            classname=named.get("classname", classname), name=named.get("name", name)
        )
        return self._known.find_key(test, WORKER.sub("", report.longreprtext))

    def _add_defect(self, key: str) -> None:
        """Link the defect to the Test Run, with the import of the result."""
        found = self._config.pluginmanager.get_plugin(annotator.NAME)
        if found is not None:
            found.annotations().defect(key)
