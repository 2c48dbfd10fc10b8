"""
One sync: read code, lock file and Xray, plan, and send unless it is a dry run.
"""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_bridge.client.connection import connect
from xray_bridge.client.http import Deadline, Http
from xray_bridge.client.test_editor import open_editor
from xray_bridge.client.test_issues import read_tests
from xray_bridge.client.xray import make_client
from xray_bridge.config.shared_file import TESTS, read_shared_table
from xray_bridge.dataclass import dataclass
from xray_bridge.sync.apply import Sync
from xray_bridge.sync.code import read_code
from xray_bridge.sync.lock import LOCK_FILE, read_lock, write_lock
from xray_bridge.sync.match import match_tests
from xray_bridge.sync.plan import plan_step
from xray_bridge.sync.rules import parse_rules
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xray_bridge.config.settings import Settings
    from xray_bridge.source.places import TestPlace
    from xray_bridge.sync.lock import Entry
    from xray_bridge.sync.plan import Step
    from xray_bridge.sync.rules import Rules

ROWS_HINT = (
    "have rows and no key, so that an upload would still create a Test for each row: "
    "run `xray-bridge keys --write` before it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlan:
    """
    What a sync does.

    ``left_out`` maps tests to the reason why they are not synced. ``gone`` are lines
    of tests that are no longer in the code, ``kept`` lines that stay as they are.
    """

    project: str
    lock: Path
    rules: Rules
    steps: tuple[Step, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    gone: tuple[Entry, ...] = ()
    kept: tuple[Entry, ...] = ()
    notices: tuple[str, ...] = ()

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
    """What was sent; ``refused`` maps tests to reasons, ``created`` to keys."""

    created: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


class TestSync:
    """
    The sync of a project.

    Raises SettingError for a wrong table of settings.
    """

    __test__ = False

    def __init__(self, settings: Settings, folder: Path) -> None:
        path, table = read_shared_table(folder)
        self._rules = parse_rules(table.get(TESTS, {}))
        self._lock = (path.parent if path else folder) / LOCK_FILE
        self._settings = settings
        self._connection = connect(settings)
        self._http = Http(self._connection, Deadline(settings.deadline))
        self._xray = make_client(self._connection, self._http)
        self.notices = self._connection.notices
        self._entries = read_lock(self._lock, settings.project)

    def plan(
        self, places: Sequence[TestPlace], *, is_complete: bool, take: str = ""
    ) -> SyncPlan:
        """
        Read Xray, and decide.

        ``is_complete``: ``places`` are all tests of the project. ``take`` decides
        conflicts, as in ``plan_step``.
        """
        code = read_code(places, self._rules, self._lock.parent)
        issues = read_tests(
            self._xray, self._connection.dialect, self._settings.project
        )
        matches = match_tests(
            code.tests, self._entries, issues, is_complete=is_complete
        )
        rows = len(code.one_for_rows)
        return SyncPlan(
            project=self._settings.project,
            lock=self._lock,
            rules=self._rules,
            steps=tuple(plan_step(each, take=take) for each in matches.found),
            left_out={**code.left_out, **matches.left_out},
            gone=matches.gone,
            kept=matches.kept,
            notices=(f"{count(rows, 'test')} {ROWS_HINT}",) if rows else (),
        )

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
            notices=tuple(sync.notices),
        )


def _stays(entry: Entry, plan: SyncPlan, old: Iterable[str]) -> bool:
    return entry in plan.kept or entry.test in old


def _fields_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of new Tests, without those that a sync sets itself."""
    return {k: v for k, v in given.items() if k not in {"summary", "project"}}
