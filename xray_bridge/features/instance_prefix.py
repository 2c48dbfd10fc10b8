"""
Finds the tag prefix of an Xray instance in an export, the only place that shows it.

The prefix is a setting of the instance, for exports and imports alike. Source: Xray's
manuals, "Miscellaneous" (Server) and "Global Settings: Cucumber" (Cloud).
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.errors import DeliveryError, FeaturesError
from xray_bridge.features import archive
from xray_bridge.features.download import DEFAULT_LIMITS
from xray_bridge.features.export import export_request


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.client.xray import XrayClient
    from xray_bridge.model.dialect import Dialect

# Several, because an export has Cucumber Tests only.
ASKED = 5


def prefix_notices(
    xray: XrayClient, dialect: Dialect, keys: Sequence[str], prefix: str
) -> Iterator[str]:
    """
    Return a notice if the instance uses another prefix than ``prefix``.

    There is none if an export of some of these Tests does not show a prefix.
    """
    found = _read_prefix(xray, dialect, keys[:ASKED]) if keys else None
    if found is not None and found != prefix:
        yield (
            f"this Xray instance tags Tests as @{found}{keys[0]}, but "
            f"xray_tag_prefixes says @{prefix}{keys[0]}: Xray may see no keys and "
            "create new Tests"
        )


def _read_prefix(xray: XrayClient, dialect: Dialect, keys: Sequence[str]) -> str | None:
    """Return the text before keys in an export of them; None if unknown."""
    request = export_request(tuple(keys), "", dialect)
    with tempfile.TemporaryDirectory(prefix="xray-bridge-") as folder:
        path = Path(folder) / "export"
        try:
            with path.open("wb") as file:
                xray.send(request, file)
            with archive.open_export(path, DEFAULT_LIMITS) as export:
                for number, name in enumerate(export.sizes):
                    unpacked = Path(folder) / str(number)
                    export.unpack(name, unpacked)
                    text = unpacked.read_text(encoding="utf-8-sig", errors="replace")
                    if found := _find_tag(text, keys):
                        return found[1]
        except (DeliveryError, FeaturesError, OSError):
            return None
    return None


def _find_tag(text: str, keys: Sequence[str]) -> re.Match[str] | None:
    """Find a tag that ends with one of the keys, on a line of tags."""
    listed = "|".join(map(re.escape, keys))
    pattern = rf"^\s*(?:@\S+\s+)*@([^\s@]*?)(?:{listed})(?=\s|$)"
    return re.search(pattern, text, re.MULTILINE)
