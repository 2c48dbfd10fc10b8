"""
An export of many keys: asked for in parts, and joined as if it were one download.

Keys go into the address, and servers and proxies take addresses of some 8,000
characters (nginx, Tomcat and CloudFront by default).
"""

from __future__ import annotations

import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from xray_bridge.features import archive
from xray_bridge.features.download import DEFAULT_LIMITS, NothingError
from xray_bridge.features.names import fold


if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xray_bridge.features.download import Export

MOST_KEYS = 200
# Of the keys alone, encoded.
LONGEST_QUERY = 4000
BETWEEN = len(quote(";", safe=""))


def in_parts(keys: Sequence[str]) -> list[tuple[str, ...]]:
    """Keys of one request each, in their order; without keys, one request."""
    found: list[list[str]] = [[]]
    length = 0
    for key in keys:
        length += len(quote(key, safe="")) + BETWEEN
        if found[-1] and (len(found[-1]) == MOST_KEYS or length > LONGEST_QUERY):
            found.append([])
            length = len(quote(key, safe="")) + BETWEEN
        found[-1].append(key)
    return [tuple(part) for part in found]


def join_downloads(downloads: Sequence[Path], target: Path) -> None:
    """
    Write one archive of several downloads, each read with the same distrust.

    Server numbers the files of each download anew: where another has the name, the
    number of the part is put behind it. What is there already is not written twice.
    Raises FeaturesError.
    """
    hashes: dict[str, str] = {}
    nothing: NothingError | None = None
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as joined:
        for number, download in enumerate(downloads, 1):
            try:
                with archive.opened(download, DEFAULT_LIMITS) as export:
                    _add(joined, export, number, hashes, target)
            except NothingError as error:
                nothing = error
    if not hashes and nothing is not None:
        raise nothing


def _add(
    joined: zipfile.ZipFile,
    export: Export,
    number: int,
    hashes: dict[str, str],
    target: Path,
) -> None:
    unpacked = target.with_name("unpacked")
    for name in export.sizes:
        unpacked.unlink(missing_ok=True)
        digest = export.unpack(name, unpacked)
        if hashes.get(fold(name)) == digest:
            continue
        path = PurePosixPath(name)
        again = path.with_name(f"{path.stem}-{number}{path.suffix}")
        own = str(again) if fold(name) in hashes else name
        hashes[fold(own)] = digest
        joined.write(unpacked, own)
