"""
Read feature files for an import: scenarios with their tags and their text.

Source: the Gherkin reference; the keywords are those of Gherkin's own parser.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

from gherkin.dialect import Dialect

from xray_sandbox.errors import RefusedError


ENGLISH = "en"
_LANGUAGE = re.compile(r"\s*#\s*language\s*:\s*([\w-]+)\s*")
_KINDS = ("feature", "rule", "background", "scenario")
_TAG = re.compile(r"@([^\s@]+)")


@dataclass
class Part:
    """A scenario or a background: its tags, and its lines without them."""

    kind: str
    name: str
    tags: list[str]
    lines: list[str] = field(default_factory=list)
    comments_above: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that Xray stores, without common indentation."""
        return textwrap.dedent("\n".join(self.lines)).strip() + "\n"

    @property
    def steps(self) -> str:
        """The text without its first line and without comments."""
        inner = (line for line in self.lines[1:] if not line.lstrip().startswith("#"))
        return textwrap.dedent("\n".join(inner)).strip()

    @property
    def in_comments(self) -> tuple[str, ...]:
        """The tags in comments; a background has its tags there."""
        comments = (line for line in self.lines if line.lstrip().startswith("#"))
        return tuple(tag for line in comments for tag in _TAG.findall(line))


@dataclass(frozen=True)
class FeatureText:
    """A feature file; ``path`` is its name in the archive."""

    path: str
    name: str
    language: str
    tags: tuple[str, ...]
    background: Part | None
    scenarios: tuple[Part, ...]


def read_feature(path: str, content: bytes) -> FeatureText:
    """Read a feature file, or refuse it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError(f"{path} is not UTF-8") from error
    language = _find_language(text)
    dialect = Dialect.for_name(language)
    if dialect is None:
        raise RefusedError(f"Language not supported: {language}")
    parts = list(_split_parts(text, _headline_pattern(dialect)))
    if not parts or parts[0].kind != "feature":
        raise RefusedError(f"Error parsing the feature file {path}")
    backgrounds = [part for part in parts if part.kind == "background"]
    return FeatureText(
        path=path,
        name=parts[0].name,
        language=language,
        tags=tuple(parts[0].tags),
        background=backgrounds[0] if backgrounds else None,
        scenarios=tuple(part for part in parts if part.kind == "scenario"),
    )


def _find_language(text: str) -> str:
    """Find the language in the comments at the start of the file."""
    for line in text.splitlines():
        if found := _LANGUAGE.fullmatch(line):
            return found[1]
        if line.strip() and not line.lstrip().startswith("#"):
            break
    return ENGLISH


def _headline_pattern(dialect: Dialect) -> re.Pattern[str]:
    scenarios = (*dialect.scenario_keywords, *dialect.scenario_outline_keywords)
    words = (
        dialect.feature_keywords,
        dialect.rule_keywords,
        dialect.background_keywords,
        scenarios,
    )
    kinds = (
        f"(?P<{kind}>{'|'.join(map(re.escape, each))})"
        for kind, each in zip(_KINDS, words, strict=True)
    )
    return re.compile(rf"\s*(?:{'|'.join(kinds)}):(?P<name>.*)")


def _split_parts(text: str, headline: re.Pattern[str]) -> Iterator[Part]:
    """Split a file at its headlines; tags and comments above belong to a headline."""
    current: Part | None = None
    waiting: list[str] = []
    comments: list[str] = []
    quoted = ""
    for line in text.splitlines():
        bare = line.strip()
        if quoted or bare.startswith(('"""', "```")):
            quoted = "" if quoted and bare.startswith(quoted) else quoted or bare[:3]
        elif head := headline.fullmatch(line):
            if current:
                yield current
            tags = [tag for one in waiting for tag in _find_tags(one)]
            waiting = []
            kind = next(kind for kind in _KINDS if head[kind])
            name, above = head["name"].strip(), tuple(comments)
            current = Part(kind, name, tags, comments_above=above)
        elif bare.startswith("@"):
            waiting.append(line)
            continue
        if bare.startswith("#"):
            comments.append(bare.lstrip("#").strip())
        elif bare:
            comments = []
        if current:
            current.lines += [*waiting, line]
            waiting = []
    if current:
        yield current


def _find_tags(line: str) -> list[str]:
    return _TAG.findall(line.partition(" #")[0])
