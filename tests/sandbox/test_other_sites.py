"""The sandbox answers this machine, but no page of another site."""

from __future__ import annotations

from pathlib import Path

import pytest

from xray_sandbox.store.store import Store
from xray_sandbox.web.app import create_app


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost:8979", None, 200),
        ("127.0.0.1:8979", "http://127.0.0.1:8979", 200),
        ("[::1]:8979", "http://localhost:8979", 200),
        ("evil.example.com", None, 403),
        ("evil.example.com:8979", "http://evil.example.com:8979", 403),
        ("127.0.0.1.evil.example.com", None, 403),
        ("127.0.0.1:8979", "https://evil.example.com", 403),
        ("127.0.0.1:8979", "null", 403),
    ],
)
def test_host_and_origin(
    tmp_path: Path, host: str, origin: str | None, status: int
) -> None:
    """Other host names and origins are refused, even if they lead to this machine."""
    client = create_app(Store(tmp_path / "sandbox.sqlite3")).test_client()
    headers = {"Host": host} | ({"Origin": origin} if origin else {})

    answer = client.get("/", headers=headers)

    assert answer.status_code == status
