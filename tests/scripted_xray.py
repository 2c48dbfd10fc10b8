"""A scripted server that imitates Xray, and runs that are sent to it."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.builders import a_run, recorded
from xray_bridge import cli
from xray_bridge.model.results import Evidence, Outcome, TestRun
from xray_bridge.runs.evidence import FOLDER, EvidenceFolder, EvidenceSource
from xray_bridge.runs.run_directory import RunDirectory


PASSED = a_run(keys=["CALC-1"], name="test_add")
FAILED = a_run(Outcome.FAILED, keys=["CALC-2"], name="test_sub", message="1 != 2")
SECRET = "s3cret-nobody-may-see"


@dataclass
class Sent:
    """One received request."""

    method: str
    path: str
    query: dict[str, str]
    authorization: str
    parts: dict[str, tuple[str, str, bytes]]
    body: bytes
    content_type: str

    def part(self, name: str) -> Any:
        """A JSON part."""
        return json.loads(self.parts[name][2])


@dataclass
class Xray:
    """Answer from a script: answers by path, the last one repeatedly."""

    server: HTTPServer
    script: dict[str, list[Any]] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The base URL."""
        return self.server.url_for("").rstrip("/")

    @property
    def lines(self) -> list[str]:
        """Method and path of all requests."""
        return [f"{request.method} {request.path}" for request in self.sent]

    def posts(self, path: str) -> list[Sent]:
        """The POST requests to a path with this ending."""
        return [s for s in self.sent if s.method == "POST" and s.path.endswith(path)]

    def answer(self, request: Request) -> Response:
        """Record a request and answer it from the script."""
        parts = {
            name: (file.filename or "", file.content_type or "", file.read())
            for name, file in request.files.items()
        }
        self.sent.append(
            Sent(
                method=request.method,
                path=request.path,
                query=dict(request.args),
                authorization=request.headers.get("Authorization", ""),
                parts=parts,
                body=request.get_data(),
                content_type=request.content_type or "",
            )
        )
        answers = self.script.get(request.path)
        if answers is None:
            return Response(f"no script for {request.path}", status=404)
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, Response):
            # A Response object is spent once; the last answer may be used again.
            return Response(found.get_data(), found.status_code, dict(found.headers))
        return Response(json.dumps(found), content_type="application/json")


IMPORT = "/rest/raven/2.0/import/execution"
MULTIPART = f"{IMPORT}/junit/multipart"
PLAIN = f"{IMPORT}/junit"
OTHER_IMPORTS = ("", "/multipart", "/cucumber/multipart", "/behave/multipart")
FIELD = "/rest/api/2/field"
SEARCH = "/rest/api/2/search"
CREATED = {
    "testExecIssue": {
        "id": "38101",
        "key": "CALC-77",
        "self": "https://jira.example.com/rest/api/2/issue/38101",
    },
    "testIssues": {
        "success": [{"id": "1", "key": "CALC-1"}, {"id": "2", "key": "CALC-2"}]
    },
}
FIELDS = [
    {
        "id": "customfield_1",
        "name": "Plan de test",
        "custom": True,
        "schema": {"custom": "com.xpandit.plugins.xray:test-plan-custom-field"},
    },
    {
        "id": "customfield_2",
        "name": "Environnements de test",
        "custom": True,
        "schema": {"custom": "com.xpandit.plugins.xray:test-environments-custom-field"},
    },
    {"id": "customfield_3", "name": "Revision", "custom": True, "schema": {}},
    {"id": "customfield_4", "name": "Begin Date", "custom": True, "schema": {}},
    {"id": "customfield_5", "name": "End Date", "custom": True, "schema": {}},
    {"id": "summary", "name": "Summary", "custom": False},
]


@dataclass
class Outcomes:
    """The results of a command."""

    exit_code: int
    output: str
    directory: RunDirectory

    @property
    def receipt(self) -> dict[str, Any]:
        """The receipt."""
        path: Path = self.directory.path / "receipt.json"
        found: dict[str, Any] = json.loads(path.read_text())
        return found


class Sender:
    """Record runs and send them with the command."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def keep(self, content: bytes, name: str) -> Evidence:
        """Put evidence into all run directories that are recorded from now on."""
        kept = self.folder / "kept"
        kept.mkdir(exist_ok=True)
        folder = EvidenceFolder(kept, sys.maxsize, str)
        return folder.add(EvidenceSource(content, name))

    def record(self, *runs: TestRun, **info: Any) -> RunDirectory:
        """Record a sealed run directory, ready to be uploaded."""
        settings = {"upload": "yes", **info.pop("settings", {})}
        directory = recorded(self.folder, *runs, settings=settings, **info)
        kept = self.folder / "kept" / FOLDER
        if kept.is_dir():
            shutil.copytree(kept, directory.path / FOLDER)
        return directory

    def send(
        self, directory: RunDirectory, *arguments: str, command: str = "upload"
    ) -> Outcomes:
        """Run ``xray-bridge upload`` or ``resend`` on a run directory."""
        code, output = self.run(command, str(directory.path), *arguments)
        return Outcomes(code, output, directory)

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run ``xray-bridge``; return its exit code and its output."""
        code = cli.main(list(arguments))
        captured = self._capsys.readouterr()
        return code, captured.out + captured.err

    def __call__(self, *arguments: str, **settings: str) -> Outcomes:
        """Record one passed and one failed test and send them."""
        return self.send(self.record(PASSED, FAILED, settings=settings), *arguments)
