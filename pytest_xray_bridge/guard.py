"""
Keep errors of xray-bridge out of pytest sessions: a guard around each hook.
"""

from __future__ import annotations

import pytest

from pytest_xray_bridge.faults import FAULTS
from xray_bridge.recording.guard import Guard


GUARD = Guard(FAULTS, passes=(pytest.exit.Exception, pytest.UsageError))


def is_hook(name: str) -> bool:
    """Whether the name is that of a pytest hook."""
    return name.startswith("pytest_")


guard_hooks = GUARD.guard_class(is_hook)
guarded = GUARD.guard_function
