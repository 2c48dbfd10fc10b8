"""What is tested here: a pocket calculator, as functions."""

from __future__ import annotations

import math


def add(first: float, second: float) -> float:
    """The sum of two numbers."""
    return first + second


def subtract(first: float, second: float) -> float:
    """The difference of two numbers."""
    return first - second


def divide(first: float, second: float) -> float:
    """The quotient of two numbers."""
    return first / second


def square_root(number: float) -> float:
    """The positive square root."""
    return math.sqrt(number)
