"""
Exports many keys in several requests, and joins the downloads.

Keys are part of the address, and servers and proxies accept about 8,000 characters
(nginx, Tomcat and CloudFront by default).
"""

from __future__ import annotations

import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from xray_bridge.features import archive
from xray_bridge.features.download import DEFAULT_LIMITS, NothingError
from xray_bridge.features.names import fold_name


if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xray_bridge.features.download import Export

MOST_KEYS = 200
# Characters of the encoded keys.
LONGEST_QUERY = 4000
BETWEEN = len(quote(";", safe=""))


def split_keys(keys: Sequence[str]) -> list[tuple[str, ...]]:
    """Split keys into those of each request; without keys, one request."""
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
    Join several downloads into one archive, after the same checks.

    Server numbers the files of each download from 1: a second file of a name gets the
    number of its download as a suffix. Equal files are written once. Raises
    FeaturesError.
    """
    hashes: dict[str, str] = {}
    nothing: NothingError | None = None
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as joined:
        for number, download in enumerate(downloads, 1):
            try:
                with archive.open_export(download, DEFAULT_LIMITS) as export:
                    _add_download(joined, export, number, hashes, target)
            except NothingError as error:
                nothing = error
    if not hashes and nothing is not None:
        raise nothing


def _add_download(
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
        if hashes.get(fold_name(name)) == digest:
            continue
        path = PurePosixPath(name)
        again = path.with_name(f"{path.stem}-{number}{path.suffix}")
        own = str(again) if fold_name(name) in hashes else name
        hashes[fold_name(own)] = digest
        joined.write(unpacked, own)
