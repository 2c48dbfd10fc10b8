"""
Copy report files, in UTF-8 and without anything before the XML declaration.

Xray refuses a byte order mark or a blank there (jenkins issue 74). expat, which
reads the copy, knows few other encodings.
"""

from __future__ import annotations

import codecs
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.formats.read.protocol import Source
from xray_bridge.model.foreign_formats import foreign_folder
from xray_bridge.runs.inside import open_private


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

BLOCK = 1 << 18
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DECLARED = re.compile(r"""(<\?xml[^>]*?encoding\s*=\s*)(["'])([^"']*)\2""")
# First bytes of a file without a byte order mark that begins with ``<``.
WIDE = {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
# Bytes that are searched for the declaration.
HEAD = 1024
# Codecs of Python that are no encodings of files.
NO_ENCODINGS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw-unicode-escape", "undefined", "mbcs"}
)


def copy_into(folder: Path, path: Path, number: int) -> Source:
    """
    Copy a file under a unique name that is valid on every system.

    Raises ReportError.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", path.name)[-60:]
    source = Source(path=folder / f"{number:03d}-{plain}", name=str(path))
    if foreign_folder(path):
        # A folder is converted, which makes the copy.
        return replace(source, path=path)
    try:
        if path.exists() and not path.is_file():
            raise source.broken("is not a file")
        written = path.stat().st_mtime
        original = path.open("rb")
    except OSError as error:
        raise source.broken(f"cannot be read: {error.strerror}") from None
    opened = open(source.path, "xb", opener=open_private)  # noqa: SIM115 - only this takes an opener
    with original as file, opened as copy:
        head = file.read(HEAD)
        file.seek(0)
        encoding = _encoding_of(head)
        if encoding.startswith("utf-16") and head.lstrip().startswith(b"<?"):
            hint = "write the file in UTF-16, or declare UTF-8"
            raise source.broken("declares UTF-16 but is not written in it", 1, hint)
        try:
            for block in _utf_8(file, encoding) if encoding else _trim_start(file):
                copy.write(block)
        except UnicodeDecodeError as error:
            found = error.object[error.start : error.start + 1].hex().upper()
            name = error.encoding.upper()
            if head[:2] in UTF_16:
                raise source.broken("begins like UTF-16 but is not UTF-16") from None
            what = f"is not in the encoding it declares, {name} (0x{found})"
            hint = "declare the encoding of the file, or write it in UTF-8"
            raise source.broken(what, hint=hint) from None
    os.utime(source.path, (written, written))
    return source


def _encoding_of(head: bytes) -> str:
    """Return an encoding other than UTF-8, by the first bytes or the declaration."""
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
        # Unknown names, and codecs that are not for text.
        return ""
    is_plain = known.name in {"utf-8", "ascii"} and found[3].lower() == "utf-8"
    return "" if is_plain or known.name in NO_ENCODINGS else known.name


def _trim_start(file: BinaryIO) -> Iterator[bytes]:
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
