"""
Reads a feature export of Xray without trusting it.

A download is a zip, or a bare ``.feature`` file if there is only one (Server with
``fz=false``). ``opened`` checks all of it before a caller writes anything.
Source: the Gherkin reference for ``# language:``.
"""

from __future__ import annotations

import io
import re
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from xray_bridge.features.download import Export, refuse, refuse_nothing
from xray_bridge.features.feature_zip import open_zip
from xray_bridge.features.names import SUFFIX, name_fault, show_name


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xray_bridge.features.download import Limits

_LANGUAGE = re.compile(r"^\s*#\s*language\s*:\s*[\w-]+\s*$", re.MULTILINE)
_HEADLINE = re.compile(r"^\s*(Feature|Ability|Business Need)\s*:", re.MULTILINE)
_ANY_HEADLINE = re.compile(r"^\s*[^\s@#|<{\[\"][^:\n]*:", re.MULTILINE)


@contextmanager
def open_export(download: Path, limits: Limits) -> Iterator[Export]:
    """
    Open the export in ``download``, after all checks that need no unpacking.

    A bare feature file gets the name of ``download``, with the suffix ``.feature``.
    Raises ``FeaturesError`` for an invalid export, and ``OSError`` if the file cannot
    be read.
    """
    with download.open("rb") as file:
        magic = file.read(2)
        if magic != b"PK":
            file.seek(0)
            yield _read_bare_file(download, file, limits)
            return
        with open_zip(file, limits) as export:
            yield export


def _is_gherkin(text: str) -> bool:
    """Whether a text has a headline of Gherkin, in English or a named language."""
    headline = _ANY_HEADLINE if _LANGUAGE.search(text) else _HEADLINE
    return headline.search(text) is not None and not text.lstrip().startswith("<")


def _read_bare_file(download: Path, file: IO[bytes], limits: Limits) -> Export:
    content = file.read(limits.file_bytes + 1)
    if not content:
        refuse_nothing("it is empty")
    if len(content) > limits.file_bytes:
        refuse("the file is too large")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse("it is neither a zip nor UTF-8 text", error)
    if "\0" in text or not _is_gherkin(text):
        refuse(
            f"it is neither a zip nor a feature file; it begins {show_name(text[:60])}"
        )
    name = download.stem + SUFFIX
    if fault := name_fault(name):
        refuse(f"the name {show_name(name)} {fault}")
    return Export({name: len(content)}, (), lambda _: io.BytesIO(content))
