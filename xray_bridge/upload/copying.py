"""
Copies of report files, without what Xray does not read.

Nothing may stand before an XML declaration, no mark and no blank (jenkins issue
74); UTF-16 becomes UTF-8.
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
DECLARED = re.compile(r"""(<\?xml[^>]*?encoding=)(["'])[^"']*\2""")


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
        mark = file.read(2)
        file.seek(0)
        try:
            for block in _utf_8(file) if mark in UTF_16 else _trimmed(file):
                copy.write(block)
        except UnicodeDecodeError:
            raise source.broken("begins as UTF-16 and is none") from None
    os.utime(source.path, (written, written))
    return source


def _trimmed(file: BinaryIO) -> Iterator[bytes]:
    first = file.read(BLOCK).removeprefix(codecs.BOM_UTF8)
    yield first.lstrip()
    while block := file.read(BLOCK):
        yield block


def _utf_8(file: BinaryIO) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")()
    first = decoder.decode(file.read(BLOCK)).lstrip()
    yield DECLARED.sub(r"\1\2utf-8\2", first, count=1).encode()
    while block := file.read(BLOCK):
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()
