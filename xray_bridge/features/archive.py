"""
What Xray's feature export sent, read with distrust.

A download is a zip, or one bare ``.feature`` file when there is only one (Server
with ``fz=false``). ``opened`` looks at all of it before a caller writes
anything. The rules are those of APPNOTE.TXT 6.3 (PKWARE) for zip files, of
Microsoft's "Naming Files, Paths, and Namespaces" for names, and of the Gherkin
reference for ``# language:``.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, NoReturn

from xray_bridge.errors import FeaturesError


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

INDEX_NAME = ".xray-features.json"
SUFFIX = ".feature"
_HINT = "nothing was installed; export again, and look at what the server sends"
_CHUNK = 1 << 16
_SHOWN_CHARS = 120

_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # plain, strong, masked headers (APPNOTE 4.4.4)
# What zipfile and zlib raise on damaged input.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
)
_END = struct.Struct("<4s4H2LH")  # end of central directory record, APPNOTE 4.3.16
_SEE_ZIP64 = (0xFFFF, 0xFFFFFFFF)  # in a short, in a long field: APPNOTE 4.4.1.4
_END_MAGIC = b"PK\x05\x06"
_LOCAL = struct.Struct("<4s5H3L2H")  # local file header, APPNOTE 4.3.7
# A path of 200 characters, its extra fields and the header fit well into this.
_DIRECTORY_BYTES_PER_FILE = 2048

_BIDI = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DRIVE = re.compile(r"[A-Za-z]:")
_FORBIDDEN_HERE = frozenset('<>:"|?*' if os.name == "nt" else "")
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])",
    re.IGNORECASE,
)

_LANGUAGE = re.compile(r"^\s*#\s*language\s*:\s*[\w-]+\s*$", re.MULTILINE)
_HEADLINE = re.compile(r"^\s*(Feature|Ability|Business Need)\s*:", re.MULTILINE)
_ANY_HEADLINE = re.compile(r"^\s*[^\s@#|<{\[\"][^:\n]*:", re.MULTILINE)


@dataclass(frozen=True)
class Limits:
    """How much an export may be; all well above what real projects export."""

    files: int = 10_000
    file_bytes: int = 16 << 20
    total_bytes: int = 256 << 20
    ratio: int = 200
    ratio_from_bytes: int = 1 << 20
    path_chars: int = 200
    lock_seconds: float = 30.0


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Export:
    """A download that passed all checks: its feature files, and what is left out."""

    sizes: Mapping[str, int]
    skipped: tuple[str, ...]
    _open: Callable[[str], IO[bytes]]

    def unpack(self, name: str, path: Path) -> str:
        """
        Write one file to a new ``path``, its length and CRC checked; gives its SHA-256.

        Raises ``FeaturesError`` when the content is not what its header says.
        """
        left = self.sizes[name]
        digest = hashlib.sha256()
        try:
            with self._open(name) as stream, path.open("xb") as file:
                while left >= 0 and (chunk := stream.read(_CHUNK)):
                    left -= len(chunk)
                    digest.update(chunk)
                    file.write(chunk)
        except _BROKEN as error:
            refuse(f"{shown(name)} is damaged: {error}", error)
        if left:
            refuse(f"{shown(name)} does not have the length its header says")
        return digest.hexdigest()


def hash_of(path: Path) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def shown(name: str) -> str:
    """A name as it may be printed: quoted, escaped, not endless."""
    return ascii(name[:_SHOWN_CHARS]) + "..." * (len(name) > _SHOWN_CHARS)


def fold(name: str) -> str:
    """What two names have in common that some file systems take for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


class UnsoundError(FeaturesError):
    """An archive that is refused as a whole, for this ``reason``."""

    def __init__(self, reason: str, hint: str = _HINT) -> None:
        msg = f"the exported feature files were refused: {reason}"
        super().__init__(msg, hint=hint)
        self.reason = reason


def _refuse_nothing(reason: str) -> NoReturn:
    """A server may say that nothing was found by sending nothing."""
    hint = "nothing was installed; do the keys and the filter name Cucumber Tests?"
    raise UnsoundError(reason, hint)


def refuse(reason: str, cause: Exception | None = None) -> NoReturn:
    """Raise the ``FeaturesError`` that refuses a download as a whole."""
    raise UnsoundError(reason) from cause


# Names --------------------------------------------------------------------------


def _is_control(char: str) -> bool:
    return char in _BIDI or unicodedata.category(char) in _CONTROL


def _is_reserved(part: str) -> bool:
    return _RESERVED.fullmatch(part.partition(".")[0].rstrip(" ")) is not None


_NAME_CHECKS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda name: not name, "is empty"),
    (lambda name: any(map(_is_control, name)), "has a control character"),
    (lambda name: "\\" in name, "has a backslash"),
    (lambda name: name.startswith("/"), "is absolute"),
    (lambda name: _DRIVE.match(name) is not None, "has a drive"),
    (lambda name: not _FORBIDDEN_HERE.isdisjoint(name), "has what Windows forbids"),
)
_PART_CHECKS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda part: not part, "has an empty part"),
    (lambda part: part in {".", ".."}, "has a relative part"),
    (lambda part: part.endswith((".", " ")), "has a dot or a space at an end"),
    (_is_reserved, "has a part that Windows reserves"),
    (lambda part: fold(part) == INDEX_NAME, "is the name of the index"),
)


def name_fault(name: str) -> str:
    """Why a path inside an export cannot be used, or an empty text."""
    for is_bad, reason in _NAME_CHECKS:
        if is_bad(name):
            return reason
    parts = name.split("/")
    return next(
        (reason for is_bad, reason in _PART_CHECKS if any(map(is_bad, parts))), ""
    )


# Zip files ----------------------------------------------------------------------


def _has_odd_mode(info: zipfile.ZipInfo) -> bool:
    expected = stat.S_IFDIR if info.orig_filename.endswith("/") else stat.S_IFREG
    return stat.S_IFMT(info.external_attr >> 16) not in {0, expected}


def _is_bomb(info: zipfile.ZipInfo, limits: Limits) -> bool:
    size = info.file_size
    return size > limits.ratio_from_bytes and size > limits.ratio * info.compress_size


_ENTRY_CHECKS: tuple[tuple[Callable[[zipfile.ZipInfo, Limits], bool], str], ...] = (
    (lambda info, limits: len(info.orig_filename) > limits.path_chars, "is too long"),
    (lambda info, _: _has_odd_mode(info), "is a link, a device or the like"),
    (lambda info, _: bool(info.flag_bits & _ENCRYPTED), "is encrypted"),
    (lambda info, _: info.compress_type not in _METHODS, "is packed in an unknown way"),
    (lambda info, limits: info.file_size > limits.file_bytes, "is too large"),
    (_is_bomb, "is packed suspiciously tight"),
)


def _check_entries(infos: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(infos) > limits.files:
        refuse(f"{len(infos)} entries, more than {limits.files}")
    for info in infos:
        name = info.orig_filename
        if fault := name_fault(name.removesuffix("/") or name):
            refuse(f"the name {shown(name)} {fault}")
        for is_bad, reason in _ENTRY_CHECKS:
            if is_bad(info, limits):
                refuse(f"{shown(name)} {reason}")
    if sum(info.file_size for info in infos) > limits.total_bytes:
        refuse(f"more than {limits.total_bytes} bytes in all")


def _check_collisions(names: list[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        key = fold(name.rstrip("/"))
        if key in seen:
            refuse(f"{shown(seen[key])} and {shown(name)} are one name on some disks")
        seen[key] = name
    for key, name in seen.items():
        for parent in map(str, PurePosixPath(key).parents):
            if not seen.get(parent, "/").endswith("/"):
                refuse(f"{shown(name)} lies inside the file {shown(seen[parent])}")


def _check_end(file: IO[bytes], limits: Limits) -> int:
    """Where the entries end; the directory must reach from there to the end record."""
    size = file.seek(0, io.SEEK_END)
    start = file.seek(max(0, size - _END.size - 0xFFFF))
    tail = file.read()
    last = len(tail) - _END.size  # where the end record may begin
    found = tail.rfind(_END_MAGIC, 0, last + len(_END_MAGIC)) if last >= 0 else -1
    if found < 0:
        refuse("the zip has no end: it is truncated or not a zip")
    _, *disks, entries, length, offset, comment = _END.unpack_from(tail, found)
    most = limits.files * _DIRECTORY_BYTES_PER_FILE
    checks = (
        (_SEE_ZIP64[0] in (entries, *disks), "it is a zip64 archive"),
        (_SEE_ZIP64[1] in (length, offset), "it is a zip64 archive"),
        (any(disks[:2]) or disks[2] != entries, "it is one part of a split zip"),
        (found + _END.size + comment != len(tail), "there is something after the zip"),
        (offset + length != start + found, "there is something before or in the zip"),
        (length > most, f"its directory is too long for {limits.files} entries"),
    )
    for is_bad, reason in checks:
        if is_bad:
            refuse(reason)
    return int(offset)


def _check_overlaps(file: IO[bytes], infos: list[zipfile.ZipInfo], end: int) -> None:
    """Refuse entries that share bytes ("A better zip bomb", Fifield, WOOT 2019)."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in ordered[1:]), end]
    for info, following in zip(ordered, ends, strict=True):
        file.seek(info.header_offset)
        *_, name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
        length = _LOCAL.size + name + extra + info.compress_size
        if info.header_offset + length > following:
            refuse(f"{shown(info.orig_filename)} overlaps with what follows it")


def _is_feature(name: str) -> bool:
    return PurePosixPath(name).suffix == SUFFIX


def _checked_zip(
    archive: zipfile.ZipFile, file: IO[bytes], end: int, limits: Limits
) -> Export:
    infos = archive.infolist()
    if not infos:
        _refuse_nothing("it is empty")
    _check_entries(infos, limits)
    _check_collisions([info.orig_filename for info in infos])
    _check_overlaps(file, infos, end)
    files = [info for info in infos if not info.orig_filename.endswith("/")]
    named = {info.orig_filename: info for info in files}
    chosen = {name: named[name] for name in sorted(named) if _is_feature(name)}
    if not chosen:
        _refuse_nothing("there is no feature file in it")
    skipped = sorted(named.keys() - chosen.keys())
    return Export(
        sizes={name: info.file_size for name, info in chosen.items()},
        skipped=tuple(f"{shown(name)}: not a {SUFFIX} file" for name in skipped),
        _open=lambda name: archive.open(chosen[name]),
    )


# Bare feature files -------------------------------------------------------------


def _is_gherkin(text: str) -> bool:
    """Whether a headline stands where one must; other languages announce themselves."""
    headline = _ANY_HEADLINE if _LANGUAGE.search(text) else _HEADLINE
    return headline.search(text) is not None and not text.lstrip().startswith("<")


def _checked_bare(download: Path, file: IO[bytes], limits: Limits) -> Export:
    content = file.read(limits.file_bytes + 1)
    if not content:
        _refuse_nothing("it is empty")
    if len(content) > limits.file_bytes:
        refuse("the file is too large")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse("it is neither a zip nor UTF-8 text", error)
    if "\0" in text or not _is_gherkin(text):
        refuse(f"it is neither a zip nor a feature file; it begins {shown(text[:60])}")
    name = download.stem + SUFFIX
    if fault := name_fault(name):
        refuse(f"the name {shown(name)} {fault}")
    return Export({name: len(content)}, (), lambda _: io.BytesIO(content))


@contextmanager
def opened(download: Path, limits: Limits) -> Iterator[Export]:
    """
    The export in ``download``, after every check that needs no unpacking.

    A bare feature file gets the name of ``download``, with the suffix ``.feature``.
    Raises ``FeaturesError`` for anything that is not a sound export, and
    ``OSError`` when the file cannot be read.
    """
    with download.open("rb") as file:
        magic = file.read(2)
        if magic != b"PK":
            file.seek(0)
            yield _checked_bare(download, file, limits)
            return
        end = _check_end(file, limits)
        try:
            archive = zipfile.ZipFile(file)
        except _BROKEN as error:
            refuse(f"the zip is damaged: {error}", error)
        with archive:
            yield _checked_or_damaged(archive, file, end, limits)


def _checked_or_damaged(
    archive: zipfile.ZipFile, file: IO[bytes], end: int, limits: Limits
) -> Export:
    try:
        return _checked_zip(archive, file, end, limits)
    except _BROKEN as error:
        refuse(f"the zip is damaged: {error}", error)
