"""
Files of a run directory, and nothing that lies elsewhere.

A run directory may come from another machine, as an artifact that anybody wrote: names
in it and links in it must not lead to other files of this machine.
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
# Windows has neither; there, what stands at the path is looked at first.
NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
# A pipe would be waited for.
NO_WAIT = getattr(os, "O_NONBLOCK", 0)
BINARY = getattr(os, "O_BINARY", 0)
FOLDER = getattr(os, "O_DIRECTORY", 0) | NO_LINKS
HAS_FOLDERS = os.open in os.supports_dir_fd
HINT = "was it made elsewhere? A run directory holds nothing but files of its own"
IN_NO_NAME = frozenset("/\\:\0")
PRIVATE = 0o600
PRIVATE_FOLDER = 0o700


def is_plain_name(name: object) -> bool:
    """Whether it names something in a folder, on every system, and nothing else."""
    if not isinstance(name, str) or name in {"", ".", ".."}:
        return False
    return IN_NO_NAME.isdisjoint(name)


def open_inside(folder: Path, name: str) -> BinaryIO:
    """
    A regular file in a folder, for reading; links are not followed.

    Raises OSError where there is none, RunDirectoryError for anything else.
    """
    number, _ = _opened(folder, name)
    return os.fdopen(number, "rb")


def read_inside(folder: Path, name: str) -> bytes:
    """
    All of a regular file in a folder; links are not followed.

    Raises OSError where there is none, RunDirectoryError for anything else.
    """
    number, size = _opened(folder, name)
    try:
        # One more, so that the first block tells whether it is the last.
        content = os.read(number, size + 1)
        if len(content) == size:
            return content
        blocks = [content, *iter(lambda: os.read(number, BLOCK), b"")]
        return b"".join(blocks)
    finally:
        os.close(number)


def _opened(folder: Path, name: str) -> tuple[int, int]:
    """The number of the open file, and its size."""
    if not is_plain_name(name):
        raise _foreign(folder / name, "is not the name of a file in it")
    try:
        number = _open(folder, name)
    except OSError as error:
        path = folder / name
        if path.is_symlink() or folder.is_symlink():
            raise _foreign(path, "is a link") from None
        # What was opened relative to a folder has its bare name only.
        raise OSError(error.errno, error.strerror, str(path)) from None
    found = os.fstat(number)
    if not stat.S_ISREG(found.st_mode):
        os.close(number)
        raise _foreign(folder / name, "is no regular file")
    return number, found.st_size


def _open(folder: Path, name: str) -> int:
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
    """The run directory may be a link that a user has made; what is in it may not."""
    try:
        return os.open(folder, os.O_RDONLY | FOLDER)
    except OSError:
        if not (folder / "run.json").exists():
            raise
        return os.open(folder, os.O_RDONLY)


def refuse_what_leads_elsewhere(folder: Path) -> None:
    """
    Refuse a run directory in which anything is neither file nor folder.

    Raises RunDirectoryError.
    """
    folders = [folder]
    while folders:
        for entry in _listed(folders.pop()):
            # Gone while we look: a draft of another process.
            with contextlib.suppress(FileNotFoundError):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                elif not entry.is_file(follow_symlinks=False):
                    path = Path(entry.path)
                    _refuse_odd(path, path.lstat())


def _listed(folder: Path) -> list[os.DirEntry[str]]:
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
        raise _foreign(path, "is a link")
    if not stat.S_ISREG(found.st_mode):
        raise _foreign(path, "is no regular file")


def _foreign(path: Path, why: str) -> RunDirectoryError:
    return RunDirectoryError(f"{path} {why}", hint=HINT)


def refuse_link(*folders: Path) -> None:
    """
    Refuse folders of ours that are links: whoever planted one chooses where we write.

    Raises RunDirectoryError.
    """
    for path in folders:
        if path.is_symlink():
            msg = f"{path} is a link"
            raise RunDirectoryError(msg, hint="set xray_report_dir to where it leads")


def has_its_content(folder: Path, name: str) -> bool:
    """Whether a file that is named by a hash of its content is there, and has that."""
    found = hashlib.sha256()
    try:
        with open_inside(folder, name) as file:
            while block := file.read(BLOCK):
                found.update(block)
    except (OSError, RunDirectoryError):
        return False
    return name.partition(".")[0] == found.hexdigest()


def private(path: str, flags: int) -> int:
    """An ``opener`` for files that only their owner may read."""
    return os.open(path, flags | NO_LINKS, PRIVATE)
