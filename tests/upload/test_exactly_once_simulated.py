"""The short version of ``python -m benchmarks.exactly_once``: the same, fewer."""

from __future__ import annotations

import pytest

from tests.simulation.play import simulate


@pytest.mark.fault("A10", "A12", "B18", "G08")
def test_results_arrive_exactly_once() -> None:
    """A server at its worst, and processes that are killed between any two steps."""
    figures, wrong = simulate(11, range(150))

    assert wrong == []
    assert figures["kills"] > 50
    assert figures["delivered"] > 100
