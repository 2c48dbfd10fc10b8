"""
Facts about a run for its gate: from run directories, and from the server.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from xray_bridge.config.jira_settings import AUTO
from xray_bridge.gate.facts import UnknownError, UnsetError
from xray_bridge.gate.of_project import ProjectFacts
from xray_bridge.gate.results import tally_files, tally_tests
from xray_bridge.jira.notes import read_notes
from xray_bridge.jira.releases.fix_version import NAME
from xray_bridge.model.results import DID_NOT_RUN, Outcome
from xray_bridge.runs import attempts
from xray_bridge.runs.merge import describe_damaged
from xray_bridge.runs.report_files import load_files
from xray_bridge.runs.sessions import environments_of
from xray_bridge.text import quote_command


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.config.settings import Settings
    from xray_bridge.gate.questions import Server
    from xray_bridge.gate.results import Tally
    from xray_bridge.model.changes import Change, Changes
    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.run_directory import RunDirectory

RERUN = "a rerun is not compared with an earlier run"
NO_PLAN = "there is no Test Plan: set xray_test_plan"


class RunFacts(ProjectFacts):
    """
    Facts about one run, which may have several run directories.

    After a rerun they are about all results of its Test Execution, not only about those
    of the Tests that ran again.

    ``settings`` are those of the run; ``executions`` are the Test Executions with its
    results; ``changes`` are those since the last run, by run directory.
    """

    def __init__(  # noqa: PLR0913 - one for each place of facts
        self,
        directories: Sequence[RunDirectory],
        settings: Settings,
        *,
        executions: Sequence[str] = (),
        server: Server | None = None,
        offline: Exception | None = None,
        changes: Sequence[Changes] = (),
    ) -> None:
        super().__init__(settings, server, offline)
        self._directories = directories
        self._executions = tuple(filter(None, dict.fromkeys(executions)))
        self._changes = changes

    def list_gaps(self) -> list[str]:
        """List the reasons why tests, or their results, are missing."""
        gaps = chain.from_iterable(each.missing for each in self._directories)
        _, damaged = self._read
        return list(dict.fromkeys((*gaps, *describe_damaged(damaged))))

    @property
    def _tests(self) -> Sequence[Tally]:
        tests, _ = self._read
        return tests

    @cached_property
    def _read(self) -> tuple[Sequence[Tally], int]:
        """The tests, and the number of damaged lines in the journals."""
        damaged: list[str] = []
        found = tally_tests(
            run
            for directory in self._directories
            for run in self._list_counted(directory, damaged)
        )
        for files in filter(None, map(load_files, self._directories)):
            found += tally_files(files)
        return found, len(damaged)

    def _list_counted(
        self, directory: RunDirectory, damaged: list[str]
    ) -> Iterator[TestRun]:
        """
        Yield the results, and those from before a rerun that did not run again.

        A result that is withheld counts: its test ran, and only its name is a secret.
        Tests that ``only_keyed`` leaves out do not count, as they are not in Xray.
        """
        only_keyed = self.settings.only_keyed
        earlier = attempts.runs_not_again(directory)
        for run in chain(directory.runs(damaged), earlier):
            if run.test.test_keys or not only_keyed:
                yield run

    def _has_results(self, directory: RunDirectory) -> bool:
        files = load_files(directory)
        # A report file without tests is not taken in.
        return bool(files.files) if files else any(self._list_counted(directory, []))

    @property
    def fix_version(self) -> str:
        """The version of the run, also one that the upload has chosen."""
        if self.settings.fix_version != AUTO:
            return self.settings.fix_version
        noted = (read_notes(each, NAME).get("version") for each in self._directories)
        return next((str(version) for version in noted if version), "")

    def count_tests(self) -> int:
        """Count the tests that ran."""
        return sum(each.outcome not in DID_NOT_RUN for each in self._tests)

    def list_failures(self) -> list[str]:
        """Name the tests that failed, without those in quarantine."""
        return [each.shown for each in self._failed]

    @property
    def _failed(self) -> list[Tally]:
        return [
            each
            for each in self._tests
            if each.outcome is Outcome.FAILED and not each.is_spared
        ]

    def list_new_failures(self) -> list[str]:
        """Name those that did not fail in the last run."""
        if not self._failed:
            return []
        found: dict[str, None] = {}
        unlisted = 0
        for changes in self._changes:
            for change in changes.newly_failing:
                found |= dict.fromkeys(self._name_failed(change))
            # The list ends somewhere, and nobody knows if the others are spared.
            listed = len(changes.newly_failing)
            unlisted += changes.counts.get("newly_failing", listed) - listed
        more = (f"not listed ({number})" for number in range(1, unlisted + 1))
        known = [*found, *more]
        if why := self._why_not_new:
            raise UnknownError(why, known)
        return known

    @property
    def _why_not_new(self) -> str:
        """Why some new failures are not known, and what to type; empty if all are."""
        if not any(map(attempts.is_partial_rerun, self._directories)):
            unknown = (each for each in self._changes if each.baseline is None)
            return next((each.not_compared for each in unknown), "")
        typed = " and ".join(
            f"`{quote_command('xray-bridge', 'gate', key)}`" for key in self._executions
        )
        return f"{RERUN}; type {typed}" if typed else RERUN

    def _name_failed(self, change: Change) -> Iterator[str]:
        """Yield the failed tests that a change is about; none if they are spared."""
        keys = frozenset(change.keys)
        for each in self._failed:
            # Compared with Xray, all rows of a Test are one.
            if each.name == change.name or keys.intersection(each.keys):
                yield each.shown

    def list_flaky(self) -> list[str]:
        """Name the tests that passed after failed attempts."""
        return [each.shown for each in self._tests if each.outcome is Outcome.FLAKY]

    def list_environments(self) -> list[str]:
        """Name the Test Environments with results."""
        found: dict[str, None] = {}
        # The settings are those of the first.
        given = self.settings.environments
        for directory in self._directories:
            if self._has_results(directory):
                found |= dict.fromkeys((*given, *environments_of(directory.info)))
            given = ()
        return list(found)

    def list_missing_tests(self) -> list[str]:
        """Name the Tests of the Test Plan that have not run."""
        if not self.settings.test_plan:
            raise UnsetError(NO_PLAN)
        from xray_bridge.gate import questions

        plan = self.settings.test_plan
        return questions.list_missing(self.ask_server(), plan, self._executions)
