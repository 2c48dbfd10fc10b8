"""
Escape texts for each language that a CI system reads.

Each function takes any text of one line and returns a form that the reader reads as
exactly that text.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from xray_bridge.ci.escape import escape_ci_commands
from xray_bridge.text import one_line


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Characters of one text in Markdown.
LONGEST = 500
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# The readers of dotenv files do not agree on quotes.
PLAIN = re.compile(r"""[^\s"'`$#\\]*""")
KEY = re.compile(r"[A-Z][A-Z0-9_]*-[0-9]+")
ADDRESS = re.compile(r"https?://[^\s<>\\\"`|()\[\]]+")
TICKS = re.compile(r"`+")

_GITHUB = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_AZURE = {"%": "%AZP25", "\r": "%0D", "\n": "%0A"}
_TEAMCITY = {
    "|": "||",
    "'": "|'",
    "[": "|[",
    "]": "|]",
    "\n": "|n",
    "\r": "|r",
}
GITHUB_DATA = str.maketrans(_GITHUB)
GITHUB_PROPERTY = str.maketrans({**_GITHUB, ":": "%3A", ",": "%2C"})
AZURE_DATA = str.maketrans(_AZURE)
AZURE_PROPERTY = str.maketrans({**_AZURE, ";": "%3B", "]": "%5D"})
TEAMCITY = str.maketrans(_TEAMCITY)
PROPERTIES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def is_name(text: str) -> bool:
    """Whether all systems accept the text as the name of a variable."""
    return bool(NAME.fullmatch(text))


def is_plain(text: str) -> bool:
    """Whether a dotenv file can hold the text without quotes."""
    return bool(PLAIN.fullmatch(text))


def shell_line(name: str, value: str) -> str:
    """Return a line of a POSIX shell that exports a variable."""
    return f"export {name}={shlex.quote(value)}"


def properties_file(variables: Mapping[str, str]) -> str:
    """Return a file of Java's properties, in ASCII."""
    return "".join(
        f"{name}={_escape_property(text)}\n" for name, text in variables.items()
    )


def _escape_property(text: str) -> str:
    escaped = text.translate(PROPERTIES)
    if escaped[:1].isspace():
        escaped = f"\\{escaped}"
    units = escaped.encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2] for at in range(0, len(units), 2))
    codes = (int.from_bytes(pair, "big") for pair in pairs)
    return "".join(chr(c) if 31 < c < 127 else f"\\u{c:04x}" for c in codes)  # noqa: PLR2004


def code_span(text: str) -> str:
    """
    Return a code span of Markdown, in which no other syntax has a meaning.

    Do not use it in tables: Markdown splits their cells before it finds code spans.
    """
    longest = max((len(found) for found in TICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    if not text.strip():
        return "(nothing)"
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def code_of(text: str) -> str:
    """Return a text of others as a code span of limited length."""
    line = escape_ci_commands(one_line(text))
    return code_span(line if len(line) <= LONGEST else f"{line[:LONGEST]}...")


def list_lines(
    title: str, lines: Sequence[str], shown: int, total: int = 0
) -> Iterator[str]:
    """
    Yield a list under its title, the first ``shown`` lines; nothing without lines.

    ``total`` is how many there are, if ``lines`` are only some of them.
    """
    if not lines:
        return
    yield ""
    yield title
    yield ""
    yield from (f"- {line}" for line in lines[:shown])
    more = max(total, len(lines)) - shown
    if more > 0:
        yield f"- and {more} more"


def markdown_link(label: str, address: str) -> str:
    """Return a Markdown link, or plain text if label or address are not safe."""
    if not KEY.fullmatch(label):
        return code_span(label)
    return f"[{label}]({address})" if ADDRESS.fullmatch(address) else label
