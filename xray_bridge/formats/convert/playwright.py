"""
Playwright's reporter ``json``.

Source: ``JSONReport`` in Playwright's ``types/testReporter.d.ts`` and its files. A
test's ``status`` is the verdict; that of its results, and ``ok``, are not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xray_bridge.formats.convert.documents import below
from xray_bridge.formats.convert.protocol import RUN, Converted, Red, Totals
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

OUTCOMES = {
    "expected": Outcome.PASSED,
    "unexpected": Outcome.FAILED,
    "flaky": Outcome.FLAKY,
}
PATHS = ("suites.item", "errors.item", "stats", "config.failOnFlakyTests")


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """One result for each project in which a test ran; errors are red."""
    fails_on_flaky = False
    without = ("stdout", "stderr", "attachments", "snippet", "steps")
    for path, found in below(source, PATHS, without):
        if path == "suites.item":
            for result in _suite(found, (), keys):
                is_flaky = result.outcome is Outcome.FLAKY
                if is_flaky and fails_on_flaky:
                    yield replace(result, outcome=Outcome.FAILED)
                else:
                    yield result
        elif path == "errors.item":
            file = short_path(text(member(found, "location", "file")))
            yield Red(name=file or RUN, message=_message(found))
        elif path == "stats":
            yield Totals(failed=whole(member(found, "unexpected")))
        else:
            fails_on_flaky = found is True


def _suite(found: Any, above: tuple[str, ...], keys: KeyFinder) -> Iterator[Converted]:
    titles = (*above, text(member(found, "title")))
    for spec in objects(member(found, "specs")):
        for test in objects(spec.get("tests")):
            yield _test(spec, test, joined(*titles), keys)
    for suite in objects(member(found, "suites")):
        yield from _suite(suite, titles, keys)


def _test(
    spec: dict[str, Any], test: dict[str, Any], classname: str, keys: KeyFinder
) -> Converted:
    name = text(spec.get("title"))
    results = objects(test.get("results"))
    last = results[-1] if results else {}
    found = known(text(test.get("status")), OUTCOMES)
    outcome = found.outcome
    if outcome is Outcome.PASSED and test.get("expectedStatus") == "failed":
        outcome = Outcome.XFAILED
    told = results if outcome is Outcome.FLAKY else [last]
    tags = texts(spec.get("tags"))
    annotations = objects(test.get("annotations")) + objects(last.get("annotations"))
    pairs = [
        (text(each.get("type")), text(each.get("description"))) for each in annotations
    ]
    why = next((said for kind, said in pairs if kind in {"skip", "fixme"} and said), "")
    errors = [_errors(each) for each in told]
    project = text(test.get("projectName"))
    where = f"(project {project})" if project and any(errors) else ""
    return Converted(
        classname=classname,
        name=name,
        outcome=outcome,
        key=keys.of_tags(tags) or keys.of_pairs(pairs) or keys.of_title(name),
        labels=keys.labels(tags),
        message=paragraphs(why, *errors, where),
        started=moment(last.get("startTime")),
        duration=number(last.get("duration")) / 1000,
        word=found.word,
    )


def _errors(result: dict[str, Any]) -> str:
    found = objects(result.get("errors")) or objects([result.get("error")])
    return paragraphs(*map(_message, found))


def _message(error: Any) -> str:
    message, stack = text(member(error, "message")), text(member(error, "stack"))
    return stack if message and message in stack else paragraphs(message, stack)
