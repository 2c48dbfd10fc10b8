"""
Reads the scenarios of a feature file, with names and tags.

A full parser would refuse files that Xray accepts, so steps, tables and examples are
skipped. The keywords are those of the Gherkin parser. Sources: the Gherkin reference;
Xray's manual, "Importing Cucumber Tests", for the comment in a background that names
its issue.
"""

from __future__ import annotations

import re
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import FeaturesError


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WITH_STEPS = frozenset({"background", "scenario", "outline"})
# Where such a headline may be; elsewhere it is a line of a description.
WITH_EXAMPLES = frozenset({"scenario", "outline", "examples"})
WITH_BACKGROUND = frozenset({"feature", "rule"})
DOCSTRINGS = ('"""', "```")
LONGEST_SHOWN = 60
_LANGUAGE = re.compile(r"#\s*language\s*:\s*([A-Za-z_-]+)\s*")
_AFTER_TAGS = re.compile(r"\s#.*")
_IN_COMMENT = re.compile(r"@(\S+)")


class NoFeatureError(FeaturesError):
    """A text that is not a feature file; the message follows the file's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """
    A scenario, an outline or a background; ``tags`` have no ``@``.

    A background's tags are those in comments before its first step. ``comments`` are
    the comment lines above a scenario, without ``#``. ``labels`` are tags that look
    like keys but are not; ``label_tags`` finds them.
    """

    name: str
    line: int
    tags: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """
    The parts of a feature file that an import needs.

    ``headlines`` are kind and line of all blocks, also of examples and rules.
    """

    name: str
    tags: tuple[str, ...] = ()
    scenarios: tuple[Block, ...] = ()
    backgrounds: tuple[Block, ...] = ()
    headlines: tuple[tuple[str, int], ...] = ()


def read_feature(text: str) -> Feature:
    """
    Read a feature file.

    Raises NoFeatureError.
    """
    if not text.strip():
        msg = "is empty"
        raise NoFeatureError(msg)
    if "\0" in text:
        msg = "is not text"
        raise NoFeatureError(msg)
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        reader.take(line.strip(), number)
    return reader.feature()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keywords:
    """The keywords of a language: of headlines, with their kinds, and of steps."""

    kinds: Mapping[str, str]
    headline: re.Pattern[str]
    steps: tuple[str, ...]


@cache
def _keywords_of(language: str) -> _Keywords:
    # Imported late: it imports the complete parser.
    from gherkin.dialect import Dialect

    found = Dialect.for_name(language)
    if found is None:
        raise _unknown_language_error(language)
    kinds = {
        **dict.fromkeys(found.examples_keywords, "examples"),
        **dict.fromkeys(found.scenario_outline_keywords, "outline"),
        **dict.fromkeys(found.scenario_keywords, "scenario"),
        **dict.fromkeys(found.background_keywords, "background"),
        **dict.fromkeys(found.rule_keywords, "rule"),
        **dict.fromkeys(found.feature_keywords, "feature"),
    }
    return _Keywords(
        kinds=kinds,
        headline=re.compile(f"({'|'.join(map(re.escape, kinds))}):(.*)"),
        steps=(
            *found.given_keywords,
            *found.when_keywords,
            *found.then_keywords,
            *found.and_keywords,
            *found.but_keywords,
        ),
    )


@dataclass
class _OpenBlock:
    """The block that is being read; its body are steps, or the rows of examples."""

    kind: str
    name: str
    line: int
    tags: list[str]
    comments: tuple[str, ...] = ()
    has_body: bool = False

    @property
    def takes_comments(self) -> bool:
        return self.kind == "background" and not self.has_body

    def block(self) -> Block:
        return Block(
            name=self.name,
            line=self.line,
            tags=tuple(self.tags),
            comments=self.comments,
        )


@dataclass
class _Reader:
    keywords: _Keywords = field(default_factory=lambda: _keywords_of("en"))
    docstring: str = ""
    tags: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    blocks: list[_OpenBlock] = field(default_factory=list)

    def take(self, line: str, number: int) -> None:
        if self.docstring:
            self.docstring = "" if line.startswith(self.docstring) else self.docstring
        elif line.startswith("#"):
            self._take_comment(line)
        elif line.startswith("@"):
            self.tags += _split_tags(line)
        elif found := self._read_headline(line):
            self._open_block(*found, number)
        elif line and not self.blocks:
            raise _no_feature_error(line, number)
        elif line:
            self._take_text(line)

    def _take_text(self, line: str) -> None:
        """Take a step, a docstring, a table row, or a line of a description."""
        current = self.blocks[-1]
        self.comments = []
        if current.kind == "examples":
            current.has_body = current.has_body or line.startswith("|")
        elif current.kind in WITH_STEPS and line.startswith(self.keywords.steps):
            current.has_body = True
        elif current.has_body and line.startswith(DOCSTRINGS):
            self.docstring = line[:3]

    def _take_comment(self, line: str) -> None:
        language = _LANGUAGE.fullmatch(line)
        if language and not self.blocks:
            self.keywords = _keywords_of(language[1])
        elif self.blocks and self.blocks[-1].takes_comments:
            self.blocks[-1].tags += _IN_COMMENT.findall(line)
        elif self.blocks:
            self.comments.append(line.lstrip("#").strip())

    def _read_headline(self, line: str) -> tuple[str, str] | None:
        """Return kind and name; none for a line that is part of a description."""
        found = self.keywords.headline.fullmatch(line)
        if found and self._may_open(kind := self.keywords.kinds[found[1]]):
            return kind, found[2].strip()
        return None

    def _may_open(self, kind: str) -> bool:
        if not self.blocks:
            return kind == "feature"
        current = self.blocks[-1]
        if kind == "examples":
            return current.kind in WITH_EXAMPLES
        if kind == "background":
            # No description is after a body: there, the parser refuses the file.
            return current.kind in WITH_BACKGROUND or current.has_body
        return kind != "feature"

    def _open_block(self, kind: str, name: str, number: int) -> None:
        # Tags before a background may be text of a description; tags of examples
        # are not the scenario's.
        tags = [] if kind == "background" else self.tags
        self.blocks.append(_OpenBlock(kind, name, number, tags, tuple(self.comments)))
        self.tags, self.comments = [], []

    def feature(self) -> Feature:
        if not self.blocks:
            msg = "has no Feature: line"
            raise NoFeatureError(msg)
        return Feature(
            name=self.blocks[0].name,
            tags=tuple(self.blocks[0].tags),
            scenarios=self._blocks_of("scenario", "outline"),
            backgrounds=self._blocks_of("background"),
            headlines=tuple((each.kind, each.line) for each in self.blocks),
        )

    def _blocks_of(self, *kinds: str) -> tuple[Block, ...]:
        return tuple(each.block() for each in self.blocks if each.kind in kinds)


def _split_tags(line: str) -> Iterable[str]:
    """Split a line into tags, at blanks and at each ``@``."""
    words = _AFTER_TAGS.sub("", line).split()
    return [tag for word in words for tag in word.split("@") if tag]


def _no_feature_error(line: str, number: int) -> NoFeatureError:
    shown = line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}..."
    msg = f"is not a feature file: line {number} is {shown!r}"
    hint = "a feature file begins with tags, or with Feature: and its name"
    return NoFeatureError(msg, hint=hint)


def _unknown_language_error(language: str) -> NoFeatureError:
    msg = f"is in a language that the Gherkin parser does not know: {language}"
    hint = "the Gherkin reference lists all; for a new one, update gherkin-official"
    return NoFeatureError(msg, hint=hint)
