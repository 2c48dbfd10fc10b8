"""
A type for secrets that cannot be printed.

Each start of pytest imports it; ``redaction`` removes secrets from texts.
"""

from __future__ import annotations


MASK = "***"


class Secret:
    """
    A password, token or client secret; only ``reveal`` shows it.

    It is not a ``str``, so that it cannot get into texts, reports or JSON by
    accident.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret, for an HTTP header only."""
        return self._value

    def __bool__(self) -> bool:
        """Whether the secret is not empty."""
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        """Compare the values."""
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        """Hash the value."""
        return hash(self._value)

    def __repr__(self) -> str:
        """Show that there is a secret, but not its value."""
        return f"Secret('{MASK}')" if self._value else "Secret('')"

    __str__ = __repr__

    def __reduce__(self) -> str:
        """Refuse to be pickled."""
        msg = "a Secret is not pickled"
        raise TypeError(msg)
