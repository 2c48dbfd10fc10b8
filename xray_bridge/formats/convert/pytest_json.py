"""
The JSON of pytest-json-report.

Source: its README and its files. Modules that cannot be collected stand in
``collectors`` only, and with these omitted, nowhere but in the exit code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xray_bridge.formats.convert.documents import below
from xray_bridge.formats.convert.protocol import Converted, Red, RunFailed, Totals
from xray_bridge.formats.convert.pytest_names import split_node_id
from xray_bridge.formats.convert.values import (
    known,
    member,
    number,
    objects,
    paragraphs,
    text,
    whole,
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
    """The tests; what cannot be collected is red."""
    without = ("result", "traceback", "stdout", "stderr", "log", "keywords")
    for path, found in below(source, PATHS, without):
        if path == "exitcode":
            if (whole(found) or 0) not in {0, NOTHING_RAN}:
                yield RunFailed(message=f"pytest ended with exit code {text(found)}")
        elif path == "summary":
            said = [whole(member(found, name)) or 0 for name in ("failed", "error")]
            yield Totals(tests=whole(member(found, "total")), failed=sum(said))
        elif path == "tests.item":
            yield _test(found, keys)
        elif member(found, "outcome") == "failed":
            name = text(member(found, "nodeid")) or "collection"
            yield Red(name=name, message=text(member(found, "longrepr")))


def _test(found: Any, keys: KeyFinder) -> Converted:
    classname, name = split_node_id(text(member(found, "nodeid")))
    status = known(text(member(found, "outcome")), OUTCOMES)
    phases = [member(found, phase) for phase in PHASES]
    words = {"skipped"} if status.outcome is not Outcome.FAILED else {"failed", "error"}
    said = [
        text(member(p, "longrepr")) for p in phases if member(p, "outcome") in words
    ]
    if status.outcome is Outcome.SKIPPED:
        matches = map(_SKIP.fullmatch, said)
        said = [m[1] if m else text for m, text in zip(matches, said, strict=True)]
    properties = objects(member(found, "user_properties"))
    pairs = [(each, text(value)) for one in properties for each, value in one.items()]
    metadata = member(found, "metadata")
    if isinstance(metadata, dict):
        pairs += [(each, text(value)) for each, value in metadata.items()]
    return Converted(
        classname=classname,
        name=name,
        outcome=status.outcome,
        key=keys.of_pairs(pairs),
        message=paragraphs(*said),
        duration=sum(number(member(phase, "duration")) for phase in phases),
        word=status.word,
    )
