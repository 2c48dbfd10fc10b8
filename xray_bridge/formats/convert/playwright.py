"""
Convert the JSON of Playwright's reporter ``json``.

Source: ``JSONReport`` in Playwright's ``types/testReporter.d.ts`` and its files. A
test's ``status`` decides; the statuses of its results, and ``ok``, do not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xray_bridge.formats.convert.documents import read_values
from xray_bridge.formats.convert.protocol import RUN, Converted, Red, Totals
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

OUTCOMES = {
    "expected": Outcome.PASSED,
    "unexpected": Outcome.FAILED,
    "flaky": Outcome.FLAKY,
}
PATHS = ("suites.item", "errors.item", "stats", "config.failOnFlakyTests")


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield one result for each project in which a test ran, and errors."""
    fails_on_flaky = False
    without = ("stdout", "stderr", "attachments", "snippet", "steps")
    for path, found in read_values(source, PATHS, without):
        if path == "suites.item":
            for result in _convert_suite(found, (), keys):
                is_flaky = result.outcome is Outcome.FLAKY
                if is_flaky and fails_on_flaky:
                    yield replace(result, outcome=Outcome.FAILED)
                else:
                    yield result
        elif path == "errors.item":
            file = short_path(to_text(member_at(found, "location", "file")))
            yield Red(name=file or RUN, message=_message_of(found))
        elif path == "stats":
            yield Totals(failed=to_count(member_at(found, "unexpected")))
        else:
            fails_on_flaky = found is True


def _convert_suite(
    found: Any, above: tuple[str, ...], keys: KeyFinder
) -> Iterator[Converted]:
    titles = (*above, to_text(member_at(found, "title")))
    for spec in to_objects(member_at(found, "specs")):
        for test in to_objects(spec.get("tests")):
            yield _convert_test(spec, test, join_parts(*titles), keys)
    for suite in to_objects(member_at(found, "suites")):
        yield from _convert_suite(suite, titles, keys)


def _convert_test(
    spec: dict[str, Any], test: dict[str, Any], classname: str, keys: KeyFinder
) -> Converted:
    name = to_text(spec.get("title"))
    results = to_objects(test.get("results"))
    last = results[-1] if results else {}
    found = verdict_from(to_text(test.get("status")), OUTCOMES)
    outcome = found.outcome
    if outcome is Outcome.PASSED and test.get("expectedStatus") == "failed":
        outcome = Outcome.XFAILED
    shown = results if outcome is Outcome.FLAKY else [last]
    tags = to_texts(spec.get("tags"))
    annotations = to_objects(test.get("annotations")) + to_objects(
        last.get("annotations")
    )
    pairs = [
        (to_text(each.get("type")), to_text(each.get("description")))
        for each in annotations
    ]
    why = next((text for kind, text in pairs if kind in {"skip", "fixme"} and text), "")
    errors = [_errors_of(each) for each in shown]
    project = to_text(test.get("projectName"))
    where = f"(project {project})" if project and any(errors) else ""
    return Converted(
        classname=classname,
        name=name,
        outcome=outcome,
        key=keys.of_tags(tags) or keys.of_pairs(pairs) or keys.of_title(name),
        labels=keys.labels(tags),
        message=join_paragraphs(why, *errors, where),
        started=to_time(last.get("startTime")),
        duration=to_number(last.get("duration")) / 1000,
        word=found.word,
    )


def _errors_of(result: dict[str, Any]) -> str:
    found = to_objects(result.get("errors")) or to_objects([result.get("error")])
    return join_paragraphs(*map(_message_of, found))


def _message_of(error: Any) -> str:
    message, stack = (
        to_text(member_at(error, "message")),
        to_text(member_at(error, "stack")),
    )
    return stack if message and message in stack else join_paragraphs(message, stack)
