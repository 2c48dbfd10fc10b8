"""
Secrets that cannot be printed, and texts that cannot contain them.
"""

from __future__ import annotations

import base64
import json
import re
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus


if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"
# Shorter values would blot out ordinary words; no real credential is that short.
SHORTEST = 4
# However headers are shown: as lines, in a dict, in tuples, as bytes.
AUTHORIZATION = re.compile(
    r"""((?:proxy-)?authorization(?:\\?["'])?\s*[:=,]\s*(?:b?\\?["'])?)
    (?:(basic|bearer|token|digest|negotiate|apikey)\s+)?
    [^\s"'\\,;)}\]]+""",
    re.IGNORECASE | re.VERBOSE,
)


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


class Redactor:
    """
    Takes known secrets out of texts: raw, URL-encoded, JSON-escaped, base64.

    ``basic`` holds (user, password) pairs, whose base64 form is what an
    ``Authorization: Basic`` header shows. What any such header says goes, too,
    and what the regular expression ``pattern`` matches.
    """

    def __init__(
        self,
        secrets: Iterable[Secret] = (),
        basic: Iterable[tuple[str, Secret]] = (),
        pattern: str = "",
    ) -> None:
        forms: set[str] = set()
        for secret in secrets:
            forms |= _forms(secret.reveal())
        for user, secret in basic:
            forms |= _forms(f"{user}:{secret.reveal()}")
        self._pattern = re.compile(pattern) if pattern else None
        # Longest first, so that no form leaves a tail of a longer one behind.
        self._forms = sorted(forms, key=lambda form: (-len(form), form))

    def add(self, secret: str) -> None:
        """Know one more, such as a token that was bought on the way."""
        forms = {*self._forms, *_forms(secret)}
        self._forms = sorted(forms, key=lambda form: (-len(form), form))

    def clean(self, text: str) -> str:
        """``text`` with every known secret replaced by ``***``."""
        for form in self._forms:
            text = text.replace(form, MASK)
        # Cheaper than the expression, which most texts have no use for.
        if "uthorization" in text or "UTHORIZATION" in text:
            text = AUTHORIZATION.sub(_header, text)
        return self._pattern.sub(MASK, text) if self._pattern else text


def _header(found: re.Match[str]) -> str:
    scheme = f"{found[2]} " if found[2] else ""
    return f"{found[1]}{scheme}{MASK}"


def _forms(value: str) -> set[str]:
    if len(value) < SHORTEST:
        return set()
    encoded = value.encode("utf-8", "surrogatepass")
    escaped = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    quoted = {quote(encoded), quote(encoded, safe=""), quote_plus(encoded)}
    lower = {re.sub("%..", lambda found: found[0].lower(), form) for form in quoted}
    based = {
        base64.b64encode(encoded).decode("ascii"),
        base64.urlsafe_b64encode(encoded).decode("ascii"),
    }
    based |= {form.rstrip("=") for form in based}
    # As tracebacks, --showlocals and pages show it.
    shown = {repr(value)[1:-1], ascii(value)[1:-1], repr(encoded)[2:-1], escape(value)}
    return {value, *escaped, *quoted, *lower, *based, *shown}
