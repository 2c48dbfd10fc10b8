"""
Facts about a Test Execution or a Test Plan in Xray, for a gate.

Xray knows the last status of each Test, and neither attempts nor rows.
"""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from xray_bridge.changes.compare import choose_first
from xray_bridge.changes.earlier_runs import BRANCH
from xray_bridge.changes.executions import (
    CANDIDATES,
    LONGEST_BRANCH,
    Place,
    choose_baselines,
    read_branch,
)
from xray_bridge.ci.pull_requests import TARGET
from xray_bridge.client.executions import list_executions
from xray_bridge.errors import SelectionError
from xray_bridge.gate.facts import UnknownError, UnsetError
from xray_bridge.gate.of_project import ProjectFacts
from xray_bridge.gate.questions import NO_TESTS
from xray_bridge.model.keys import project_of
from xray_bridge.model.times import today_in_utc


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.client.executions import ExecutionRef
    from xray_bridge.config.settings import Settings
    from xray_bridge.gate.questions import Server

NO_EXECUTION = "only a Test Execution has it, and {} is a Test Plan"
NO_RESULTS = "{} is no Test Execution and no Test Plan, or this account cannot see it"
NAME_ONE = "name the key of a Test Execution or Test Plan"
NO_FLAKY = (
    "Xray does not know which tests were repeated, unless xray_statuses gives flaky "
    "tests a status of their own"
)


class IssueFacts(ProjectFacts):
    """
    Facts about a Test Execution or a Test Plan.

    Failures of Tests in quarantine do not count, if their entry is in force; Xray
    does not know fingerprints. ``ci`` describes the CI run that asks: in a pull
    request, it knows the branch to compare with.
    """

    def __init__(
        self, key: str, settings: Settings, server: Server, ci: Mapping[str, str]
    ) -> None:
        super().__init__(settings, server, None)
        self._key = key
        self._asked = server
        self._xray = server.make_client()
        self._has_ended = server.has_ended
        self._has_failed = server.has_failed
        self._ci = ci

    @cached_property
    def _statuses(self) -> Mapping[str, tuple[str, ...]]:
        return self._xray.statuses_in(self._key)

    def read_statuses(self) -> None:
        """
        Read the results before any rule is checked: without them, none can be.

        Raises SelectionError if it is another issue, XrayBridgeError if no server
        answers.
        """
        if self._is_plan and not self._xray.has_issue(self._key, "test_plan"):
            raise SelectionError(NO_RESULTS.format(self._key), hint=NAME_ONE)
        _ = self._statuses

    def count_tests(self) -> int:
        """Count the Tests that have a result."""
        return sum(map(self._has_ended, self._statuses.values()))

    def list_failures(self) -> list[str]:
        """Name the Tests that failed, without those in quarantine."""
        failed = [k for k, found in self._statuses.items() if self._has_failed(found)]
        if not failed:
            return []
        today = today_in_utc()
        spared = {e.test for e in self.quarantined if not e.why_invalid(today)}
        return [key for key in failed if key not in spared]

    def list_new_failures(self) -> list[str]:
        """Name those that did not fail in the last comparable Test Execution."""
        failed = self.list_failures()
        if not failed:
            return []
        earlier = self._find_earlier()
        if earlier is None:
            raise UnknownError(f"there is no Test Execution like {self._key} before it")
        is_new = self._asked.is_new_failure
        return [k for k in failed if is_new(self._statuses[k], earlier.get(k, ()))]

    def list_flaky(self) -> list[str]:
        """Name the Tests with the status of flaky ones, if these have one."""
        flaky = self._asked.find_flaky_status()
        if not flaky:
            raise UnknownError(NO_FLAKY)
        return [
            key
            for key, found in self._statuses.items()
            if flaky in map(str.upper, found)
        ]

    def list_environments(self) -> list[str]:
        """Name the Test Environments of the Test Execution."""
        return list(self._execution.environments)

    def list_missing_tests(self) -> list[str]:
        """Name the Tests of the Test Plan that have no result."""
        plans: tuple[str, ...] = ()
        if self._is_plan:
            wanted = [*self._statuses]
        else:
            plans = self._execution.plans or tuple(
                filter(None, (self.settings.test_plan,))
            )
            if not plans:
                raise UnsetError(f"{self._key} belongs to no Test Plan")
            wanted = [key for plan in plans for key in self._xray.tests_in(plan)]
        if not wanted:
            raise UnsetError(NO_TESTS.format(" and ".join(plans) or self._key))
        found = self._statuses
        return [
            k for k in dict.fromkeys(wanted) if not self._has_ended(found.get(k, ()))
        ]

    @cached_property
    def _newest(self) -> list[ExecutionRef]:
        """The newest Test Executions of the project, the newest first."""
        dialect = self._asked.connection.dialect
        return list_executions(self._xray, dialect, project_of(self._key), self._key)

    @cached_property
    def _is_plan(self) -> bool:
        return not self._xray.has_issue(self._key, "test_execution")

    @property
    def _execution(self) -> ExecutionRef:
        if self._is_plan:
            raise UnknownError(NO_EXECUTION.format(self._key))
        found = next((e for e in self._newest if e.key == self._key), None)
        if found is None:
            raise UnknownError(f"{self._key} is not among the newest Test Executions")
        return found

    def _find_earlier(self) -> Mapping[str, tuple[str, ...]] | None:
        """Return the statuses in the one that a run would be compared with."""
        own = self._execution
        branch = read_branch(own)
        is_of_ci = bool(branch) and self._ci.get(BRANCH, "")[:LONGEST_BRANCH] == branch
        target = self._ci.get(TARGET, "") if is_of_ci else ""
        place = Place(
            key=own.key,
            environments=own.environments,
            plans=own.plans,
            branches=(branch, target) if target else (branch,),
        )
        read = (
            self._xray.statuses_in(each.name)
            for each in islice(choose_baselines(place, self._newest), CANDIDATES)
        )
        now = self._statuses
        shares = ((len(now.keys() & each) / len(now), each) for each in read)
        return choose_first(shares)
