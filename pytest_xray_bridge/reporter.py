"""
What a session that was asked for registers, and the reporter among it.

The annotator runs where tests run (in the workers, under xdist); the reporter
runs once, where their reports arrive.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from pytest_xray_bridge import annotator, options, selection
from pytest_xray_bridge.crash_notes import Notes
from pytest_xray_bridge.recorder import Recorder
from pytest_xray_bridge.wire import FAULTS, OURSELVES, fault
from xray_bridge.ci import detect
from xray_bridge.ci.escape import tame
from xray_bridge.config import resolve
from xray_bridge.errors import (
    FeaturesError,
    RunDirectoryError,
    UsageError,
    XrayBridgeError,
)
from xray_bridge.recording.second_process import SecondProcess, SecondProcessError
from xray_bridge.recording.session import Ending, Session, describe_selection


if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from xray_bridge.config.settings import Settings
    from xray_bridge.model.receipt import Receipt

F = TypeVar("F", bound="Callable[..., Any]")
NAME = "xray-bridge-session"
OWN_FAULT = 83


def register(config: pytest.Config) -> None:
    """
    Register what this process needs, if its settings ask for anything.

    Raises UsageError for settings that are wrong.
    """
    if options.is_worker(config):
        _register_in_worker(config)
        return
    if options.looks_only(config) and not options.lists_selection(config):
        return
    try:
        settings = settings_of(config)
    except XrayBridgeError as error:
        raise pytest.UsageError(str(error)) from None
    if settings is None:
        return
    session = Session(
        settings,
        framework="pytest",
        versions=_versions(config),
        root=str(config.rootpath),
    )
    config.pluginmanager.register(Reporter(config, session), NAME)
    if settings.wants_record and not config.pluginmanager.hasplugin("dsession"):
        found = annotator.Annotator(
            config, settings.tag_prefixes, lambda: session.evidence
        )
        config.pluginmanager.register(found, annotator.NAME)


def _register_in_worker(config: pytest.Config) -> None:
    """What the controller has told it to have."""
    told = options.worker_input(config)
    register = config.pluginmanager.register
    if "xray" in told:
        register(annotator.in_worker(config), annotator.NAME)
    if selection.TOLD in told:
        register(selection.in_worker(config), selection.NAME)


def settings_of(config: pytest.Config) -> Settings | None:
    """
    The settings of this session, from all doors; None where it asks for nothing.

    Then what is set for those who do may be incomplete here, such as an unset
    ``${NAME}`` on a developer's machine. Raises SettingError and UsageError.
    """
    environ = SecondProcess().environ
    source, in_ini = options.given_in_ini(config)
    layers = [
        resolve.command_line(options.given_on_command_line(config), pytest=True),
        resolve.environment(environ),
        resolve.ini(source, in_ini, config.inipath.parent if config.inipath else None),
        resolve.shared_file(config.rootpath),
        resolve.from_ci(detect.detect(environ)),
    ]
    found = [layer for layer in layers if layer]
    names = frozenset(setting.name for setting in options.SWITCHES)
    switches = resolve.resolve(found, environ, only=names)
    asked = (
        switches.wants_record,
        switches.wants_export,
        switches.wants_selection,
    )
    return resolve.resolve(found, environ) if any(asked) else None


def _versions(config: pytest.Config) -> dict[str, str]:
    found = {"pytest": pytest.__version__}
    for _, distribution in config.pluginmanager.list_plugin_distinfo():
        if distribution.project_name in {"pytest-xdist", "pytest-bdd"}:
            found[distribution.project_name] = distribution.version
    return found


def guarded(method: F) -> F:
    """
    Keep our own faults out of the user's session.

    They are remembered and said at the end; a result may be lost by one, the
    session never is.
    """

    @functools.wraps(method)
    def inner(self: Reporter, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except FAULTS as error:
            self.faults.append(fault(OURSELVES, error))
            return None

    return inner  # type: ignore[return-value]


class Reporter:
    """Takes reports from start to end of a session; one in a whole test run."""

    def __init__(self, config: pytest.Config, session: Session) -> None:
        self._config = config
        self._session = session
        self._notes = Notes()
        self._recorder = Recorder(
            session.record_line,
            time.time,
            notes=self._notes,
            grouped=config.getoption("dist", "no") == "loadgroup",
            captures=session.settings.captures,
        )
        self._collected = 0
        self._copies = 1
        self._interrupted = False
        self._problems: dict[str, None] = {}
        self._selected: dict[str, str] = {}
        self._in_code: set[str] = set()
        self.faults: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Fetch features, ask the server, open the journal: before any test."""
        try:
            self._session.export_features()
            self._select()
            if options.looks_only(self._config):
                return
            self._ask_for_fields()
            self._session.preflight()
            self._session.start()
            self._notes.folder = self._session.folder
            os.environ[options.SESSION] = self._session.folder or "features"
        except (FeaturesError, SecondProcessError) as error:
            pytest.exit(f"xray-bridge: {error}", returncode=FeaturesError.exit_code)
        except (XrayBridgeError, RunDirectoryError) as error:
            raise pytest.UsageError(f"xray-bridge: {error}") from None

    def _select(self) -> None:
        """Which tests are to run, if not all that are collected."""
        settings = self._session.settings
        if not settings.wants_selection:
            return
        self._selected = self._session.fetch_selected()
        if not self._config.pluginmanager.hasplugin("dsession"):
            found = selection.Selector(
                self._config, self._selected, settings.tag_prefixes
            )
            self._config.pluginmanager.register(found, selection.NAME)

    def _ask_for_fields(self) -> None:
        """Fields of the Test Execution that users' hooks add; the first one wins."""
        settings = self._session.settings
        if not (settings.wants_upload or settings.collect):
            return
        try:
            answers = self._config.hook.pytest_xray_execution_fields(
                config=self._config
            )
            found = {k: v for each in reversed(answers) for k, v in dict(each).items()}
        except FAULTS as error:
            said = f"{type(error).__name__}: {error}"
            msg = f"pytest_xray_execution_fields: {said}"
            raise UsageError(msg) from None
        if found:
            self._session.add_execution_fields(found)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell xdist's workers that this session is ours."""
        settings = self._session.settings
        if settings.wants_record:
            node.workerinput["xray"] = annotator.as_worker_input(
                self._session.folder,
                settings.tag_prefixes,
                settings.evidence_limit[0],
                settings.redact,
            )
        if self._selected:
            told = selection.as_worker_input(self._selected, settings.tag_prefixes)
            node.workerinput[selection.TOLD] = told

    @pytest.hookimpl(optionalhook=True)
    @guarded
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear from a worker that has ended."""
        output = getattr(node, "workeroutput", {})
        self._in_code.update(output.get(selection.IN_CODE, ()))
        self._problems |= dict.fromkeys(output.get(annotator.PROBLEMS, ()))
        for notice in output.get(annotator.NOTICES, ()):
            self._session.add_notice(notice)

    @guarded
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test has ended."""
        self._recorder.add(report)

    @guarded
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember what could not be collected: its tests will be missing."""
        if report.failed:
            self._session.add_incomplete(f"{report.nodeid} could not be collected")
        elif report.skipped:
            self._session.add_notice(
                f"{report.nodeid} was skipped whole, at collection"
            )

    @guarded
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember how many tests there are to be."""
        self._collected = max(self._collected, len(session.items))
        found = self._config.pluginmanager.get_plugin(annotator.NAME)
        for notice in found.notices if found else ():
            self._session.add_notice(notice)

    @pytest.hookimpl(optionalhook=True)
    @guarded
    def pytest_xdist_setupnodes(self, specs: Sequence[object]) -> None:
        """Remember how often each test is to run: ``--dist each`` is once a worker."""
        if self._config.getoption("dist", "no") == "each":
            self._copies = len(specs)

    @pytest.hookimpl(optionalhook=True)
    @guarded
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Remember how many tests there are to be."""
        self._collected = max(self._collected, len(ids))

    @guarded
    def pytest_internalerror(self) -> None:
        """Remember that pytest itself broke down."""
        self._session.add_incomplete("pytest ended with an internal error")

    @guarded
    def pytest_keyboard_interrupt(
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> None:
        """Tell Ctrl-C and ``pytest.exit`` from pytest's own ways to stop early."""
        kinds = (KeyboardInterrupt, pytest.exit.Exception)
        self._interrupted = excinfo.type in kinds

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(
        self, session: pytest.Session
    ) -> Generator[None, object, object]:
        """Close the journal first, upload when everybody else is done."""
        self._seal()
        try:
            return (yield)
        finally:
            self._finish(session)

    @guarded
    def _seal(self) -> None:
        self._note_selection()
        self._recorder.close(interrupted=self._interrupted)
        if self._interrupted:
            self._session.add_incomplete("the session was interrupted")
        expected = self._collected * self._copies
        missing = expected - self._recorder.count
        if missing > 0 and self._recorder.count:
            said = f"{missing} of {expected} collected tests have no result"
            self._session.add_incomplete(said)
        self._notes.clear()
        trouble = self._session.seal()
        if trouble:
            self.faults.append(trouble)

    def _note_selection(self) -> None:
        if not self._selected:
            return
        found = self._config.pluginmanager.get_plugin(selection.NAME)
        in_code = found.in_code if found else self._in_code
        what = self._session.settings.select
        self._session.add_notice(describe_selection(what, self._selected, in_code))

    def _finish(self, session: pytest.Session) -> None:
        os.environ.pop(options.SESSION, None)
        if self._problems:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
            self._say([f"ERROR: {problem}" for problem in self._problems])
        if session.exitstatus == pytest.ExitCode.USAGE_ERROR:
            self._session.discard()
        ending = self._publish()
        self._tell(ending.receipt if ending else None)
        lines = [*(ending.lines if ending else self._session.notice_lines())]
        told = self._recorder.faults.items()
        self.faults += [f"{what} ({nodeid})" for what, nodeid in told]
        lines += [self._session.redact(f"ERROR in {each}") for each in self.faults]
        if self.faults and ending is None:
            lines += self._session.resend_lines()
        if lines:
            self._say(lines)
        if ending and ending.receipt:
            self._say_plainly(ending.receipt.commands)
        exit_code = (ending.exit_code if ending else 0) or (self.faults and OWN_FAULT)
        if exit_code and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = exit_code

    @guarded
    def _publish(self) -> Ending | None:
        return self._session.publish(interrupted=self._interrupted)

    def _tell(self, receipt: Receipt | None) -> None:
        """Tell users' hooks that Xray has the results."""
        if receipt is None or not receipt.test_execution.get("key"):
            return
        hook = self._config.hook.pytest_xray_uploaded
        try:
            hook(config=self._config, receipt=receipt)
        except FAULTS as error:
            self.faults.append(fault("pytest_xray_uploaded", error))

    def _say(self, lines: Sequence[str]) -> None:
        terminal: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is None:
            print(*map(tame, lines), sep="\n", file=sys.stderr)
            return
        terminal.write_sep("=", "xray-bridge")
        for line in lines:
            terminal.write_line(tame(line))

    def _say_plainly(self, lines: Sequence[str]) -> None:
        """For the CI system, which looks for them at the start of a line."""
        terminal: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        for line in lines:
            if terminal is None:
                print(line)
            else:
                terminal.write_line(line)
