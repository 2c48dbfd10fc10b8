"""
The text of a comment: a summary, with a mark by which it is found again.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from xray_bridge.ci.outputs.summary import make_markdown
from xray_bridge.model import receipt as states
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Iterable

    from xray_bridge.ci.comments.places import Service
    from xray_bridge.model.receipt import Receipt

NAME = "xray-bridge"
DIGITS = 16
CUT = "... the rest is in the summary of the CI job"
# A name after it would be notified.
AT = re.compile("@")
# A space without width after the sign keeps the text readable.
AT_NOBODY = "@\u200b"


def make_mark(service: Service, parts: Iterable[str]) -> str:
    """Return the mark of the comment of one job, which has no text of others."""
    content = "\n".join(map(one_line, parts)).encode("utf-8", "surrogatepass")
    digits = hashlib.sha256(content).hexdigest()[:DIGITS]
    return service.mark.format(f"{NAME}: {digits}")


def make_body(receipt: Receipt, service: Service, mark: str) -> str:
    """Return the comment, cut at a line end to what the service takes."""
    title, *lines = make_markdown(receipt).rstrip("\n").split("\n")
    # The title has the key and the address of the Test Execution only.
    lines = [AT.sub(AT_NOBODY, line) for line in lines]
    # Bitbucket needs an empty line after its mark.
    return "\n".join(_fitting([mark, "", title, *lines], service.longest))


def _fitting(lines: list[str], longest: int) -> Iterable[str]:
    room = longest - len(CUT) - 1
    for number, line in enumerate(lines):
        room -= len(line.encode("utf-8", "backslashreplace")) + 1
        if room < 0:
            return [*lines[:number], CUT]
    return lines


def has_mark(text: str, mark: str) -> bool:
    """Whether a comment begins with the mark."""
    return text.lstrip().split("\n", 1)[0].strip() == mark


def is_news(receipt: Receipt) -> bool:
    """Whether a receipt has something that is worth a new comment."""
    changes = receipt.changes
    is_changed = changes is not None and any(changes.counts.values())
    is_bad = receipt.status != states.DELIVERED or bool(receipt.failures)
    return is_changed or is_bad or bool(receipt.refused or receipt.gate_code)
