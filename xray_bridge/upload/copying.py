"""
Copies of report files, without what Xray does not read.

Nothing may stand before an XML declaration, no mark and no blank (jenkins issue
74). All encodings become UTF-8: expat, which reads the copy, knows few of them.
"""

from __future__ import annotations

import codecs
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.formats.read.protocol import Source
from xray_bridge.model.foreign_formats import foreign_folder
from xray_bridge.runs.inside import private


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

BLOCK = 1 << 20
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DECLARED = re.compile(r"""(<\?xml[^>]*?encoding\s*=\s*)(["'])([^"']*)\2""")
# Of a file without a mark, whose first character is ``<``.
WIDE = {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
# The declaration stands at the beginning.
HEAD = 1024
# What Python calls encodings of texts, and no file is written in.
NO_ENCODINGS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw-unicode-escape", "undefined", "mbcs"}
)


def copy_into(folder: Path, path: Path, number: int) -> Source:
    """
    The copy of a file, under a name that no other has and every system takes.

    Raises ReportError.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", path.name)[-60:]
    source = Source(path=folder / f"{number:03d}-{plain}", name=str(path))
    if foreign_folder(path):
        # What is made of it is the copy.
        return replace(source, path=path)
    try:
        if path.exists() and not path.is_file():
            raise source.broken("is no file")
        written = path.stat().st_mtime
        original = path.open("rb")
    except OSError as error:
        raise source.broken(f"cannot be read: {error.strerror}") from None
    opened = open(source.path, "xb", opener=private)  # noqa: SIM115 - only this takes an opener
    with original as file, opened as copy:
        head = file.read(HEAD)
        file.seek(0)
        encoding = _encoding_of(head)
        if encoding.startswith("utf-16") and head.lstrip().startswith(b"<?"):
            hint = "write it as it declares, or declare UTF-8"
            raise source.broken("declares UTF-16 and is not in UTF-16", 1, hint)
        try:
            for block in _utf_8(file, encoding) if encoding else _trimmed(file):
                copy.write(block)
        except UnicodeDecodeError as error:
            found = error.object[error.start : error.start + 1].hex().upper()
            name = error.encoding.upper()
            if head[:2] in UTF_16:
                raise source.broken("begins as UTF-16 and is none") from None
            what = f"is not in the encoding that it declares, {name} (0x{found})"
            hint = "declare the encoding that it is in, or write it in UTF-8"
            raise source.broken(what, hint=hint) from None
    os.utime(source.path, (written, written))
    return source


def _encoding_of(head: bytes) -> str:
    """Another one than UTF-8, by its first bytes or by what XML declares."""
    if head[:2] in UTF_16:
        return "utf-16"
    if head[:2] in WIDE:
        return WIDE[head[:2]]
    plain = head.removeprefix(codecs.BOM_UTF8).lstrip().decode("latin-1")
    found = DECLARED.match(plain)
    if not found or head.startswith(codecs.BOM_UTF8):
        return ""
    try:
        known = codecs.lookup(found[3])
        "xml".encode(found[3])
    except (LookupError, ValueError):
        # Names nobody knows, and codecs that are of no text.
        return ""
    is_plain = known.name in {"utf-8", "ascii"} and found[3].lower() == "utf-8"
    return "" if is_plain or known.name in NO_ENCODINGS else known.name


def _trimmed(file: BinaryIO) -> Iterator[bytes]:
    first = file.read(BLOCK).removeprefix(codecs.BOM_UTF8)
    yield first.lstrip()
    while block := file.read(BLOCK):
        yield block


def _utf_8(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    first = decoder.decode(file.read(BLOCK)).removeprefix("\ufeff").lstrip()
    yield DECLARED.sub(r"\1\2utf-8\2", first, count=1).encode()
    while block := file.read(BLOCK):
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()
