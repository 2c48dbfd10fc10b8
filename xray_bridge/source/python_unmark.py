"""
Take Test keys out of marks in Python files, keeping everything else as it is.
"""

from __future__ import annotations

import io
import tokenize
from typing import TYPE_CHECKING, Any

from xray_bridge.dataclass import dataclass
from xray_bridge.model.keys import spell_key
from xray_bridge.source.syntax import Marker, import_libcst, parse_module


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xray_bridge.source.python_marks import Function

MARK = "xray"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmarked:
    """
    A file without the keys.

    ``left`` are functions whose keys are not all in marks of their own, as texts, or
    beside a comment.
    """

    content: bytes
    left: tuple[Function, ...] = ()


def remove_marks(content: bytes, keys: Mapping[Function, Sequence[str]]) -> Unmarked:
    """
    Take keys out of the marks of functions; a mark without anything else goes.

    Raises ValueError for a file that is not Python, or that LibCST does not keep as it
    is.
    """
    cst = import_libcst()
    module = parse_module(content)
    remover = _Remover(cst)
    wanted = {path: (path, tuple(each)) for path, each in keys.items()}
    marker = Marker(cst, wanted, remover.change)
    changed = marker.mark(module)
    doubled = {path for path in keys if marker.counts[path] != 1}
    if doubled:
        once = {path: each for path, each in wanted.items() if path not in doubled}
        changed = Marker(cst, once, remover.change).mark(module)
    left = tuple(path for path in keys if path in doubled | remover.left)
    found: bytes = changed.bytes
    if not _only_removes(content, found):
        msg = "LibCST would change more than the marks (form feeds, for example)"
        raise ValueError(msg)
    return Unmarked(content=found, left=left)


def _only_removes(before: bytes, after: bytes) -> bool:
    """Whether there is no new line but those of marks, and comments beside them."""
    old = iter(before.split(b"\n"))
    return all(
        b".xray(" in line or line.lstrip().startswith(b"#") or line in old
        for line in after.split(b"\n")
    )


class _Remover:
    """Takes keys out of functions; ``left`` are those where they are not texts."""

    def __init__(self, cst: Any) -> None:
        self._cst = cst
        self.left: set[Function] = set()

    def change(self, node: Any, wanted: tuple[Function, tuple[str, ...]]) -> Any:
        """Return a function without the keys, or as it is if it lacks one of them."""
        path, keys = wanted
        marks = [each for each in node.decorators if self._is_mark(each.decorator)]
        found = {key for each in marks for key in self._read_keys(each.decorator)}
        if not found.issuperset(keys) or any(map(self._has_comments, marks)):
            self.left.add(path)
            return node
        decorators: list[Any] = []
        # Comments above and beside a mark that goes.
        lines: list[Any] = []
        for each in node.decorators:
            kept = self._without_keys(each) if each in marks else each
            if kept is None:
                lines += each.leading_lines
                comment = each.trailing_whitespace.comment
                if comment is not None:
                    lines.append(self._cst.EmptyLine(comment=comment))
                continue
            above = (*lines, *kept.leading_lines)
            decorators.append(kept.with_changes(leading_lines=above))
            lines = []
        # Without decorators, all lines above belong to the function itself.
        below = (*lines, *node.lines_after_decorators)
        if decorators:
            return node.with_changes(
                decorators=decorators, lines_after_decorators=below
            )
        return node.with_changes(
            decorators=(),
            leading_lines=(*node.leading_lines, *below),
            lines_after_decorators=(),
        )

    def _has_comments(self, decorator: Any) -> bool:
        """Whether there are comments within a mark, which would go with its keys."""
        code = self._cst.Module([]).code_for_node(decorator.decorator)
        tokens = tokenize.generate_tokens(io.StringIO(code).readline)
        return any(each.type == tokenize.COMMENT for each in tokens)

    def _is_mark(self, node: Any) -> bool:
        """Whether a decorator calls something like ``pytest.mark.xray``."""
        cst = self._cst
        if not isinstance(node, cst.Call):
            return False
        function = node.func
        return (
            isinstance(function, cst.Attribute)
            and function.attr.value == MARK
            and isinstance(function.value, cst.Name | cst.Attribute)
        )

    def _read_keys(self, call: Any) -> set[str]:
        """Return the keys of a mark that are texts in the code."""
        given = [each.value for each in call.args if self._is_key_argument(each)]
        texts = [text for value in given for text in self._texts_in(value)]
        return {spell_key(each.evaluated_value) for each in texts}

    def _is_key_argument(self, argument: Any) -> bool:
        return argument.keyword is None and bool(self._texts_in(argument.value))

    def _texts_in(self, value: Any) -> list[Any]:
        """Return the texts of an argument; empty if anything in it is no text."""
        cst = self._cst
        if isinstance(value, cst.List | cst.Tuple | cst.Set):
            inner = [each.value for each in value.elements]
        else:
            inner = [value]
        is_plain = all(isinstance(each, cst.SimpleString) for each in inner)
        return inner if is_plain else []

    def _without_keys(self, decorator: Any) -> Any:
        """Return a decorator without keys; None if nothing else is in it."""
        call = decorator.decorator
        rest = [each for each in call.args if not self._is_key_argument(each)]
        if not rest:
            return None
        changed = call.with_changes(args=rest)
        return decorator.with_changes(decorator=changed)
