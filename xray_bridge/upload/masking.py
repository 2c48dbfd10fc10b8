"""
Mask our secrets in the copy of a report file.

Some tools write the whole environment into their reports (kyua, Ant).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from xray_bridge.atomic import replaced
from xray_bridge.config.secret import MASK


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import BinaryIO

BLOCK = 1 << 18
# A report needs these words: a password that is part of one is not masked.
VOCABULARY = (
    "testsuites testsuite testcase classname failures failure errors error "
    "skipped properties property message system-out testng-results test-method "
    "signature duration-ms exception full-stacktrace reporter-output attributes "
    "test-results test-suite test-case fullname methodname inconclusive "
    "stack-trace assemblies assembly collection exception-type robot statistics "
    "status elapsed keyword elements scenario background feature location passed "
    "failed undefined pending untested duration testexecutionkey testkey "
    "testinfo results iterations evidence encoding version timestamp hostname"
)


def mask_secrets(path: Path, forms: Iterable[str]) -> int:
    """Replace these texts by ``***``, and return how many there were."""
    texts = _encode_forms(forms)
    if not texts:
        return 0
    with path.open("rb") as file:
        if not _contains_any(file, texts):
            return 0
        file.seek(0)
        with replaced(path, private=True) as out:
            return _write_masked(file, texts, out)


def _contains_any(file: BinaryIO, texts: Sequence[bytes]) -> bool:
    """Look into each block together with the end of the one before."""
    overlap = len(texts[0]) - 1
    rest = b""
    while block := file.read(BLOCK):
        content = rest + block
        if any(text in content for text in texts):
            return True
        rest = content[-overlap:] if overlap else b""
    return False


def _write_masked(file: BinaryIO, texts: Sequence[bytes], out: BinaryIO) -> int:
    pattern = re.compile(b"|".join(map(re.escape, texts)))
    longest = len(texts[0])
    number = 0
    content = b""
    is_last = False
    while not is_last:
        block = file.read(BLOCK)
        is_last = not block
        content += block
        # A text that begins after this place may go on in the next block.
        known = len(content) if is_last else max(len(content) - longest + 1, 0)
        at = 0
        for found in pattern.finditer(content):
            if found.start() >= known:
                break
            out.write(content[at : found.start()] + MASK.encode())
            number, at = number + 1, found.end()
        known = max(known, at)
        out.write(content[at:known])
        content = content[known:]
    return number


def _encode_forms(forms: Iterable[str]) -> list[bytes]:
    """
    Encode them, also as XML escapes them, and as PHP writes JSON.

    The longest is first, so that no tail of a longer one stays.
    """
    found: set[str] = set()
    for form in forms:
        if form.lower() not in VOCABULARY:
            quoted = escape(form, {'"': "&quot;", "'": "&apos;"})
            found |= {form, escape(form), quoted, form.replace("/", r"\/")}
    encoded = (each.encode("utf-8", "surrogatepass") for each in found)
    return sorted(encoded, key=lambda text: (-len(text), text))
