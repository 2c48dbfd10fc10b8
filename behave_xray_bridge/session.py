"""
One behave run, from its configuration to its exit code.

``start_session`` makes it before the first test; ``BehaveSession`` ends the run.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING, Any

import behave

from behave_xray_bridge import console, options
from behave_xray_bridge.convert import Converter, find_places, read_row
from behave_xray_bridge.guard import GUARD
from behave_xray_bridge.names import FeaturePaths
from behave_xray_bridge.notes import NoteBook
from behave_xray_bridge.recorder import Recorder
from behave_xray_bridge.run_tags import settings_from_tags
from behave_xray_bridge.selection import BehaveSelection, have_no_keys, select_keys
from xray_bridge.config.setting import RERUN_VARIABLE
from xray_bridge.config.settings import SESSION_VARIABLE
from xray_bridge.errors import (
    ReportError,
    SelectionError,
    UsageError,
    XrayBridgeError,
)
from xray_bridge.model.receipt import EMPTY
from xray_bridge.recording.dataset_source import make_source
from xray_bridge.recording.ending import (
    describe_idle_sandbox,
    describe_selection,
    is_sandbox_idle,
)
from xray_bridge.recording.guard import OWN_FAULTS
from xray_bridge.recording.running import RUNNING
from xray_bridge.recording.session import Session
from xray_bridge.recording.signals import StopSignals


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import FrameType

    from behave.configuration import Configuration
    from behave.model import Feature

    from behave_xray_bridge.hooks import Hooks
    from behave_xray_bridge.open_defects import OpenDefects
    from behave_xray_bridge.quarantine import RunQuarantine
    from xray_bridge.config.settings import Settings
    from xray_bridge.recording.ending import Ending
    from xray_bridge.runs.rerun_plan import RerunPlan

# The same name as in ``xray_bridge.formats.write.behave``, which tests do not import.
REPORT = "report.behave.json"
IDLE_SANDBOX = describe_idle_sandbox(
    "-D xray_sandbox=yes", "behave -D xray_upload=yes -D xray_sandbox=yes"
)


def start_session(config: Configuration, *, outfile: str) -> BehaveSession | None:
    """
    Start the session of a run, if its settings ask for one.

    Ends the process if it finds an error before the first test.
    """
    if config.dry_run or os.environ.get(SESSION_VARIABLE):
        return None
    try:
        return _start_recording(
            config, str(Path(outfile).absolute()) if outfile else ""
        )
    except XrayBridgeError as error:
        console.exit_with(error)


def make_session(settings: Settings, root: str = "") -> Session:
    """Make the session of a behave run; paths become relative to ``root``."""
    versions = {"behave": behave.__version__}
    return Session(settings, framework="behave", versions=versions, root=root)


class BehaveSession:
    """
    Publishes a run at its end, and prints the result of the upload.

    ``outfiles`` get a copy of the report, besides the file of the setting ``report``.
    """

    def __init__(self, recorder: Recorder, outfiles: Iterable[str] = ()) -> None:
        self.recorder = recorder
        self.outfiles = list(outfiles)
        self._session = recorder.session
        self._unwritten: list[str] = []
        self._signals = StopSignals()
        self._signals.install()
        os.environ[SESSION_VARIABLE] = self._session.folder

    def end(self) -> int:
        """Publish and print the result; return the exit code in place of 0."""
        code = self._finish_run(self._publish_run(self.recorder.end))
        self._signals.remove()
        return self._signals.exit_code or code

    def end_early(self, *, interrupted: bool) -> None:
        """Publish what has been recorded; the exit code does not change."""
        self._finish_run(
            self._publish_run(lambda: self.recorder.end_early(interrupted))
        )

    @GUARD.guard_function
    def _publish_run(self, end: Callable[[], Ending | None]) -> Ending | None:
        if self._signals.exit_code:
            self.recorder.interrupted = True
        return end()

    def _finish_run(self, ending: Ending | None) -> int:
        os.environ.pop(SESSION_VARIABLE, None)
        RUNNING.reset()
        code = ending.exit_code if ending else 0
        self._copy_report(ending)
        hooks = self.recorder.notebook.hooks
        if ending and ending.receipt:
            hooks.uploaded(ending.receipt)
        faults = [*map(self._session.settings.redactor.clean, hooks.faults)]
        faults += self._unwritten
        own = self._session.own_fault_lines(OWN_FAULTS.take())
        quarantine = self.recorder.quarantine
        lines = [*(quarantine.lines if quarantine else ())]
        lines += [*(ending.lines if ending else ()), *faults, *own]
        if own and ending is None:
            lines += self._session.resend_lines()
        if lines:
            console.print_section(lines)
        if ending and ending.receipt:
            console.print_commands(ending.receipt.commands)
        if faults and self._session.settings.on_upload_error != "warn":
            code = code or ReportError.exit_code
        return 0 if self.recorder.is_red else code

    def _copy_report(self, ending: Ending | None) -> None:
        if not self.outfiles or not ending or not ending.receipt:
            return
        folder = self._session.second_process.folder
        report = Path(folder, ending.receipt.run, REPORT)
        for path in self.outfiles:
            try:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                if ending.receipt.status == EMPTY:
                    # Replaces the report of an earlier run; the file always exists.
                    Path(path).write_text("[]\n", encoding="ascii")
                else:
                    copyfile(report, path)
            except OSError as error:
                fault = f"ERROR: the report was not copied to {path}: {error.strerror}"
                self._unwritten.append(fault)


def _start_recording(config: Configuration, outfile: str) -> BehaveSession | None:
    # Without the tags first, because their prefixes are a setting.
    settings = options.resolve_settings(config, outfile=outfile)
    idle = [IDLE_SANDBOX] if is_sandbox_idle(settings) else []
    if not settings.wants_record and not settings.wants_selection:
        if idle:
            console.print_section([f"Note: {IDLE_SANDBOX}"])
        return None
    runner = _find_runner(config)
    features = list(getattr(runner, "features", ()))
    paths = FeaturePaths(Path.cwd())
    converter = Converter(paths=paths, prefixes=settings.tag_prefixes)
    hooks = _load_hooks(config, runner)
    notices = _select_scenarios(settings, features, converter, hooks)
    plan = _take_plan()
    if plan is not None:
        session = make_session(settings, _project_folder(config, paths))
        notices.append(_skip_others(plan, features, converter, session.redact))
    if not settings.wants_record:
        console.print_section(f"Note: {notice}" for notice in notices)
        return None
    selection = BehaveSelection(features, config)
    tags = settings_from_tags(features, converter, selection)
    is_part = "behavex" in sys.modules
    wants_file = bool(outfile) or _has_outfiles(config)
    overrides = _add_behave_format(settings.format) if wants_file else {}
    overrides |= _shared_report_dir(settings.report_dir) if is_part else {}
    settings = options.resolve_settings(
        config, outfile=outfile, tag_settings=tags.settings, overrides=overrides
    )
    session = make_session(settings, _project_folder(config, paths))
    session.rerun = plan
    session.notices += [*notices, *tags.notices, *idle]
    session.notices += tags.hint_for_export(settings)
    session.add_execution_fields(hooks.execution_fields())
    if not is_part:
        without = not hooks.give_keys and have_no_keys(features, converter, selection)
        session.preflight(without_keys=without and not settings.only_keyed)
    open_defects = _find_open_defects(session) if not is_part else None
    quarantined = _begin_quarantine(session, runner, selection) if not is_part else None
    session.start()
    notebook = NoteBook(session, hooks, runner)
    recorder = Recorder(
        session, converter, selection, notebook, runner, publishes=not is_part
    )
    recorder.open_defects, recorder.quarantine = open_defects, quarantined
    RUNNING.find, RUNNING.warn = notebook.find_running, notebook.warn_user
    RUNNING.source = make_source(
        session.folder,
        settings.given,
        root=_project_folder(config, paths),
        list_code=lambda: ["."],
    )
    # The session writes one copy of the uploaded report; any other is made here.
    first = settings.format[0]
    is_written = outfile == settings.report and first == "behave"
    return BehaveSession(recorder, [outfile] if outfile and not is_written else [])


def _find_open_defects(session: Session) -> OpenDefects | None:
    """Return the failures that count as expected; None if the settings want none."""
    if not session.settings.xfail_open_defects:
        return None
    from behave_xray_bridge import open_defects

    return open_defects.make(session)


def _begin_quarantine(
    session: Session, runner: Any, selection: BehaveSelection
) -> RunQuarantine | None:
    """Begin to judge failures; None if the settings do not ask for it."""
    if not session.settings.quarantine:
        return None
    from behave_xray_bridge import quarantine

    return quarantine.begin(session, runner, selection)


def _find_runner(config: Configuration) -> Any:
    """
    Find the runner that is making its formatters; ``None`` if there is none.

    behave passes it to no formatter, and only the runner has the features and knows
    whether the run was aborted, in both versions.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the only way, see above
    while frame is not None:
        found = frame.f_locals.get("self")
        if getattr(found, "config", None) is config and hasattr(found, "features"):
            return found
        frame = frame.f_back
    return None


def _load_hooks(config: Configuration, runner: Any) -> Hooks:
    """Load users' hooks; imported here, because only a recorded run needs pluggy."""
    from behave_xray_bridge.hooks import Hooks

    source = str(getattr(config, "environment_file", None) or "environment.py")
    return Hooks.load(config, getattr(runner, "hooks", {}), source)


def _select_scenarios(
    settings: Settings,
    features: Sequence[Feature],
    converter: Converter,
    hooks: Hooks,
) -> list[str]:
    """
    Skip scenarios that ``xray_select`` leaves out; return notices about them.

    Raises SelectionError.
    """
    if not settings.wants_selection:
        return []
    if not features:
        msg = "xray_select: xray-bridge cannot find the scenarios of this runner"
        raise SelectionError(msg, hint="use behave's own runner")
    from xray_bridge.recording.selecting import fetch_selected

    session = make_session(settings)
    selected = fetch_selected(session)
    in_code = select_keys(features, converter, hooks, selected)
    return [*session.notices, describe_selection(settings.select, selected, in_code)]


def _take_plan() -> RerunPlan | None:
    """Return the plan of a rerun; None in any other run."""
    if RERUN_VARIABLE not in os.environ:
        return None
    from xray_bridge.runs.rerun_plan import take_plan

    return take_plan(os.environ)


def _skip_others(
    plan: RerunPlan,
    features: Sequence[Feature],
    converter: Converter,
    clean: Callable[[str], str],
) -> str:
    """Skip scenarios that do not run again; return a notice. Raises UsageError."""
    if not features:
        msg = "xray-bridge cannot find the scenarios of this runner"
        raise UsageError(msg, hint="use behave's own runner")
    tests = plan.select()
    for place in (place for feature in features for place in find_places(feature)):
        classname, name = converter.read_name(place)
        row = read_row(place.scenario) if place.outline else ()
        cleaned = [(heading, clean(cell)) for heading, cell in row]
        if not tests.wants(classname, name, cleaned):
            place.scenario.mark_skipped()
    return tests.describe(plan.run)


def _project_folder(config: Configuration, paths: FeaturePaths) -> str:
    """Return the project's folder."""
    base = Path(getattr(config, "base_dir", None) or Path.cwd()).absolute()
    return str(paths.find_project(base))


def _has_outfiles(config: Configuration) -> bool:
    """
    Whether any formatter has a file; it may be our formatter under its other name.

    behave makes the second one after the run began if a user names it twice.
    """
    return any(getattr(each, "name", None) for each in config.outputs or ())


def _add_behave_format(formats: tuple[str, ...]) -> dict[str, str]:
    """Add Behave JSON to the formats, because ``-o`` asks for it."""
    if "behave" in formats:
        return {}
    return {"format": ";".join((*formats, "behave"))}


def _shared_report_dir(report_dir: str) -> dict[str, str]:
    """
    Return the folder for all parts of one run of behavex.

    behavex starts a runner for each feature or scenario in its own processes, and none
    of them knows whether it is the last.
    """
    parent = multiprocessing.parent_process()
    number = parent.pid if parent else os.getpid()
    return {"report_dir": str(Path(report_dir) / f"behavex-{number}")}
