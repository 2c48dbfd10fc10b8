"""
Test Runs of a Test Execution, and their defects.

Sources: Xray's manuals, "Test Runs - REST" of Server and Data Center, and the GraphQL
schema of Cloud.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from xray_bridge.client.defects import read_issue
from xray_bridge.client.graphql import ask, read_total
from xray_bridge.client.jql import search_keys
from xray_bridge.client.paging import PAGE
from xray_bridge.client.request import JSON, Request, make_question
from xray_bridge.client.response import member_of
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RefusedError
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from xray_bridge.client.jira import Jira
    from xray_bridge.client.xray import XrayClient
    from xray_bridge.model.dialect import Dialect

API = "/rest/raven/2.0/api"
# The custom field of Server with the Generic Test definition.
DEFINITION = "com.xpandit.plugins.xray:path-editor-custom-field"
# Pages of Test Runs that are looked through for Tests without a key.
MOST_PAGES = 30
# Pages of Test Runs whose statuses are read.
PAGES_OF_STATUSES = 500
RUNS = (
    "query($jql: String!, $start: Int!) { getTestExecutions(jql: $jql, limit: 1) { "
    f"total results {{ issueId testRuns(limit: {PAGE}, start: $start) {{ total "
    "results { id defects status { name } test { issueId unstructured "
    'jira(fields: ["key", "summary"]) } } } } } }'
)
RUN = (
    "query($test: String!, $execution: String!) { "
    "getTestRun(testIssueId: $test, testExecIssueId: $execution) { id defects } }"
)
ADD = (
    "mutation($id: String!, $issues: [String]!) { "
    "addDefectsToTestRun(id: $id, issues: $issues) { addedDefects warnings } }"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRef:
    """
    One Test Run: its id, its Test, and the keys of its defects.

    ``definition`` and ``summary`` are those of the Test, if they were read. ``status``
    is Xray's word, empty if it was not read.
    """

    id: str
    test_key: str
    definition: str = ""
    summary: str = ""
    defects: tuple[str, ...] = ()
    status: str = ""


class ServerTestRuns:
    """The Test Runs of one Test Execution on Server/Data Center."""

    def __init__(self, xray: XrayClient, execution: str) -> None:
        self._xray = xray
        self._execution = execution
        self._runs: list[RunRef] | None = None

    def find_run(self, test_key: str) -> RunRef | None:
        """Return the Test Run of a Test; None if there is none."""
        query = (("testExecIssueKey", self._execution), ("testIssueKey", test_key))
        request = make_question(f"{API}/testrun", query)
        try:
            found = self._xray.send(request).json()
        except RefusedError as error:
            if error.status in {400, 404}:
                return None
            raise
        return _read_server_run(found, test_key)

    def list_runs(self) -> list[RunRef]:
        """List all Test Runs with their Tests' definitions; they are read once."""
        if self._runs is None:
            self._runs = self._with_definitions(self._read_runs(MOST_PAGES))
        return self._runs

    def list_statuses(self, known: Container[str] | None) -> list[RunRef]:
        """List all Test Runs, with the texts of those Tests that are not known."""
        runs = self._read_runs(PAGES_OF_STATUSES)
        if known is None:
            return runs
        unknown = [run for run in runs if run.test_key not in known]
        known_runs = [run for run in runs if run.test_key in known]
        return [*known_runs, *self._with_definitions(unknown)]

    def _read_runs(self, pages: int) -> list[RunRef]:
        found: dict[str, RunRef] = {}
        for number in range(1, pages + 1):
            page = self._read_page(number)
            new = {run.id: run for run in page if run.id not in found}
            found |= new
            if not new or len(page) < PAGE:
                break
        return list(found.values())

    def _read_page(self, number: int) -> list[RunRef]:
        query = {"testExecKey": self._execution, "limit": PAGE, "page": number}
        texts = ((name, str(value)) for name, value in query.items())
        found = self._xray.send(make_question(f"{API}/testruns", texts)).json()
        listed = found if isinstance(found, list) else []
        runs = (_read_server_run(e, str(member_of(e, "testKey"))) for e in listed)
        return [run for run in runs if run is not None]

    def _with_definitions(self, runs: list[RunRef]) -> list[RunRef]:
        """Ask Jira for the definitions, which Xray's list does not have."""
        jira = self._xray.jira
        if jira is None or not runs:
            return runs
        texts = _read_texts(jira, [run.test_key for run in runs])
        return [
            replace(run, definition=definition, summary=summary)
            for run in runs
            for definition, summary in [texts.get(run.test_key, ("", ""))]
        ]

    def add_defect(self, run: RunRef, key: str) -> None:
        """Add a defect to a Test Run; doing it twice does no harm."""
        request = Request(
            method="POST",
            path=f"{API}/testrun/{quote(run.id, safe='')}/defect",
            content=json.dumps([key]).encode(),
            media_type=JSON,
            repeatable=True,
        )
        self._xray.send(request)


class CloudTestRuns:
    """The Test Runs of one Test Execution on Cloud."""

    def __init__(self, xray: XrayClient, execution: str) -> None:
        self._xray = xray
        self._execution = execution
        self._ids: dict[str, str] = {}
        self._runs: list[RunRef] | None = None

    def find_run(self, test_key: str) -> RunRef | None:
        """Return the Test Run of a Test; None if there is none."""
        test, execution = self._id_of(test_key), self._id_of(self._execution)
        if not (test and execution):
            return None
        try:
            data = ask(self._xray, RUN, {"test": test, "execution": execution})
        except RefusedError:
            # An error with status 200 is the answer for a Test that is not in it.
            return None
        found = data.get("getTestRun")
        if not isinstance(found, dict) or not found.get("id"):
            return None
        return replace(_read_cloud_run(found), test_key=test_key)

    def _id_of(self, key: str) -> str:
        """Ask Jira for the id of an issue, by which Xray Cloud knows it."""
        jira = self._xray.jira
        if key not in self._ids and jira is not None:
            found = read_issue(jira, key, ["summary"]) or {}
            self._ids[key] = str(found.get("id") or "")
        return self._ids.get(key, "")

    def list_runs(self) -> list[RunRef]:
        """List the Test Runs; they are read once."""
        if self._runs is None:
            self._runs = self._read_runs(MOST_PAGES)
        return self._runs

    def list_statuses(self, known: Container[str] | None) -> list[RunRef]:  # noqa: ARG002
        """List all Test Runs; each has the texts of its Test."""
        return self._read_runs(PAGES_OF_STATUSES)

    def _read_runs(self, pages: int) -> list[RunRef]:
        found: list[RunRef] = []
        for _ in range(pages):
            variables = {"jql": f"key = {self._execution}", "start": len(found)}
            data = ask(self._xray, RUNS, variables)
            results = member_of(data.get("getTestExecutions"), "results")
            first = results[0] if isinstance(results, list) and results else None
            page = member_of(first, "testRuns")
            listed = member_of(page, "results")
            results = listed if isinstance(listed, list) else []
            runs = [_read_cloud_run(e) for e in results if isinstance(e, dict)]
            found += runs
            if not runs or len(found) >= read_total(page):
                break
        return found

    def add_defect(self, run: RunRef, key: str) -> None:
        """Add a defect to a Test Run; doing it twice does no harm."""
        ask(self._xray, ADD, {"id": run.id, "issues": [key]}, repeatable=True)


def _read_texts(jira: Jira, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return definitions and summaries of Tests, by key."""
    listed = [e for e in jira.list_fields() if isinstance(e, dict)]
    fields = (e for e in listed if member_of(e.get("schema"), "custom") == DEFINITION)
    name = next((str(each.get("id")) for each in fields), "")
    wanted = ("summary", name) if name else ("summary",)
    found: dict[str, tuple[str, str]] = {}
    for issue in search_keys(jira, keys, wanted):
        values = issue["fields"]
        texts = str(values.get(name) or ""), str(values.get("summary") or "")
        found[issue["key"]] = texts
    return found


def _read_server_run(found: Any, test_key: str) -> RunRef | None:
    if not isinstance(found, dict) or not found.get("id"):
        return None
    listed = found.get("defects")
    defects = listed if isinstance(listed, list) else []
    keys = tuple(str(member_of(each, "key")) for each in defects)
    status = str(found.get("status") or "")
    return RunRef(id=str(found["id"]), test_key=test_key, defects=keys, status=status)


def _read_cloud_run(found: dict[str, Any]) -> RunRef:
    test = found.get("test")
    jira = member_of(test, "jira")
    defects = found.get("defects")
    return RunRef(
        id=str(found.get("id")),
        test_key=str(member_of(jira, "key") or ""),
        definition=str(member_of(test, "unstructured") or ""),
        summary=str(member_of(jira, "summary") or ""),
        defects=tuple(map(str, defects)) if isinstance(defects, list) else (),
        status=str(member_of(found.get("status"), "name") or ""),
    )


class TestRuns(Protocol):
    """The Test Runs of one Test Execution."""

    def find_run(self, test_key: str) -> RunRef | None:
        """Return the Test Run of a Test; None if there is none."""
        ...

    def list_runs(self) -> list[RunRef]:
        """List the Test Runs with the definitions of their Tests."""
        ...

    def list_statuses(self, known: Container[str] | None) -> list[RunRef]:
        """
        List the Test Runs with their statuses, for a comparison.

        Definitions and summaries of Tests whose keys are ``known`` may be missing;
        None: those of all Tests.
        """
        ...

    def add_defect(self, run: RunRef, key: str) -> None:
        """Add a defect to a Test Run; doing it twice does no harm."""
        ...


KINDS: Mapping[str, Callable[[XrayClient, str], TestRuns]] = {
    SERVER: ServerTestRuns,
    CLOUD: CloudTestRuns,
}


def open_test_runs(xray: XrayClient, dialect: Dialect, execution: str) -> TestRuns:
    """Make the reader of the Test Runs of a Test Execution."""
    return KINDS[dialect.name](xray, execution)
