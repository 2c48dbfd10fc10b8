"""
Write marks with Test keys into Python files, keeping everything else as it is.

LibCST is an extra: it keeps comments and blanks, which Python's own parser drops.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import UsageError


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import libcst

# The names of the classes and the function.
Function = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """
    A file with its new marks.

    ``not_found`` are functions that the file does not define, or not exactly once.
    """

    content: bytes
    not_found: tuple[Function, ...] = ()


def import_libcst(flag: str = "--write") -> Any:
    """
    Import LibCST, for a flag of the command.

    Raises UsageError if it is not installed.
    """
    try:
        import libcst
    except ImportError:
        hint = "pip install libcst"
        raise UsageError(f"{flag} needs libcst", hint=hint) from None
    return libcst


def add_marks(content: bytes, keys: Mapping[Function, str]) -> Marked:
    """
    Add a mark to each of the functions.

    The mark is the last decorator: one above ``staticmethod`` would be lost. Raises
    ValueError for a file that is not Python, or that LibCST does not keep as it is.
    """
    cst = import_libcst()
    module = parse_module(content)
    mark, imports = _find_mark(cst, module.body)
    function = cst.parse_expression(f"{mark}.xray")
    decorators = {
        path: cst.Decorator(cst.Call(function, [cst.Arg(cst.SimpleString(f'"{key}"'))]))
        for path, key in keys.items()
    }
    marker = Marker(cst, decorators, _add_decorator)
    marked = marker.mark(module)
    once = {path: each for path, each in decorators.items() if marker.counts[path] == 1}
    not_found = tuple(path for path in keys if path not in once)
    if not once:
        return Marked(content=content, not_found=not_found)
    if not_found:
        marked = Marker(cst, once, _add_decorator).mark(module)
    if imports is not None:
        marked = _add_import(cst, marked, imports)
    found = marked.bytes
    if not _only_adds(content, found):
        msg = "LibCST would change more than the marks (form feeds, for example)"
        raise ValueError(msg)
    return Marked(content=found, not_found=not_found)


def parse_module(content: bytes) -> libcst.Module:
    """
    Parse a file with its comments and blanks.

    Raises ValueError for one that is not Python.
    """
    cst = import_libcst()
    try:
        found: libcst.Module = cst.parse_module(content)
    except cst.ParserSyntaxError as error:
        msg = f"it is not Python: {error.message}, line {error.raw_line}"
        raise ValueError(msg) from None
    except (SyntaxError, UnicodeError) as error:
        # Of the encoding, which is read first.
        msg = f"it cannot be decoded: {error}"
        raise ValueError(msg) from None
    return found


def _add_decorator(node: Any, decorator: Any) -> Any:
    return node.with_changes(decorators=[*node.decorators, decorator])


def _only_adds(before: bytes, after: bytes) -> bool:
    """Whether all lines are still there, and only lines of ours are new."""
    old = iter(before.split(b"\n"))
    expected = next(old, None)
    for line in after.split(b"\n"):
        if line == expected:
            expected = next(old, None)
        elif b".xray(" not in line and line.strip() not in {b"", b"import pytest"}:
            return False
    return expected is None


class Marker:
    """
    Changes the wanted functions, and counts these in ``counts``.

    ``change`` gets a function and the value of it in ``wanted``.
    """

    def __init__(
        self,
        cst: Any,
        wanted: Mapping[Function, Any],
        change: Callable[[Any, Any], Any],
    ) -> None:
        self._cst = cst
        self._wanted = wanted
        self._change = change
        self._prefixes = {path[:at] for path in wanted for at in range(len(path))}
        # Compound statements whose blocks run once. A function in a loop is several
        # tests, or none.
        self._compound = (
            *(cst.If, cst.Else, cst.With, cst.Try, cst.TryStar),
            *(cst.ExceptHandler, cst.ExceptStarHandler, cst.Finally),
        )
        self.counts: Counter[Function] = Counter()

    def mark(self, node: Any, path: Function = ()) -> Any:
        """Return a module, a statement or a block with the changed functions."""
        cst = self._cst
        if isinstance(node, cst.FunctionDef):
            return self._mark_function(node, (*path, node.name.value))
        if isinstance(node, cst.ClassDef):
            inner = (*path, node.name.value)
            return self._mark_block(node, inner) if inner in self._prefixes else node
        if isinstance(node, (cst.Module, cst.IndentedBlock)):
            return self._mark_list(node, path)
        return (
            self._mark_parts(node, path) if isinstance(node, self._compound) else node
        )

    def _mark_function(self, node: Any, path: Function) -> Any:
        if path not in self._wanted:
            return node
        self.counts[path] += 1
        return self._change(node, self._wanted[path])

    def _mark_block(self, node: Any, path: Function) -> Any:
        return node.with_changes(body=self.mark(node.body, path))

    def _mark_list(self, node: Any, path: Function) -> Any:
        return node.with_changes(body=[self.mark(each, path) for each in node.body])

    def _mark_parts(self, node: Any, path: Function) -> Any:
        changes: dict[str, Any] = {"body": self.mark(node.body, path)}
        for name in ("orelse", "finalbody"):
            if getattr(node, name, None) is not None:
                changes[name] = self.mark(getattr(node, name), path)
        if hasattr(node, "handlers"):
            changes["handlers"] = [self.mark(each, path) for each in node.handlers]
        return node.with_changes(**changes)


def _find_mark(cst: Any, body: Sequence[Any]) -> tuple[str, int | None]:
    """
    Return how the file writes ``pytest.mark``, and where to import pytest.

    None if it is imported, before the first function or class.
    """
    at = 0
    for index, statement in enumerate(body):
        if isinstance(statement, (cst.FunctionDef, cst.ClassDef)):
            break
        if not isinstance(statement, cst.SimpleStatementLine):
            continue
        name = next(filter(None, (_mark_in(cst, e) for e in statement.body)), "")
        if name:
            return name, None
        is_import = isinstance(statement.body[0], (cst.Import, cst.ImportFrom))
        if is_import or (index == 0 and _is_text(cst, statement)):
            at = index + 1
    return "pytest.mark", at


def _mark_in(cst: Any, statement: Any) -> str:
    """Return the name of ``pytest.mark`` after an import; empty after any other."""
    names = getattr(statement, "names", ())
    if isinstance(statement, cst.Import):
        found = (e for e in names if e.evaluated_name == "pytest")
        return next((f"{e.evaluated_alias or 'pytest'}.mark" for e in found), "")
    if not isinstance(statement, cst.ImportFrom) or isinstance(names, cst.ImportStar):
        return ""
    module = statement.module.value if statement.module is not None else ""
    named = (e for e in names if module == "pytest" and e.evaluated_name == "mark")
    return next((e.evaluated_alias or "mark" for e in named), "")


def _is_text(cst: Any, statement: Any) -> bool:
    first = statement.body[0] if statement.body else None
    texts = (cst.SimpleString, cst.ConcatenatedString)
    return isinstance(first, cst.Expr) and isinstance(first.value, texts)


def _add_import(cst: Any, module: Any, at: int) -> Any:
    """Import pytest, below a docstring and the other imports."""
    before, after = module.body[:at], list(module.body[at:])
    line = cst.parse_statement("import pytest\n")
    above = before[-1] if before else None
    if above is not None and (
        _is_text(cst, above) or isinstance(above.body[0], cst.ImportFrom)
    ):
        line = line.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    if above is None and after:
        blank = [cst.EmptyLine(indent=False)] * 2
        first = after[0]
        after[0] = first.with_changes(leading_lines=[*blank, *first.leading_lines])
    return module.with_changes(body=[*before, line, *after])
