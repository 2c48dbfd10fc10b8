"""When the upload fails, the tests' own result stays what it was."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.adapters.pytest.conftest import Project
from tests.tls import needs_openssl, self_signed
from xray_sandbox import CREDENTIALS, RunningSandbox, running


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GREEN = "def test_it(): pass"
RED = "def test_it(): assert 0"
NOWHERE = {
    "XRAY_URL": "http://127.0.0.1:9",
    "XRAY_TOKEN": "very-secret-token",
    "XRAY_PROJECT": "CALC",
    "XRAY_DEADLINE": "2",
}


@pytest.mark.parametrize(
    ("source", "policy", "exit_code"),
    [(GREEN, "fail", 80), (GREEN, "warn", 0), (RED, "fail", 1), (RED, "warn", 1)],
)
def test_an_unreachable_server(
    project: Project, source: str, policy: str, exit_code: int
) -> None:
    """Only a green run changes its exit code, and only where that is wanted."""
    project.pytester.makepyfile(source)

    result = project.run("--xray-upload", "--xray-on-upload-error", policy, **NOWHERE)

    assert result.ret == exit_code
    result.stdout.fnmatch_lines(
        [
            "*1 passed*" if source == GREEN else "*1 failed*",
            "*= xray-bridge =*",
            "Note: not checked: address: 127.0.0.1:9 cannot be reached*",
            "NOT DELIVERED: 127.0.0.1:9 cannot be reached*",
            "*xray-bridge resend .xray/runs/*",
        ]
    )
    assert "very-secret-token" not in result.stdout.str()
    assert len(project.journal) == 1


@needs_openssl
@pytest.mark.parametrize("way", ["closed port", "not Xray", "certificate"])
@pytest.mark.parametrize("preflight", ["on", "strict"])
def test_a_way_that_leads_nowhere_is_a_note_before_the_tests(
    project: Project, tmp_path: Path, way: str, preflight: str
) -> None:
    """The tests run, and their results are kept; unless it has to be strict."""
    project.pytester.makepyfile(GREEN)
    certificate = self_signed(tmp_path) if way == "certificate" else None

    with _elsewhere(certificate) as port:
        scheme = "https" if certificate else "http"
        address = f"{scheme}://127.0.0.1:{9 if way == 'closed port' else port}"
        environ = {**NOWHERE, "XRAY_URL": address, "XRAY_PREFLIGHT": preflight}
        result = project.run("--xray-upload", **environ)

    if preflight == "strict":
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert not project.runs
    else:
        assert result.ret == 80
        result.stdout.fnmatch_lines(["*1 passed*", "Note: not checked: *"])
        assert len(project.journal) == 1


@contextlib.contextmanager
def _elsewhere(certificate: Path | None) -> Iterator[int]:
    """A web server that is not Xray; its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404, "nothing here")

        do_POST = do_GET  # noqa: N815 - as http.server calls it

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(5)


@pytest.fixture
def silence() -> Iterator[str]:
    """A server that takes connections and never says a word; its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def accept() -> None:
            while True:
                try:
                    kept.append(server.accept())
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    for connection, _ in kept:
        connection.close()


@pytest.mark.fault("A06")
def test_a_server_that_never_answers(project: Project, silence: str) -> None:
    """The session ends within the deadline, and the results are kept."""
    project.pytester.makepyfile(GREEN)
    environ = {**NOWHERE, "XRAY_URL": silence, "XRAY_PREFLIGHT": "off"}
    began = time.monotonic()

    result = project.run("--xray-upload", **environ)

    assert time.monotonic() - began < 2 + 5 + 5
    assert result.ret in {80, 81}
    assert len(project.journal) == 1


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningSandbox]:
    """A sandbox that is as strict as Xray."""
    with running(tmp_path / "server-data") as sandbox:
        yield sandbox


def at(server: RunningSandbox, **changes: str) -> dict[str, str]:
    """The settings that lead there."""
    return {
        "XRAY_URL": server.url,
        "XRAY_TOKEN": CREDENTIALS.token,
        "XRAY_PROJECT": "CALC",
        **changes,
    }


CLOUD = {
    "XRAY_TOKEN": "",
    "XRAY_CLIENT_ID": CREDENTIALS.client_id,
    "XRAY_CLIENT_SECRET": CREDENTIALS.client_secret,
}
REFUSED = {
    "credentials": ({"XRAY_TOKEN": "wrong-token"}, "*does not accept the credentials*"),
    "API key": (
        {**CLOUD, "XRAY_CLIENT_SECRET": "wrong-secret"},
        "*does not accept the *",
    ),
    "project": ({"XRAY_PROJECT": "NOPE"}, "*there is no project NOPE (*"),
    "project on Cloud": (
        {**CLOUD, "XRAY_PROJECT": "NOPE"},
        "*there is no project NOPE (*",
    ),
    "plan": ({"XRAY_TEST_PLAN": "CALC-999"}, "*there is no Test Plan CALC-999 (*"),
    "plan on Cloud": (
        {**CLOUD, "XRAY_TEST_PLAN": "CALC-1"},
        "*there is no Test Plan CALC-1 (*",
    ),
    "execution": (
        {"XRAY_TEST_EXECUTION": "CALC-999"},
        "*there is no Test Execution CALC-999 (*",
    ),
    "version": ({"XRAY_FIX_VERSION": "v9"}, "*CALC does not have the version v9 (*"),
    "environment on Cloud": (
        {**CLOUD, "XRAY_ENVIRONMENTS": "chrome;lynx"},
        "*CALC does not have lynx (*",
    ),
}


@pytest.mark.parametrize("case", REFUSED, ids=list(REFUSED))
def test_what_would_be_refused_ends_the_session_before_the_first_test(
    project: Project, server: RunningSandbox, case: str
) -> None:
    """One clear line, exit code 4, no run directory."""
    changes, expected = REFUSED[case]
    project.pytester.makepyfile("def test_it(): raise AssertionError('must not run')")

    result = project.run("--xray-upload", **at(server, **changes))

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {expected}"])
    assert "must not run" not in result.stdout.str()
    assert not project.runs


@pytest.mark.parametrize("changes", [{}, CLOUD], ids=["server", "cloud"])
def test_a_session_with_a_real_preflight(
    project: Project, server: RunningSandbox, changes: dict[str, str]
) -> None:
    """Everything is as it should be: nothing is noted, and the results arrive."""
    project.pytester.makepyfile(
        'import pytest\n@pytest.mark.xray("CALC-1")\ndef test_it(): pass'
    )
    given = {"XRAY_TEST_PLAN": "CALC-15", "XRAY_ENVIRONMENTS": "chrome"}
    environ = at(server, **changes, **given, XRAY_JIRA_URL=server.url)

    result = project.run("--xray-upload", **environ)

    assert result.ret == 0
    assert "Note:" not in result.stdout.str()
    newest = server.store.test_executions()[0]
    execution = server.store.test_execution(newest.key)
    assert execution is not None
    assert [run.test_key for run in execution.runs] == ["CALC-1"]


@pytest.mark.fault("G21")
def test_tests_that_pollute_their_process_do_not_reach_the_upload(
    project: Project,
) -> None:
    """Patched sockets, clock, environment and working directory: sent for real."""
    project.pytester.makepyfile(
        """
        import os, socket, time

        def test_pollutes(tmp_path):
            os.chdir(tmp_path)
            os.environ["XRAY_PROJECT"] = "NOPE"
            os.environ["HTTPS_PROXY"] = "http://127.0.0.1:1"
            socket.socket.connect = None
            time.sleep = None
        """
    )

    result = project.upload()

    assert result.ret == 0
    (execution,) = project.executions
    assert execution.project == "CALC"


@pytest.mark.fault("G24", "I12")
def test_a_child_that_a_test_forks_uploads_nothing(project: Project) -> None:
    """The child runs our hooks to their end as well; one upload, one result."""
    project.pytester.makepyfile(
        """
        import os

        def test_forks():
            if os.fork() == 0:
                return
            os.wait()
        """
    )

    project.upload("-p", "no:faulthandler", "-W", "ignore")

    assert len(project.journal) == 1
    assert len(project.executions) == 1


@pytest.mark.fault("G18")
def test_a_fault_of_our_own_does_not_end_the_session(project: Project) -> None:
    """Results and exit code stay, and the fault is printed."""
    project.pytester.makeconftest(
        """
        from pytest_xray_bridge import outcomes

        def broken(phases):
            raise ZeroDivisionError("ours")

        outcomes.of_test = broken
        """
    )
    project.pytester.makepyfile("import pytest\ndef test_skips(): pytest.skip()")

    result = project.upload()

    assert result.ret == 0
    result.stdout.fnmatch_lines(["*1 skipped*", "*ZeroDivisionError: ours*"])


@pytest.mark.fault("I01")
def test_two_sessions_in_one_folder_do_not_meet(project: Project) -> None:
    """Each has its run directory and its Test Execution."""
    project.pytester.makepyfile(GREEN)
    threads = [threading.Thread(target=project.upload) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(project.runs) == 2
    assert len(project.executions) == 2


@pytest.mark.real_start
def test_without_the_flag_nothing_heavy_is_imported(project: Project) -> None:
    """No HTTP, XML or sandbox in a session that did not ask for us."""
    project.pytester.makepyfile(
        """
        import sys

        HEAVY = ("requests", "urllib3", "lxml", "flask", "http.client", "tomllib",
                 "xray_bridge.runs.run_directory", "xray_bridge.config.resolve",
                 "xray_bridge.recording.second_process")

        def test_it():
            assert not [name for name in HEAVY if name in sys.modules]
        """
    )

    result = project.run("-p", "no:pytest_httpserver", "-p", "no:hypothesispytest")

    assert result.ret == 0
