"""
Evidence: written to the run directory when it is attached, and kept in bounds.

Files are named by a hash of their content, so that the same content is kept
once, and nothing that a test does to its own file later changes what is sent.
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
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

from xray_bridge.config.redaction import clean_bytes, encoding_of
from xray_bridge.model.results import Evidence, Iteration, Outcome, Step, TestRun


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

FOLDER = "evidence"
UNKNOWN = "application/octet-stream"
TEXTUAL = ("text/", "application/json", "application/xml", "image/svg")
TEXTUAL_ENDINGS = ("+json", "+xml", "javascript", "yaml", "x-ndjson")
# What tells files of one name apart, before the ending.
NUMBERED = re.compile(r" \(\d+\)(?=\.[^.]*$|$)")
MEDIA_TYPE = re.compile(r"\s*([\w.+\-]+/[\w.+\-]+(?:\s*;[ -~]*)?)", re.ASCII)
LONGEST_NAME = 120
MEGABYTE = 1 << 20


class NotKeptError(ValueError):
    """Something cannot be kept as evidence; its text says what, and why."""


class Limits(NamedTuple):
    """How many bytes of evidence one file, one test and one run may have."""

    file: int = 10 * MEGABYTE
    test: int = 25 * MEGABYTE
    run: int = 64 * MEGABYTE

    @classmethod
    def of(cls, sizes: Sequence[int]) -> Limits:
        """From one to three sizes; what is not given is at least what is."""
        file, *rest = sizes
        test = rest[0] if rest else max(file, cls().test)
        run = rest[1] if len(rest) > 1 else max(test, cls().run)
        return cls(file, test, run)


NO_LIMITS = Limits(sys.maxsize, sys.maxsize, sys.maxsize)


@dataclass(frozen=True, slots=True)
class EvidenceSource:
    """
    What a user's hook gives as evidence.

    ``content`` is bytes, or the path of a file. ``name`` and ``media_type``
    follow from the path where they are not given.
    """

    content: bytes | str | os.PathLike[str]
    name: str = ""
    media_type: str = ""


class EvidenceFolder:
    """
    Where evidence of a run is kept.

    ``limit`` is in bytes for one file. ``clean`` takes out of texts what must
    not leave this machine.
    """

    def __init__(self, run: Path, limit: int, clean: Callable[[str], str]) -> None:
        self._folder = str(run / FOLDER)
        self._limit = limit
        self._clean = clean
        self._disk = _Disk()

    def add(self, source: EvidenceSource) -> Evidence:
        """
        Keep a copy of what the source has right now.

        Raises NotKeptError, in words, where there is nothing that can be kept.
        """
        name = _short(_plain(self._clean(_name(source))))
        content = self._content(source, name)
        if not content:
            raise NotKeptError(f"{name} is empty")
        media_type = _valid(source.media_type) or _media_type(name, content)
        # Nearly any bytes can be Latin-1.
        if _is_text(media_type) or encoding_of(content) not in {"", "latin-1"}:
            content = clean_bytes(content, self._clean)
        file = f"{hashlib.sha256(content).hexdigest()}{_suffix(name)}"
        try:
            self._disk.keep(content, self._folder, file)
        except OSError as error:
            raise NotKeptError(f"{name} cannot be kept: {error.strerror}") from None
        return Evidence(name=name, file=file, media_type=media_type, size=len(content))

    def _content(self, source: EvidenceSource, name: str) -> bytes:
        given = source.content
        if isinstance(given, (bytes, bytearray, memoryview)):
            size = memoryview(given).nbytes
            if size > self._limit:
                raise self._too_big(name, size)
            return bytes(given)
        try:
            return self._read(Path(os.fsdecode(given)), name)
        except TypeError:
            what = f"{type(given).__name__}, neither bytes nor the path of a file"
            raise NotKeptError(f"{name} is {what}") from None
        except OSError as error:
            raise NotKeptError(f"{name} cannot be read: {error.strerror}") from None

    def _read(self, path: Path, name: str) -> bytes:
        # A pipe would be waited for.
        if not path.is_file():
            what = "is no file" if path.exists() else "does not exist"
            raise NotKeptError(f"{name} {what}")
        with path.open("rb") as file:
            content = file.read(self._limit + 1)
        if len(content) > self._limit:
            raise self._too_big(name, max(len(content), path.stat().st_size))
        return content

    def _too_big(self, name: str, size: int) -> NotKeptError:
        limit = f"{shown(size)} is over the limit of {shown(self._limit)} for a file"
        return NotKeptError(f"{name}: {limit}")


class _Disk:
    """Writes files whole; bound when a session starts, because tests patch ``os``."""

    def __init__(self) -> None:
        self._mkdir, self._stat, self._unlink = os.mkdir, os.stat, os.unlink
        self._open, self._write, self._close = os.open, os.write, os.close
        self._replace = os.replace

    def keep(self, content: bytes, folder: str, name: str) -> None:
        """
        Write a file that is named by its content, unless it is there.

        Raises OSError, and then leaves nothing behind.
        """
        path = f"{folder}{os.sep}{name}"
        if self._is_there(path):
            return
        if not self._is_there(folder):
            with contextlib.suppress(FileExistsError):
                self._mkdir(folder, 0o700)
        draft = f"{folder}{os.sep}.{os.getpid()}-{secrets.token_hex(8)}"
        try:
            self._fill(draft, content)
            self._replace(draft, path)
        except BaseException as error:
            with contextlib.suppress(OSError):
                self._unlink(draft)
            # Windows does not replace what another process has just opened.
            if not isinstance(error, OSError) or not self._is_there(path):
                raise

    def _fill(self, path: str, content: bytes) -> None:
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


def _name(source: EvidenceSource) -> str:
    """What Xray shows: the given name, else the file's, without folders."""
    given = source.name
    if not given and isinstance(source.content, (str, os.PathLike)):
        with contextlib.suppress(TypeError):
            given = os.fsdecode(source.content)
    return PurePath(str(given).replace("\\", "/")).name


def _plain(name: str) -> str:
    """Without what no file can be called, or nobody could read."""
    odd = '<>:"/\\|?*'
    plain = "".join(c if c.isprintable() and c not in odd else "_" for c in name)
    return plain if plain.strip(". ") else "evidence"


def _short(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    suffix = _suffix(name)
    return f"{name[: LONGEST_NAME - len(suffix)]}{suffix}"


def _suffix(name: str) -> str:
    suffix = PurePath(name).suffix.lower()
    is_plain = suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) < 10  # noqa: PLR2004 - as endings are
    return suffix if is_plain else ""


def _valid(media_type: object) -> str:
    """A media type such as ``image/png``; empty where it says nothing."""
    found = MEDIA_TYPE.fullmatch(media_type) if isinstance(media_type, str) else None
    return found[1].rstrip() if found and found[1] != UNKNOWN else ""


def _media_type(name: str, content: bytes) -> str:
    from mimetypes import guess_type

    try:
        found, encoding = guess_type(f"./{name}")
    except OSError:
        # It reads files of the system, which a test may have forbidden.
        found, encoding = None, None
    if encoding:
        return f"application/{encoding}"
    if found and found != UNKNOWN:
        return found
    return "text/plain" if encoding_of(content) else UNKNOWN


def _is_text(media_type: str) -> bool:
    kind = media_type.partition(";")[0].strip().lower()
    return kind.startswith(TEXTUAL) or kind.endswith(TEXTUAL_ENDINGS)


def shown(size: int) -> str:
    """A size for people; ``size`` is in bytes."""
    if size < 1024:  # noqa: PLR2004 - bytes of a kilobyte
        return f"{size} bytes"
    if size < MEGABYTE:
        return f"{size / 1024:.0f} KB"
    return f"{size / MEGABYTE:.1f} MB".replace(".0 ", " ")


def of_run(run: TestRun) -> tuple[Evidence, ...]:
    """All evidence of a result, that of its steps and subtests included."""
    return (*run.evidence, *_of_steps(run.steps), *_of_iterations(run.iterations))


def _of_steps(steps: Iterable[Step]) -> Iterator[Evidence]:
    return (each for step in steps for each in step.evidence)


def _of_iterations(iterations: Iterable[Iteration]) -> Iterator[Evidence]:
    return (each for part in iterations for each in _of_steps(part.steps))


def without(run: TestRun, dropped: Iterable[int]) -> TestRun:
    """
    A result without some of its evidence, by number in ``of_run``.

    What stays has names that tell it apart.
    """
    gone = set(dropped)
    numbers = itertools.count()

    def kept(found: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        return distinct(each for each in found if next(numbers) not in gone)

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


def distinct(found: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """
    The same file once for each name; different files with different names.

    ``shot.png``, then ``shot (2).png``, which is the same file under its first name
    when it comes by here again.
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

    ``owner`` is the result, ``number`` is that in ``of_run``; it is sent
    ``copies`` times. ``passed``: the result needs no explanation.
    """

    owner: int
    number: int
    size: int
    copies: int
    passed: bool


def over(items: Iterable[Item], limits: Limits) -> Mapping[int, list[int]]:
    """
    What has to be left out, by owner: of passed tests first, the biggest first.

    Nothing that would still fit.
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


# What needs no screenshot to be believed.
UNSUSPICIOUS = frozenset({Outcome.PASSED, Outcome.XFAILED, Outcome.SKIPPED})
