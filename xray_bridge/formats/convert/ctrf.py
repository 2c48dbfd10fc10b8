"""
Convert CTRF, the Common Test Report Format.

Source: ctrf.io's schema, and files of the reporters for pytest, Playwright and Jest.
These disagree about units of time and types of ``suite`` (see
``findings/ctrf-reporter-writes-invalid-ctrf.sh``), and with their own summaries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.formats.convert.documents import read_values
from xray_bridge.formats.convert.protocol import Converted, Totals
from xray_bridge.formats.convert.pytest_names import split_node_id
from xray_bridge.formats.convert.values import (
    join_paragraphs,
    join_parts,
    member_at,
    short_path,
    to_count,
    to_number,
    to_objects,
    to_text,
    to_texts,
    to_time,
    verdict_from,
)
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source

TESTS = "results.tests.item"
SUMMARY = "results.summary"
# A tool's own words for outcomes that CTRF does not have.
RAW = {
    "todo": Outcome.SKIPPED,
    "xfailed": Outcome.XFAILED,
    "xpassed": Outcome.XPASSED,
    "disabled": Outcome.SKIPPED,
    "timedout": Outcome.FAILED,
    "interrupted": Outcome.FAILED,
}


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield the tests, and the summary to compare with them."""
    without = ("attachments", "stdout", "stderr", "steps", "snippet", "screenshot")
    for path, found in read_values(source, (TESTS, SUMMARY), without):
        if path == TESTS:
            yield _convert_test(found, keys)
        else:
            yield Totals(
                tests=to_count(member_at(found, "tests")),
                failed=to_count(member_at(found, "failed")),
            )


def _convert_test(test: Any, keys: KeyFinder) -> Converted:
    word, raw = (
        to_text(member_at(test, "status")),
        to_text(member_at(test, "rawStatus")),
    )
    is_named_by_raw = word == "other" or raw.lower() in {"xfailed", "xpassed"}
    found = verdict_from(raw if is_named_by_raw and raw else word, RAW)
    outcome = found.outcome
    attempts = to_objects(member_at(test, "retryAttempts"))
    if outcome is Outcome.PASSED and (member_at(test, "flaky") is True or attempts):
        outcome = Outcome.FLAKY
    messages = [test, *attempts] if outcome is Outcome.FLAKY else [test]
    classname, name = _name_test(test)
    tags = to_texts(member_at(test, "tags"))
    annotations = to_objects(member_at(test, "extra", "annotations"))
    pairs = [
        (to_text(each.get("type")), to_text(each.get("description")))
        for each in annotations
    ]
    labels = member_at(test, "labels")
    if isinstance(labels, dict):
        pairs += [(label, to_text(value)) for label, value in labels.items()]
    return Converted(
        classname=classname,
        name=name,
        outcome=outcome,
        key=keys.of_tags(tags) or keys.of_pairs(pairs) or keys.of_title(name),
        labels=keys.labels(tags),
        message=join_paragraphs(*(_message_of(each) for each in messages))
        or next((why for kind, why in pairs if kind in {"skip", "fixme"}), ""),
        started=to_time(member_at(test, "start")),
        duration=to_number(member_at(test, "duration")) / 1000,
        word=found.word,
    )


def _message_of(found: Any) -> str:
    message, trace = (
        to_text(member_at(found, "message")),
        to_text(member_at(found, "trace")),
    )
    return trace if message and message in trace else join_paragraphs(message, trace)


def _name_test(test: Any) -> tuple[str, str]:
    """Return suites and name; for pytest as in its own JUnit XML."""
    name = to_text(member_at(test, "name"))
    if "::" in name:
        return split_node_id(name)
    suites = to_texts(member_at(test, "suite"))
    return join_parts(*suites) or short_path(to_text(member_at(test, "filePath"))), name
