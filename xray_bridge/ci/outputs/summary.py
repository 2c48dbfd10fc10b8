"""
A receipt as a page of Markdown, for people who look at a build.

What tests, servers and settings say stands in code spans only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.ci.escape import tame
from xray_bridge.ci.outputs.text import code, link
from xray_bridge.model import receipt as states
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.model.receipt import Failure, Receipt, Refused

# Of each list, in lines.
SHOWN = 50
# Of one text, in characters.
LONGEST = 500
NOT_DELIVERED = {
    states.FAILED: "Not delivered",
    states.AMBIGUOUS: states.UNKNOWN,
}


def headline(receipt: Receipt) -> str:
    """What became of it, in a few words, without anybody else's."""
    said = NOT_DELIVERED.get(receipt.status)
    if said:
        return f"Xray: {said}"
    key = one_line(receipt.test_execution.get("key", ""))
    return f"Xray: {key}, {receipt.sent} sent, {len(receipt.refused)} refused"


def markdown(receipt: Receipt) -> str:
    """The page, which ends with a line end."""
    return "\n".join(_lines(receipt)) + "\n"


def _lines(receipt: Receipt) -> Iterator[str]:
    yield f"### Xray: {_title(receipt)}"
    yield from _problem(receipt)
    yield from _counts(receipt)
    yield from _listed("Failed", [_failure(f) for f in receipt.failures])
    yield from _listed("Refused by Xray", [_refused(r) for r in receipt.refused])
    yield from _listed("Incomplete", [code_of(text) for text in receipt.incomplete])
    yield from _listed("Left out", [code_of(text) for text in receipt.left_out])
    yield from _listed("Notes", [code_of(text) for text in receipt.notices])


def _title(receipt: Receipt) -> str:
    said = NOT_DELIVERED.get(receipt.status)
    execution = receipt.test_execution
    key, url = (one_line(execution.get(name, "")) for name in ("key", "url"))
    return said or link(tame(key), url)


def _problem(receipt: Receipt) -> Iterator[str]:
    if receipt.error:
        yield ""
        yield code_of(receipt.error.get("message", ""))
        yield ""
        yield f"To send them: {code_of(receipt.resend_command)}"


def _counts(receipt: Receipt) -> Iterator[str]:
    """Words and numbers of our own, so that a table is safe."""
    cells = {word: str(n) for word, n in receipt.counts.items() if n}
    if receipt.status not in NOT_DELIVERED:
        cells["sent to Xray"] = str(receipt.sent)
        if receipt.accepted is not None:
            cells["accepted"] = str(receipt.accepted)
        cells["refused"] = str(len(receipt.refused))
    if cells:
        yield ""
        yield f"| {' | '.join(cells)} |"
        yield f"|{' --: |' * len(cells)}"
        yield f"| {' | '.join(cells.values())} |"


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    if not lines:
        return
    yield ""
    yield f"**{title}**"
    yield ""
    yield from (f"- {line}" for line in lines[:SHOWN])
    if len(lines) > SHOWN:
        yield f"- and {len(lines) - SHOWN} more"


def _failure(failure: Failure) -> str:
    keys = f" ({code_of(', '.join(failure.keys))})" if failure.keys else ""
    message = f": {code_of(failure.message)}" if failure.message else ""
    return f"{code_of(failure.name)}{keys}{message}"


def _refused(refused: Refused) -> str:
    tests = f" ({code_of(', '.join(refused.tests[:3]))})" if refused.tests else ""
    who = f"{code_of(refused.key)}{tests}: " if refused.key else ""
    return f"{who}{code_of(refused.message)}"


def code_of(text: str) -> str:
    """What others said, on one line and not too long."""
    line = tame(one_line(text))
    return code(line if len(line) <= LONGEST else f"{line[:LONGEST]}...")
