"""A Jira Server in memory, with Xray's Test Runs; requests can fail as a test wants."""

from __future__ import annotations

import itertools
import json
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.builders import a_connection, recorded, settings_of
from xray_bridge.client.http import Deadline
from xray_bridge.client.pauses import Pauses
from xray_bridge.client.response import Answer
from xray_bridge.errors import AmbiguousError, XrayBridgeError
from xray_bridge.jira.defects.step import DEFECTS
from xray_bridge.jira.run import JiraRun
from xray_bridge.model.dialect import DIALECTS, SERVER
from xray_bridge.runs.merge import Results


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from xray_bridge.client.request import Request
    from xray_bridge.model.results import TestRun
    from xray_bridge.runs.run_directory import RunDirectory

NEW, DOING, DONE = "new", "indeterminate", "done"
STATUSES = {"To Do": NEW, "In Progress": DOING, "Done": DONE}
FIELDS: list[dict[str, Any]] = [
    {"fieldId": "summary", "name": "Summary", "required": True},
    {"fieldId": "description", "name": "Description"},
    {"fieldId": "labels", "name": "Labels", "schema": {"type": "array"}},
    {
        "fieldId": "priority",
        "name": "Priority",
        "schema": {"type": "priority"},
        "allowedValues": [{"id": "1", "name": "High"}, {"id": "2", "name": "Low"}],
    },
    {
        "fieldId": "customfield_7",
        "name": "Severity",
        "schema": {"type": "option"},
        "allowedValues": [{"id": "9", "value": "Major"}, {"id": "8", "value": "Minor"}],
    },
    {
        "fieldId": "components",
        "name": "Component/s",
        "schema": {"type": "array", "items": "component"},
        "allowedValues": [{"id": "3", "name": "Cart"}],
    },
]


@dataclass
class Issue:
    """An issue."""

    id: str
    key: str
    fields: dict[str, Any]
    status: str = "To Do"
    resolution: str = ""
    comments: list[str] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)

    @property
    def labels(self) -> list[str]:
        """Its labels."""
        found: list[str] = self.fields.setdefault("labels", [])
        return found

    @property
    def failure_label(self) -> str:
        """The label of its failure."""
        return next(e for e in self.labels if re.fullmatch("xb-[0-9a-f]{12}", e))

    def to_json(self) -> dict[str, Any]:
        """As Jira's search shows it."""
        fields = {
            **self.fields,
            "status": {
                "name": self.status,
                "statusCategory": {"key": STATUSES[self.status]},
            },
            "resolution": {"name": self.resolution} if self.resolution else None,
            "attachment": [{"id": "1", "filename": n} for n in self.attachments],
        }
        return {"id": self.id, "key": self.key, "fields": fields}


@dataclass
class PretendJira:
    """
    The server. ``faults`` are asked before each request: they may raise, or answer.

    ``lost``: paths of POSTs that are processed, but whose answer is lost. ``hidden``:
    ids of issues that the search does not show yet.
    """

    issues: list[Issue] = field(default_factory=list)
    tests: dict[str, str] = field(default_factory=dict)
    linked: dict[str, list[str]] = field(default_factory=dict)
    links: list[dict[str, Any]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    fault: Callable[[Request], Answer | None] = lambda _: None
    lost: list[str] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    screen: list[dict[str, Any]] = field(default_factory=lambda: list(FIELDS))
    deadline: Deadline = field(default_factory=lambda: Deadline(60.0))
    skew = None
    _ids: Any = field(default_factory=lambda: itertools.count(101))
    _lock: Any = field(default_factory=threading.RLock)

    def send(
        self,
        request: Request,
        *,
        url: str,
        headers: Mapping[str, str] | None = None,
        into: Any = None,
    ) -> Answer:
        """Answer a request as ``Http`` does."""
        assert headers
        assert into is None
        path = unquote(request.path)
        with self._lock:
            self.sent.append(f"{request.method} {path}")
        answered = self.fault(request)
        if answered is not None:
            return answered
        with self._lock:
            status, content = self._process(request, path)
        if f"{request.method} {path}" in self.lost:
            self.lost.remove(f"{request.method} {path}")
            raise AmbiguousError("the answer ended before it was complete")
        return answer(status, content, url + path)

    def wait(self, attempt: int, *, seconds: float = 0.0, attempts: int = 0) -> bool:
        """Wait for no other attempt."""
        return not (attempt or seconds or attempts)

    def _process(self, request: Request, path: str) -> tuple[int, Any]:
        body = _body_of(request)
        query = dict(request.query)
        for pattern, name in ROUTES:
            found = re.fullmatch(pattern, f"{request.method} {path}")
            if found:
                handle = getattr(self, name)
                result: tuple[int, Any] = handle(
                    *found.groups(), body=body, query=query
                )
                return result
        return 404, {"errorMessages": [f"nothing at {path}"]}

    def issue(self, name: str) -> Issue:
        """An issue by id or key."""
        return next(e for e in self.issues if name in {e.id, e.key})

    def add(self, *labels: str, status: str = "To Do", resolution: str = "") -> Issue:
        """Add an issue that was there before."""
        number = str(next(self._ids))
        fields = {"labels": list(labels), "summary": "known"}
        found = Issue(number, f"CALC-{number}", fields, status, resolution)
        self.issues.append(found)
        return found

    def _create(self, *, body: Any, query: Any) -> tuple[int, Any]:
        del query
        given = body["fields"]
        known = {each["fieldId"]: each for each in self.screen}
        errors = {
            name: f"Field '{name}' cannot be set. It is not on the appropriate screen."
            for name in given
            if name not in {*known, "project", "issuetype"}
        }
        for name, rule in known.items():
            if rule.get("required") and not given.get(name):
                errors[name] = f"{rule['name']} is required."
            allowed = [
                e.get("name") or e["value"] for e in rule.get("allowedValues", ())
            ]
            values = given.get(name)
            for value in values if isinstance(values, list) else [values]:
                named = (
                    value.get("name") or value.get("value")
                    if value and isinstance(value, dict)
                    else None
                )
                if named and allowed and named not in allowed:
                    errors[name] = f"The {name} selected is invalid."
        if errors:
            return 400, {"errorMessages": [], "errors": errors}
        number = str(next(self._ids))
        made = Issue(number, f"CALC-{number}", dict(given))
        self.issues.append(made)
        return 201, {"id": made.id, "key": made.key, "self": "https://x/"}

    def _search(self, *, body: Any, query: Any) -> tuple[int, Any]:
        del query
        jql = body["jql"]
        labels = set(re.findall(r'"([^"]+)"', jql.partition("labels")[2]))
        found = [
            each
            for each in self.issues
            if labels & set(each.labels) and each.id not in self.hidden
            if "statusCategory != Done" not in jql or STATUSES[each.status] != DONE
        ]
        return 200, {"total": len(found), "issues": [e.to_json() for e in found]}

    def _edit(self, issue: str, *, body: Any, query: Any) -> tuple[int, Any]:
        del query
        labels = self.issue(issue).labels
        for step in body["update"]["labels"]:
            if "add" in step:
                labels.append(step["add"])
            if step.get("remove") in labels:
                labels.remove(step["remove"])
        return 204, None

    def _read(self, issue: str, *, body: Any, query: Any) -> tuple[int, Any]:
        del body, query
        return 200, self.issue(issue).to_json()

    def _comments(self, issue: str, *, body: Any, query: Any) -> tuple[int, Any]:
        del body, query
        found = [{"body": text} for text in self.issue(issue).comments]
        return 200, {"comments": found, "total": len(found)}

    def _comment(self, issue: str, *, body: Any, query: Any) -> tuple[int, Any]:
        del query
        self.issue(issue).comments.append(body["body"])
        return 201, {"id": "1"}

    def _property(
        self, issue: str, name: str, *, body: Any, query: Any
    ) -> tuple[int, Any]:
        del body, query
        known = self.issue(issue).properties
        if name not in known:
            return 404, {"errorMessages": ["The property does not exist."]}
        return 200, {"key": name, "value": known[name]}

    def _set_property(
        self, issue: str, name: str, *, body: Any, query: Any
    ) -> tuple[int, Any]:
        del query
        self.issue(issue).properties[name] = body
        return 200, None

    def _transitions(self, issue: str, *, body: Any, query: Any) -> tuple[int, Any]:
        del body, query
        now = self.issue(issue).status
        resolutions = [{"id": "1", "name": "Done"}, {"id": "2", "name": "Duplicate"}]
        listed = [
            {
                "id": str(number),
                "name": f"to {name}",
                "to": {"name": name, "statusCategory": {"key": category}},
                "fields": {"resolution": {"allowedValues": resolutions}}
                if category == DONE
                else {},
            }
            for number, (name, category) in enumerate(STATUSES.items())
            if name != now
        ]
        return 200, {"transitions": listed}

    def _transition(self, issue: str, *, body: Any, query: Any) -> tuple[int, Any]:
        del query
        found = self.issue(issue)
        found.status = list(STATUSES)[int(body["transition"]["id"])]
        chosen = body.get("fields", {}).get("resolution") or {}
        found.resolution = chosen.get("name", "") or (
            {"1": "Done", "2": "Duplicate"}.get(chosen.get("id", ""), "")
        )
        return 204, None

    def _attach(self, issue: str, *, body: Any, query: Any) -> tuple[int, Any]:
        del query
        self.issue(issue).attachments += body
        return 200, []

    def _limits(self, *, body: Any, query: Any) -> tuple[int, Any]:
        del body, query
        return 200, {"enabled": True, "uploadLimit": 1000}

    def _types(self, *, body: Any, query: Any) -> tuple[int, Any]:
        del body, query
        return 200, {"total": 1, "values": [{"id": "10004", "name": "Bug"}]}

    def _fields(self, *, body: Any, query: Any) -> tuple[int, Any]:
        del body
        start = int(query["startAt"])
        page = self.screen[start : start + 4]
        return 200, {"total": len(self.screen), "values": page}

    def _link(self, *, body: Any, query: Any) -> tuple[int, Any]:
        del query
        self.links.append(body)
        return 201, None

    def _test_run(self, *, body: Any, query: Any) -> tuple[int, Any]:
        del body
        key = query["testIssueKey"]
        if key not in self.tests:
            return 400, {"error": "no such Test Run"}
        return 200, {
            "id": key,
            "defects": [{"key": k} for k in self.linked.get(key, ())],
        }

    def _test_runs(self, *, body: Any, query: Any) -> tuple[int, Any]:
        del body, query
        return 200, [{"id": key, "testKey": key} for key in self.tests]

    def _add_defect(self, run: str, *, body: Any, query: Any) -> tuple[int, Any]:
        del query
        self.linked.setdefault(run, []).extend(body)
        return 200, []


ISSUE = r"/rest/api/2/issue/([^/]+)"
META = r"/rest/api/2/issue/createmeta/CALC/issuetypes"
ROUTES = (
    (r"POST /rest/api/2/issue", "_create"),
    (r"POST /rest/api/2/search(?:/jql)?", "_search"),
    (r"POST /rest/api/2/issueLink", "_link"),
    (rf"GET {META}", "_types"),
    (rf"GET {META}/10004", "_fields"),
    (rf"PUT {ISSUE}", "_edit"),
    (rf"GET {ISSUE}", "_read"),
    (rf"GET {ISSUE}/comment", "_comments"),
    (rf"POST {ISSUE}/comment", "_comment"),
    (rf"GET {ISSUE}/properties/([^/]+)", "_property"),
    (rf"PUT {ISSUE}/properties/([^/]+)", "_set_property"),
    (rf"GET {ISSUE}/transitions", "_transitions"),
    (rf"POST {ISSUE}/transitions", "_transition"),
    (rf"POST {ISSUE}/attachments", "_attach"),
    (r"GET /rest/api/2/attachment/meta", "_limits"),
    (r"GET /rest/raven/2.0/api/testrun", "_test_run"),
    (r"GET /rest/raven/2.0/api/testruns", "_test_runs"),
    (r"POST /rest/raven/2.0/api/testrun/([^/]+)/defect", "_add_defect"),
)


def _body_of(request: Request) -> Any:
    if request.parts:
        return [part.filename for part in request.parts]
    content = request.content
    return json.loads(content) if isinstance(content, bytes) else None


def answer(status: int, content: Any, url: str = "https://jira.example.com/") -> Answer:
    """An answer with JSON."""
    body = b"" if content is None else json.dumps(content).encode()
    return Answer(status=status, headers={}, content=body, url=url)


def refusal(status: int, text: str, **fields: str) -> Answer:
    """A refusal in Jira's form."""
    return answer(status, {"errorMessages": [text] if text else [], "errors": fields})


@dataclass
class Applied:
    """What a run has said, and how it ended."""

    notices: list[str]
    failure: XrayBridgeError | None = None

    @property
    def text(self) -> str:
        """All notices."""
        return "\n".join(self.notices)


def a_jira_run(
    jira: PretendJira,
    directory: RunDirectory,
    *,
    execution: str = "CALC-99",
    **given: str,
) -> JiraRun:
    """A run that was sent to this Jira."""
    settings = settings_of(**{"project": "CALC", "defects": "create", **given})
    connection = a_connection(
        dialect=DIALECTS[SERVER],
        pauses=Pauses(first=0.0, looks=(0.0, 0.0), settled=300.0, same_issue=0.0),
    )
    return JiraRun(
        settings=settings,
        info=directory.info,
        results=Results([directory], aggregate=settings.aggregate),
        directory=directory,
        connection=connection,
        http=jira,  # type: ignore[arg-type]
        test_execution=execution,
    )


def apply(run: JiraRun) -> Applied:
    """Do the step; a failure is returned."""
    notices: list[str] = []
    try:
        notices.extend(DEFECTS.apply(run))
    except XrayBridgeError as error:
        return Applied(notices, error)
    return Applied(notices)


def settle(jira: PretendJira, tmp_path: Path, *runs: TestRun, **given: str) -> Applied:
    """Send results to this Jira, as one run."""
    return apply(a_jira_run(jira, recorded(tmp_path, *runs), **given))
