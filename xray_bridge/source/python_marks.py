"""
Write marks with Test keys into Python files, as lines above the functions.

Python's parser says where the functions are. All other lines stay as they are.
"""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# The names of the classes and the function.
Function = tuple[str, ...]
BOM = b"\xef\xbb\xbf"
IMPORTS = (ast.Import, ast.ImportFrom)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# In Python's messages about a file that it cannot decode.
ENCODING = ("codec", "encoding")
# The blocks of statements that run once. A function in a loop is several tests, or
# none.
BLOCKS = ("body", "handlers", "orelse", "finalbody")
ONCE = ("Module", "ClassDef", "If", "With", "Try", "TryStar", "ExceptHandler")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """
    A file with its new marks.

    ``not_found`` are functions that the file does not define, or not exactly once.
    """

    content: bytes
    not_found: tuple[Function, ...] = ()


def add_marks(content: bytes, keys: Mapping[Function, str]) -> Marked:
    """
    Add a mark to each of the functions.

    The mark is the last decorator: one above ``staticmethod`` would be lost. Raises
    ValueError for a file that is not Python, or whose lines Python counts differently.
    """
    bom = BOM if content.startswith(BOM) else b""
    lines = content[len(bom) :].split(b"\n")
    tree = _parse(content)
    if any(b"\r" in line.removesuffix(b"\r") for line in lines):
        # Python counts them as lines, too.
        msg = "it has carriage returns within lines"
        raise ValueError(msg)
    found: dict[Function, list[int]] = {}
    for path, line in _list_functions(tree, ()):
        found.setdefault(path, []).append(line)
    once = {path: found[path][0] for path in keys if len(found.get(path, ())) == 1}
    not_found = tuple(path for path in keys if path not in once)
    if not once:
        return Marked(content=content, not_found=not_found)
    mark, imports = _find_mark(tree.body, lines)
    added = {line: [f"@{mark}.xray({_quote(keys[p])})"] for p, line in once.items()}
    if imports is not None:
        at, texts = imports
        added[at] = [*texts, *added.get(at, ())]
    # From the end, so that the numbers of lines stay right.
    for line, texts in sorted(added.items(), reverse=True):
        lines[line - 1 : line - 1] = _make_lines(texts, lines, line)
    return Marked(content=bom + b"\n".join(lines), not_found=not_found)


def _quote(key: str) -> str:
    return f'"{key}"'


def parse_quietly(content: bytes | str) -> ast.Module:
    """Parse Python, without its warnings about the file on standard error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(content)


def _parse(content: bytes) -> ast.Module:
    try:
        return parse_quietly(content)
    except SyntaxError as error:
        is_encoding = any(word in error.msg for word in ENCODING)
        what = "it cannot be decoded" if is_encoding else "it is not Python"
        where = f", line {error.lineno}" if error.lineno else ""
        msg = f"{what}: {error.msg}{where}"
        raise ValueError(msg) from None
    except (ValueError, RecursionError, MemoryError) as error:
        # Null bytes, or an expression that is nested too deeply.
        msg = f"it is not Python: {error}"
        raise ValueError(msg) from None


def _list_functions(node: ast.AST, path: Function) -> Iterator[tuple[Function, int]]:
    """Yield all functions that are defined once at most, with their lines."""
    for name in BLOCKS:
        for each in getattr(node, name, ()):
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                yield (*path, each.name), each.lineno
            elif isinstance(each, ast.ClassDef):
                yield from _list_functions(each, (*path, each.name))
            elif type(each).__name__ in ONCE:
                yield from _list_functions(each, path)


def _make_lines(
    texts: Sequence[str], lines: Sequence[bytes], number: int
) -> list[bytes]:
    """Return new lines above a line, with its end; only marks are indented like it."""
    line = lines[number - 1] if number <= len(lines) else b""
    indentation = line[: len(line) - len(line.lstrip(b" \t"))]
    end = b"\r" if any(each.endswith(b"\r") for each in lines) else b""
    return [
        (indentation if text.startswith("@") else b"") + text.encode() + end
        for text in texts
    ]


def _find_mark(
    body: Sequence[ast.stmt], lines: Sequence[bytes]
) -> tuple[str, tuple[int, list[str]] | None]:
    """
    Return how the file writes ``pytest.mark``, and the import of pytest it needs.

    None if it is imported, before the first function or class. Else the line, from 1,
    above which the import goes, and its texts.
    """
    above: ast.stmt | None = None
    for index, statement in enumerate(body):
        if isinstance(statement, DEFINITIONS):
            break
        if name := _mark_in(statement):
            return name, None
        is_docstring = index == 0 and _is_text(statement)
        if isinstance(statement, IMPORTS) or is_docstring:
            above = statement
    if above is None:
        return "pytest.mark", (_find_top(body, lines), ["import pytest", "", ""])
    is_apart = isinstance(above, ast.ImportFrom) or _is_text(above)
    texts = ["", "import pytest"] if is_apart else ["import pytest"]
    return "pytest.mark", ((above.end_lineno or above.lineno) + 1, texts)


def _find_top(body: Sequence[ast.stmt], lines: Sequence[bytes]) -> int:
    """Return the line of the first statement, or of the comments right above it."""
    first = body[0]
    decorators: list[ast.expr] = getattr(first, "decorator_list", [])
    at = start = min((first.lineno, *(each.lineno for each in decorators)))
    while at > 1 and lines[at - 2].lstrip().startswith(b"#"):
        at -= 1
    # Comments at the top of the file are about the file.
    return start if at == 1 else at


def _mark_in(statement: ast.stmt) -> str:
    """Return the name of ``pytest.mark`` after an import; empty after any other."""
    if isinstance(statement, ast.Import):
        found = (each for each in statement.names if each.name == "pytest")
        return next((f"{each.asname or 'pytest'}.mark" for each in found), "")
    if not isinstance(statement, ast.ImportFrom) or statement.module != "pytest":
        return ""
    named = (each for each in statement.names if each.name == "mark")
    return next((each.asname or "mark" for each in named), "")


def _is_text(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)
