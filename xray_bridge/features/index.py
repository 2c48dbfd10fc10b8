"""
The index of exported feature files in a directory, with their hashes.
"""

from __future__ import annotations

import json
import re
import stat
from contextlib import suppress
from dataclasses import field
from typing import TYPE_CHECKING, TypeGuard

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import FeaturesError
from xray_bridge.features.names import INDEX_NAME, fold_name, name_fault


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_INDEX_VERSION = 1
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Index:
    """Hashes of exported files; ``pending``: of an export that may be unfinished."""

    files: Mapping[str, str] = field(default_factory=dict)
    pending: Mapping[str, str] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Return all names, sorted."""
        return sorted({*self.files, *self.pending})

    def owns(self, name: str, digest: str) -> bool:
        """Whether a file with this hash is unchanged since its export."""
        return digest in (self.files.get(name), self.pending.get(name))

    def text(self) -> str:
        """Return the text of the index file."""
        value = {"files": self.files, "pending": self.pending}
        versioned = {"version": _INDEX_VERSION, **value}
        return json.dumps(versioned, indent=1, sort_keys=True) + "\n"


def _is_table_of_hashes(value: object) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(
        isinstance(digest, str) and _DIGEST.fullmatch(digest) and not name_fault(name)
        for name, digest in value.items()
    )


def read_index(directory: Path) -> Index:
    """
    Read the index of a directory; it is empty if there is none.

    Raises FeaturesError for a damaged index.
    """
    path = directory / INDEX_NAME
    try:
        is_plain = stat.S_ISREG(path.lstat().st_mode)
        value = json.loads(path.read_text(encoding="utf-8")) if is_plain else None
    except FileNotFoundError:
        return Index()
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict) and value.get("version") == _INDEX_VERSION:
        files, pending = value.get("files"), value.get("pending")
        if _is_table_of_hashes(files) and _is_table_of_hashes(pending):
            return Index(files, pending)
    raise FeaturesError(
        f"the index {path} is damaged, or was written by another version",
        hint="delete it and, unless you wrote them, the feature files beside it",
    )


def with_names_of(index: Index, directory: Path, names: Mapping[str, str]) -> Index:
    """Use the new names in the index where the disk ignores case (``A``, ``a``)."""
    spelling = {fold_name(name): name for name in names}

    def respell(old: str) -> str:
        new = spelling.get(fold_name(old), old)
        with suppress(OSError):
            if new != old and (directory / new).samefile(directory / old):
                return new
        return old

    def table(old: Mapping[str, str]) -> Mapping[str, str]:
        return {respell(name): digest for name, digest in old.items()}

    return Index(table(index.files), table(index.pending))
