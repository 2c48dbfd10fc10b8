"""Results have correct times, even if tests patch clocks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from xray_bridge.recording.clock import Clock


if TYPE_CHECKING:
    import pytest


def test_a_patched_module_does_not_change_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As freezegun patches it."""
    clock = Clock()
    before = time.time()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)

    assert before - 1 < clock() < before + 60


def test_it_does_not_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine's clock that is set back changes no order."""
    clock = Clock()
    first = clock()
    monkeypatch.setattr(time, "time", lambda: first - 3600)

    assert clock() >= first
