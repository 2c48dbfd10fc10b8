"""
Recognise items that are not tests: linters and type checkers add them to a session.

Without a Test key they get no result, because each file would become a Test in Xray.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from collections.abc import Iterable

# The packages that make such items.
CHECKERS = frozenset(
    {
        "pytest_bandit",
        "pytest_black",
        "pytest_checkdocs",
        "pytest_codestyle",
        "pytest_flake8",
        "pytest_flakes",
        "pytest_isort",
        "pytest_mypy",
        "pytest_pycodestyle",
        "pytest_pydocstyle",
        "pytest_pylint",
        "pytest_pyright",
        "pytest_ruff",
    }
)


def is_no_test(item: pytest.Item) -> bool:
    """Whether a linter or type checker made the item."""
    kind = type(item)
    if kind is pytest.Function:
        return False
    return any(each.__module__.partition(".")[0] in CHECKERS for each in kind.__mro__)


def count_no_tests(items: Iterable[pytest.Item]) -> int:
    """Count the items that get no result for that reason."""
    return sum(map(is_no_test, items))
