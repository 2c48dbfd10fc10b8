"""
Xray as it can be at its worst, Server and Cloud: it takes, drops, lies, is late, lags.

Only what no client could settle is left out: what a request makes can be found
within PROMISE seconds of it, or is never made.
"""

from __future__ import annotations

import heapq
import io
import itertools
import json
import re
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import requests
import urllib3
from requests.structures import CaseInsensitiveDict


if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.machine import Machine

PROMISE = 290.0
LABEL = re.compile(rb'"(xray-bridge-[A-Za-z0-9._-]+)"')
CASE = re.compile(
    rb'<testcase[^>]*? name="(\w+)"[^>]*?(?:/>|>(.*?)</testcase>)', re.DOTALL
)
CLOUD_WORDS = {"PASSED": "PASS", "FAILED": "FAIL"}
KEY_OF = {"first": "CALC-1", "second": "CALC-2", "third": "CALC-3"}
MUTATION = b"mutation"
SELF = "http://xray.test/rest/api/2/issue/1"
NOW, LATER, NEVER = "at once", "later", "never"
GOOD, RESET, SILENCE, HALF = "key", "reset", "silence", "half an answer"
PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"


@dataclass(frozen=True)
class Fate:
    """
    What becomes of a request that imports results.

    ``answer`` is a kind of answer, or a status with a body and headers.
    """

    done: str = NOW
    answer: str | tuple[int, bytes, dict[str, str]] = GOOD
    is_slow: bool = False


TAKEN = Fate()
NO_CONNECTION = Fate(NEVER)
HALF_SENT = Fate(NEVER, RESET)
FATES = {
    "taken": TAKEN,
    "taken slowly": Fate(is_slow=True),
    "refuses the connection": NO_CONNECTION,
    "breaks off while the report is sent": HALF_SENT,
    "drops": Fate(NEVER, RESET),
    "drops slowly": Fate(NEVER, RESET, is_slow=True),
    "processes and drops": Fate(NOW, RESET),
    "drops and processes later": Fate(LATER, RESET),
    "never answers": Fate(NEVER, SILENCE),
    "never answers, and has processed": Fate(NOW, SILENCE),
    "never answers, and processes later": Fate(LATER, SILENCE),
    "half an answer": Fate(NOW, HALF),
    "a page, and has processed": Fate(NOW, (200, PAGE, {})),
    "a page": Fate(NEVER, (200, PAGE, {})),
    "nothing with 200, and has processed": Fate(NOW, (200, b"", {})),
    "nothing with 200": Fate(NEVER, (200, b"", {})),
    "a list with 200, and has processed": Fate(NOW, (200, b"[1]", {})),
    "204, and has processed": Fate(NOW, (204, b"", {})),
    "500": Fate(NEVER, (500, PAGE, {})),
    "500, and has processed": Fate(NOW, (500, PAGE, {})),
    "503": Fate(NEVER, (503, PAGE, {"Retry-After": "3"})),
    "504 while it works": Fate(LATER, (504, PAGE, {}), is_slow=True),
    "504 at once, and processes later": Fate(LATER, (504, PAGE, {})),
    "429": Fate(NEVER, (429, b"{}", {})),
    "429 for a while": Fate(NEVER, (429, b"{}", {"Retry-After": "7"})),
    "429 for ever": Fate(NEVER, (429, b"{}", {"Retry-After": "99999999"})),
    "429 till a date": Fate(NEVER, (429, b"{}", {"Retry-After": "Soon, 1 Jan"})),
    "400": Fate(NEVER, (400, b'{"error": "no"}', {})),
    "401": Fate(NEVER, (401, b"", {})),
    "403": Fate(NEVER, (403, b'{"error": "no"}', {})),
    "redirects to a login page": Fate(NEVER, (302, b"", {"Location": "/login.jsp"})),
}
# Of what asks and changes nothing.
QUESTIONS = [
    "refuses the connection",
    "drops",
    "never answers",
    "a page",
    "nothing with 200",
    "500",
    "503",
    "429",
    "429 for ever",
    "401",
    "403",
    "redirects to a login page",
]
SLOW = (0.2, 1.0, 4.0, 4.9, 5.1, 12.0, 40.0, 59.0)
WORK = (0.5, 3.0, 6.0, 16.0, 30.0, 90.0, 200.0)
LAGS = (0.0, 0.0, 0.5, 1.5, 5.0, 12.0, 16.0, 25.0, 80.0)


@dataclass
class Execution:
    """A Test Execution: who may find it since when, and what is in it."""

    label: str
    found_from: float
    statuses: dict[str, str] = field(default_factory=dict)


@dataclass
class Server:
    """
    One server on one machine's clock.

    ``storm`` is how probable a fault is, ``made`` all that was ever made.
    """

    machine: Machine
    storm: float
    lags: tuple[float, ...] = LAGS
    made: dict[str, Execution] = field(default_factory=dict)
    _later: list[tuple[float, int, Callable[[], Any]]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def settle(self) -> None:
        """Do what is due by now."""
        while self._later and self._later[0][0] <= self.machine.now:
            heapq.heappop(self._later)[2]()

    def where(self, name: str) -> dict[str, str]:
        """The Test Executions with results of a test, and its status there."""
        return {
            key: execution.statuses[name]
            for key, execution in self.made.items()
            if name in execution.statuses
        }

    def send(
        self,
        method: str,
        address: str,
        *,
        data: Any,
        timeout: tuple[float, float],
        **_: Any,
    ) -> requests.Response:
        """Stand in for ``requests.Session.request``."""
        parts = urlsplit(address)
        query = {name: found[0] for name, found in parse_qs(parts.query).items()}
        makes = "/import/" in parts.path or parts.path.endswith("/issue")
        makes = makes or (isinstance(data, bytes) and MUTATION in data)
        fate, name = self._fate(is_import=makes)
        step = self.machine.step
        what = f"{method} {parts.path.rpartition('/rest/')[2]}"
        step(f"{what}: connect ({name})")
        if fate is NO_CONNECTION:
            raise _not_connected()
        body = _read(data, half=fate is HALF_SENT)
        step(f"{what}: sent")
        self.settle()
        asked = self.machine.now
        answer = b""
        if fate.done == NOW:
            answer = self._do(parts.path, query, body, asked)
            step(f"{what}: done")
        delay = self._delay(fate)
        if fate.done == LATER:
            self.do_later(parts.path, query, body)
        self._answer_after(fate, delay, timeout[1])
        step(f"{what}: answered")
        return _response(fate, answer, self.machine.now)

    def _fate(self, *, is_import: bool) -> tuple[Fate, str]:
        chance = self.machine.chance
        if chance.random() >= self.storm:
            return TAKEN, "taken"
        name = chance.choice([*FATES] if is_import else QUESTIONS)
        return FATES[name], name

    def _delay(self, fate: Fate) -> float:
        return self.machine.chance.choice(SLOW) if fate.is_slow else 0.05

    def _answer_after(self, fate: Fate, delay: float, patience: float) -> None:
        if fate.answer == SILENCE:
            self.machine.wait(patience)
            self.settle()
            raise requests.exceptions.ReadTimeout
        if delay >= patience:
            self.machine.wait(patience)
            raise requests.exceptions.ReadTimeout
        self.machine.wait(delay)
        if fate.answer == RESET:
            raise _broken()

    def do_later(self, path: str, query: dict[str, str], body: bytes) -> None:
        """Do it when the client knows nothing of it any more."""
        asked = self.machine.now
        when = asked + self.machine.chance.choice(WORK)

        def work() -> None:
            self._do(path, query, body, asked, when=when)

        heapq.heappush(self._later, (when, next(self._numbers), work))

    def _do(
        self,
        path: str,
        query: dict[str, str],
        body: bytes,
        asked: float,
        when: float = 0.0,
    ) -> bytes:
        """Do what was asked; the answer to that."""
        if path.endswith("/field"):
            return b"[]"
        if path.endswith("/authenticate"):
            return b'"a-token-of-a-day"'
        if path.endswith("/graphql"):
            return json.dumps(self._graphql(body, asked, when or asked)).encode()
        if path.endswith("/search"):
            return json.dumps({"issues": self._find(query["jql"])}).encode()
        if path.endswith("/issue"):
            key = self._make(body, asked, when or asked)
            return json.dumps({"id": "1", "key": key, "self": SELF}).encode()
        return self._import(query.get("testExecKey", ""), body, asked, when or asked)

    def _find(self, jql: str) -> list[dict[str, str]]:
        return [
            {"key": key}
            for key, execution in self.made.items()
            if f'"{execution.label}"' in jql
            and execution.found_from <= self.machine.now
        ][:2]

    def _graphql(self, body: bytes, asked: float, when: float) -> dict[str, Any]:
        """Cloud's way to search, and to make an empty Test Execution."""
        if MUTATION in body:
            made = {"issueId": "1", "jira": {"key": self._make(body, asked, when)}}
            return {"data": {"createTestExecution": {"testExecution": made}}}
        jql = json.loads(body)["variables"].get("jql", "")
        results = [{"issueId": "1", "jira": found} for found in self._find(jql)]
        found = {"total": len(results), "results": results}
        return {"data": {"getTestExecutions": found}}

    def _import(self, key: str, body: bytes, asked: float, when: float) -> bytes:
        document = json.loads(body) if body.startswith(b"{") else {}
        results = _statuses_of(document) if document else _statuses_in(body)
        key = key or document.get("testExecutionKey") or self._make(body, asked, when)
        execution = self.made.setdefault(key, Execution("", 0.0))
        execution.statuses |= results
        issue = {"id": "1", "key": key, "self": SELF}
        tests = {"success": [{"key": KEY_OF[name]} for name in results]}
        # Server's answer, and Cloud's in one.
        answer = {"testExecIssue": issue, "testIssues": tests, **issue}
        return json.dumps(answer).encode()

    def _make(self, body: bytes, asked: float, when: float) -> str:
        """A Test Execution; searches find them in the order in which they came."""
        key = f"CALC-{100 + len(self.made)}"
        lag = self.machine.chance.choice(self.lags)
        before = [each.found_from for each in self.made.values()]
        found = LABEL.search(body)
        self.made[key] = Execution(
            label=found[1].decode() if found else "",
            found_from=max(min(when + lag, asked + PROMISE), *before, 0.0),
        )
        return key


def _statuses_in(report: bytes) -> dict[str, str]:
    """By name, from a JUnit report."""
    return {
        case[1].decode(): "FAIL" if b"<failure" in (case[2] or b"") else "PASS"
        for case in CASE.finditer(report)
    }


def _statuses_of(document: dict[str, Any]) -> dict[str, str]:
    """By name, from Xray JSON as Cloud has it."""
    return {
        each["testInfo"]["definition"].rpartition(".")[2]: CLOUD_WORDS[each["status"]]
        for each in document["tests"]
    }


def _read(body: Any, *, half: bool) -> bytes:
    if body is None or isinstance(body, bytes):
        return body or b""
    if half:
        found: bytes = body.read(64)
        return found
    return b"".join(iter(lambda: body.read(1 << 20), b""))


def _not_connected() -> requests.ConnectionError:
    why = urllib3.exceptions.NewConnectionError(None, "refused")  # type: ignore[arg-type]
    return requests.ConnectionError(
        urllib3.exceptions.MaxRetryError(None, "/", why)  # type: ignore[arg-type]
    )


def _broken() -> requests.ConnectionError:
    reset = ConnectionResetError(104, "Connection reset by peer")
    return requests.ConnectionError(
        urllib3.exceptions.ProtocolError("Connection aborted.", reset)
    )


def _response(fate: Fate, answer: bytes, now: float) -> requests.Response:
    status, headers = 200, {"Content-Type": "application/json"}
    if isinstance(fate.answer, tuple):
        status, answer, headers = fate.answer
    headers = {**headers, "Date": formatdate(now, usegmt=True)}
    length = len(answer)
    if fate.answer == HALF:
        answer = answer[: length // 2]
    response = requests.Response()
    response.status_code = status
    response.headers = CaseInsensitiveDict({**headers, "Content-Length": str(length)})
    response.raw = urllib3.HTTPResponse(
        io.BytesIO(answer), status=status, headers=headers, preload_content=False
    )
    return response
