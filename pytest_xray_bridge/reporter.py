"""
Record and upload a session: take reports from its start to its end.

The annotator runs where tests run (with xdist, in the workers); the reporter runs once,
where their reports arrive.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import (
    annotator,
    bdd,
    in_worker,
    keyless_scenarios,
    options,
    printing,
    selection,
    unstable_names,
)
from pytest_xray_bridge.crash_notes import CrashNotes
from pytest_xray_bridge.faults import FAULTS, describe_fault
from pytest_xray_bridge.guard import guard_hooks, guarded
from pytest_xray_bridge.recorder import Recorder
from pytest_xray_bridge.row_orders import RowOrders
from pytest_xray_bridge.setting_names import SESSION_VARIABLE
from xray_bridge.errors import (
    FeaturesError,
    RunDirectoryError,
    UsageError,
    XrayBridgeError,
)
from xray_bridge.recording import dataset_source
from xray_bridge.recording.clock import Clock
from xray_bridge.recording.ending import Ending, describe_selection
from xray_bridge.recording.guard import OURSELVES, OWN_FAULT, OWN_FAULTS
from xray_bridge.recording.running import RUNNING
from xray_bridge.recording.second_process import SecondProcessError
from xray_bridge.recording.session import Session
from xray_bridge.recording.signals import Stopped, StopSignals
from xray_bridge.runs.run_directory import INTERRUPTED


if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from pytest_xray_bridge.quarantine import QuarantineReports
    from xray_bridge.model.receipt import Receipt
    from xray_bridge.runs.codec import Line

NAME = "xray-bridge-session"
# Keys of usage errors in the output of a worker; the last is that of ``datasets``,
# which is imported only if one is asked for.
PROBLEMS = (annotator.PROBLEMS, keyless_scenarios.PROBLEMS, "xray_dataset_problems")
# The exit code in place of 0 if a hook raised or the journal could not be written.
FAULT = 83


@guard_hooks
class Reporter:
    """Records and uploads one session; with xdist, it runs in the controller."""

    def __init__(self, config: pytest.Config, session: Session) -> None:
        self._config = config
        self._session = session
        self._signals = StopSignals()
        self._crash_notes = CrashNotes(self._read_item)
        self.recorder = Recorder(
            self._record_line,
            Clock(),
            notes=self._crash_notes,
            captures=session.settings.captures,
            reruns=options.rerun_outcomes(config),
        )
        self._collected: frozenset[str] = frozenset()
        self.row_orders = RowOrders()
        self._copies = 1
        self._interrupted = False
        self._is_published = False
        self._problems: dict[str, None] = {}
        self._selected: dict[str, str] = {}
        self._in_code: set[str] = set()
        self._own_faults: dict[str, None] = {}
        self._quarantine: QuarantineReports | None = None
        self.faults: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Fetch features, ask the server and open the journal before any test."""
        try:
            settings = self._session.settings
            self._session.export_features()
            self._select_tests()
            if options.runs_no_tests(self._config):
                return
            self._add_execution_fields()
            has_scenarios = bdd.is_used(self._config)
            usual = keyless_scenarios.FORMAT if has_scenarios else ""
            self._session.preflight(usual=usual)
            self._begin_quarantine()
            self._session.start()
            if self._session.folder:
                self._signals.install()
                RUNNING.source = in_worker.make_source(
                    self._config, self._session.folder, settings.given
                )
            self._crash_notes.folder = self._session.folder
            os.environ[SESSION_VARIABLE] = self._session.folder or "features"
        except (FeaturesError, SecondProcessError) as error:
            pytest.exit(f"xray-bridge: {error}", returncode=FeaturesError.exit_code)
        except (XrayBridgeError, RunDirectoryError) as error:
            raise pytest.UsageError(f"xray-bridge: {error}") from None

    def _begin_quarantine(self) -> None:
        """Begin to judge failures, if the settings ask for it."""
        settings = self._session.settings
        if settings.quarantine and settings.wants_record:
            from pytest_xray_bridge import quarantine

            self._quarantine = quarantine.begin(self._config, self._session)

    def _record_line(self, line: Line) -> None:
        judge = self._quarantine or self._session
        judge.record_line(line)

    def _select_tests(self) -> None:
        """Ask which Tests are selected, and deselect all other tests."""
        settings = self._session.settings
        if not settings.wants_selection:
            return
        from xray_bridge.recording.selecting import fetch_selected

        self._selected = fetch_selected(self._session)
        if not self._config.pluginmanager.hasplugin("dsession"):
            found = selection.KeySelection(
                self._config, self._selected, settings.tag_prefixes
            )
            self._config.pluginmanager.register(found, selection.NAME)

    def _add_execution_fields(self) -> None:
        """Add Jira fields that users' hooks return; the first hook wins."""
        settings = self._session.settings
        if not (settings.wants_upload or settings.collect):
            return
        try:
            answers = self._config.hook.pytest_xray_execution_fields(
                config=self._config
            )
            found = {k: v for each in reversed(answers) for k, v in dict(each).items()}
        except FAULTS as error:
            msg = describe_fault("pytest_xray_execution_fields", error)
            raise UsageError(msg) from None
        if found:
            self._session.add_execution_fields(found)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give xdist's workers the input of their annotator and selection."""
        settings = self._session.settings
        if settings.wants_record:
            node.workerinput["xray"] = in_worker.to_worker_input(
                self._session.folder,
                settings.tag_prefixes,
                settings.evidence_limit[0],
                settings.redact,
                settings.given,
            )
            keyless = "" if settings.only_keyed else self._session.keyless
            node.workerinput["xray"]["keyless"] = keyless
        if self._selected:
            given = selection.to_worker_input(self._selected, settings.tag_prefixes)
            node.workerinput[selection.WORKER_INPUT] = given

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the output of a worker that has ended."""
        output = getattr(node, "workeroutput", {})
        self._in_code.update(output.get(selection.FOUND_IN_CODE, ()))
        for name in PROBLEMS:
            self._problems |= dict.fromkeys(output.get(name, ()))
        self._own_faults |= dict.fromkeys(output.get(in_worker.OWN, ()))
        for notice in output.get(annotator.NOTICES, ()):
            self._session.add_notice(notice)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember a file that could not be collected: its tests will be missing."""
        if report.failed:
            self._session.add_incomplete(f"{report.nodeid} could not be collected")
        elif report.skipped:
            notice = f"{report.nodeid} was skipped at collection, with all its tests"
            self._session.add_notice(notice)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember which tests will run."""
        self._collected |= {item.nodeid for item in session.items}
        found = self._config.pluginmanager.get_plugin(annotator.NAME)
        for notice in found.notices if found else ():
            self._session.add_notice(notice)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, specs: Sequence[object]) -> None:
        """Remember how often each test runs: with ``--dist each`` once per worker."""
        if self._config.getoption("dist", "no") == "each":
            self._copies = len(specs)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(
        self, node: Any, ids: Sequence[str]
    ) -> None:
        """Remember which tests will run, and the order of the code."""
        worker, session = node.gateway.id, self._session
        lines = unstable_names.read(session.folder, worker)
        goes_out = session.settings.wants_upload and not session.settings.only_keyed
        if self._collected or not goes_out:
            lines = []
        lines += self.row_orders.read(session.folder, worker)
        printing.print_before(self._config, session.redact, lines)
        if not self._collected:
            self.recorder.note_order(ids)
        self._collected |= frozenset(ids)

    def pytest_internalerror(self) -> None:
        """Remember that pytest itself failed."""
        self._session.add_incomplete("pytest ended with an internal error")

    def pytest_keyboard_interrupt(
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> None:
        """Distinguish Ctrl-C and ``pytest.exit`` from pytest's own early stops."""
        kinds = (KeyboardInterrupt, Stopped, pytest.exit.Exception)
        self._interrupted = excinfo.type in kinds

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(
        self, session: pytest.Session
    ) -> Generator[None, object, object]:
        """Close the journal first; upload after all other plugins."""
        self._seal()
        # Before all other plugins: they may set another exit code.
        self._spare(session)
        try:
            return (yield)
        finally:
            self._finish(session)

    @guarded
    def _spare(self, session: pytest.Session) -> None:
        if self._quarantine is not None:
            self._quarantine.spare(session)

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """Finish the session if an internal error ended ``pytest_sessionfinish``."""
        self._signals.remove()
        if "pytest_sessionfinish" in OWN_FAULTS.hooks and not self._is_published:
            self._seal()
            self._finish(None)

    @guarded
    def _seal(self) -> None:
        if self._own_faults:
            self._session.add_incomplete(OWN_FAULT)
        self._note_selection()
        self.recorder.close(interrupted=self._interrupted)
        if self._interrupted:
            self._session.add_incomplete(f"the session {INTERRUPTED}")
        finished = self.recorder.finished
        if self._copies == 1:
            self._session.incomplete |= dict.fromkeys(self.row_orders.find_reasons())
            finished = {(nodeid, None) for nodeid, _ in finished}
        expected = len(self._collected) * self._copies
        missing = expected - sum(nodeid in self._collected for nodeid, _ in finished)
        if missing > 0 and (self.recorder.count or self.recorder.ignored):
            reason = f"{missing} of {expected} collected tests have no result"
            self._session.add_incomplete(reason)
        self._crash_notes.clear()
        self._session.ignored = self.recorder.ignored
        error = self._session.seal()
        if error:
            self.faults.append(error)
        dataset_source.note_rows(self._session)

    def _read_item(self, nodeid: str) -> Line | None:
        found = self._config.pluginmanager.get_plugin(annotator.NAME)
        return found.read_line_of(nodeid) if found else None

    def _note_selection(self) -> None:
        if not self._selected:
            return
        found = self._config.pluginmanager.get_plugin(selection.NAME)
        in_code = found.in_code if found else self._in_code
        what = self._session.settings.select
        self._session.add_notice(describe_selection(what, self._selected, in_code))

    def _finish(self, session: pytest.Session | None) -> None:
        """Publish and print; without ``session`` the exit code stays as it is."""
        os.environ.pop(SESSION_VARIABLE, None)
        if self._problems and session:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
            printing.print_section(
                self._config, [f"ERROR: {problem}" for problem in self._problems]
            )
        if session and session.exitstatus == pytest.ExitCode.USAGE_ERROR:
            self._session.discard()
        ending = self._publish()
        self._call_uploaded_hook(ending.receipt if ending else None)
        lines = [*(self._quarantine.lines if self._quarantine else ())]
        lines += ending.lines if ending else self._session.notice_lines()
        faults = self._fault_lines()
        lines += faults
        if faults and ending is None:
            lines += self._session.resend_lines()
        if lines:
            printing.print_section(self._config, lines)
        if ending and ending.receipt:
            printing.print_commands(self._config, ending.receipt.commands)
        exit_code = (ending.exit_code if ending else 0) or (self.faults and FAULT)
        if exit_code and session and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = exit_code
        if self._signals.exit_code and session:
            session.exitstatus = self._signals.exit_code

    def _fault_lines(self) -> list[str]:
        """
        Return lines for all faults; those of the recorder name their first test.

        ``faults`` keeps those that users' code caused.
        """
        for fault, nodeid in self.recorder.faults.items():
            is_ours = fault.startswith(OURSELVES)
            if is_ours:
                self._own_faults[f"{fault} ({nodeid})"] = None
            else:
                self.faults.append(f"{fault} ({nodeid})")
        self._own_faults |= dict.fromkeys(OWN_FAULTS.take())
        own = self._session.own_fault_lines([*self._own_faults])
        lines = [f"ERROR in {fault}" for fault in self.faults]
        return [*map(self._session.redact, lines), *own]

    @guarded
    def _publish(self) -> Ending | None:
        self._is_published = True
        return self._session.publish(interrupted=self._interrupted)

    def _call_uploaded_hook(self, receipt: Receipt | None) -> None:
        """Call users' hooks after Xray has received the results."""
        if receipt is None or not receipt.test_execution.get("key"):
            return
        hook = self._config.hook.pytest_xray_uploaded
        try:
            hook(config=self._config, receipt=receipt)
        except FAULTS as error:
            self.faults.append(describe_fault("pytest_xray_uploaded", error))
