"""
Add to the reports of tests what pytest does not put there.

Keys, steps, additions of users, evidence of other plugins; with xdist in the workers.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import (
    bdd,
    marks,
    options,
    other_plugins,
    outcomes,
    report_packer,
    wire,
)
from pytest_xray_bridge.crash_notes import KEYS_ONLY, write_note
from pytest_xray_bridge.faults import FAULTS, describe_fault
from pytest_xray_bridge.guard import guard_hooks
from pytest_xray_bridge.line_reader import LineReader
from xray_bridge.model.results import Outcome
from xray_bridge.recording.annotations import Annotations
from xray_bridge.recording.clock import Clock, to_microseconds
from xray_bridge.recording.guard import OURSELVES
from xray_bridge.recording.running import RUNNING
from xray_bridge.runs import codec
from xray_bridge.runs.evidence import EvidenceSource


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pytest_xray_bridge.wire import WireLine
    from xray_bridge.model.results import Scenario
    from xray_bridge.recording.running_note import RunningNote
    from xray_bridge.runs.codec import Line
    from xray_bridge.runs.evidence import EvidenceFolder

NAME = "xray-bridge-annotator"
PROBLEMS = "xray_problems"
NOTICES = "xray_notices"
# The keyword of Gherkin for a step that is neither Given, When nor Then.
STEP_OF_CODE = "*"


def annotations_of(request: pytest.FixtureRequest) -> Annotations:
    """Return the fixture ``xray`` of a test; it does nothing if nothing is recorded."""
    annotator = request.config.pluginmanager.get_plugin(NAME)
    if not isinstance(annotator, Annotator):
        return Annotations()
    return annotator.annotations()


@guard_hooks
class Annotator:
    """
    Adds to the reports of each test what pytest does not put there.

    ``find_folder`` returns the folder of the evidence once the session has started,
    ``find_note`` where the running test is noted. ``ReportPacker``, ``StraightPath``
    and ``WorkerPath`` call ``pack_report``.
    """

    def __init__(
        self,
        config: pytest.Config,
        prefixes: Sequence[str],
        find_folder: Callable[[], EvidenceFolder | None],
        find_note: Callable[[], RunningNote | None],
    ) -> None:
        self._config = config
        self._prefixes = tuple(prefixes)
        self._find_folder = find_folder
        self._find_note = find_note
        self._note: RunningNote | None = None
        self._is_worker = options.is_worker(config)
        self._line_reader = LineReader(config, prefixes)
        self._items: Sequence[pytest.Item] = ()
        self._item_of: dict[str, pytest.Item] | None = None
        # The test whose line is on a report already.
        self._told = ""
        self.line: WireLine = {}
        self._faults: list[str] = []
        self.item: pytest.Item | None = None
        self.nodeid = ""
        self.clock = Clock()
        self.began = 0.0
        self._has_packer = False
        # Whether a test has only a plain name and keys.
        self.is_plain = False
        self._annotations: Annotations | None = None
        self._scenario: Scenario | None = None
        self._failed_call = ""
        self._scenario_steps: list[dict[str, Any]] = []
        self._step_tracker = bdd.StepTracker()
        self.notices: list[str] = []
        self._has_scenarios = bdd.is_used(config)
        if self._has_scenarios:
            config.pluginmanager.register(self._step_tracker, f"{NAME}-steps")

    def is_silent(self, report: pytest.TestReport) -> bool:
        """Whether the running test has nothing to say but its static line."""
        return (
            self._annotations is None
            and self._scenario is None
            and not self._faults
            and not other_plugins.may_have_evidence(self.item, report)
        )

    def annotations(self) -> Annotations:
        """Return the annotations of the running test."""
        if self._annotations is None:
            has_result = "no_test" not in self.line
            self._annotations = Annotations(self._find_folder() if has_result else None)
        return self._annotations

    def find_running(self) -> Annotations | None:
        """Return the annotations of the running test; None between tests."""
        return None if self.item is None else self.annotations()

    def pytest_sessionstart(self) -> None:
        """Let functions find the running test without the fixture."""
        RUNNING.find = self.find_running

    def pytest_unconfigure(self) -> None:
        """The session is over."""
        RUNNING.reset()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Refuse malformed marks, all at once, before the first test."""
        problems = list(marks.find_problems(items))
        self._items = items
        self.notices = self._find_notices(items)
        if self._is_worker:
            # For xdist an error in a worker is a crash; the controller reports it.
            output = {PROBLEMS: problems, NOTICES: self.notices}
            self._config.workeroutput |= output  # type: ignore[attr-defined]
            if problems:
                items.clear()
        elif problems:
            raise pytest.UsageError("\n".join(problems))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """Register the packer if this session needs it; all plugins are known now."""
        packer = report_packer.make_packer(self._config, self)
        if packer is not None:
            self._config.pluginmanager.register(packer, packer.NAME)
            self._has_packer = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A test, or another attempt at it, begins."""
        self.begin_test(item)

    def _find_notices(self, items: Sequence[pytest.Item]) -> list[str]:
        """Find what users should know about their feature files, without stopping."""
        if not self._has_scenarios:
            return []
        try:
            found = bdd.find_notices(items, self._prefixes)
            return [str(wire.to_sendable(notice)) for notice in found]
        except FAULTS as error:
            return [f"feature files: {type(error).__name__}: {error}"]

    def is_told(self, report: pytest.TestReport) -> bool:
        """Whether this or an earlier report of the test has its line."""
        return report.nodeid == self._told

    def add_line(self, report: dict[str, Any]) -> None:
        """Add the line of a test to the first of its reports from another process."""
        nodeid = report["nodeid"]
        if nodeid == self._told:
            return
        self._told = nodeid
        if wire.ATTRIBUTE not in report and (line := self.read_line_of(nodeid)):
            report[wire.ATTRIBUTE] = wire.to_sendable(line)

    def read_line_of(self, nodeid: str) -> Line | None:
        """Read the line of a collected test; None if it was not collected here."""
        if self._item_of is None:
            self._item_of = {item.nodeid: item for item in self._items}
        item = self._item_of.get(nodeid)
        if item is None:
            return None
        try:
            scenario = (
                bdd.scenario_of(item, self._prefixes) if self._has_scenarios else None
            )
            line = self._line_reader.read(item, scenario)
        except FAULTS as error:
            self._faults.append(describe_fault(OURSELVES, error))
            return None
        added = Annotations()
        self._ask_for_keys(item, lambda: added)
        more: Any = added.to_line(line)
        line.update(more)
        return line

    def _forget_test(self) -> None:
        self._annotations, self._scenario = None, None
        self.line, self._faults, self._failed_call = {}, [], ""

    def begin_test(self, item: pytest.Item) -> None:
        """Read the static line of a test, or of another attempt at it, and note it."""
        self._forget_test()
        self.item = item
        self.nodeid = nodeid = item.nodeid
        self.began = to_microseconds(self.clock())
        # No ``_catch_faults`` here, on the path of each test: a context manager costs
        # more than the code inside it.
        try:
            if self._has_scenarios:
                self._scenario_steps = []
                self._scenario = bdd.scenario_of(item, self._prefixes)
            self.line = self._line_reader.read(item, self._scenario)
        except FAULTS as error:
            self._faults.append(describe_fault(OURSELVES, error))
        if item.config.hook.pytest_xray_test_keys.get_hookimpls():
            self._ask_for_keys(item, self.annotations)
        if self._annotations is not None:
            added: Any = self._annotations.to_line(self.line)
            self.line.update(added)
        is_named_plainly = "[" not in nodeid and "::" in nodeid
        self.is_plain = is_named_plainly and self.line.keys() <= KEYS_ONLY
        if self._note is None:
            self._note = self._find_note()
        note = self._note
        if note is not None:
            try:
                self._write_note(note, item)
            except FAULTS as error:
                self._faults.append(describe_fault(OURSELVES, error))

    def end_test(self) -> None:
        """The last report of the running test has come."""
        self.item = None

    def _write_note(self, note: RunningNote, item: pytest.Item) -> None:
        found, nodeid, began = self.line, self.nodeid, self.began
        keys = found.get("test_keys", ())
        if self.is_plain and note.write_brief(nodeid, keys, began):
            return
        line = {"started": began, **found}
        if steps := self._planned_steps(item):
            line["steps"] = steps
        write_note(note, nodeid, line)

    @contextlib.contextmanager
    def _catch_faults(self, where: str) -> Iterator[None]:
        """Keep faults out of the user's session, and remember them."""
        try:
            yield
        except FAULTS as error:
            self._faults.append(describe_fault(where, error))

    def is_packed(self, report: pytest.TestReport) -> bool:
        """Whether the packer has put the line of the test on its report."""
        return self._has_packer and wire.ATTRIBUTE in report.__dict__

    def pack_report(self, item: pytest.Item, report: pytest.TestReport) -> None:
        """Put the line of the test, and faults, on one of its reports."""
        try:
            self._pack_line(item, report)
        except FAULTS as error:
            self._faults.append(describe_fault(OURSELVES, error))
        if self._faults:
            wire.pack_faults(report, self._faults)
            self._faults = []

    def pack_silent(self, report: pytest.TestReport) -> None:
        """Put the line of a plain test on a report that has nothing else to say."""
        if report.when == "setup":
            setattr(report, wire.ATTRIBUTE, {**self.line, "started": self.began})
            self._told = report.nodeid
        elif report.when == "teardown":
            line: WireLine = {"duration": self.clock() - self.began}
            if self._failed_call:
                line["failed_call"] = self._failed_call
            setattr(report, wire.ATTRIBUTE, line)

    def _pack_line(self, item: pytest.Item, report: pytest.TestReport) -> None:
        line: WireLine = {}
        if report.when == "setup":
            if self.item is not item:
                # Another plugin's setup came first, and skipped the test.
                self.begin_test(item)
            line.update(self.line)
            line["started"] = self.began
            self._told = report.nodeid
        if _is_over(report):
            line["steps"] = self._scenario_steps = self._take_steps(report)
        self._collect_evidence_and_defects(item, report)
        if self._annotations is not None:
            added: Any = self._annotations.to_line(self.line)
            line.update(added)
            of_code = self._steps_of_code(line, passed=report.outcome == "passed")
            line["steps"] = [*self._scenario_steps, *of_code]
        if report.when == "setup" and self._is_worker:
            line["steps"] = line.get("steps") or self._planned_steps(item)
        if report.when == "call" and report.outcome == "failed":
            self._failed_call = wire.to_sendable(outcomes.first_line([report]))
        if report.when == "teardown":
            line["duration"] = self.clock() - self.began
            line["failed_call"] = self._failed_call
        wire.pack(report, line)

    def _planned_steps(self, item: pytest.Item) -> list[dict[str, Any]]:
        """All steps of a scenario, for the note that is read if its worker dies."""
        steps = bdd.steps_of(item) if self._has_scenarios else ()
        return [codec.to_builtins(step) for step in steps]

    def _steps_of_code(self, line: Line, *, passed: bool) -> Iterator[dict[str, Any]]:
        """
        Steps that the test's own code has reported, after those of its scenario.

        Xray decides a scenario by its steps: a failed step of the code must not fail
        it if the code has handled the failure.
        """
        if not self._annotations or not self._annotations.steps:
            return
        of_code = {"keyword": STEP_OF_CODE} if self._scenario_steps else {}
        for step in line["steps"]:
            handled = of_code and passed and step["outcome"] == Outcome.FAILED.value
            changed = {"outcome": Outcome.XFAILED.value} if handled else {}
            yield {**step, **of_code, **changed}

    def _take_steps(self, report: pytest.TestReport) -> list[dict[str, Any]]:
        """The steps of a scenario that has been called, or will not be called."""
        if self._scenario is None:
            return []
        failed = report.outcome == "failed"
        steps = self._step_tracker.take_steps(failed=failed)
        return [codec.to_builtins(step) for step in steps]

    def _collect_evidence_and_defects(
        self, item: pytest.Item, report: pytest.TestReport
    ) -> None:
        """Add evidence of other plugins, and what users' hooks return."""
        try:
            self._add_evidence(other_plugins.find_evidence(item, report))
        except FAULTS as error:
            self._faults.append(describe_fault(OURSELVES, error))
        hook = item.config.hook
        if hook.pytest_xray_defects.get_hookimpls():
            with self._catch_faults("pytest_xray_defects"):
                for keys in item.ihook.pytest_xray_defects(item=item, report=report):
                    for key in to_values(keys):
                        self.annotations().defect(key)
        if hook.pytest_xray_evidence.get_hookimpls():
            with self._catch_faults("pytest_xray_evidence"):
                for found in item.ihook.pytest_xray_evidence(item=item, report=report):
                    self._add_evidence(to_values(found))

    def _add_evidence(self, found: Iterable[Any]) -> None:
        for each in found:
            source = each if isinstance(each, EvidenceSource) else EvidenceSource(each)
            self.annotations().add_evidence(source)

    def _ask_for_keys(
        self, item: pytest.Item, find_annotations: Callable[[], Annotations]
    ) -> None:
        """Add keys that users' hooks return."""
        with self._catch_faults("pytest_xray_test_keys"):
            for keys in item.ihook.pytest_xray_test_keys(item=item):
                for key in to_values(keys):
                    find_annotations().key(key)


def to_values(found: Any) -> Iterable[Any]:
    """Return the values that a hook returned: none, one or several."""
    if found is None:
        return ()
    single = isinstance(found, (str, bytes, os.PathLike, EvidenceSource))
    return (found,) if single else found


def _is_over(report: pytest.TestReport) -> bool:
    """Whether the call of a test has ended, or will not happen."""
    return report.when == "call" or (
        report.when == "setup" and report.outcome != "passed"
    )
