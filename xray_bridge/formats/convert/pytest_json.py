"""
Convert the JSON of pytest-json-report.

Source: its README and its files. Modules that cannot be collected stand
only in ``collectors``; if a user omits these, only the exit code shows them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xray_bridge.formats.convert.documents import read_values
from xray_bridge.formats.convert.protocol import Converted, Red, RunFailed, Totals
from xray_bridge.formats.convert.pytest_names import split_node_id
from xray_bridge.formats.convert.values import (
    join_paragraphs,
    member_at,
    to_count,
    to_number,
    to_objects,
    to_text,
    verdict_from,
)
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.formats.convert.keys import KeyFinder
    from xray_bridge.formats.convert.protocol import Item
    from xray_bridge.formats.read.protocol import Source

OUTCOMES = {
    "xfailed": Outcome.XFAILED,
    "xpassed": Outcome.XPASSED,
    # pytest-rerunfailures: the last attempt, which passed.
    "rerun": Outcome.FLAKY,
}
PATHS = ("exitcode", "summary", "collectors.item", "tests.item")
PHASES = ("setup", "call", "teardown")
NOTHING_RAN = 5
_SKIP = re.compile(r"\(.*, \d+, ['\"](?:Skipped: )?(.*)['\"]\)", re.DOTALL)


def convert(source: Source, keys: KeyFinder) -> Iterator[Item]:
    """Yield the tests, and modules that cannot be collected."""
    without = ("result", "traceback", "stdout", "stderr", "log", "keywords")
    for path, found in read_values(source, PATHS, without):
        if path == "exitcode":
            if (to_count(found) or 0) not in {0, NOTHING_RAN}:
                yield RunFailed(message=f"pytest ended with exit code {to_text(found)}")
        elif path == "summary":
            counts = [
                to_count(member_at(found, name)) or 0 for name in ("failed", "error")
            ]
            yield Totals(tests=to_count(member_at(found, "total")), failed=sum(counts))
        elif path == "tests.item":
            yield _convert_test(found, keys)
        elif member_at(found, "outcome") == "failed":
            name = to_text(member_at(found, "nodeid")) or "collection"
            yield Red(name=name, message=to_text(member_at(found, "longrepr")))


def _convert_test(found: Any, keys: KeyFinder) -> Converted:
    classname, name = split_node_id(to_text(member_at(found, "nodeid")))
    status = verdict_from(to_text(member_at(found, "outcome")), OUTCOMES)
    phases = [member_at(found, phase) for phase in PHASES]
    words = {"skipped"} if status.outcome is not Outcome.FAILED else {"failed", "error"}
    texts = [
        to_text(member_at(p, "longrepr"))
        for p in phases
        if to_text(member_at(p, "outcome")) in words
    ]
    if status.outcome is Outcome.SKIPPED:
        matches = map(_SKIP.fullmatch, texts)
        texts = [m[1] if m else text for m, text in zip(matches, texts, strict=True)]
    properties = to_objects(member_at(found, "user_properties"))
    pairs = [
        (each, to_text(value)) for one in properties for each, value in one.items()
    ]
    metadata = member_at(found, "metadata")
    if isinstance(metadata, dict):
        pairs += [(each, to_text(value)) for each, value in metadata.items()]
    return Converted(
        classname=classname,
        name=name,
        outcome=status.outcome,
        key=keys.of_pairs(pairs),
        message=join_paragraphs(*texts),
        duration=sum(to_number(member_at(phase, "duration")) for phase in phases),
        word=status.word,
    )
