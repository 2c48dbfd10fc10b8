"""Buckets in memory and in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from obstore.store import LocalStore, MemoryStore

from xray_bridge.objects.bucket import Bucket


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["memory", "folder"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Bucket:
    """An empty bucket."""
    if request.param == "memory":
        return Bucket(MemoryStore(), "memory://")
    (tmp_path / "bucket").mkdir()
    return Bucket(LocalStore(tmp_path / "bucket"), f"file://{tmp_path}/bucket")
