"""
CTRF, the Common Test Report Format.

Source: ctrf.io's schema, and files of the reporters for pytest, Playwright and Jest.
They disagree on units of time, on types of ``suite``, and with their own summaries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.formats.convert.documents import below
from xray_bridge.formats.convert.protocol import Converted, Totals
from xray_bridge.formats.convert.pytest_names import split_node_id
from xray_bridge.formats.convert.values import (
    joined,
    known,
    member,
    moment,
    number,
    objects,
    paragraphs,
    short_path,
    text,
    texts,
    whole,
)
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source

TESTS = "results.tests.item"
SUMMARY = "results.summary"
# A tool's own word, which says more where CTRF has none.
RAW = {
    "todo": Outcome.SKIPPED,
    "xfailed": Outcome.XFAILED,
    "xpassed": Outcome.XPASSED,
    "disabled": Outcome.SKIPPED,
    "timedout": Outcome.FAILED,
    "interrupted": Outcome.FAILED,
}


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """The tests; the summary is compared with them."""
    without = ("attachments", "stdout", "stderr", "steps", "snippet", "screenshot")
    for path, found in below(source, (TESTS, SUMMARY), without):
        if path == TESTS:
            yield _test(found, keys)
        else:
            yield Totals(
                tests=whole(member(found, "tests")),
                failed=whole(member(found, "failed")),
            )


def _test(test: Any, keys: KeyFinder) -> Converted:
    word, raw = text(member(test, "status")), text(member(test, "rawStatus"))
    is_named_by_raw = word == "other" or raw.lower() in {"xfailed", "xpassed"}
    found = known(raw if is_named_by_raw and raw else word, RAW)
    outcome = found.outcome
    attempts = objects(member(test, "retryAttempts"))
    if outcome is Outcome.PASSED and (member(test, "flaky") is True or attempts):
        outcome = Outcome.FLAKY
    messages = [test, *attempts] if outcome is Outcome.FLAKY else [test]
    classname, name = _identity(test)
    tags = texts(member(test, "tags"))
    annotations = objects(member(test, "extra", "annotations"))
    pairs = [
        (text(each.get("type")), text(each.get("description"))) for each in annotations
    ]
    labels = member(test, "labels")
    if isinstance(labels, dict):
        pairs += [(label, text(value)) for label, value in labels.items()]
    return Converted(
        classname=classname,
        name=name,
        outcome=outcome,
        key=keys.of_tags(tags) or keys.of_pairs(pairs) or keys.of_title(name),
        labels=keys.labels(tags),
        message=paragraphs(*(_message(each) for each in messages))
        or next((why for kind, why in pairs if kind in {"skip", "fixme"}), ""),
        started=moment(member(test, "start")),
        duration=number(member(test, "duration")) / 1000,
        word=found.word,
    )


def _message(found: Any) -> str:
    message, trace = text(member(found, "message")), text(member(found, "trace"))
    return trace if message and message in trace else paragraphs(message, trace)


def _identity(test: Any) -> tuple[str, str]:
    """Its suites and its name; of pytest's, as pytest's own JUnit XML has them."""
    name = text(member(test, "name"))
    if "::" in name:
        return split_node_id(name)
    suites = texts(member(test, "suite"))
    return joined(*suites) or short_path(text(member(test, "filePath"))), name
