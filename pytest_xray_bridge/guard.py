"""
Keep errors of xray-bridge out of pytest sessions: a guard around each hook.
"""

from __future__ import annotations

import pluggy
import pytest

from pytest_xray_bridge.faults import FAULTS
from xray_bridge.recording.guard import Guard


class Failed(pytest.fail.Exception):  # type: ignore[misc, name-defined]
    """The failure of a test that a hook of ours decides."""

    # As in pytest, whose summary shows it.
    __module__ = "builtins"


# Errors that stop pytest, of which the last one is of a user's hook with wrong
# arguments, and failures of tests.
PASSES = (
    pytest.exit.Exception,
    pytest.UsageError,
    pluggy.PluginValidationError,
    Failed,
)
GUARD = Guard(FAULTS, passes=PASSES)


def is_hook(name: str) -> bool:
    """Whether the name is that of a pytest hook."""
    return name.startswith("pytest_")


guard_hooks = GUARD.guard_class(is_hook)
guarded = GUARD.guard_function
