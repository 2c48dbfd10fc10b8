"""
The Tests that cover requirements, and their last results in Xray.

Sources: Xray's GraphQL schema (``getCoverableIssues``, ``getTestRuns``) for Cloud;
Xray's manual, "Tests - REST" and "Settings - REST", for Server and Data Center.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from xray_bridge.client.cloud import CloudXray
from xray_bridge.client.paging import PAGE
from xray_bridge.client.request import make_question
from xray_bridge.client.server import STATUSES, ServerXray
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import NotXrayError, RefusedError, UnansweredError


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xray_bridge.client.xray import XrayClient

OK, NOK, NOTRUN, UNKNOWN, UNCOVERED = "OK", "NOK", "NOTRUN", "UNKNOWN", "UNCOVERED"
# The worst comes first, as on Xray's own pages.
BELOW_NOK = (UNKNOWN, NOTRUN, UNCOVERED, OK)
# Requirements in one query; fewer after a query without an answer.
FIRST_PAGE = 24
# Test Runs are read for so many Tests at once, in so many pages.
TESTS_AT_ONCE, MOST_PAGES = 20, 10
# A status of Test Runs that Xray has by itself, and the status of a requirement.
USUAL = {"PASS": OK, "PASSED": OK, "FAIL": NOK, "FAILED": NOK}
COVERABLE = (
    "query($jql: String!, $limit: Int!) { getCoverableIssues(jql: $jql, limit: $limit) "
    '{ total results { issueId jira(fields: ["key"]) status(isFinal: true) { name } '
    f"tests(limit: {PAGE}) {{ total results {{ issueId status {{ name }} "
    'jira(fields: ["key", "summary"]) } } } } }'
)
RUNS = (
    "query($tests: [String], $start: Int!) { getTestRuns(testIssueIds: $tests, "
    f"limit: {PAGE}, start: $start) {{ total results {{ startedOn defects "
    "test { issueId } } } }"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveringTest:
    """
    A Test of a requirement and its last result; ``status`` is empty without one.

    ``defects`` are keys or ids of the bugs on its last Test Run.
    """

    key: str
    status: str = ""
    summary: str = ""
    defects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """
    The coverage of a requirement: its status in Xray, and its Tests.

    ``total`` is their number; it may be larger than that of ``tests``.
    """

    status: str
    tests: tuple[CoveringTest, ...] = ()
    total: int = 0


class CoverageSource(Protocol):
    """Reads coverage on one product."""

    def read(
        self, tests_by_requirement: Mapping[str, Sequence[str]]
    ) -> dict[str, Covered]:
        """
        Return the coverage of requirements; those that cannot be covered are missing.

        The given Tests are those that Jira links to them. Raises DeliveryError.
        """
        ...


def worst_status(found: Iterable[str]) -> str:
    """
    Return the worst status; UNCOVERED if there is none.

    A status of this Xray's own is better than NOK, and worse than all others.
    """
    known = set(found)
    own = sorted(known - {NOK, *BELOW_NOK})
    return next((each for each in (NOK, *own, *BELOW_NOK) if each in known), UNCOVERED)


class ServerCoverage:
    """Reads the Test Runs of each Test, and computes the status as Xray does."""

    def __init__(self, xray: ServerXray) -> None:
        self._xray = xray
        self._meanings: dict[str, str] | None = None
        self._known: dict[str, CoveringTest] = {}

    def read(
        self, tests_by_requirement: Mapping[str, Sequence[str]]
    ) -> dict[str, Covered]:
        """Ask for each Test once."""
        return {
            key: self._make_covered([self._read_test(test) for test in tests])
            for key, tests in tests_by_requirement.items()
        }

    def _make_covered(self, tests: Sequence[CoveringTest]) -> Covered:
        found = [self._meaning_of(each.status) for each in tests]
        status = worst_status(found) if found else UNCOVERED
        return Covered(status=status, tests=tuple(tests), total=len(tests))

    def _read_test(self, key: str) -> CoveringTest:
        if key not in self._known:
            self._known[key] = self._ask_for_test(key)
        return self._known[key]

    def _ask_for_test(self, key: str) -> CoveringTest:
        path = f"/rest/raven/2.0/api/test/{quote(key, safe='')}/testruns"
        try:
            runs = self._ask(path)
        except RefusedError as error:
            # Not a Test, although an issue of another type is linked as one.
            if error.status in {400, 404}:
                return CoveringTest(key=key)
            raise
        last = max(runs, key=_time_of, default=None)
        if last is None:
            return CoveringTest(key=key)
        defects = (each for each in _list_of(last.get("defects")))
        return CoveringTest(
            key=key,
            status=str(last.get("status") or ""),
            defects=tuple(str(e["key"]) for e in defects if e.get("key")),
        )

    def _meaning_of(self, status: str) -> str:
        if not status:
            return NOTRUN
        if self._meanings is None:
            self._meanings = dict(USUAL)
            try:
                listed = self._ask(STATUSES)
            except (RefusedError, NotXrayError):
                # Old versions do not list them.
                listed = []
            for each in listed:
                if each.get("requirementStatusName"):
                    name = str(each.get("name"))
                    self._meanings[name] = str(each["requirementStatusName"])
        return self._meanings.get(status, NOTRUN)

    def _ask(self, path: str) -> list[dict[str, Any]]:
        request = make_question(path)
        answer = self._xray.send(request)
        found = answer.json()
        if not isinstance(found, list):
            msg = f"{answer.url} does not answer like Xray"
            raise NotXrayError(msg, hint="check xray_url")
        return _list_of(found)


class CloudCoverage:
    """Asks GraphQL for the status that Xray has computed, in small pages."""

    def __init__(self, xray: CloudXray) -> None:
        self._xray = xray
        self._page = FIRST_PAGE

    def read(
        self, tests_by_requirement: Mapping[str, Sequence[str]]
    ) -> dict[str, Covered]:
        """Ask page by page; a page without an answer is halved, and stays small."""
        left = list(tests_by_requirement)
        found: dict[str, Covered] = {}
        ids: dict[str, str] = {}
        while left:
            page = left[: self._page]
            try:
                found |= self._read_page(page, ids)
            except UnansweredError:
                if self._page == 1:
                    raise
                self._page //= 2
                continue
            except RefusedError:
                # One key that Xray does not know fails the whole query.
                if len(page) > 1:
                    self._page = max(1, len(page) // 2)
                    continue
            left = left[len(page) :]
        return self._with_defects(found, ids)

    def _read_page(
        self, keys: Sequence[str], ids: dict[str, str]
    ) -> dict[str, Covered]:
        """Read some requirements; note the ids of their Tests."""
        jql = f"key in ({', '.join(keys)})"
        data = self._xray.query(COVERABLE, {"jql": jql, "limit": len(keys)})
        found = {}
        for each in _results_of(data.get("getCoverableIssues")):
            key = _key_of(each)
            tests = []
            for test in _results_of(each.get("tests")):
                covering = CoveringTest(
                    key=_key_of(test),
                    status=_name_of(test.get("status")),
                    summary=_jira_of(test, "summary"),
                )
                tests.append(covering)
                ids[covering.key] = str(test.get("issueId") or "")
            total = each["tests"].get("total") if tests else 0
            found[key] = Covered(
                status=_name_of(each.get("status")) or UNKNOWN,
                tests=tuple(tests),
                total=total if isinstance(total, int) else len(tests),
            )
        return found

    def _with_defects(
        self, found: Mapping[str, Covered], ids: Mapping[str, str]
    ) -> dict[str, Covered]:
        """Add the bugs of the last Test Run of each failing Test."""
        failing = {
            ids[test.key]: test.key
            for each in found.values()
            for test in each.tests
            if USUAL.get(test.status, NOTRUN) == NOK and ids.get(test.key)
        }
        wanted = list(failing)
        defects: dict[str, tuple[str, ...]] = {}
        for at in range(0, len(wanted), TESTS_AT_ONCE):
            chunk = wanted[at : at + TESTS_AT_ONCE]
            last = {
                str(each["test"]["issueId"]): each for each in self._list_runs(chunk)
            }
            for issue_id, run in last.items():
                listed = run.get("defects")
                known = listed if isinstance(listed, list) else []
                defects[failing.get(issue_id, "")] = tuple(map(str, known))
        return {
            key: replace(
                each,
                tests=tuple(
                    replace(test, defects=defects.get(test.key, ()))
                    for test in each.tests
                ),
            )
            for key, each in found.items()
        }

    def _list_runs(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """List the Test Runs of some Tests, the last one last."""
        runs: list[dict[str, Any]] = []
        for number in range(MOST_PAGES):
            variables = {"tests": list(ids), "start": number * PAGE}
            found = self._xray.query(RUNS, variables).get("getTestRuns")
            page = _results_of(found)
            runs += (each for each in page if isinstance(each.get("test"), dict))
            if len(page) < PAGE:
                break
        return sorted(runs, key=lambda each: str(each.get("startedOn") or ""))


SOURCES: Mapping[type, Callable[[Any], CoverageSource]] = {
    ServerXray: ServerCoverage,
    CloudXray: CloudCoverage,
}


def coverage_of(xray: XrayClient) -> CoverageSource:
    """Make the source of coverage for a client's product."""
    return SOURCES[type(xray)](xray)


def _time_of(run: Mapping[str, Any]) -> tuple[str, int]:
    """Order Test Runs of Server by their times, or else by their ids."""
    number = run.get("id")
    time = str(run.get("finishedOn") or run.get("startedOn") or "")
    return time, number if isinstance(number, int) else 0


def _list_of(found: Any) -> list[dict[str, Any]]:
    listed = found if isinstance(found, list) else []
    return [each for each in listed if isinstance(each, dict)]


def _results_of(found: Any) -> list[dict[str, Any]]:
    return _list_of(found.get("results")) if isinstance(found, dict) else []


def _jira_of(found: Mapping[str, Any], name: str) -> str:
    jira = found.get("jira")
    return str(jira.get(name) or "") if isinstance(jira, dict) else ""


def _key_of(found: Mapping[str, Any]) -> str:
    return _jira_of(found, "key")


def _name_of(found: Any) -> str:
    return str(found.get("name") or "") if isinstance(found, dict) else ""
