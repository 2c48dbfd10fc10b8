"""
Convert the JSON of Mocha's reporter ``json``.

Source: mocha's ``lib/reporters/json.js`` and its files. Its ``tests`` have no
outcomes; the lists after it have them, and also the failed hooks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xray_bridge.formats.convert.documents import read_values
from xray_bridge.formats.convert.protocol import Converted, Red, Totals
from xray_bridge.formats.convert.values import (
    join_paragraphs,
    join_parts,
    member_at,
    short_path,
    to_count,
    to_number,
    to_text,
)
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source

LISTS = {
    "passes.item": Outcome.PASSED,
    "failures.item": Outcome.FAILED,
    "pending.item": Outcome.SKIPPED,
}
_HOOK = re.compile(r'"(?:before|after) (?:all|each)" hook\b.*', re.DOTALL)


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield passed, failed and pending tests, and failed hooks."""
    for path, found in read_values(source, ("stats", *LISTS)):
        if path == "stats":
            tests, failed = (
                to_count(member_at(found, "tests")),
                member_at(found, "failures"),
            )
            yield Totals(tests=tests, failed=to_count(failed))
        else:
            yield _convert_test(found, LISTS[path], keys)


def _convert_test(found: Any, outcome: Outcome, keys: KeyFinder) -> Item:
    name = to_text(member_at(found, "title"))
    whole_title = to_text(member_at(found, "fullTitle"))
    suite = whole_title.removesuffix(name).strip()
    classname = join_parts(short_path(to_text(member_at(found, "file"))), suite)
    error = member_at(found, "err")
    stack, text = (
        to_text(member_at(error, "stack")),
        to_text(member_at(error, "message")),
    )
    message = stack if text in stack else join_paragraphs(text, stack)
    if outcome is Outcome.FAILED and _HOOK.fullmatch(name):
        return Red(name=join_parts(classname, name), message=message)
    if outcome is Outcome.PASSED and to_number(member_at(found, "currentRetry")):
        outcome = Outcome.FLAKY
    return Converted(
        classname=classname,
        name=name,
        outcome=outcome,
        key=keys.of_title(name),
        message=message,
        duration=to_number(member_at(found, "duration")) / 1000,
    )
