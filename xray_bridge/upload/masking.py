"""
Mask our secrets in the copy of a report file.

Some tools write the whole environment into their reports (kyua, Ant).
"""

from __future__ import annotations

import mmap
import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from xray_bridge.atomic import replaced
from xray_bridge.config.secret import MASK


if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import BinaryIO

BLOCK = 1 << 20
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
    pattern = _compile_pattern(forms)
    if pattern is None or not path.stat().st_size:
        return 0
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        if not pattern.search(content):
            return 0
        number, at = 0, 0
        with replaced(path, private=True) as out:
            for found in pattern.finditer(content):
                _copy_bytes(out, content, at, found.start())
                out.write(MASK.encode())
                number, at = number + 1, found.end()
            _copy_bytes(out, content, at, len(content))
    return number


def _copy_bytes(out: BinaryIO, content: mmap.mmap, start: int, end: int) -> None:
    places = range(start, end, BLOCK)
    out.writelines(content[each : min(each + BLOCK, end)] for each in places)


def _compile_pattern(forms: Iterable[str]) -> re.Pattern[bytes] | None:
    """Match them also as XML escapes them, and as PHP writes JSON."""
    found: set[str] = set()
    for form in forms:
        if form.lower() not in VOCABULARY:
            quoted = escape(form, {'"': "&quot;", "'": "&apos;"})
            found |= {form, escape(form), quoted, form.replace("/", r"\/")}
    if not found:
        return None
    # Longest first, so that no tail of a longer one stays.
    texts = sorted(found, key=lambda form: (-len(form), form))
    encoded = (each.encode("utf-8", "surrogatepass") for each in texts)
    return re.compile(b"|".join(map(re.escape, encoded)))
