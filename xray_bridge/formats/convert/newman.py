"""
Convert the JSON of Newman's reporter ``json``.

Source: newman's ``lib/reporters/json`` and its files. Assertions are the tests; only
the collection, which comes first, has the folders of their requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.formats.convert.documents import read_values
from xray_bridge.formats.convert.protocol import RUN, Converted, Red, RunFailed, Totals
from xray_bridge.formats.convert.values import (
    join_paragraphs,
    join_parts,
    member_at,
    to_count,
    to_number,
    to_objects,
    to_text,
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
# Everything that newman counts as failed and that makes it exit with 1.
FAILURE = "run.failures.item"
PATHS = (ITEM, EXECUTION, COUNTS, FAILURE, ERROR)
SCRIPTS = {"prerequestScript": "pre-request script", "testScript": "test script"}


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield assertions, failed scripts and requests without an answer."""
    names: dict[str, str] = {}
    failures = 0
    without = ("request", "stream", "event", "stacktrace", "cookie", "header")
    for path, found in read_values(source, PATHS, without):
        if path == ITEM:
            names.update(_request_names(found, ""))
        elif path == EXECUTION:
            yield from _convert_execution(found, names, keys)
        elif path == FAILURE:
            failures += 1
        elif path == COUNTS:
            tests, failed = (
                to_count(member_at(found, "total")),
                member_at(found, "failed"),
            )
            yield Totals(tests=tests, failed=to_count(failed))
        elif found:
            yield Red(name=RUN, message=_message_of(found) or to_text(found))
    if failures:
        what = f"newman counts {count(failures, 'failure')} but contains none"
        yield RunFailed(message=what)


def _request_names(item: Any, above: str) -> Iterator[tuple[str, str]]:
    """Yield the ids of requests with their folders and names."""
    name = join_parts(above, to_text(member_at(item, "name")), between=" / ")
    yield to_text(member_at(item, "id")), name
    for each in to_objects(member_at(item, "item")):
        yield from _request_names(each, name)


def _convert_execution(
    found: Any, names: dict[str, str], keys: KeyFinder
) -> Iterator[Converted | Red]:
    item = to_text(member_at(found, "item", "id"))
    request = names.get(item) or to_text(member_at(found, "item", "name")) or "request"
    # In seconds; assertions have no time of their own.
    duration = to_number(member_at(found, "response", "responseTime")) / 1000
    lost = _message_of(member_at(found, "requestError"))
    is_explained = False
    for each in to_objects(member_at(found, "assertions")):
        name = to_text(each.get("assertion"))
        error = _message_of(each.get("error"))
        outcome = Outcome.SKIPPED if each.get("skipped") is True else Outcome.PASSED
        outcome = Outcome.FAILED if each.get("error") else outcome
        is_explained |= outcome is Outcome.FAILED
        yield Converted(
            classname=request,
            name=name,
            outcome=outcome,
            key=keys.of_title(name),
            message=join_paragraphs(error, lost) if error else "",
            duration=duration,
        )
    for script, title in SCRIPTS.items():
        for each in to_objects(member_at(found, script)):
            if each.get("error"):
                message = _message_of(each["error"])
                yield Red(
                    name=join_parts(request, title, between=": "), message=message
                )
    if member_at(found, "requestError") and not is_explained:
        yield Red(name=join_parts(request, "request", between=": "), message=lost)


def _message_of(error: Any) -> str:
    stack = to_text(member_at(error, "stack"))
    name, text = to_text(member_at(error, "name")), to_text(member_at(error, "message"))
    if text and text in stack:
        return stack
    code = join_parts(
        to_text(member_at(error, "code")),
        to_text(member_at(error, "address")),
        between=" ",
    )
    return join_paragraphs(join_parts(name, text, between=": ") or code, stack)
