"""
Compare a report's own totals with the tests that were read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from xray_bridge.formats.read.protocol import Totals


def find_disagreements(claims: Totals, shown: Totals, failures: int) -> tuple[str, ...]:
    """
    Describe the differences in one line, or return nothing.

    ``failures`` counts elements: one test may have several, and tools count either.
    """
    parts = []
    if claims.tests is not None and claims.tests != shown.tests:
        parts.append(f"{claims.tests} tests, but it contains {shown.tests}")
    failed = shown.failed or 0
    if claims.failed is not None and not failed <= claims.failed <= failures:
        read = failures if claims.failed > failures else failed
        parts.append(f"{claims.failed} failed, but it contains {read}")
    if claims.skipped is not None and claims.skipped != shown.skipped:
        parts.append(f"{claims.skipped} skipped, but it contains {shown.skipped}")
    return (f"its own totals say {'; '.join(parts)}",) if parts else ()
