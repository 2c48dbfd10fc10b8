"""
Newman's reporter ``json``.

Source: newman's ``lib/reporters/json`` and its files. Assertions are the tests; their
request's folders are known from the collection only, which stands before them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.formats.convert.documents import below
from xray_bridge.formats.convert.protocol import RUN, Converted, Red, RunFailed, Totals
from xray_bridge.formats.convert.values import (
    joined,
    member,
    number,
    objects,
    paragraphs,
    text,
    whole,
)
from xray_bridge.model.results import Outcome
from xray_bridge.text import count


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source

ITEM = "collection.item.item"
EXECUTION = "run.executions.item"
COUNTS = "run.stats.assertions"
ERROR = "run.error"
# All that newman counts as failed, which ends it with 1.
FAILURE = "run.failures.item"
PATHS = (ITEM, EXECUTION, COUNTS, FAILURE, ERROR)
SCRIPTS = {"prerequestScript": "pre-request script", "testScript": "test script"}


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Each assertion; scripts that died and requests without an answer are red."""
    names: dict[str, str] = {}
    failures = 0
    without = ("request", "stream", "event", "stacktrace", "cookie", "header")
    for path, found in below(source, PATHS, without):
        if path == ITEM:
            names.update(_names(found, ""))
        elif path == EXECUTION:
            yield from _execution(found, names, keys)
        elif path == FAILURE:
            failures += 1
        elif path == COUNTS:
            tests, failed = whole(member(found, "total")), member(found, "failed")
            yield Totals(tests=tests, failed=whole(failed))
        elif found:
            yield Red(name=RUN, message=_message(found) or text(found))
    if failures:
        what = f"newman counts {count(failures, 'failure')} but shows none"
        yield RunFailed(message=what)


def _names(item: Any, above: str) -> Iterator[tuple[str, str]]:
    """The requests, by id, with the folders that they lie in."""
    name = joined(above, text(member(item, "name")), between=" / ")
    yield text(member(item, "id")), name
    for each in objects(member(item, "item")):
        yield from _names(each, name)


def _execution(
    found: Any, names: dict[str, str], keys: KeyFinder
) -> Iterator[Converted | Red]:
    item = text(member(found, "item", "id"))
    request = names.get(item) or text(member(found, "item", "name")) or "request"
    # In seconds; those of its assertions have no time of their own.
    duration = number(member(found, "response", "responseTime")) / 1000
    lost = _message(member(found, "requestError"))
    is_explained = False
    for each in objects(member(found, "assertions")):
        name = text(each.get("assertion"))
        error = _message(each.get("error"))
        outcome = Outcome.SKIPPED if each.get("skipped") is True else Outcome.PASSED
        outcome = Outcome.FAILED if each.get("error") else outcome
        is_explained |= outcome is Outcome.FAILED
        yield Converted(
            classname=request,
            name=name,
            outcome=outcome,
            key=keys.of_title(name),
            message=paragraphs(error, lost) if error else "",
            duration=duration,
        )
    for script, title in SCRIPTS.items():
        for each in objects(member(found, script)):
            if each.get("error"):
                message = _message(each["error"])
                yield Red(name=joined(request, title, between=": "), message=message)
    if member(found, "requestError") and not is_explained:
        yield Red(name=joined(request, "request", between=": "), message=lost)


def _message(error: Any) -> str:
    stack = text(member(error, "stack"))
    name, said = text(member(error, "name")), text(member(error, "message"))
    if said and said in stack:
        return stack
    code = joined(
        text(member(error, "code")), text(member(error, "address")), between=" "
    )
    return paragraphs(joined(name, said, between=": ") or code, stack)
