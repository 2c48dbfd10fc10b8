"""Sound input, made odd: bytes turned around, or a value in place of another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1e300,
    float("nan"),
    1 << 70,
    "",
    "x",
    "\x00\x1b[2J\ud800",
    "CALC-1",
    [],
    [None],
    [[]],
    ["x"],
    {},
    {"x": None},
    {"key": 1},
)
PIECES = (
    b"\x00",
    b"\xff\xfe",
    b"\n",
    b"\r\n",
    b'"',
    b"'",
    b"<",
    b"</",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"&b;",
    b"]]>",
    b"[" * 2000,
    b'{"a":' * 2000,
    b"<a>" * 2000,
    b"9" * 5000,
    b"null",
    b"NaN",
    b"1e999",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"${X}",
    b"=",
    b":",
    b"@",
    b'"""',
)


def mutated(chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """One of the seeds, changed at one place or several."""
    content = chance.choice(seeds)
    if chance.random() < 0.4 and (found := _with_odd_value(chance, content)):
        return found
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
        content = _changed(chance, content, seeds)
    return content


def _changed(chance: random.Random, content: bytes, seeds: Sequence[bytes]) -> bytes:
    start = chance.randint(0, len(content))
    end = min(len(content), start + chance.choice((0, 1, 2, 8, 64)))
    way = chance.randrange(6)
    if way == 0:
        new = chance.choice(PIECES)
    elif way == 1:
        new = chance.randbytes(chance.choice((1, 1, 4)))
    elif way == 2:
        new = b""
    elif way == 3:
        other = chance.choice(seeds)
        at = chance.randint(0, len(other))
        new = other[at : at + chance.choice((1, 8, 64))]
    elif way == 4:
        new = content[start:end] * 2
    else:
        return content[:start]
    return content[:start] + new + content[end:]


def _with_odd_value(chance: random.Random, content: bytes) -> bytes:
    """JSON with another value somewhere; what precedes it stays. Empty: no JSON."""
    brackets = [at for at in (content.find(b"{"), content.find(b"[")) if at >= 0]
    if not brackets or min(brackets) > 1:
        return b""
    head, body = content[: min(brackets)], content[min(brackets) :]
    first, newline, rest = body.partition(b"\n")
    for text, tail in ((body, b""), (first, newline + rest)):
        try:
            new = _replaced(chance, json.loads(text))
            return head + json.dumps(new).encode() + tail
        except (ValueError, RecursionError):
            continue
    return b""


def _replaced(chance: random.Random, found: Any) -> Any:
    children = [*found] if isinstance(found, dict) else []
    if isinstance(found, list):
        children = [*range(len(found))]
    if not children or chance.random() < 0.15:
        return chance.choice(ODD_VALUES)
    at = chance.choice(children)
    if isinstance(found, dict) and chance.random() < 0.1:
        return {name: value for name, value in found.items() if name != at}
    found[at] = _replaced(chance, found[at])
    return found
