"""
Secrets that cannot be printed.

Imported at every start of pytest; what takes secrets out of texts is in
``redactor``.
"""

from __future__ import annotations


MASK = "***"


class Secret:
    """
    A password, token or client secret; only ``reveal`` shows it.

    Not a ``str``: formatting, pickling into a report or JSON cannot happen by
    accident.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself, for an HTTP header and nothing else."""
        return self._value

    def __bool__(self) -> bool:
        """Whether there is a secret at all."""
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        """Equal values are equal secrets."""
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        """By value."""
        return hash(self._value)

    def __repr__(self) -> str:
        """Never the value."""
        return f"Secret('{MASK}')" if self._value else "Secret('')"

    __str__ = __repr__

    def __reduce__(self) -> str:
        """Refuse to be pickled."""
        msg = "a Secret is not pickled"
        raise TypeError(msg)
