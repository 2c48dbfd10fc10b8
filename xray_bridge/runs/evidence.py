"""
Keep evidence in the run directory, and limit its size.

Evidence is copied when it is attached, so a test may change its own file later.
Files are named by a hash of their content, so equal content is kept once.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import re
import secrets
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

from xray_bridge.config.redaction import clean_bytes, encoding_of
from xray_bridge.dataclass import dataclass
from xray_bridge.model.results import Evidence, Iteration, Outcome, Step, TestRun


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

FOLDER = "evidence"
UNKNOWN = "application/octet-stream"
TEXTUAL = ("text/", "application/json", "application/xml", "image/svg")
TEXTUAL_ENDINGS = ("+json", "+xml", "javascript", "yaml", "x-ndjson")
# The number that distinguishes files of one name, before the ending.
NUMBERED = re.compile(r" \(\d+\)(?=\.[^.]*$|$)")
MEDIA_TYPE = re.compile(r"\s*([\w.+\-]+/[\w.+\-]+(?:\s*;[ -~]*)?)", re.ASCII)
LONGEST_NAME = 120
MEGABYTE = 1 << 20


class NotKeptError(ValueError):
    """Evidence cannot be kept; the message says what, and why."""


class Limits(NamedTuple):
    """The bytes of evidence that one file, one test and one run may have."""

    file: int = 10 * MEGABYTE
    test: int = 25 * MEGABYTE
    run: int = 64 * MEGABYTE

    @classmethod
    def of(cls, sizes: Sequence[int]) -> Limits:
        """Make limits from one to three sizes; missing ones are at least as large."""
        file, *rest = sizes
        test = rest[0] if rest else max(file, cls().test)
        run = rest[1] if len(rest) > 1 else max(test, cls().run)
        return cls(file, test, run)


NO_LIMITS = Limits(sys.maxsize, sys.maxsize, sys.maxsize)


@dataclass(frozen=True, slots=True)
class EvidenceSource:
    """
    Evidence from a user's hook.

    ``content`` is bytes, or the path of a file. ``name`` and ``media_type`` are
    derived from the path if they are not given.
    """

    content: bytes | str | os.PathLike[str]
    name: str = ""
    media_type: str = ""


class EvidenceFolder:
    """
    The folder with the evidence of a run.

    ``limit`` is in bytes for one file. ``clean`` removes secrets and local paths from
    texts.
    """

    def __init__(self, run: Path, limit: int, clean: Callable[[str], str]) -> None:
        self._folder = str(run / FOLDER)
        self._limit = limit
        self._clean = clean
        self._disk = _Disk()

    def add(self, source: EvidenceSource) -> Evidence:
        """
        Keep a copy of the current content.

        Raises NotKeptError if it cannot be kept.
        """
        name = _shorten_name(_plain_name(self._clean(_name_of(source))))
        content = self._read_content(source, name)
        if not content:
            raise NotKeptError(f"{name} is empty")
        media_type = _valid_media_type(source.media_type) or _media_type(name, content)
        # Almost any bytes are valid Latin-1.
        if _is_text(media_type) or encoding_of(content) not in {"", "latin-1"}:
            content = clean_bytes(content, self._clean)
        file = f"{hashlib.sha256(content).hexdigest()}{_suffix_of(name)}"
        try:
            self._disk.keep(content, self._folder, file)
        except OSError as error:
            raise NotKeptError(f"{name} cannot be kept: {error.strerror}") from None
        return Evidence(name=name, file=file, media_type=media_type, size=len(content))

    def _read_content(self, source: EvidenceSource, name: str) -> bytes:
        given = source.content
        if isinstance(given, (bytes, bytearray, memoryview)):
            size = memoryview(given).nbytes
            if size > self._limit:
                raise self._too_big(name, size)
            return bytes(given)
        try:
            return self._read_file(Path(os.fsdecode(given)), name)
        except TypeError:
            what = f"{type(given).__name__}, neither bytes nor the path of a file"
            raise NotKeptError(f"{name} is {what}") from None
        except OSError as error:
            raise NotKeptError(f"{name} cannot be read: {error.strerror}") from None

    def _read_file(self, path: Path, name: str) -> bytes:
        # Reading a pipe would wait.
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            raise NotKeptError(f"{name} {what}")
        with path.open("rb") as file:
            content = file.read(self._limit + 1)
        if len(content) > self._limit:
            raise self._too_big(name, max(len(content), path.stat().st_size))
        return content

    def _too_big(self, name: str, size: int) -> NotKeptError:
        limit = f"over the limit of {format_size(self._limit)} for a file"
        what = f"{format_size(size)} is {limit} (xray_evidence_limit)"
        return NotKeptError(f"{name}: {what}")


class _Disk:
    """Writes complete files; bound at session start, because tests patch ``os``."""

    def __init__(self) -> None:
        self._mkdir, self._stat, self._unlink = os.mkdir, os.stat, os.unlink
        self._open, self._write, self._close = os.open, os.write, os.close
        self._replace = os.replace

    def keep(self, content: bytes, folder: str, name: str) -> None:
        """
        Write a file that is named by its content, unless it exists.

        Raises OSError; then nothing is left behind.
        """
        path = f"{folder}{os.sep}{name}"
        if self._is_there(path):
            return
        if not self._is_there(folder):
            with contextlib.suppress(FileExistsError):
                self._mkdir(folder, 0o700)
        draft = f"{folder}{os.sep}.{os.getpid()}-{secrets.token_hex(8)}"
        try:
            self._write_draft(draft, content)
            self._replace(draft, path)
        except BaseException as error:
            with contextlib.suppress(OSError):
                self._unlink(draft)
            # Windows does not replace a file that another process has just opened.
            if not isinstance(error, OSError) or not self._is_there(path):
                raise

    def _write_draft(self, path: str, content: bytes) -> None:
        binary = getattr(os, "O_BINARY", 0)
        file = self._open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | binary, 0o600)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[self._write(file, rest) :]
        finally:
            self._close(file)

    def _is_there(self, path: str) -> bool:
        try:
            self._stat(path)
        except OSError:
            return False
        return True


def _name_of(source: EvidenceSource) -> str:
    """Return the name for Xray: the given one, or the file's, without folders."""
    given = source.name
    if not given and isinstance(source.content, (str, os.PathLike)):
        with contextlib.suppress(TypeError):
            given = os.fsdecode(source.content)
    return PurePath(str(given).replace("\\", "/")).name


def _plain_name(name: str) -> str:
    """Replace characters that are invalid in file names, or not printable."""
    odd = '<>:"/\\|?*'
    plain = "".join(c if c.isprintable() and c not in odd else "_" for c in name)
    return plain if plain.strip(". ") else "evidence"


def _shorten_name(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    suffix = _suffix_of(name)
    return f"{name[: LONGEST_NAME - len(suffix)]}{suffix}"


def _suffix_of(name: str) -> str:
    suffix = PurePath(name).suffix.lower()
    is_plain = suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) < 10  # noqa: PLR2004 - usual length of endings
    return suffix if is_plain else ""


def _valid_media_type(media_type: object) -> str:
    """Return a media type such as ``image/png``; empty if it is invalid or unknown."""
    found = MEDIA_TYPE.fullmatch(media_type) if isinstance(media_type, str) else None
    return found[1].rstrip() if found and found[1] != UNKNOWN else ""


def _media_type(name: str, content: bytes) -> str:
    from mimetypes import guess_type

    try:
        found, encoding = guess_type(f"./{name}")
    except OSError:
        # It reads system files, which a test may have forbidden.
        found, encoding = None, None
    if encoding:
        return f"application/{encoding}"
    if found and found != UNKNOWN:
        return found
    return "text/plain" if encoding_of(content) else UNKNOWN


def _is_text(media_type: str) -> bool:
    kind = media_type.partition(";")[0].strip().lower()
    return kind.startswith(TEXTUAL) or kind.endswith(TEXTUAL_ENDINGS)


def format_size(size: int) -> str:
    """Return a readable size; ``size`` is in bytes."""
    if size < 1024:  # noqa: PLR2004 - bytes of a kilobyte
        return f"{size} bytes"
    if size < MEGABYTE:
        return f"{size / 1024:.0f} KB"
    return f"{size / MEGABYTE:.1f} MB".replace(".0 ", " ")


def of_run(run: TestRun) -> tuple[Evidence, ...]:
    """Return all evidence of a result, including its steps and subtests."""
    if not run.steps and not run.iterations:
        return run.evidence
    return (*run.evidence, *_of_steps(run.steps), *_of_iterations(run.iterations))


def _of_steps(steps: Iterable[Step]) -> Iterator[Evidence]:
    return (each for step in steps for each in step.evidence)


def _of_iterations(iterations: Iterable[Iteration]) -> Iterator[Evidence]:
    return (each for part in iterations for each in _of_steps(part.steps))


def without_evidence(run: TestRun, dropped: Iterable[int]) -> TestRun:
    """
    Return a result without some evidence, by number in ``of_run``.

    The remaining evidence has distinct names.
    """
    gone = set(dropped)
    numbers = itertools.count()

    def kept(found: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        return with_distinct_names(each for each in found if next(numbers) not in gone)

    def kept_of(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(replace(step, evidence=kept(step.evidence)) for step in steps)

    return replace(
        run,
        evidence=kept(run.evidence),
        steps=kept_of(run.steps),
        iterations=tuple(
            replace(part, steps=kept_of(part.steps)) for part in run.iterations
        ),
    )


def with_distinct_names(found: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """
    Return evidence with distinct names; equal files of one name appear once.

    A second ``shot.png`` becomes ``shot (2).png``. It is recognised as the same file
    when it passes here again.
    """
    kept: dict[str, Evidence] = {}
    seen: set[tuple[str, str]] = set()
    numbers: defaultdict[str, int] = defaultdict(lambda: 1)
    for each in found:
        if (each.name, each.file) in seen:
            continue
        seen.add((each.name, each.file))
        name = each.name
        while name in kept:
            numbers[each.name] += 1
            path = PurePath(each.name)
            name = f"{path.stem} ({numbers[each.name]}){path.suffix}"
        first = NUMBERED.sub("", each.name)
        seen |= {(name, each.file), (first if first in kept else name, each.file)}
        kept[name] = replace(each, name=name)
    return tuple(kept.values())


class Item(NamedTuple):
    """
    One piece of evidence of one result.

    ``owner`` is the number of the result, ``number`` the index in ``of_run``; it is
    sent ``copies`` times. ``passed``: its outcome is one of UNSUSPICIOUS.
    """

    owner: int
    number: int
    size: int
    copies: int
    passed: bool


def choose_dropped(items: Iterable[Item], limits: Limits) -> Mapping[int, list[int]]:
    """
    Choose evidence to leave out, by owner: passed tests first, largest first.

    Evidence that still fits is kept.
    """
    dropped: defaultdict[int, list[int]] = defaultdict(list)
    of_test: defaultdict[int, int] = defaultdict(lambda: limits.test)
    of_run = limits.run
    for item in sorted(items, key=lambda each: (each.passed, each.size)):
        size = item.size * item.copies
        if item.size <= of_test[item.owner] and size <= of_run:
            of_test[item.owner] -= item.size
            of_run -= size
        else:
            dropped[item.owner].append(item.number)
    return dropped


# Outcomes whose evidence is dropped first.
UNSUSPICIOUS = frozenset({Outcome.PASSED, Outcome.XFAILED, Outcome.SKIPPED})
