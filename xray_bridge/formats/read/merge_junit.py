"""
Merge JUnit files with junitparser, keeping suites and properties.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from xray_bridge.errors import UsageError
from xray_bridge.formats.read.protocol import Source


if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE_NAME = "merged.xml"


def is_possible() -> bool:
    """Whether junitparser is installed."""
    return importlib.util.find_spec("junitparser") is not None


def merge_reports(reports: Sequence[tuple[Source, str]], folder: Path) -> Source:
    """
    Merge several reports into one, and delete them.

    Raises UsageError if one is not JUnit XML, or junitparser is not installed.
    """
    others = [source.name for source, name in reports if name != "junit"]
    if others:
        msg = f"--merge joins JUnit files, but {others[0]} is not one"
        raise UsageError(msg, hint="leave out this file, or leave out --merge")
    try:
        import junitparser
    except ImportError:
        hint = "pip install junitparser"
        raise UsageError("--merge needs junitparser", hint=hint) from None
    merged: Any = junitparser.JUnitXml()
    for source, _ in reports:
        try:
            found: Any = junitparser.JUnitXml.fromfile(str(source.path))
        # Both of its parsers raise it, for bad XML and for XML beyond their limits.
        except SyntaxError as error:
            line = error.lineno or 0
            raise source.broken(f"cannot be merged: {error.msg}", line) from None
        is_suite = isinstance(found, junitparser.TestSuite)
        # ``+`` would join suites of one name.
        for suite in [found] if is_suite else list(found):
            merged.append(suite)
    path = folder / FILE_NAME
    merged.write(str(path))
    for source, _ in reports:
        source.path.unlink()
    names = ", ".join(source.name for source, _ in reports)
    return Source(path=path, name=names)
