"""
Read files of a run directory, and no files elsewhere.

A run directory may come from another machine, as an artifact that anybody wrote: names
and links in it must not lead to other files of this machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.errors import RunDirectoryError


if TYPE_CHECKING:
    from typing import BinaryIO

BLOCK = 1 << 20
# Of a file that is read into memory; a run of 100,000 tests has some MiB.
LARGEST = 64 << 20
# Windows has neither; there the path is checked first.
NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
# Do not wait for a pipe.
NO_WAIT = getattr(os, "O_NONBLOCK", 0)
BINARY = getattr(os, "O_BINARY", 0)
FOLDER = getattr(os, "O_DIRECTORY", 0) | NO_LINKS
HAS_FOLDERS = os.open in os.supports_dir_fd
HINT = "a run directory must contain only regular files of its own"
IN_NO_NAME = frozenset("/\\:\0")
PRIVATE = 0o600
PRIVATE_FOLDER = 0o700


def is_plain_name(name: object) -> bool:
    """Return whether a name is a plain file name on every system."""
    if not isinstance(name, str) or name in {"", ".", ".."}:
        return False
    return IN_NO_NAME.isdisjoint(name)


def open_inside(folder: Path, name: str) -> BinaryIO:
    """
    Open a regular file in a folder for reading; links are not followed.

    Raises OSError if there is none, RunDirectoryError for anything else.
    """
    number, _ = _open_regular_file(folder, name)
    return os.fdopen(number, "rb")


def read_inside(folder: Path, name: str) -> bytes:
    """
    Read a regular file in a folder; links are not followed.

    Raises OSError if there is none, RunDirectoryError for anything else.
    """
    number, size = _open_regular_file(folder, name)
    try:
        if size > LARGEST:
            raise _foreign_error(folder / name, f"is larger than {LARGEST >> 20} MiB")
        # One byte more shows whether this is all.
        content = os.read(number, size + 1)
        if len(content) == size:
            return content
        blocks = [content, *iter(lambda: os.read(number, BLOCK), b"")]
        return b"".join(blocks)
    finally:
        os.close(number)


def _open_regular_file(folder: Path, name: str) -> tuple[int, int]:
    """Open a file; return its descriptor and its size."""
    if not is_plain_name(name):
        raise _foreign_error(
            folder / name, "is not the name of a file in the run directory"
        )
    try:
        number = _open_file(folder, name)
    except OSError as error:
        path = folder / name
        if path.is_symlink() or folder.is_symlink():
            raise _foreign_error(path, "is a symbolic link") from None
        # The error of a file opened relative to a folder has only its name.
        raise OSError(error.errno, error.strerror, str(path)) from None
    found = os.fstat(number)
    if not stat.S_ISREG(found.st_mode):
        os.close(number)
        raise _foreign_error(folder / name, "is not a regular file")
    return number, found.st_size


def _open_file(folder: Path, name: str) -> int:
    flags = os.O_RDONLY | NO_LINKS | NO_WAIT | BINARY
    if not HAS_FOLDERS:
        _refuse_odd(folder / name, os.lstat(folder / name))
        return os.open(folder / name, flags)
    above = _open_folder(folder)
    try:
        return os.open(name, flags, dir_fd=above)
    finally:
        os.close(above)


def _open_folder(folder: Path) -> int:
    """Open a folder; only the run directory itself may be a symbolic link."""
    try:
        return os.open(folder, os.O_RDONLY | FOLDER)
    except OSError:
        if not (folder / "run.json").exists():
            raise
        return os.open(folder, os.O_RDONLY)


def refuse_what_leads_elsewhere(folder: Path) -> None:
    """
    Raise RunDirectoryError for a run directory with links or special files.
    """
    folders = [folder]
    while folders:
        for entry in _list_folder(folders.pop()):
            # A draft of another process may disappear meanwhile.
            with contextlib.suppress(FileNotFoundError):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                elif not entry.is_file(follow_symlinks=False):
                    path = Path(entry.path)
                    _refuse_odd(path, path.lstat())


def _list_folder(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
    except OSError as error:
        msg = f"{folder} cannot be read: {error.strerror}"
        raise RunDirectoryError(msg) from None


def _refuse_odd(path: Path, found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise _foreign_error(path, "is a symbolic link")
    if not stat.S_ISREG(found.st_mode):
        raise _foreign_error(path, "is not a regular file")


def _foreign_error(path: Path, why: str) -> RunDirectoryError:
    return RunDirectoryError(f"{path} {why}", hint=HINT)


def refuse_link(*folders: Path) -> None:
    """
    Raise RunDirectoryError for our folders that are links: files would go elsewhere.
    """
    for path in folders:
        if path.is_symlink():
            msg = f"{path} is a symbolic link"
            raise RunDirectoryError(
                msg, hint="set xray_report_dir to the folder it points to"
            )


def has_its_content(folder: Path, name: str) -> bool:
    """Return whether a file exists, and its name is the hash of its content."""
    found = hashlib.sha256()
    try:
        with open_inside(folder, name) as file:
            while block := file.read(BLOCK):
                found.update(block)
    except (OSError, RunDirectoryError):
        return False
    return name.partition(".")[0] == found.hexdigest()


def open_private(path: str, flags: int) -> int:
    """Open a file that only its owner may read; an ``opener``."""
    return os.open(path, flags | NO_LINKS, PRIVATE)
