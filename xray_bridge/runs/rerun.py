"""
Plan the rerun of a run: its failed tests, and the settings with which they run again.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.config.places import is_bucket
from xray_bridge.config.run_settings import OF_THIS_MACHINE, run_layer
from xray_bridge.config.setting import RERUN_VARIABLE
from xray_bridge.config.settings import TABLE, Settings
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RunDirectoryError, UsageError
from xray_bridge.model.results import Outcome
from xray_bridge.runs import (
    attempts,
    evidence,
    inside,
    report_files,
    run_directory,
    under_way,
)
from xray_bridge.runs.find import find_newest, find_run
from xray_bridge.runs.join import part_ids
from xray_bridge.runs.journal_lines import parse_line
from xray_bridge.runs.merge import identities_of
from xray_bridge.runs.rerun_plan import PLACES, RerunPlan, name_identity
from xray_bridge.text import quote_command


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.attempts import Identity
    from xray_bridge.runs.run_directory import RunDirectory, RunInfo, State

BEHAVE = "behave"
# Xray has the results of runs in these states.
ARRIVED = (run_directory.DELIVERED, run_directory.REFUSED)
# Settings of the earlier session that the rerun decides itself.
OWN = frozenset(
    setting.name
    for setting in (
        Settings.upload,
        Settings.dry_run,
        Settings.collect,
        Settings.select,
        Settings.export_keys,
        Settings.export_filter,
    )
)
# What the first run removed from texts, the rerun removes, too.
NOT_AGAIN = (OF_THIS_MACHINE | OWN) - {Settings.redact.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """
    A planned rerun.

    ``names`` are its tests for people. ``lines`` are the journal lines that belong into
    its run, ``evidence`` their files. ``settings`` are those of the earlier run that
    count again, by environment variable. ``notices`` tell what is unusual.
    """

    plan: RerunPlan
    names: list[str]
    directory: RunDirectory
    settings: dict[str, str]
    notices: tuple[str, ...] = ()

    @property
    def runs_others(self) -> bool:
        """Whether tests without a result run, too."""
        return self.plan.known is not None

    def write(self, folder: Path) -> None:
        """
        Write the plan and the earlier results into a folder.

        Raises RunDirectoryError.
        """
        self.plan.save(folder)
        place, target = self.directory.path / evidence.FOLDER, folder / evidence.FOLDER
        try:
            self._write_lines(folder)
            for name in self._evidence():
                if inside.has_its_content(place, name):
                    target.mkdir(exist_ok=True)
                    shutil.copy(place / name, target / name)
        except OSError as error:
            msg = f"{error.filename} cannot be copied: {error.strerror}"
            raise RunDirectoryError(msg) from None

    def _write_lines(self, folder: Path) -> None:
        earlier, elsewhere = folder / attempts.EARLIER, folder / attempts.ELSEWHERE
        with earlier.open("wb") as sent, elsewhere.open("wb") as kept:
            for is_sent, line in self._lines():
                (sent if is_sent else kept).write(line)
        if not elsewhere.stat().st_size:
            elsewhere.unlink()
        if self.plan.parts:
            (folder / attempts.ALL).touch()

    def _lines(self) -> Iterator[tuple[bool, bytes]]:
        """
        Yield whether the rerun sends an earlier result, if it ran again, and its line.

        A rerun that was not delivered has only some of them, and so has its own rerun.
        """
        lines = attempts.all_lines(self.directory)
        if not (self.plan.parts and attempts.is_partial_rerun(self.directory)):
            yield from ((True, line) for line in lines)
            return
        wanted = self._touched()
        for run in self.directory.runs([]):
            wanted.update(identities_of(run))
        for line in lines:
            found = attempts.read_line(line, self.directory)
            is_wanted = found is None or not wanted.isdisjoint(identities_of(found))
            yield is_wanted, line

    def _evidence(self) -> Iterator[str]:
        """Yield the evidence of the Tests whose results are sent again."""
        wanted = None if self.plan.parts or self.runs_others else self._touched()
        for run in read_runs(self.directory, []):
            if wanted is None or not wanted.isdisjoint(identities_of(run)):
                yield from (piece.file for piece in evidence.of_run(run))

    def _touched(self) -> set[str]:
        runs = read_runs(self.directory, [])
        failed = (run for run in runs if run.outcome is Outcome.FAILED)
        return {each for run in failed for each in identities_of(run)}

    def environ_for(self, folder: Path, redact: str = "") -> dict[str, str]:
        """
        Return the environment of the command; what it has already wins.

        ``redact`` is the pattern of this machine, to which that of the run is added.
        """
        forced = {RERUN_VARIABLE: str(folder)}
        theirs = self.settings.get(Settings.redact.environment, "")
        if redact:
            forced[Settings.redact.environment] = _join_patterns(redact, theirs)
        if self.plan.test_execution:
            forced[Settings.test_execution.environment] = self.plan.test_execution
        return {**self.settings, **os.environ, **forced}


def find_run_to_rerun(name: str | None, report_dir: Path) -> RunDirectory:
    """
    Find the run by its name or path, or the latest one.

    Raises UsageError if there is none.
    """
    if name is not None:
        return find_run(name, report_dir)
    found = find_newest(report_dir, is_left_out=attempts.is_try)
    if found is None:
        msg = f"there is no run in {report_dir}"
        raise UsageError(msg, hint="run the tests with xray-bridge first")
    return found


def read_runs(directory: RunDirectory, damaged: list[str]) -> Iterator[TestRun]:
    """Yield the results of a run; ``damaged`` gets a message for each damaged line."""
    for line in attempts.all_lines(directory):
        try:
            yield parse_line(line, directory.journal)
        except RunDirectoryError as error:
            damaged.append(error.message)


def plan_rerun(directory: RunDirectory) -> Rerun:
    """
    Plan the rerun of a run; a killed run is sealed first.

    Raises UsageError for a run that cannot be rerun, RunDirectoryError for one that
    cannot be read, or that is running.
    """
    info = directory.info
    _refuse_report_files(directory, info)
    with directory.claim():
        if not directory.is_sealed:
            under_way.settle_run(directory)
        attempts.complete_rerun(directory)
        state = directory.state
    _refuse_unknown(directory, state)
    damaged: list[str] = []
    failed: dict[Identity, None] = {}
    rows_of: dict[Identity, None] = {}
    known: dict[Identity, None] = {}
    for run in read_runs(directory, damaged):
        test = _identify(run, info.framework)
        if run.message == under_way.NOT_FINISHED:
            # It ran when its process was killed: this is no result of its own.
            continue
        known[test] = None
        if run.outcome is Outcome.FAILED and run.withheld:
            rows_of[test[0], test[1].partition("[")[0], ()] = None
        elif run.outcome is Outcome.FAILED:
            failed[test] = None
    missing = (*directory.missing, *damaged)
    if not (known or missing):
        msg = f"no test ran in {directory.id}"
        raise UsageError(msg, hint="run the tests first, or name another run")
    has_arrived = state.state in ARRIVED
    plan = RerunPlan(
        run=directory.id,
        tests=tuple(failed),
        rows_of=tuple(rows_of),
        known=tuple(known) if missing else None,
        test_execution=state.test_execution if has_arrived else "",
        parts=() if has_arrived else part_ids(directory, info),
        places={name: info.settings.get(name, "") for name in PLACES},
        split_by=info.split_by,
        is_dry=_way(info, state) is Settings.dry_run,
    )
    return Rerun(
        plan=plan,
        names=[name_identity(each) for each in (*failed, *rows_of)],
        directory=directory,
        settings=_settings_again(info, state),
        notices=tuple(_notices(plan, info, missing)),
    )


def _identify(run: TestRun, framework: str) -> Identity:
    """Return what the adapter knows a test by; names in pytest have their rows."""
    classname, name, row = attempts.identify(run)
    return classname, name, row if framework == BEHAVE else ()


def _refuse_report_files(directory: RunDirectory, info: RunInfo) -> None:
    is_of_files = info.framework == run_directory.REPORT_FILES
    if is_of_files or (directory.path / report_files.LIST).exists():
        msg = f"{directory.id} has report files of other tools, which cannot be rerun"
        hint = "xray-bridge runs only tests of pytest and behave; rerun them there"
        raise UsageError(msg, hint=hint)


def _refuse_unknown(directory: RunDirectory, state: State) -> None:
    """Raise UsageError if it is unknown whether Xray has the results, or where."""
    if state.message.startswith(run_directory.MERGED):
        msg = f"{directory.id} was {state.message}"
        raise UsageError(msg, hint="rerun that run")
    is_half_sent = state.test_execution and state.state not in ARRIVED
    if state.state in run_directory.IN_DOUBT or is_half_sent:
        msg = f"it is unknown whether Xray has the results of {directory.id}"
        command = quote_command("xray-bridge", "resend", directory.id)
        raise UsageError(msg, hint=f"find out with `{command}`, then rerun it")


def _settings_again(info: RunInfo, state: State) -> dict[str, str]:
    """
    Return settings of the earlier run, by environment variable.

    Raises SettingError if one names a file: the run may come from another machine.
    """
    run_layer(info.settings)
    found = {
        TABLE[name].environment: value
        for name, value in info.settings.items()
        if name in TABLE and name not in NOT_AGAIN
        # A reference would be resolved again.
        if value and "${" not in value
    }
    if info.settings.get(Settings.sandbox.name) == "true":
        # It is on this machine, and no credentials go anywhere.
        found[Settings.sandbox.environment] = "yes"
        product = info.settings.get(Settings.deployment.name, "")
        found[Settings.deployment.environment] = product
    way = _way(info, state)
    return found | {way.environment: "yes"} if way else found


def _join_patterns(mine: str, theirs: str) -> str:
    """Return a pattern that matches what both do; mine, if they cannot be one."""
    joined = f"(?:{mine})|(?:{theirs})"
    try:
        return Settings.redact.parse(joined) if theirs not in {"", mine} else mine
    except ValueError:
        return mine


def _way(info: RunInfo, state: State) -> Any:
    """Return the setting that says what happens to the results; None: the command."""
    if state.state in ARRIVED:
        return Settings.upload
    if info.settings.get(Settings.dry_run.name) == "true":
        return Settings.dry_run
    if is_bucket(_collected_in(info)):
        # A run directory does not decide where results are put.
        return None
    if state.state == run_directory.KEPT or _collected_in(info):
        return Settings.collect
    return Settings.upload


def _collected_in(info: RunInfo) -> str:
    return info.settings.get(Settings.collect.name, "")


def _notices(plan: RerunPlan, info: RunInfo, missing: tuple[str, ...]) -> Iterator[str]:
    place = _collected_in(info)
    if plan.parts and is_bucket(place):
        yield f"{plan.run} was put into {place}: give xray_collect to the command again"
    if plan.parts:
        unless = "" if plan.is_dry else ", unless it is a dry run"
        yield (
            f"{plan.run} was not delivered, so the rerun has all its results, and "
            f"takes its place{unless}"
        )
    if missing:
        yield (
            f"{plan.run} is incomplete, so tests without a result in it run, too: "
            f"{'; '.join(missing)}"
        )
