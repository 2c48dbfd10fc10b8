"""
Convert the JSON of Jest, and that of Vitest, which has the same shape.

Source: Jest's ``formatTestResults`` and Vitest's reporter ``json``, and their files.
Beside the tests, Jest counts hooks of suites, and both count files that cannot be
loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.formats.convert.documents import read_values
from xray_bridge.formats.convert.protocol import RUN, Converted, Red, RunFailed, Totals
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

FILE = "testResults.item"
COUNTS = ("numTotalTests", "numFailedTests")
FLAGS = ("success", "wasInterrupted")
OUTCOMES = {"todo": Outcome.SKIPPED, "disabled": Outcome.SKIPPED}
# Jest writes this before an error outside of tests.
OF_SUITE = "Test suite failed to run"
BULLET = "\N{BLACK CIRCLE}"


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield the tests of each file, then the failure of the file itself."""
    values: dict[str, Any] = {}
    without = ("coverage", "failureDetails", "meta", "perfStats", "console")
    for path, found in read_values(source, (FILE, *COUNTS, *FLAGS), without):
        if path != FILE:
            values[path] = found
        else:
            yield from _convert_file(found, keys)
    tests, failed = (to_count(values.get(name)) for name in COUNTS)
    yield Totals(tests=tests, failed=failed)
    if values.get("wasInterrupted") is True:
        yield Red(name=RUN, message="the run was interrupted")
    if values.get("success") is False:
        # A threshold of coverage, an error outside of tests, a snapshot.
        yield RunFailed(message="the run failed, but none of its tests failed")


def _convert_file(found: Any, keys: KeyFinder) -> Iterator[Converted | Red]:
    path = short_path(to_text(member_at(found, "name")))
    has_failed = False
    for test in to_objects(member_at(found, "assertionResults")):
        result = _convert_test(test, path, keys)
        has_failed |= result.outcome is Outcome.FAILED
        yield result
    message = to_text(member_at(found, "message"))
    is_jest = BULLET in message
    own = message.partition(OF_SUITE)[2] if is_jest else message
    if to_text(member_at(found, "status")) == "failed" and (own or not has_failed):
        yield Red(name=path or RUN, message=(own or message).strip())


def _convert_test(test: dict[str, Any], path: str, keys: KeyFinder) -> Converted:
    name = to_text(test.get("title"))
    found = verdict_from(to_text(test.get("status")), OUTCOMES)
    failures = to_texts(test.get("failureMessages"))
    retries = to_texts(test.get("retryMessages")) + to_texts(test.get("retryReasons"))
    outcome = found.outcome
    if outcome is Outcome.PASSED:
        if test.get("failing") is True:
            outcome = Outcome.XFAILED
        elif failures or retries or to_number(test.get("invocations")) > 1:
            outcome = Outcome.FLAKY
    tags = to_texts(test.get("tags"))
    return Converted(
        classname=join_parts(path, *to_texts(test.get("ancestorTitles"))),
        name=name or to_text(test.get("fullName")),
        outcome=outcome,
        key=keys.of_tags(tags) or keys.of_title(name),
        labels=keys.labels(tags),
        message=join_paragraphs(*(failures or retries)),
        started=to_time(test.get("startAt")),
        duration=to_number(test.get("duration")) / 1000,
        word=found.word,
    )
