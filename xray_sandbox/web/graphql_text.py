"""
A reader for GraphQL documents: one operation, fields, arguments, selections.

Source: the GraphQL specification, 'Language'. Fragments and directives, which
Xray's own examples do not use, are not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from xray_sandbox.refused import RefusedError


_TOKEN = re.compile(
    r'(?:[\s,\ufeff]|#[^\n]*)*(?P<token>"""(?:.|\n)*?"""|"(?:[^"\\\n]|\\.)*"'
    r"|-?\d+(?:\.\d+)?|\$?\w+|[{}()\[\]:=!]|$)"
)
_LITERALS = {"true": True, "false": False, "null": None}
_END = ""


@dataclass(frozen=True)
class Selection:
    """A field that is asked for."""

    name: str
    alias: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    selections: tuple[Selection, ...] = ()


def read_query(text: str, variables: Mapping[str, Any]) -> tuple[Selection, ...]:
    """What the document's operation asks for."""
    reader = _Reader(_tokens(text), variables)
    depth = 0
    while reader.current != "{" or depth:
        depth += {"(": 1, ")": -1}.get(reader.take(), 0)
    return reader.selections()


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while place <= len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise RefusedError(f"Syntax Error: unexpected character at {place}")
        yield match["token"]
        if not match["token"]:
            return
        place = match.end()


class _Reader:
    """Goes through the tokens once."""

    def __init__(self, tokens: Iterator[str], variables: Mapping[str, Any]) -> None:
        self._tokens = tokens
        self._variables = variables
        self.current = next(tokens)

    def take(self) -> str:
        """The current token; moves on."""
        token = self.current
        if token == _END:
            raise RefusedError("Syntax Error: Unexpected <EOF>.")
        self.current = next(self._tokens)
        return token

    def skip(self, token: str) -> bool:
        """Move on if the current token is this one."""
        if self.current != token:
            return False
        self.take()
        return True

    def selections(self) -> tuple[Selection, ...]:
        """`{ a b { c } }`, or nothing."""
        found = []
        if self.skip("{"):
            while not self.skip("}"):
                found.append(self._selection())
        return tuple(found)

    def _selection(self) -> Selection:
        name = alias = self.take()
        if self.skip(":"):
            name = self.take()
        arguments: dict[str, Any] = {}
        if self.skip("("):
            while not self.skip(")"):
                arguments |= self._argument()
        return Selection(name, alias, arguments, self.selections())

    def _argument(self) -> dict[str, Any]:
        name = self.take()
        if not self.skip(":"):
            raise RefusedError(f"Syntax Error: Expected ':' after {name}")
        return {name: self._value()}

    def _value(self) -> Any:
        token = self.take()
        if token == "[":
            items = []
            while not self.skip("]"):
                items.append(self._value())
            return items
        if token == "{":
            members: dict[str, Any] = {}
            while not self.skip("}"):
                members |= self._argument()
            return members
        return self._scalar(token)

    def _scalar(self, token: str) -> Any:
        if token.startswith("$"):
            return self._variables.get(token[1:])
        if token.startswith('"""'):
            return token[3:-3]
        if token.startswith('"') or token[0] in "-0123456789":
            return json.loads(token)
        return _LITERALS.get(token, token)
