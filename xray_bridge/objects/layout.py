"""
The names of the objects of a CI run.

``RUN/parts/ID-SHA256.zip`` is a part, ``RUN/merge/claim-000001.json`` a claim of a job
that merges them, and ``RUN/merge/outcome-000001.json`` what that job reached. The name
of a part has the digest of its content, so that a part that was put twice is one
object, and one that was changed on the way is noticed. All parts of a run are beside
each other: on disk, a folder for each takes longer to make than the part.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RunDirectoryError


if TYPE_CHECKING:
    from collections.abc import Iterable

    from xray_bridge.objects.bucket import Bucket, Entry

PARTS, MERGE = "parts", "merge"
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=+-]{0,99}")
ODD = re.compile(r"[^A-Za-z0-9._=+-]+")
# The id of a run directory, as ``new_id`` makes it, and the digest of its zip.
PART = re.compile(r"(\d{8}T\d{6}Z-[0-9a-f]{8})-([0-9a-f]{64})\.zip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part in a bucket: the id of its run, the digest of its object, its entry."""

    id: str
    digest: str
    entry: Entry


def folder_of(run_id: str) -> str:
    """
    Return the folder of a CI run: its id, if that is a plain name.

    Else a short digest keeps two ids apart that look alike as names.
    """
    if PLAIN.fullmatch(run_id):
        return run_id
    digest = hashlib.sha256(run_id.encode(errors="replace")).hexdigest()
    return f"{ODD.sub('-', run_id)[:80].strip('-.')}-{digest[:12]}".lstrip("-")


def part_name(run_id: str, part: str, digest: str) -> str:
    """Return the name of a part's object."""
    return f"{folder_of(run_id)}/{PARTS}/{part}-{digest}.zip"


def list_parts(bucket: Bucket, run_id: str) -> list[Part]:
    """
    List the parts of a CI run; objects that are no parts do not count.

    Raises StoreError; RunDirectoryError for a part that is there with two contents.
    """
    folder = f"{folder_of(run_id)}/{PARTS}"
    parts = _parts_in(bucket.entries(folder), folder)
    found: dict[str, Part] = {}
    for part in parts:
        other = found.setdefault(part.id, part)
        if other is not part:
            both = " and ".join(bucket.where(e.entry.name) for e in (other, part))
            msg = f"the part {part.id} is there twice, with different contents: {both}"
            raise RunDirectoryError(msg, hint="remove the wrong one")
    return list(found.values())


def _parts_in(entries: Iterable[Entry], folder: str) -> Iterable[Part]:
    for entry in entries:
        if found := PART.fullmatch(entry.name.removeprefix(f"{folder}/")):
            yield Part(id=found[1], digest=found[2], entry=entry)
