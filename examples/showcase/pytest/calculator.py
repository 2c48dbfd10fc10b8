"""
A pocket calculator, as functions: the code under test.

It has two bugs on purpose.
"""

from __future__ import annotations


def add(first: float, second: float) -> float:
    """
    A doctest passes.

    >>> add(2, 3)
    5
    """
    return first + second


def subtract(first: float, second: float) -> float:
    """
    A doctest fails, because of a bug.

    >>> subtract(5, 3)
    2
    """
    return second - first


def divide(first: float, second: float) -> float:
    """
    A doctest skips all of its lines.

    >>> divide(1, 3)  # doctest: +SKIP
    0.3333333333333333
    """
    return first / second


def percent(number: float) -> float:
    """Return one hundredth; not implemented, which is the second bug."""
    raise NotImplementedError
