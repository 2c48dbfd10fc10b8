"""
The errors that hooks catch, and their description in one line.

Every start of pytest imports this module, so it imports nothing but pytest.
"""

from __future__ import annotations

import pytest


# The errors that our own code, a user's __repr__ or a user's hook may raise; pytest's
# outcomes are not Exceptions. Ctrl-C and exits are not caught.
FAULTS = (
    Exception,
    pytest.fail.Exception,
    pytest.skip.Exception,
    pytest.xfail.Exception,
)


def describe_fault(where: str, error: BaseException) -> str:
    """Describe an error in one line; ``where`` is a user's hook, or OURSELVES."""
    try:
        text = str(error)
    except FAULTS:
        text = "its str() raises an error"
    return f"{where}: {type(error).__name__}: {text}"
