"""
Mocha's reporter ``json``.

Source: mocha's ``lib/reporters/json.js`` and its files. Its ``tests`` say of none how
it ended; the lists behind it do, and have hooks that failed, which ``tests`` has not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xray_bridge.formats.convert.documents import below
from xray_bridge.formats.convert.protocol import Converted, Red, Totals
from xray_bridge.formats.convert.values import (
    joined,
    member,
    number,
    paragraphs,
    short_path,
    text,
    whole,
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
    """What passed, failed and is pending; hooks that failed are red."""
    for path, found in below(source, ("stats", *LISTS)):
        if path == "stats":
            tests, failed = whole(member(found, "tests")), member(found, "failures")
            yield Totals(tests=tests, failed=whole(failed))
        else:
            yield _result(found, LISTS[path], keys)


def _result(found: Any, outcome: Outcome, keys: KeyFinder) -> Item:
    name = text(member(found, "title"))
    whole_title = text(member(found, "fullTitle"))
    suite = whole_title.removesuffix(name).strip()
    classname = joined(short_path(text(member(found, "file"))), suite)
    error = member(found, "err")
    stack, said = text(member(error, "stack")), text(member(error, "message"))
    message = stack if said in stack else paragraphs(said, stack)
    if outcome is Outcome.FAILED and _HOOK.fullmatch(name):
        return Red(name=joined(classname, name), message=message)
    if outcome is Outcome.PASSED and number(member(found, "currentRetry")):
        outcome = Outcome.FLAKY
    return Converted(
        classname=classname,
        name=name,
        outcome=outcome,
        key=keys.of_title(name),
        message=message,
        duration=number(member(found, "duration")) / 1000,
    )
