"""
Where tests run: says of each what its reports do not.

Keys, parameters and steps, what the fixture ``xray`` and users' hooks add, and
what other plugins left behind. In xdist it lives in the workers.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_xray_bridge import bdd, marks, options, other_plugins, wire
from pytest_xray_bridge.crash_notes import Note, file_of
from xray_bridge.config import resolve
from xray_bridge.model.results import Outcome
from xray_bridge.recording.annotations import Annotations
from xray_bridge.runs import codec
from xray_bridge.runs.evidence import EvidenceFolder, EvidenceSource
from xray_bridge.runs.scrub import Scrub, folders


if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from xray_bridge.model.results import Scenario
    from xray_bridge.runs.codec import Line

NAME = "xray-bridge-annotator"
PROBLEMS = "xray_problems"
NOTICES = "xray_notices"
# Of Gherkin: a step that is neither Given, When nor Then.
STEP_WITHIN = "*"


def of_request(request: pytest.FixtureRequest) -> Annotations:
    """The fixture ``xray`` of a test; inert where nothing is recorded."""
    annotator = request.config.pluginmanager.get_plugin(NAME)
    if not isinstance(annotator, Annotator):
        return Annotations()
    return annotator.annotations()


def in_worker(config: pytest.Config) -> Annotator:
    """The annotator of one of xdist's workers, as the controller told it."""
    given = options.worker_input(config)
    told = given["xray"]
    # Secrets do not travel: a worker has the environment itself.
    redactor = resolve.redactor_of(os.environ, told["redact"])
    scrub = Scrub.of(redactor, folders(str(config.rootpath), os.environ))
    kept = EvidenceFolder(Path(told["folder"]), told["evidence_limit"], scrub.clean)
    note = Note(file_of(told["folder"], given["workerid"]), scrub.clean)
    return Annotator(config, told["tag_prefixes"], lambda: kept, note)


def as_worker_input(
    folder: str, prefixes: Sequence[str], evidence_limit: int, redact: str
) -> dict[str, Any]:
    """What ``in_worker`` needs to be told; builtins only."""
    return {
        "folder": folder,
        "tag_prefixes": list(prefixes),
        "evidence_limit": evidence_limit,
        "redact": redact,
    }


class Annotator:
    """
    Says of each test what its reports do not.

    ``kept`` is where evidence goes, known once the session has started.
    """

    def __init__(
        self,
        config: pytest.Config,
        prefixes: Sequence[str],
        kept: Callable[[], EvidenceFolder | None],
        note: Note | None = None,
    ) -> None:
        self._config = config
        self._prefixes = tuple(prefixes)
        self._kept = kept
        self._note = note
        self._known: Line = {}
        self._faults: list[str] = []
        self._item: pytest.Item | None = None
        self._said: Annotations | None = None
        self._steps_so_far: list[dict[str, Any]] = []
        self._steps = bdd.Steps()
        self.notices: list[str] = []
        self._has_scenarios = bdd.is_used(config)
        if self._has_scenarios:
            config.pluginmanager.register(self._steps, f"{NAME}-steps")

    def annotations(self) -> Annotations:
        """What the test under way says of itself."""
        if self._said is None:
            self._said = Annotations(self._kept())
        return self._said

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Refuse malformed marks, all at once, before the first test."""
        problems = list(marks.problems(items))
        self.notices = self._noticed(items)
        if options.is_worker(self._config):
            # An error in a worker is a crash to xdist; the controller says it.
            told = {PROBLEMS: problems, NOTICES: self.notices}
            self._config.workeroutput |= told  # type: ignore[attr-defined]
            if problems:
                items.clear()
        elif problems:
            raise pytest.UsageError("\n".join(problems))

    def _noticed(self, items: Sequence[pytest.Item]) -> list[str]:
        """What is wrong with feature files, and no reason to stop."""
        if not self._has_scenarios:
            return []
        try:
            return [str(wire.sendable(n)) for n in bdd.notices(items, self._prefixes)]
        except wire.FAULTS as error:
            return [f"feature files: {type(error).__name__}: {error}"]

    @pytest.hookimpl(wrapper=True)
    def pytest_report_to_serializable(
        self,
    ) -> Generator[None, dict[str, Any], dict[str, Any]]:
        """
        In a worker, make a report fit for the wire; the last to touch it.

        One ``record_property("path", tmp_path)`` would end the whole session, and
        so would a lone surrogate in an assertion's text.
        """
        found: dict[str, Any] = wire.sendable((yield))
        return found

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A test, or another attempt at it, begins."""
        self._begin(item)

    def _forget(self) -> None:
        self._item, self._said, self._steps_so_far = None, None, []
        self._known, self._faults = {}, []

    def _begin(self, item: pytest.Item) -> None:
        self._forget()
        self._item = item
        with self._kept_in(wire.OURSELVES):
            self._known = self._line(item)
        if item.config.hook.pytest_xray_test_keys.get_hookimpls():
            with self._kept_in("pytest_xray_test_keys"):
                self._ask_for_keys(item)
        if self._said is not None:
            self._known.update(self._said.to_line(self._known))
        if self._note is not None:
            with self._kept_in(wire.OURSELVES):
                steps = self._planned(item)
                known = {**self._known, "steps": steps} if steps else self._known
                self._note.write(item.nodeid, wire.sendable(known))

    @contextlib.contextmanager
    def _kept_in(self, where: str) -> Iterator[None]:
        """Keep what goes wrong from the user's session, and remember it."""
        try:
            yield
        except wire.FAULTS as error:
            self._faults.append(wire.fault(where, error))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Hang what is known on the report; the last to touch it."""
        report = yield
        # Spelled out: this is on the path of every test, three times.
        try:
            self._pack(item, report)
        except wire.FAULTS as error:
            self._faults.append(wire.fault(wire.OURSELVES, error))
        if self._faults:
            wire.pack_faults(report, self._faults)
            self._faults = []
        return report

    def _pack(self, item: pytest.Item, report: pytest.TestReport) -> None:
        line: Line = {}
        if report.when == "setup":
            if self._item is not item:
                # Another plugin's setup came first, and skipped the test.
                self._begin(item)
            line.update(self._known)
        if _is_over(report):
            line["steps"] = self._steps_so_far = self._steps_of(item, report)
        self._ask(item, report)
        if self._said is not None:
            line.update(self._said.to_line(self._known))
            within = self._steps_within(line, passed=report.outcome == "passed")
            line["steps"] = [*self._steps_so_far, *within]
        if report.when == "setup" and self._note is not None:
            line["steps"] = line.get("steps") or self._planned(item)
        wire.pack(report, line)
        if report.when == "teardown":
            self._item = None

    def _planned(self, item: pytest.Item) -> list[dict[str, Any]]:
        """What is left of the steps of a scenario whose worker dies."""
        steps = bdd.steps_of(item) if self._has_scenarios else ()
        return [codec.to_builtins(step) for step in steps]

    def _steps_within(self, line: Line, *, passed: bool) -> Iterator[dict[str, Any]]:
        """
        Steps that the test's own code has told, after those of its scenario.

        Xray judges a scenario by its steps: a failure that the code has caught
        must not fail it.
        """
        if not self._said or not self._said.steps:
            return
        within = {"keyword": STEP_WITHIN} if self._steps_so_far else {}
        for step in line["steps"]:
            caught = within and passed and step["outcome"] == Outcome.FAILED.value
            changed = {"outcome": Outcome.XFAILED.value} if caught else {}
            yield {**step, **within, **changed}

    def _steps_of(
        self, item: pytest.Item, report: pytest.TestReport
    ) -> list[dict[str, Any]]:
        """The steps of a scenario that was called, or whose call will not come."""
        if not self._has_scenarios or bdd.scenario_of(item) is None:
            return []
        failed = report.outcome == "failed"
        return [codec.to_builtins(step) for step in self._steps.take(failed=failed)]

    def _ask(self, item: pytest.Item, report: pytest.TestReport) -> None:
        """What other plugins left behind, and what users' hooks add."""
        if report.when == "teardown":
            with self._kept_in(wire.OURSELVES):
                self._add(other_plugins.of(item, report))
        hook = item.config.hook
        if hook.pytest_xray_defects.get_hookimpls():
            with self._kept_in("pytest_xray_defects"):
                for keys in item.ihook.pytest_xray_defects(item=item, report=report):
                    for key in listed(keys):
                        self.annotations().defect(key)
        if hook.pytest_xray_evidence.get_hookimpls():
            with self._kept_in("pytest_xray_evidence"):
                for found in item.ihook.pytest_xray_evidence(item=item, report=report):
                    self._add(listed(found))

    def _add(self, found: Iterable[Any]) -> None:
        for each in found:
            source = each if isinstance(each, EvidenceSource) else EvidenceSource(each)
            self.annotations().add_evidence(source)

    def _line(self, item: pytest.Item) -> Line:
        """What marks, parameters and tags say of a test."""
        line = marks.read(item)
        if parameters := _parameters(item):
            line["parameters"] = parameters
        found = bdd.scenario_of(item, self._prefixes) if self._has_scenarios else None
        if (scenario := found) is not None:
            self._add_tags(line, scenario)
        return line

    def _ask_for_keys(self, item: pytest.Item) -> None:
        """More keys, by users' hooks."""
        for keys in item.ihook.pytest_xray_test_keys(item=item):
            for key in listed(keys):
                self.annotations().key(key)

    def _add_tags(self, line: Line, scenario: Scenario) -> None:
        """A scenario without keys in marks has them in its tags."""
        meaning = bdd.meaning_of(scenario, self._prefixes)
        line["scenario"] = codec.to_builtins(scenario)
        line["test_keys"] = line.get("test_keys") or meaning.test_keys
        line["requirements"] = (*line.get("requirements", ()), *meaning.requirements)
        line["labels"] = (*line.get("labels", ()), *meaning.labels)
        line["summary"] = line.get("summary") or scenario.name


def listed(found: Any) -> Iterable[Any]:
    """One value or several, as users return them."""
    if found is None:
        return ()
    single = isinstance(found, (str, bytes, os.PathLike, EvidenceSource))
    return (found,) if single else found


def _is_over(report: pytest.TestReport) -> bool:
    """Whether a test has done what it will: its call ended, or will not come."""
    return report.when == "call" or (
        report.when == "setup" and report.outcome != "passed"
    )


def _parameters(item: pytest.Item) -> tuple[tuple[str, str], ...]:
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return ()
    example = bdd.example_of(item)
    if example:
        return tuple((name, str(value)) for name, value in example.items())
    return tuple(
        (name, wire.shown(value))
        for name, value in callspec.params.items()
        if name != bdd.EXAMPLE
    )
