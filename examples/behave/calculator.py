"""What is tested here: a calculator with a display."""

from __future__ import annotations

import operator


OPERATIONS = {"add": operator.add, "divide": operator.truediv}


class Calculator:
    """Takes numbers, then an operation on the last two of them."""

    def __init__(self) -> None:
        self.numbers: list[float] = []

    def enter(self, number: float) -> None:
        """Put a number on the display."""
        self.numbers.append(number)

    def press(self, operation: str) -> None:
        """Replace the last two numbers with the result of an operation."""
        second, first = self.numbers.pop(), self.numbers.pop()
        self.numbers.append(OPERATIONS[operation](first, second))

    @property
    def display(self) -> float:
        """What is on the display."""
        return self.numbers[-1] if self.numbers else 0
