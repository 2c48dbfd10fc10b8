"""
Read the tables of the shared file, such as ``[tool.xray-bridge.gate]``.

A parser takes a value as TOML or JSON has it, and raises ValueError with what the value
must be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xray_bridge.text import similar_word


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Parsers = Mapping[str, Callable[[object], Any]]

# Characters of a wrong value in a message.
LONGEST = 40


def read_table(
    table: Mapping[str, Any],
    parsers: Parsers,
    mistakes: list[str],
    *,
    what: str = "key",
    known: Iterable[str] = (),
) -> dict[str, Any]:
    """
    Return the values of a table, as its parsers read them.

    ``mistakes`` gets a text for each wrong value, and for each name that no parser has,
    with the nearest one of ``known`` (default: those of the parsers). ``what`` is the
    word for a name in messages.
    """
    names = [*known] or [*parsers]
    found = {}
    for name, value in table.items():
        if name not in parsers:
            mistakes.append(f"there is no {what} {name} ({suggest_name(name, names)})")
            continue
        try:
            found[name] = parsers[name](value)
        except ValueError as error:
            mistakes.append(f"{name} is {_show(value)}, but {error}")
    return found


def suggest_name(wrong: str, known: Iterable[str]) -> str:
    """Suggest the name that was probably meant, or else list all."""
    names = [*known]
    near = similar_word(wrong, names, cutoff=0.5)
    return f"did you mean {near}?" if near else f"known: {', '.join(names)}"


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def switch(value: object) -> bool:
    """Parse true or false."""
    if not isinstance(value, bool):
        msg = "must be true or false"
        raise ValueError(msg)  # noqa: TRY004 - parsers speak in ValueError
    return value


def whole_number(least: int) -> Callable[[object], int]:
    """Return the parser of whole numbers from ``least``."""

    def parse(value: object) -> int:
        if type(value) is not int or value < least:
            msg = f"must be a whole number from {least}"
            raise ValueError(msg)
        return value

    return parse
