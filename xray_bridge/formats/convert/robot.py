"""
Convert Robot Framework's ``output.json``.

Source: Robot's ``result.json`` schema, and ``robot.result`` for the effect of a suite's
teardown on its tests: the file has their statuses before the teardown.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.formats.convert.documents import read_values
from xray_bridge.formats.convert.protocol import Converted, Red, Totals, has_failed
from xray_bridge.formats.convert.values import (
    join_paragraphs,
    join_parts,
    member_at,
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

HTML = "*HTML*"
_TAG = re.compile(r"<[^>]*>")


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield the tests of all suites; keywords are not kept."""
    without = ("body", "doc", "metadata", "assign", "args", "errors")
    for path, found in read_values(source, ("suite", "statistics.total"), without):
        if path == "suite":
            yield from _convert_suite(found, _Above(), keys)
        else:
            counts = [
                to_count(member_at(found, each)) for each in ("pass", "fail", "skip")
            ]
            yield Totals(tests=sum(n or 0 for n in counts), failed=counts[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Above:
    """
    The suites around a suite: their names and the outcomes of their teardowns.

    ``teardowns`` are outcomes and messages of those that did not pass.
    """

    name: str = ""
    teardowns: tuple[tuple[Outcome, str], ...] = ()


def _convert_suite(
    found: Any, above: _Above, keys: KeyFinder
) -> Iterator[Converted | Red]:
    teardown = member_at(found, "teardown")
    outcome = _outcome_of(teardown) if teardown else Outcome.PASSED
    own = () if outcome is Outcome.PASSED else ((outcome, _message_of(teardown)),)
    name = join_parts(above.name, to_text(member_at(found, "name")), between=".")
    # The innermost teardown is the first to run.
    here = _Above(name=name, teardowns=(*own, *above.teardowns))
    is_green = True
    for test in to_objects(member_at(found, "tests")):
        result = _convert_test(test, here, keys)
        is_green &= not has_failed(result)
        yield result
    for suite in to_objects(member_at(found, "suites")):
        for item in _convert_suite(suite, here, keys):
            is_green &= not has_failed(item)
            yield item
    setup = member_at(found, "setup")
    troubles = [part for part in (setup, teardown) if part and _has_failed(part)]
    if is_green and (troubles or _has_failed(found)):
        texts = [_message_of(part) for part in troubles]
        yield Red(
            name=name or "suite", message=join_paragraphs(_message_of(found), *texts)
        )


def _outcome_of(found: Any) -> Outcome:
    word = to_text(member_at(found, "status"))
    # In old files, and if nothing was run.
    return verdict_from(word, {"not set": Outcome.SKIPPED}).outcome


def _has_failed(found: Any) -> bool:
    return bool(member_at(found, "status")) and _outcome_of(found) is Outcome.FAILED


def _convert_test(found: dict[str, Any], above: _Above, keys: KeyFinder) -> Converted:
    tags = to_texts(found.get("tags"))
    status = verdict_from(to_text(found.get("status")), {"not set": Outcome.SKIPPED})
    result = Converted(
        classname=above.name,
        name=to_text(found.get("name")),
        outcome=status.outcome,
        key=keys.of_tags(tags),
        labels=keys.labels(tags),
        message=_message_of(found),
        started=to_time(found.get("start_time")),
        duration=to_number(found.get("elapsed_time")),
        word=status.word,
    )
    for outcome, message in above.teardowns:
        # For Robot a teardown that skips turns even a failure into a skip.
        if result.outcome is not Outcome.SKIPPED:
            both = (result.message, "Parent suite teardown failed:", message)
            result = replace(result, outcome=outcome, message=join_paragraphs(*both))
    return result


def _message_of(found: Any) -> str:
    text = to_text(member_at(found, "message"))
    if not text.startswith(HTML):
        return text
    return html.unescape(_TAG.sub("", text.removeprefix(HTML))).strip()
