"""
Convert copies of report files that Xray does not import to JUnit XML.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from xray_bridge.errors import UsageError
from xray_bridge.formats import convert, read
from xray_bridge.model.foreign_formats import FOREIGN_FORMATS
from xray_bridge.model.formats import AUTO, FORMATS
from xray_bridge.text import first_names


if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xray_bridge.formats.read.protocol import Source
    from xray_bridge.model.foreign_formats import ForeignFormat
    from xray_bridge.upload.intake import IntakeOptions

JUNIT = "junit"


class Conversion:
    """Recognises report files, and converts those that Xray does not import."""

    def __init__(self, options: IntakeOptions, prefixes: Sequence[str]) -> None:
        self._asked = options.format
        self._keep = options.keep_converted
        self._prefixes = prefixes
        self._names: list[str] = []
        # Converted files, by the names under which --keep-converted keeps them.
        self._made: dict[str, Path] = {}
        self._notices: list[str] = []

    def recognised(self, source: Source, folder: Path) -> tuple[Source, str]:
        """
        Return the report to send and its format.

        Raises ReportError if the file is not a report, or not in the given format.
        """
        row = convert.recognise(source)
        if row is None:
            if self._asked in FOREIGN_FORMATS:
                title = FOREIGN_FORMATS[self._asked].title
                raise source.broken(f"is not {title}", hint="leave out --format")
            return source, read.recognise_format(source, self._asked)
        if self._asked not in {AUTO, row.name}:
            other = FORMATS.get(self._asked) or FOREIGN_FORMATS[self._asked]
            msg = f"is {row.title}, not {other.title}"
            hint = f"leave out --format, or use --format {row.name}"
            raise source.broken(msg, hint=hint)
        return self._convert_file(source, row, folder), JUNIT

    def notices(self) -> list[str]:
        """Return notices about the converted files."""
        if not self._names:
            return []
        return [f"converted to JUnit XML: {first_names(self._names)}", *self._notices]

    def keep(self) -> None:
        """
        Copy the converted files to the folder of ``--keep-converted``.

        Raises UsageError if it cannot be written.
        """
        if self._keep is None:
            return
        try:
            self._keep.mkdir(parents=True, exist_ok=True)
            for name, path in self._made.items():
                shutil.copyfile(path, self._keep / name)
        except OSError as error:
            msg = f"--keep-converted: {self._keep} cannot be written"
            raise UsageError(f"{msg}: {error.strerror}") from None

    def _convert_file(self, source: Source, row: ForeignFormat, folder: Path) -> Source:
        number = len(self._names) + 1
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", source.name)[-120:].lstrip(".")
        path = folder / f"c{number:03d}-{plain[-60:]}.xml"
        found, notices = convert.into_junit(source, row, self._prefixes, path)
        self._names.append(f"{source.name} ({row.title})")
        self._notices += notices
        if source.path.parent == folder:
            source.path.unlink()
        self._made[f"{plain}.xml"] = path
        return found
