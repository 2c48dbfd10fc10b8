"""The store with several threads and processes, and the server."""

from __future__ import annotations

import ast
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

import xray_sandbox
from tests.forkserver import FORKABLE
from xray_sandbox import Store, create_app, running, seed_demo


ALLOCATE = f"""{FORKABLE}
import pathlib, sys
from xray_sandbox import Store, seed_demo
store = Store(pathlib.Path(sys.argv[1]))
seed_demo(store)
for _ in range(20):
    print(store.add_test(project="CALC"))
"""


def test_threads_get_distinct_keys(tmp_path: Path) -> None:
    """Threads that add Tests at the same time get different keys."""
    store = Store(tmp_path / "a.sqlite3")
    seed_demo(store)
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: store.add_test(project="CALC"), range(80)))
    assert len(set(keys)) == 80


def test_processes_get_distinct_keys(tmp_path: Path) -> None:
    """Processes that open a new file at the same time get different keys."""
    command = [sys.executable, "-c", ALLOCATE, str(tmp_path / "a.sqlite3")]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    keys = [key for one in started for key in one.communicate(timeout=120)[0].split()]
    assert [one.returncode for one in started] == [0] * 4
    assert (len(keys), len(set(keys))) == (80, 80)


def test_placeholders_have_no_numbers() -> None:
    """Placeholders are plain question marks, because Python 3.14 requires it."""
    [package] = map(Path, xray_sandbox.__path__)
    texts = [
        node.value
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]

    assert any("WHERE id = ?" in text for text in texts)
    assert [text for text in texts if re.search(r"\?\d", text)] == []


def test_two_sandboxes_share_a_directory(tmp_path: Path) -> None:
    """Two sandboxes in one directory show the same data."""
    with running(tmp_path) as one, running(tmp_path) as other:
        one.store.add_test_execution(project="CALC", summary="Shared")
        assert "Shared" in requests.get(other.url, timeout=20).text


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    """A failed transaction is undone completely, including an inner one."""
    store = Store(tmp_path / "a.sqlite3")

    def fail() -> None:
        with store.transaction():
            store.add_test("CALC-1")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert store.tests() == ()


def test_taken_port(tmp_path: Path) -> None:
    """A port in use raises OSError and does not end the process."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"), running(tmp_path, port=port):
            pass


def test_public_url(tmp_path: Path) -> None:
    """Links start with the public address."""
    store = Store(tmp_path / "a.sqlite3")
    app = create_app(store, public_url="https://jira.example.com/")
    answer = app.test_client().get("/rest/api/2/serverInfo")
    assert answer.get_json()["baseUrl"] == "https://jira.example.com"


def test_adopting_makes_what_is_named(new_server: Any) -> None:
    """Named projects, Tests, Test Plans, versions and Test Environments are created."""
    body = {
        "info": {
            "project": "MINE",
            "testPlanKey": "MINE-3",
            "version": "1.0",
            "testEnvironments": ["moon"],
        },
        "tests": [{"testKey": "MINE-7", "status": "PASS"}],
    }
    answer = new_server.post_json("", body)
    found = new_server.store.test_execution(answer.json()["testExecIssue"]["key"])
    assert (found.test_plans, found.fix_versions) == (("MINE-3",), ("1.0",))
    assert [run.test_key for run in found.runs] == ["MINE-7"]


def test_adopting_finds_test_executions(new_server: Any, new_cloud: Any) -> None:
    """A Test Execution can be named before it exists; a search fixes no type."""
    assert new_server.call("GET", "/rest/api/2/issue/MINE-5").status_code == 200
    text = '<testsuite name="s"><testcase classname="a" name="b"/></testsuite>'
    assert new_server.post_xml(text, testExecKey="MINE-5").status_code == 200
    assert new_cloud.post_xml(text, testExecKey="MINE-6").json()["key"] == "MINE-6"


def test_an_adopted_test_plan_with_members_stays_one(new_server: Any) -> None:
    """A Test Plan with Tests cannot become a Test Execution."""
    info = {"project": "MINE", "testPlanKey": "MINE-3"}
    body = {"info": info, "tests": [{"testKey": "MINE-7", "status": "PASS"}]}
    assert new_server.post_json("", body).status_code == 200

    answer = new_server.post_json("", {**body, "testExecutionKey": "MINE-3"})

    assert answer.status_code == 400
    assert "MINE-3 does not exist or is not of issue type" in answer.json()["error"]


def test_adopting_keeps_to_keys_that_can_be(new_server: Any) -> None:
    """A text that is not a key is always refused."""
    body = {"tests": [{"testKey": "not a key", "status": "PASS"}]}
    assert new_server.post_json("", body).status_code == 400
