"""
Checks that Xray has the statuses in the settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.check.finding import Finding, ask
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.xray import Xray
    from xray_bridge.config.settings import Settings


def statuses(
    settings: Settings, connection: Connection, xray: Xray
) -> Iterator[Finding]:
    """Check the statuses: Cloud silently turns an unknown one into TO DO."""
    dialect = connection.dialect.with_statuses(settings.statuses)
    words = [dialect.statuses[Outcome(name)] for name in settings.statuses]
    if words:
        yield ask("statuses", lambda: _compared(words, xray.statuses()))


def _compared(words: list[str], known: frozenset[str] | None) -> Finding:
    if known is None:
        return Finding(
            what="statuses",
            ok=None,
            message=f"Xray does not say whether it has {_listed(words)}",
        )
    spelled = {_folded(name): name for name in known}
    missing = [word for word in words if _folded(word) not in spelled]
    if missing:
        return Finding(
            what="statuses",
            ok=False,
            message=f"Xray does not have {_listed(missing)}",
            hint=f"xray_statuses can use {', '.join(sorted(known))}",
        )
    # It is not documented whether an import is case-sensitive.
    odd = [w for w in words if "".join(spelled[_folded(w)].split()) != w]
    return Finding(
        what="statuses",
        ok=None if odd else True,
        message=f"Xray has {_listed(spelled[_folded(word)] for word in words)}",
        hint=f"spell {_listed(odd)} as Xray does" if odd else "",
    )


def _folded(word: str) -> str:
    """Ignore case and blanks: Xray shows TODO as TO DO."""
    return "".join(word.split()).upper()


def _listed(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))
