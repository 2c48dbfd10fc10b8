"""
Make a page of Markdown from a receipt, for people who look at a build.

Texts of tests, servers and settings stand in code spans only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.ci.escape import escape_ci_commands
from xray_bridge.ci.outputs.text import code_of, list_lines, markdown_link
from xray_bridge.model import receipt as states
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.model.receipt import Failure, Receipt, Refused

# Lines of each list.
SHOWN = 50
NOT_DELIVERED = {
    states.FAILED: "Not delivered",
    states.AMBIGUOUS: states.UNKNOWN,
}


def make_headline(receipt: Receipt) -> str:
    """Return the result of the upload in a few words, all of them our own."""
    title = NOT_DELIVERED.get(receipt.status)
    if title:
        return f"Xray: {title}"
    key = one_line(receipt.test_execution.get("key", ""))
    return f"Xray: {key}, {receipt.sent} sent, {receipt.refused_tests} refused"


def make_markdown(receipt: Receipt) -> str:
    """Return the page, which ends with a line end."""
    return "\n".join(_page_lines(receipt)) + "\n"


def _page_lines(receipt: Receipt) -> Iterator[str]:
    yield f"### Xray: {_page_title(receipt)}"
    yield from _problem_lines(receipt)
    yield from _count_table(receipt)
    if receipt.changes is not None:
        # Only runs that were compared need it.
        from xray_bridge.ci.outputs.changes import change_lines

        yield from change_lines(receipt.changes)
    if receipt.gate is not None:
        from xray_bridge.ci.outputs.gate import gate_lines

        yield from gate_lines(receipt.gate)
    yield from _listed("Failed", [_failure_line(f) for f in receipt.failures])
    yield from _listed("Refused by Xray", [_refusal_line(r) for r in receipt.refused])
    yield from _listed("Incomplete", [code_of(text) for text in receipt.incomplete])
    yield from _listed("Left out", [code_of(text) for text in receipt.left_out])
    yield from _listed("Notes", [code_of(text) for text in receipt.notices])


def _page_title(receipt: Receipt) -> str:
    title = NOT_DELIVERED.get(receipt.status)
    execution = receipt.test_execution
    key, url = (one_line(execution.get(name, "")) for name in ("key", "url"))
    return title or markdown_link(escape_ci_commands(key), url)


def _problem_lines(receipt: Receipt) -> Iterator[str]:
    if receipt.error:
        yield ""
        yield code_of(receipt.error.get("message", ""))
        yield ""
        yield f"To send them: {code_of(receipt.resend_command)}"


def _count_table(receipt: Receipt) -> Iterator[str]:
    """Yield a table of our own words and numbers, which need no escapes."""
    cells = {word: str(n) for word, n in receipt.counts.items() if n}
    if receipt.ignored:
        cells["ignored"] = str(receipt.ignored)
    if receipt.status not in NOT_DELIVERED:
        cells["sent to Xray"] = str(receipt.sent)
        if receipt.accepted is not None:
            cells["accepted"] = str(receipt.accepted)
        cells["refused"] = str(receipt.refused_tests)
    if cells:
        yield ""
        yield f"| {' | '.join(cells)} |"
        yield f"|{' --: |' * len(cells)}"
        yield f"| {' | '.join(cells.values())} |"


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    return list_lines(f"**{title}**", lines, SHOWN)


def _failure_line(failure: Failure) -> str:
    keys = f" ({code_of(', '.join(failure.keys))})" if failure.keys else ""
    message = f": {code_of(failure.message)}" if failure.message else ""
    return f"{code_of(failure.name)}{keys}{message}"


def _refusal_line(refused: Refused) -> str:
    tests = f" ({code_of(', '.join(refused.tests[:3]))})" if refused.tests else ""
    who = f"{code_of(refused.key)}{tests}: " if refused.key else ""
    return f"{who}{code_of(refused.message)}"
