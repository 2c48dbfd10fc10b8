"""
Functions of a Python file with comments and blanks, which Python's own parser drops.

LibCST is an extra: only ``--remove`` needs it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from xray_bridge.errors import UsageError


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import libcst

    from xray_bridge.source.python_marks import Function


def import_libcst() -> Any:
    """
    Import LibCST.

    Raises UsageError if it is not installed.
    """
    try:
        import libcst
    except ImportError:
        hint = "pip install libcst"
        raise UsageError("--remove needs libcst", hint=hint) from None
    return libcst


def parse_module(content: bytes) -> libcst.Module:
    """
    Parse a file with its comments and blanks.

    Raises ValueError for one that is not Python.
    """
    import libcst as cst

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
