"""
Evidence: written to the run directory when it is attached, and kept in bounds.

Files are named by a hash of their content, so that the same content is kept
once, and nothing that a test does to its own file later changes what is sent.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

from xray_bridge.model import Evidence, Outcome, TestRun


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

FOLDER = "evidence"
UNKNOWN = "application/octet-stream"
TEXTUAL = ("text/", "application/json", "application/xml", "image/svg")
TEXTUAL_ENDINGS = ("+json", "+xml", "javascript", "yaml", "x-ndjson")
# Enough to tell text from anything else.
SNIFFED = 8192
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
        self._folder = run / FOLDER
        self._limit = limit
        self._clean = clean

    def add(self, source: EvidenceSource) -> Evidence:
        """
        Keep a copy of what the source has right now.

        Raises NotKeptError, in words, where there is nothing that can be kept.
        """
        name = name_of(source)
        content = self._content(source, name)
        if not content:
            raise NotKeptError(f"{name} is empty")
        media_type = source.media_type or _media_type(name, content)
        if _is_text(media_type):
            text = content.decode("utf-8", "surrogateescape")
            content = self._clean(text).encode("utf-8", "surrogateescape")
        file = f"{hashlib.sha256(content).hexdigest()}{_suffix(name)}"
        self._write(file, content, name)
        return Evidence(name=name, file=file, media_type=media_type, size=len(content))

    def _content(self, source: EvidenceSource, name: str) -> bytes:
        if isinstance(source.content, (bytes, bytearray, memoryview)):
            if len(source.content) > self._limit:
                raise self._too_big(name, len(source.content))
            return bytes(source.content)
        path = Path(source.content)
        try:
            # A pipe would be waited for.
            if not path.is_file():
                what = "is no file" if path.exists() else "does not exist"
                raise NotKeptError(f"{name} {what}")
            with path.open("rb") as file:
                content = file.read(self._limit + 1)
            if len(content) > self._limit:
                raise self._too_big(name, path.stat().st_size)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise NotKeptError(f"{name} cannot be read: {reason}") from None
        return content

    def _too_big(self, name: str, size: int) -> NotKeptError:
        limit = f"{shown(size)} is over the limit of {shown(self._limit)} for a file"
        return NotKeptError(f"{name}: {limit}")

    def _write(self, file: str, content: bytes, name: str) -> None:
        path = self._folder / file
        if path.exists():
            return
        draft = self._folder / f".{os.getpid()}-{secrets.token_hex(4)}"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            draft.write_bytes(content)
            draft.replace(path)
        except OSError as error:
            reason = f"{name} cannot be kept: {error.strerror}"
            raise NotKeptError(reason) from None


def name_of(source: EvidenceSource) -> str:
    """What Xray shows: the given name, else the file's, without folders."""
    content = source.content
    is_path = isinstance(content, (str, os.PathLike))
    given = source.name or (os.fspath(content) if is_path else "evidence")
    base = PurePath(str(given).replace("\\", "/")).name or "evidence"
    if len(base) <= LONGEST_NAME:
        return base
    suffix = _suffix(base)
    return f"{base[: LONGEST_NAME - len(suffix)]}{suffix}"


def _suffix(name: str) -> str:
    suffix = PurePath(name).suffix.lower()
    is_plain = suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) < 10  # noqa: PLR2004 - as endings are
    return suffix if is_plain else ""


def _media_type(name: str, content: bytes) -> str:
    from mimetypes import guess_type

    found, encoding = guess_type(name)
    if encoding:
        return f"application/{encoding}"
    if found:
        return found
    start = content[:SNIFFED]
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character may be cut in half by the sniffing itself.
        if error.start < len(start) - 4:
            return UNKNOWN
    return UNKNOWN if b"\0" in start else "text/plain"


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
    """All evidence of a result, that of its steps included."""
    return (*run.evidence, *(each for step in run.steps for each in step.evidence))


def without(run: TestRun, dropped: Iterable[int]) -> TestRun:
    """A result without some of its evidence, by number in ``of_run``."""
    gone = set(dropped)
    numbers = iter(range(len(of_run(run))))

    def kept(found: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        return tuple(each for each in found if next(numbers) not in gone)

    evidence = kept(run.evidence)
    steps = tuple(replace(step, evidence=kept(step.evidence)) for step in run.steps)
    return replace(run, evidence=evidence, steps=steps)


def distinct(found: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """
    The same file once; different files of one name with different names.

    ``shot.png``, then ``shot (2).png``.
    """
    kept: dict[str, Evidence] = {}
    for each in found:
        name, number = each.name, 1
        while name in kept and kept[name].file != each.file:
            number += 1
            path = PurePath(each.name)
            name = f"{path.stem} ({number}){path.suffix}"
        kept.setdefault(name, replace(each, name=name))
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


def over(items: Sequence[Item], limits: Limits) -> Mapping[int, list[int]]:
    """
    What has to be left out, by owner: the biggest first, of passed tests first.
    """
    dropped: defaultdict[int, list[int]] = defaultdict(list)
    by_test: defaultdict[int, list[Item]] = defaultdict(list)
    for item in items:
        by_test[item.owner].append(item)
    kept: list[Item] = []
    for of_test in by_test.values():
        stay, go = _fitting(of_test, limits.test, copies=False)
        kept += stay
        for item in go:
            dropped[item.owner].append(item.number)
    for item in _fitting(kept, limits.run, copies=True)[1]:
        dropped[item.owner].append(item.number)
    return dropped


def _fitting(
    items: Sequence[Item], limit: int, *, copies: bool
) -> tuple[list[Item], list[Item]]:
    """What stays and what goes."""
    ordered = sorted(items, key=lambda each: (not each.passed, -each.size))
    total = sum(each.size * (each.copies if copies else 1) for each in items)
    number = 0
    while total > limit and number < len(ordered):
        total -= ordered[number].size * (ordered[number].copies if copies else 1)
        number += 1
    return ordered[number:], ordered[:number]


# What needs no screenshot to be believed.
UNSUSPICIOUS = frozenset({Outcome.PASSED, Outcome.XFAILED, Outcome.SKIPPED})
