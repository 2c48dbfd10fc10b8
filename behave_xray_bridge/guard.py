"""
Keep errors of xray-bridge out of behave runs: a guard around each method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from xray_bridge.recording.guard import Guard


if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
GUARD = Guard()


def guard_overrides(base: type) -> Callable[[type[T]], type[T]]:
    """Decorate a class that behave calls: guard all methods that override ``base``."""
    return GUARD.guard_class(lambda name: hasattr(base, name))
