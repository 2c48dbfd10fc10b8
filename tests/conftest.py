"""No test sees the environment it happens to run in, or any other machine."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest

from xray_bridge.ci import SYSTEMS


if TYPE_CHECKING:
    from collections.abc import Callable

CI = {
    "CI",
    "GITHUB_OUTPUT",
    "GITHUB_STEP_SUMMARY",
    *(system.detect for system in SYSTEMS),
}


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither settings nor CI systems."""
    for name in os.environ:
        if name.startswith("XRAY_") or name in CI:
            monkeypatch.delenv(name)


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
