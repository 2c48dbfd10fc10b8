"""
What a session that was asked for registers: an annotator and a reporter.

The annotator runs where tests run (in the workers, under xdist); the reporter
runs once, where their reports arrive.
"""

from __future__ import annotations

import functools
import reprlib
import sys
import time
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from pytest_xray_bridge import bdd, marks, options, wire
from pytest_xray_bridge.notes import Note, Notes, file_of
from pytest_xray_bridge.recorder import Recorder
from xray_bridge import ci, codec, resolve
from xray_bridge.errors import FeaturesError, RunDirectoryError, XrayBridgeError
from xray_bridge.launch import Launcher, LaunchError
from xray_bridge.session import Ending, Session


if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from xray_bridge.codec import Line
    from xray_bridge.model import Scenario
    from xray_bridge.settings import Settings

F = TypeVar("F", bound="Callable[..., Any]")
NAME = "xray-bridge-session"
PROBLEMS = "xray_problems"
LONGEST_PARAMETER = 200
OWN_FAULT = 83
# What our own code, or a user's __repr__ in it, may raise; pytest's outcomes are
# no Exceptions. Ctrl-C and exits go on.
FAULTS = (
    Exception,
    pytest.fail.Exception,
    pytest.skip.Exception,
    pytest.xfail.Exception,
)
# Bounded: a parameter may be a list of millions.
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = LONGEST_PARAMETER


def register(config: pytest.Config) -> None:
    """
    Register what this process needs, if its settings ask for anything.

    Raises UsageError for settings that are wrong.
    """
    if options.is_worker(config):
        given = options.worker_input(config)
        note = Note(file_of(given["xray"]["folder"], given["workerid"]))
        annotator = Annotator(config, given["xray"]["tag_prefixes"], note)
        config.pluginmanager.register(annotator, NAME)
        return
    if options.looks_only(config):
        return
    try:
        settings = settings_of(config)
    except XrayBridgeError as error:
        raise pytest.UsageError(str(error)) from None
    if not settings.wants_upload and not settings.wants_export:
        return
    session = Session(settings, framework="pytest", versions=_versions(config))
    config.pluginmanager.register(Reporter(config, session), NAME)
    if settings.wants_upload and not config.pluginmanager.hasplugin("dsession"):
        annotator = Annotator(config, settings.tag_prefixes)
        config.pluginmanager.register(annotator, f"{NAME}-annotator")


def settings_of(config: pytest.Config) -> Settings:
    """
    The settings of this session, from all doors.

    Raises SettingError and UsageError.
    """
    environ = Launcher().environ
    source, in_ini = options.given_in_ini(config)
    layers = [
        resolve.command_line(options.given_on_command_line(config), pytest=True),
        resolve.environment(environ),
        resolve.ini(source, in_ini, config.inipath.parent if config.inipath else None),
        resolve.shared_file(config.rootpath),
        resolve.from_ci(ci.detect(environ)),
    ]
    return resolve.resolve([layer for layer in layers if layer], environ)


def _versions(config: pytest.Config) -> dict[str, str]:
    found = {"pytest": pytest.__version__}
    for _, distribution in config.pluginmanager.list_plugin_distinfo():
        if distribution.project_name in {"pytest-xdist", "pytest-bdd"}:
            found[distribution.project_name] = distribution.version
    return found


class Annotator:
    """Says of each test what its reports do not: keys, parameters, steps."""

    def __init__(
        self, config: pytest.Config, prefixes: Sequence[str], note: Note | None = None
    ) -> None:
        self._config = config
        self._note = note
        self._prefixes = tuple(prefixes)
        self._steps = bdd.Steps()
        self._has_scenarios = config.pluginmanager.hasplugin("pytest-bdd")
        if self._has_scenarios:
            config.pluginmanager.register(self._steps, f"{NAME}-steps")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Refuse malformed marks, all at once, before the first test."""
        problems = list(marks.problems(items))
        if problems and options.is_worker(self._config):
            # An error in a worker is a crash to xdist; the controller says it.
            self._config.workeroutput[PROBLEMS] = problems  # type: ignore[attr-defined]
            items.clear()
        elif problems:
            raise pytest.UsageError("\n".join(problems))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """In a worker, note what the setup's report would carry."""
        if self._note is not None:
            try:
                self._note.write(item.nodeid, wire.sendable(self._known(item)))
            except FAULTS:
                # Told when the same is asked for the report.
                return

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Hang what is known on the report of the setup, and steps on the call's."""
        report = yield
        if call.when != "teardown":
            try:
                self._pack(item, report)
            except FAULTS as error:
                wire.pack_fault(report, error)
        return report

    def _pack(self, item: pytest.Item, report: pytest.TestReport) -> None:
        if report.when == "setup":
            wire.pack(report, self._known(item))
        elif self._has_scenarios and bdd.scenario_of(item) is not None:
            steps = self._steps.take(failed=report.outcome == "failed")
            wire.pack(report, {"steps": [codec.plain(step) for step in steps]})

    def _known(self, item: pytest.Item) -> Line:
        """What marks, parameters and tags say of a test."""
        line = marks.read(item)
        if parameters := _parameters(item):
            line["parameters"] = parameters
        scenario = bdd.scenario_of(item) if self._has_scenarios else None
        if scenario is not None:
            self._add_tags(line, scenario)
        return line

    def _add_tags(self, line: Line, scenario: Scenario) -> None:
        """A scenario without keys in marks has them in its tags."""
        meaning = bdd.meaning_of(scenario, self._prefixes)
        line["scenario"] = codec.plain(scenario)
        line["test_keys"] = line.get("test_keys") or meaning.test_keys
        line["requirements"] = (*line.get("requirements", ()), *meaning.requirements)
        line["labels"] = (*line.get("labels", ()), *meaning.labels)
        line["summary"] = line.get("summary") or scenario.name


def _parameters(item: pytest.Item) -> tuple[tuple[str, str], ...]:
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return ()
    example = bdd.example_of(item)
    if example:
        return tuple((name, str(value)) for name, value in example.items())
    return tuple(
        (name, _shown(value))
        for name, value in callspec.params.items()
        if name != bdd.EXAMPLE
    )


def _shown(value: object) -> str:
    try:
        text = value if isinstance(value, str) else _REPR.repr(value)
    except FAULTS as error:
        text = f"<{type(value).__name__}: {type(error).__name__} in repr()>"
    too_long = len(text) > LONGEST_PARAMETER
    return f"{text[:LONGEST_PARAMETER]}..." if too_long else text


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
            self.faults.append(f"{method.__name__}: {type(error).__name__}: {error}")
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
        )
        self._collected = 0
        self._interrupted = False
        self._problems: dict[str, None] = {}
        self.faults: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Fetch features, ask the server, open the journal: before any test."""
        try:
            self._session.export_features()
            self._session.preflight()
            self._session.start()
            self._notes.folder = self._session.folder
        except (FeaturesError, LaunchError) as error:
            pytest.exit(f"xray-bridge: {error}", returncode=FeaturesError.exit_code)
        except (XrayBridgeError, RunDirectoryError) as error:
            raise pytest.UsageError(f"xray-bridge: {error}") from None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell xdist's workers that this session is ours."""
        prefixes = list(self._session.settings.tag_prefixes)
        if self._session.settings.wants_upload:
            folder = self._session.folder
            node.workerinput["xray"] = {"tag_prefixes": prefixes, "folder": folder}

    @pytest.hookimpl(optionalhook=True)
    @guarded
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear from a worker that has ended."""
        output = getattr(node, "workeroutput", {})
        self._problems |= dict.fromkeys(output.get(PROBLEMS, ()))

    @guarded
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test has ended."""
        self._recorder.add(report)

    @guarded
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember what could not be collected: its tests will be missing."""
        if report.failed:
            self._session.note_incomplete(f"{report.nodeid} could not be collected")
        elif report.skipped:
            self._session.note(f"{report.nodeid} was skipped whole, at collection")

    @guarded
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember how many tests there are to be."""
        self._collected = max(self._collected, len(session.items))

    @pytest.hookimpl(optionalhook=True)
    @guarded
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Remember how many tests there are to be."""
        self._collected = max(self._collected, len(ids))

    @guarded
    def pytest_internalerror(self) -> None:
        """Remember that pytest itself broke down."""
        self._session.note_incomplete("pytest ended with an internal error")

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
        self._recorder.close(interrupted=self._interrupted)
        if self._interrupted:
            self._session.note_incomplete("the session was interrupted")
        missing = self._collected - self._recorder.count
        if missing > 0 and self._recorder.count:
            said = f"{missing} of {self._collected} collected tests have no result"
            self._session.note_incomplete(said)
        self._notes.clear()
        trouble = self._session.seal()
        if trouble:
            self.faults.append(trouble)

    def _finish(self, session: pytest.Session) -> None:
        if self._problems:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
            self._say([f"ERROR: {problem}" for problem in self._problems])
        if session.exitstatus == pytest.ExitCode.USAGE_ERROR:
            self._session.discard()
        ending = self._publish()
        lines = [*(ending.lines if ending else ())]
        self.faults += self._recorder.faults
        lines += [f"xray-bridge failed: {fault}" for fault in self.faults]
        if self.faults and ending is None:
            lines += self._session.saved()
        if lines:
            self._say(lines)
        exit_code = (ending.exit_code if ending else 0) or (self.faults and OWN_FAULT)
        if exit_code and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = exit_code

    @guarded
    def _publish(self) -> Ending | None:
        return self._session.publish(interrupted=self._interrupted)

    def _say(self, lines: Sequence[str]) -> None:
        terminal: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is None:
            print(*lines, sep="\n", file=sys.stderr)
            return
        terminal.write_sep("=", "xray-bridge")
        for line in lines:
            terminal.write_line(line)
