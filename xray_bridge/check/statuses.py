"""
Checks that Xray has the statuses in the settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.check.finding import Finding, ask_question
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.xray import Xray
    from xray_bridge.config.settings import Settings


def check_statuses(
    settings: Settings, connection: Connection, xray: Xray
) -> Iterator[Finding]:
    """Check the statuses: Cloud silently turns an unknown one into TO DO."""
    dialect = connection.dialect.with_statuses(settings.statuses)
    words = [dialect.statuses[Outcome(name)] for name in settings.statuses]
    if words:
        yield ask_question(
            "statuses", lambda: _compare_statuses(words, xray.statuses())
        )


def _compare_statuses(words: list[str], known: frozenset[str] | None) -> Finding:
    if known is None:
        return Finding(
            what="statuses",
            ok=None,
            message=f"Xray does not say whether it has {_join_unique(words)}",
        )
    spelled = {_fold_word(name): name for name in known}
    missing = [word for word in words if _fold_word(word) not in spelled]
    if missing:
        return Finding(
            what="statuses",
            ok=False,
            message=f"Xray does not have {_join_unique(missing)}",
            hint=f"xray_statuses can use {', '.join(sorted(known))}",
        )
    # It is not documented whether an import is case-sensitive.
    odd = [w for w in words if "".join(spelled[_fold_word(w)].split()) != w]
    return Finding(
        what="statuses",
        ok=None if odd else True,
        message=f"Xray has {_join_unique(spelled[_fold_word(word)] for word in words)}",
        hint=f"spell {_join_unique(odd)} as Xray does" if odd else "",
    )


def _fold_word(word: str) -> str:
    """Ignore case and blanks: Xray shows TODO as TO DO."""
    return "".join(word.split()).upper()


def _join_unique(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))
