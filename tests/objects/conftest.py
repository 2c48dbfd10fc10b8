"""Buckets in memory, in a folder, and of a local S3 server where moto is installed."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
from obstore.store import LocalStore, MemoryStore

from tests.objects import s3_server
from xray_bridge.objects.bucket import Bucket, open_bucket


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = ["memory", "folder", *(["s3"] if s3_server.HAS_MOTO else [])]


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """The address of the local S3 server."""
    if not s3_server.HAS_MOTO:
        pytest.skip(s3_server.WHY)
    with s3_server.running() as url:
        yield url


@pytest.fixture
def s3_place(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh bucket of the S3 server, with credentials in the environment."""
    for name, value in s3_server.environment(s3_url).items():
        monkeypatch.setenv(name, value)
    name = f"xray-{secrets.token_hex(6)}"
    s3_server.make_bucket(s3_url, name)
    return f"s3://{name}/some/prefix"


@pytest.fixture(params=KINDS)
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Bucket:
    """An empty bucket."""
    if request.param == "memory":
        return Bucket(MemoryStore(), "memory://")
    if request.param == "s3":
        return open_bucket(request.getfixturevalue("s3_place"))
    (tmp_path / "bucket").mkdir()
    return Bucket(LocalStore(tmp_path / "bucket"), f"file://{tmp_path}/bucket")
