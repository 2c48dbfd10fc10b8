"""
The bodies of tests in code: what is the same after a rename, and steps of scenarios.

A function's body is its text without decorators, name, parameters and docstring. The
text is compared and not its syntax tree, whose form differs between versions of Python.
"""

from __future__ import annotations

import ast
import hashlib
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import FeaturesError
from xray_bridge.features.gherkin import read_feature
from xray_bridge.source.python_marks import parse_quietly


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xray_bridge.source.places import TestPlace

# The first letters of a SHA-256, as in git's short ids.
SHORT = 12
EXAMPLES = "examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The steps of a scenario with its examples; ``is_outline``: it has examples."""

    text: str
    is_outline: bool = False


def digest(text: str) -> str:
    """Return a short hash of a text; empty for an empty one."""
    if not text:
        return ""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:SHORT]


def join_lines(text: str) -> str:
    """Return the lines of a text without blanks around them, and without empty ones."""
    return "\n".join(filter(None, map(str.strip, text.splitlines())))


class Bodies:
    """Reads each file once; what cannot be read has no bodies."""

    def __init__(self) -> None:
        self._functions: dict[str, Mapping[tuple[str, ...], str]] = {}
        self._scenarios: dict[str, Mapping[int, Steps]] = {}

    def read_body(self, place: TestPlace) -> str:
        """Return the hash of a test's body; empty if it cannot be read."""
        if place.is_scenario:
            return digest(join_lines(self.read_steps(place).text))
        if place.file not in self._functions:
            self._functions[place.file] = _read_functions(_read_text(place.file))
        return self._functions[place.file].get(place.function, "")

    def read_steps(self, place: TestPlace) -> Steps:
        """Return the steps of a scenario; empty if they cannot be read."""
        if place.file not in self._scenarios:
            self._scenarios[place.file] = _read_scenarios(_read_text(place.file))
        return self._scenarios[place.file].get(place.line, Steps(text=""))


def _read_text(path: str) -> str:
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _read_functions(text: str) -> dict[tuple[str, ...], str]:
    """Return the hashes of functions; one that is defined twice has none."""
    try:
        tree = parse_quietly(text)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    # As Python counts them: a text's own lines also end at a form feed, for example.
    lines = [each.decode() for each in text.encode().splitlines()]
    found: dict[tuple[str, ...], str] = {}
    for names, node in _walk(tree, ()):
        found[names] = "" if names in found else digest(_body_of(node, lines))
    return found


def _walk(
    node: ast.AST, names: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], ast.FunctionDef | ast.AsyncFunctionDef]]:
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (*names, each.name), each
        elif isinstance(each, ast.ClassDef):
            yield from _walk(each, (*names, each.name))
        elif isinstance(each, ast.stmt):
            yield from _walk(each, names)


def _body_of(
    function: ast.FunctionDef | ast.AsyncFunctionDef, lines: Sequence[str]
) -> str:
    has_docstring = ast.get_docstring(function, clean=False) is not None
    body = function.body[1:] if has_docstring else function.body
    if not body:
        return ""
    first = body[0]
    if first.lineno == function.lineno:
        # ``def test_it(): pass``
        return lines[first.lineno - 1].encode()[first.col_offset :].decode()
    # A decorated class or function begins with its first decorator.
    above = (each.lineno for each in getattr(first, "decorator_list", ()))
    start = min((first.lineno, *above))
    inner = lines[start - 1 : function.end_lineno]
    return textwrap.dedent("\n".join(map(str.rstrip, inner))).strip()


def _read_scenarios(text: str) -> dict[int, Steps]:
    """Return the steps of all scenarios by the line of their keyword, from 1."""
    try:
        headlines = read_feature(text).headlines
    except FeaturesError:
        return {}
    lines = text.split("\n")
    tables = [line for kind, line in headlines if kind == EXAMPLES]
    starts = [line for kind, line in headlines if kind != EXAMPLES]
    found = {}
    for start, end in zip(starts, [*starts[1:], len(lines) + 1], strict=True):
        inner = [each.rstrip() for each in lines[start : end - 1]]
        while inner and _is_of_next(inner[-1]):
            inner.pop()
        steps = textwrap.dedent("\n".join(inner)).strip()
        is_outline = any(start < line < end for line in tables)
        found[start] = Steps(text=steps, is_outline=is_outline)
    return found


def _is_of_next(line: str) -> bool:
    """Whether a line before a headline belongs to it: tags and comments."""
    bare = line.strip()
    return not bare or bare.startswith(("@", "#"))
