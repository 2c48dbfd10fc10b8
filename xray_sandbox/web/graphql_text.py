"""
Read the fields that a GraphQL document selects.

Source: the GraphQL specification, 'Language', which graphql-core reads. Fragments
and directives, which Xray's own examples do not use, are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    value_from_ast_untyped,
)

from xray_sandbox.errors import RefusedError


@dataclass(frozen=True)
class Selection:
    """A selected field."""

    name: str
    alias: str
    arguments: Mapping[str, Any]
    selections: tuple[Selection, ...]


def read_query(text: str, variables: Mapping[str, Any]) -> tuple[Selection, ...]:
    """Read the fields of the operation; variables without a value are null."""
    try:
        operation, *others = parse(text).definitions
    except GraphQLSyntaxError as error:
        raise RefusedError(error.message) from error
    except RecursionError as error:
        raise RefusedError("Syntax Error: Document is nested too deeply.") from error
    if others or not isinstance(operation, OperationDefinitionNode):
        raise RefusedError("The document must be one operation.")
    values: dict[str, Any] = {}
    for each in operation.variable_definitions or ():
        default = each.default_value
        values[each.variable.name.value] = default and value_from_ast_untyped(default)
    return _read_selections(operation.selection_set, values | dict(variables))


def _read_selections(
    chosen: SelectionSetNode | None, values: dict[str, Any]
) -> tuple[Selection, ...]:
    found = []
    for node in chosen.selections if chosen else ():
        if not isinstance(node, FieldNode) or node.directives:
            raise RefusedError("Fragments and directives are not read.")
        arguments = {
            each.name.value: value_from_ast_untyped(each.value, values)
            for each in node.arguments or ()
        }
        name, alias = node.name.value, (node.alias or node.name).value
        inner = _read_selections(node.selection_set, values)
        found.append(Selection(name, alias, arguments, inner))
    return tuple(found)
