"""
Read the setting ``select``: Test keys, an issue that has Tests, statuses, or a JQL.

The keys of a list are the answer, so that no server is needed.
"""

from __future__ import annotations

import re

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import SelectionError
from xray_bridge.model.dialect import SYNONYMS
from xray_bridge.model.keys import is_key, spell_key


# A JQL neither begins nor ends with these, nor begins with a key.
SEPARATORS = ",;"
BETWEEN = re.compile(r"[\s,;]+")
WITH_STATUS = re.compile(r"(\S+)\s+status\s*(?:=|in\b)\s*(.*)", re.IGNORECASE)
AROUND_STATUS = " \t'\"()[]"
WAYS = (
    "write keys such as CALC-1,CALC-2, the key of a Test Plan, Test Execution or Test "
    "Set, CALC-20 status=FAIL, or a JQL query"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """
    The Tests that a text selects: exactly one of ``keys``, ``issue`` and ``jql``.

    ``keys`` are the Tests themselves. ``issue`` is the key of an issue that has Tests;
    ``statuses``, in upper case, are the statuses of the wanted ones, all if empty.
    """

    keys: tuple[str, ...] = ()
    issue: str = ""
    statuses: frozenset[str] = frozenset()
    jql: str = ""

    def has_status(self, status: str) -> bool:
        """Return whether a Test with this status is wanted."""
        return not self.statuses or _spell_status(status) in self.statuses


def read_selection(text: str) -> Selection:
    """
    Read what ``select`` selects.

    A single key may be a Test or have Tests; a separator after it makes it a list.
    Raises SelectionError for an empty list, for a word in a list that is not a key,
    and for a status that is missing.
    """
    given = text.strip()
    words = [word for word in BETWEEN.split(given) if word]
    if not words:
        msg = "xray_select is empty: it selects no Test"
        raise SelectionError(msg, hint=WAYS)
    is_list = given[0] in SEPARATORS or given[-1] in SEPARATORS
    if not (is_list or is_key(words[0])):
        return Selection(jql=given)
    with_status = WITH_STATUS.fullmatch(given)
    if with_status and is_key(with_status[1]):
        return _select_statuses(spell_key(with_status[1]), with_status[2])
    for word in words:
        if not is_key(word):
            msg = f"xray_select: {word!r} is not a Test key"
            raise SelectionError(msg, hint=WAYS)
    keys = tuple(dict.fromkeys(map(spell_key, words)))
    if len(words) == 1 and not is_list:
        return Selection(issue=keys[0])
    return Selection(keys=keys)


def _select_statuses(issue: str, text: str) -> Selection:
    parts = (part.strip(AROUND_STATUS) for part in re.split("[,;]", text))
    statuses = frozenset(_spell_status(part) for part in parts if part)
    if not statuses:
        msg = f"xray_select names no status of {issue}"
        raise SelectionError(msg, hint=f"write {issue} status=FAIL,ABORTED")
    return Selection(issue=issue, statuses=statuses)


def _spell_status(status: str) -> str:
    """Return a status in upper case; the words of both products are one."""
    word = " ".join(status.split()).upper()
    return _ONE_WORD.get(word, word)


_SAME = (*SYNONYMS.values(), ("TODO", "TO DO"))
_ONE_WORD = {word: words[0] for words in _SAME for word in words}
