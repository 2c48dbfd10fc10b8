"""
One sync: read code, lock file and Xray, plan, and send unless it is a dry run.
"""

from __future__ import annotations

import os
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.client.connection import connect
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.test_editor import open_editor
from xray_bridge.client.test_issues import read_tests
from xray_bridge.client.xray import make_client
from xray_bridge.config.resolve import redactor_of
from xray_bridge.config.settings import Settings
from xray_bridge.dataclass import dataclass
from xray_bridge.sync.apply import Sync
from xray_bridge.sync.code import hide_secrets, read_code
from xray_bridge.sync.lock import LOCK_FILE, read_lock, write_lock
from xray_bridge.sync.match import match_tests
from xray_bridge.sync.plan import plan_step
from xray_bridge.sync.rules import find_rules
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xray_bridge.source.places import TestPlace
    from xray_bridge.sync.code import CodeTests
    from xray_bridge.sync.lock import Entry
    from xray_bridge.sync.match import Matches
    from xray_bridge.sync.plan import Step
    from xray_bridge.sync.rules import Rules

WRITE = "run `xray-bridge keys --write` before the next upload"
ROWS_HINT = "which would create a Test for each row of"
SCENARIOS_HINT = "which sends results of scenarios by their keys only, for"
FOREIGN = "not synced, because of keys of other projects"
MEMBERS = "not synced, because the key is one of a class, file or feature"
# Xray Cloud counts requests for five minutes, and asks to wait for the rest of them.
LIMITED = 330.0
FEATURE = ".feature"
# The files in which a framework finds all tests; pytest-bdd may not know all features.
ALL_IN = {"pytest": ".py", "behave": FEATURE}


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlan:
    """
    What a sync does.

    ``left_out`` maps tests to the reason why they are not synced. ``gone`` are lines
    of tests that are no longer in the code, ``kept`` lines that stay as they are.
    ``is_lock_old``: the lock file would change.
    """

    project: str
    lock: Path
    rules: Rules
    steps: tuple[Step, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    gone: tuple[Entry, ...] = ()
    kept: tuple[Entry, ...] = ()
    notices: tuple[str, ...] = ()
    is_lock_old: bool = False

    @property
    def conflicts(self) -> tuple[Step, ...]:
        """Steps of which something was changed in code and in Xray."""
        return tuple(step for step in self.steps if step.conflicts)

    @property
    def written(self) -> tuple[Step, ...]:
        """Steps that change something in Xray."""
        return tuple(step for step in self.steps if step.is_written)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """
    What was sent; ``refused`` maps tests to reasons, ``created`` to keys.

    ``left_out`` is what needs a login to Jira.
    """

    created: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


class TestSync:
    """
    The sync of a project.

    Raises SettingError for a wrong table of settings.
    """

    __test__ = False

    def __init__(self, settings: Settings, folder: Path) -> None:
        path, self._rules = find_rules(folder)
        self._lock = (path.parent if path else folder) / LOCK_FILE
        self._settings = settings
        self._connection = connect(settings)
        self._redactor = redactor_of(os.environ, settings.redact)
        self._http = Http(self._connection, Deadline(_longest_wait(settings)))
        self._xray = make_client(self._connection, self._http)
        self.notices = self._connection.notices
        self._entries = read_lock(self._lock, settings.project)

    def plan(
        self,
        places: Sequence[TestPlace],
        framework: str,
        *,
        is_complete: bool,
        take: str = "",
    ) -> SyncPlan:
        """
        Read Xray, and decide.

        ``is_complete``: ``places`` are all tests of the framework. ``take`` decides
        conflicts, as in ``plan_step``.
        """
        code = read_code(places, self._rules, self._lock.parent)
        code = hide_secrets(code, self._clean)
        dialect, project = self._connection.dialect, self._settings.project
        issues = read_tests(self._xray, dialect, project, self._rules.issue_type)

        def is_gone(entry: Entry) -> bool:
            if not is_complete or {entry.test, entry.key} & code.left_names:
                return False
            is_known = entry.file in code.files
            is_known |= entry.file.endswith(ALL_IN[framework])
            return is_known or not (self._lock.parent / entry.file).exists()

        matches = match_tests(code.tests, self._entries, issues, project, is_gone)
        steps = tuple(plan_step(each, take=take) for each in matches.found)
        lines = {*matches.kept, *(step.entry for step in steps)}
        return SyncPlan(
            project=project,
            lock=self._lock,
            rules=self._rules,
            steps=steps,
            left_out={**code.left_out, **matches.left_out},
            gone=matches.gone,
            kept=matches.kept,
            is_lock_old=lines != {*self._entries},
            notices=tuple(_find_notices(code, matches)),
        )

    def _clean(self, text: str) -> str:
        """Mask the secrets of the environment, and those of the connection."""
        return self._connection.redactor.clean(self._redactor.clean(text))

    def send(self, plan: SyncPlan) -> SyncResult:
        """Send a plan, and write the lock file, also if the server is lost midway."""
        old = {step.old_name or step.test.name for step in plan.steps}
        sync = Sync(
            open_editor(self._xray, self._connection.dialect, plan.project),
            self._xray.jira,
            plan.project,
            plan.rules,
            fields=_fields_of(self._settings.test_fields),
            renew=self._http.renew_deadline,
            entries=[each for each in self._entries if _stays(each, plan, old)],
        )
        try:
            sync.run(plan.steps)
        finally:
            write_lock(plan.lock, plan.project, sync.entries.values())
        return SyncResult(
            created=sync.created,
            refused=sync.refused,
            left_out=tuple(sync.left_out),
        )


def _longest_wait(settings: Settings) -> float:
    """Return the seconds for each step, with the pauses that a server asks for."""
    if settings.is_given(Settings.deadline):
        return settings.deadline
    return max(settings.deadline, LIMITED)


def _find_notices(code: CodeTests, matches: Matches) -> Iterator[str]:
    foreign, rows = len(matches.foreign), len(code.one_for_rows)
    if foreign:
        yield f"{count(foreign, 'test')} {FOREIGN}"
    if code.members:
        yield f"{count(len(code.members), 'test')} {MEMBERS}"
    if rows:
        yield f"{WRITE}, {ROWS_HINT} {count(rows, 'test')}"
    keyless = [e for e in matches.found if e.test.is_scenario and not e.test.key]
    if keyless:
        yield f"{WRITE}, {SCENARIOS_HINT} {count(len(keyless), 'scenario')}"


def _stays(entry: Entry, plan: SyncPlan, old: Iterable[str]) -> bool:
    return entry in plan.kept or entry.test in old


def _fields_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of new Tests, without those that a sync sets itself."""
    return {k: v for k, v in given.items() if k not in {"summary", "project"}}
