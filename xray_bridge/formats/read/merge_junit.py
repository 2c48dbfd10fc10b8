"""
JUnit files become one, by junitparser: its suites and properties stay.
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
    """Whether junitparser is there."""
    return importlib.util.find_spec("junitparser") is not None


def merge_reports(reports: Sequence[tuple[Source, str]], folder: Path) -> Source:
    """
    One report from several, which are taken away.

    Raises UsageError where one is not JUnit XML, or junitparser is missing.
    """
    others = [source.name for source, name in reports if name != "junit"]
    if others:
        msg = f"--merge joins JUnit files, but {others[0]} is not one"
        raise UsageError(msg, hint="leave out this file, or leave out --merge")
    try:
        import junitparser
    except ImportError:
        hint = "pip install 'xray-bridge[merge]'"
        raise UsageError("--merge needs junitparser", hint=hint) from None
    whole: Any = junitparser.JUnitXml()
    for source, _ in reports:
        try:
            found: Any = junitparser.JUnitXml.fromfile(str(source.path))
        # What both of its parsers raise, for bad XML and for more than they like.
        except SyntaxError as error:
            line = error.lineno or 0
            raise source.broken(f"cannot be merged: {error.msg}", line) from None
        is_suite = isinstance(found, junitparser.TestSuite)
        # Not ``+``, which takes suites of one name for one.
        for suite in [found] if is_suite else list(found):
            whole.append(suite)
    path = folder / FILE_NAME
    whole.write(str(path))
    for source, _ in reports:
        source.path.unlink()
    names = ", ".join(source.name for source, _ in reports)
    return Source(path=path, name=names)
