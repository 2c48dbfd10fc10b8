"""Isolate tests from the environment in which they run, and from other machines."""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from pytest_httpserver import HTTPServer

from tests import forkserver, gold_files
from tests.gold_files import Gold, pytest_addoption  # noqa: F401 - pytest finds it here
from tests.scripted_xray import (
    CREATED,
    FIELD,
    FIELDS,
    IMPORT,
    MULTIPART,
    OTHER_IMPORTS,
    PLAIN,
    SECRET,
    Sender,
    Xray,
)
from xray_bridge.ci.details import RUNNERS
from xray_bridge.ci.detect import SYSTEMS
from xray_bridge.client import connection, log
from xray_bridge.client.pauses import Pauses


if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

# A busy machine takes as long as it likes; no example fails for that.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

CI = {
    "CI",
    "GITHUB_OUTPUT",
    "GITHUB_STEP_SUMMARY",
    # A build is named after the session of nox that runs these tests.
    *RUNNERS,
    *(system.detect for system in SYSTEMS),
}

# How processes of ours run is not this machine's choice; it would keep them from being
# forked, too, where a test gives an environment of its own.
for _name in [name for name in os.environ if name.startswith("PYTHON")]:
    if _name not in {"PYTHONPATH", "PYTHONHASHSEED"}:
        del os.environ[_name]

MEMORY = "/dev/shm"  # noqa: S108 - pytest makes a folder of its own there
SHORT = Pauses(first=0.01, looks=(0.0, 0.01, 0.01), in_progress=0.0, settled=0.0)


def _has_room(place: str) -> bool:
    """Whether a file system takes all that tests write, and lets programs start."""
    try:
        found = os.statvfs(place)
    except (OSError, AttributeError):
        return False
    is_large = found.f_bavail * found.f_frsize >= 4 << 30
    return is_large and not found.f_flag & os.ST_NOEXEC


# Thousands of files are replaced, for each of which ext4 waits for the disk.
if _has_room(MEMORY):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", MEMORY)


@pytest.hookimpl(optionalhook=True, wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Two workers more than cores: many tests wait for a process or a server."""
    return (yield) + 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Start the interpreters that all workers fork, while the workers collect."""
    config.add_cleanup(forkserver.share())


@pytest.fixture(scope="session", autouse=True)
def _no_power_cut() -> Iterator[None]:
    """Do not wait for the disk: written data survives a killed process without it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _forked_processes() -> Iterator[None]:
    """Fork pytest, behave and our command from interpreters that have started."""
    with forkserver.available(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", forkserver.Popen)
        yield


@pytest.fixture(autouse=True)
def _started_processes(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Start real processes for a test that is marked ``real_start``."""
    if request.node.get_closest_marker("real_start"):
        monkeypatch.setattr(subprocess, "Popen", forkserver.Started)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Turn the log off after a test: ``-v`` is for one process, and tests share one."""
    logger = logging.getLogger(log.NAME)
    before = (logger.handlers, logger.level, logger.propagate)
    yield
    logger.handlers, level, logger.propagate = before
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variables of settings and CI systems."""
    for name in os.environ:
        if name.startswith(("XRAY_", "GITHUB_")) or name in CI:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_log() -> Iterator[None]:
    """Turn the log of ``-v`` off after the test: its stream is that of the test."""
    yield
    logger = logging.getLogger(log.NAME)
    if logger.handlers:
        logger.handlers = []
        logger.setLevel(logging.NOTSET)
        logger.propagate = True


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections to other machines."""
    for name in ("connect", "connect_ex"):
        original = getattr(socket.socket, name)
        monkeypatch.setattr(socket.socket, name, _guarded(original))


def _guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        is_internet = self.family in {socket.AF_INET, socket.AF_INET6}
        if is_internet and not _is_loopback(str(address[0])):
            pytest.fail(f"a test wants to reach {address}")
        return connect(self, address)

    return guarded


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session")
def gold(pytestconfig: pytest.Config) -> Gold:
    """The gold files of this folder."""
    return Gold(gold_files.FOLDER, pytestconfig.getoption(gold_files.OPTION))


@pytest.fixture
def xray(httpserver: HTTPServer) -> Xray:
    """A server with an empty script."""
    found = Xray(httpserver)
    everything = re.compile(".*")
    httpserver.expect_request(everything).respond_with_handler(found.answer)
    return found


@pytest.fixture
def server(xray: Xray, monkeypatch: pytest.MonkeyPatch) -> Xray:
    """Xray Server with its fields; pauses are short."""
    monkeypatch.setenv("XRAY_URL", xray.url)
    monkeypatch.setenv("XRAY_TOKEN", SECRET)
    monkeypatch.setenv("XRAY_PROJECT", "CALC")
    monkeypatch.setattr(connection, "PAUSES", SHORT)
    xray.script = {
        FIELD: [FIELDS],
        MULTIPART: [CREATED],
        PLAIN: [CREATED],
        **{f"{IMPORT}{path}": [CREATED] for path in OTHER_IMPORTS},
    }
    return xray


@pytest.fixture
def cloud(xray: Xray, monkeypatch: pytest.MonkeyPatch) -> Xray:
    """Xray Cloud, which issues tokens; pauses are short."""
    monkeypatch.setenv("XRAY_URL", xray.url)
    monkeypatch.setenv("XRAY_CLIENT_ID", "the-id")
    monkeypatch.setenv("XRAY_CLIENT_SECRET", SECRET)
    monkeypatch.setenv("XRAY_PROJECT", "CALC")
    monkeypatch.setattr(connection, "PAUSES", replace(SHORT, in_progress=300.0))
    created = CREATED["testExecIssue"]
    paths = ("/junit", "/junit/multipart", *OTHER_IMPORTS)
    xray.script = {
        "/api/v2/authenticate": ["a.token.made-of-base64"],
        **{f"/api/v2/import/execution{path}": [created] for path in paths},
    }
    return xray


@pytest.fixture
def send(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Sender:
    """Record runs and send them."""
    return Sender(tmp_path, capsys)
