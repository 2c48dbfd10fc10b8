"""
Find Test keys in reports of tools that do not support Xray.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.model import tags
from xray_bridge.model.keys import KEY


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Names of properties, labels, annotations and marks whose value is a Test key.
NAMES = frozenset(
    {"test_key", "testkey", "test_id", "key", "xray", "xray_test", "xray_key", "tms"}
)
_KEY = re.compile(KEY)
# ``CALC-1 adds``, ``[CALC-1] adds``, ``@CALC-1: adds``.
_TITLE = re.compile(rf"[\[(@]?({KEY})(?:[\])]|(?=[\s:|/,;]|$))")
# AVA and QUnit have the suites before a test's name.
_PART = re.compile(" [\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}>] ")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFinder:
    """Finds Test keys; ``prefixes`` are those of the setting ``tag_prefixes``."""

    prefixes: Sequence[str] = tags.PREFIXES

    def of_tags(self, found: Iterable[str], inherited: Iterable[str] = ()) -> str:
        """
        Find a Test key in tags: ``@TEST_CALC-1``, ``CALC-1``, ``key::CALC-1``.

        A key with its prefix wins over a bare one, which on a feature is the Test
        Execution that it was exported from.
        """
        own = list(found)
        meaning = tags.read(own, inherited, prefixes=self.prefixes)
        bare = {tag.removeprefix("@") for tag in own}
        keys = sorted(meaning.test_keys, key=bare.__contains__)
        if keys:
            return keys[0]
        pairs = (tag.split("::") for tag in own)
        return self.of_pairs((pair[0], pair[1]) for pair in pairs if len(pair) > 1)

    def of_pairs(self, found: Iterable[tuple[str, str]]) -> str:
        """The first value that is a key and has a name that says so."""
        for name, value in found:
            key = value.strip()
            if name.strip().lower() in NAMES and _KEY.fullmatch(key):
                return key
        return ""

    def of_title(self, title: str) -> str:
        """Find the key at the start of a title, or of its part after `` > ``."""
        for part in reversed(_PART.split(title)):
            if match := _TITLE.match(part):
                return match[1]
        return ""

    def labels(self, found: Iterable[str]) -> tuple[str, ...]:
        """Return the tags that are labels: no keys, no blanks and no ``::``."""
        meaning = tags.read(found, prefixes=self.prefixes)
        return tuple(each for each in meaning.labels if not re.search(r"\s|::", each))
