"""
Read XML block by block: its errors, its elements and their places.

Expat builds no tree, so the size of a report does not matter. Declarations of entities
are refused before anything could use them, and no other file is ever opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from xml.etree import ElementTree as ET
from xml.parsers import expat


if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from xray_bridge.errors import ReportError
    from xray_bridge.formats.read.protocol import Source

BLOCK = 1 << 16
# Characters of a failure's text in messages; the report itself is sent unchanged.
LONGEST_MESSAGE = 10_000
# Levels of elements in a part that is kept as a tree.
DEEPEST = 200
AT_END = "is the report complete?"
# The hint for a control character and for a reference to one.
CONTROL = (
    "make the tool leave it out; XML cannot hold control characters, not even escaped"
)


class _FoundError(Exception):
    """Ends the parsing when the root is known."""


def root_of(source: Source) -> str:
    """
    Read the name of the root element.

    Raises ReportError if there is none.
    """
    return namespaced_root_of(source).rpartition(" ")[2]


def namespaced_root_of(source: Source) -> str:
    """
    Read the namespace and the name of the root element: ``http://x TestRun``.

    Without a namespace, it is the name alone. Raises ReportError if there is none.
    """
    tag, attributes = _read_root(source)
    prefix, _, name = tag.rpartition(":")
    space = attributes.get(f"xmlns:{prefix}" if prefix else "xmlns", "")
    return f"{space} {name}".strip()


def root_attributes(source: Source) -> Mapping[str, str]:
    """
    Read the attributes of the root element.

    Raises ReportError if there is none.
    """
    return _read_root(source)[1]


def _read_root(source: Source) -> tuple[str, Mapping[str, str]]:
    parser = make_parser(source)
    found: list[tuple[str, Mapping[str, str]]] = []

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        found.append((tag, attributes))
        raise _FoundError

    parser.StartElementHandler = start
    try:
        for _ in feed_parser(parser, source):
            pass
    except _FoundError:
        pass
    return found[0]


def find_starts(source: Source, tag: str) -> Iterator[int]:
    """
    Find the places where elements of a name begin, in bytes.

    Raises ReportError.
    """
    parser = make_parser(source)
    found: list[int] = []

    def start(name: str, _: Mapping[str, str]) -> None:
        if name == tag:
            found.append(parser.CurrentByteIndex)

    parser.StartElementHandler = start
    for _ in feed_parser(parser, source):
        yield from found
        found.clear()


def read_elements(source: Source, tags: Collection[str]) -> Iterator[ET.Element]:
    """
    Yield the elements of these names with their content; no others are kept.

    Names have no namespaces. Raises ReportError.
    """
    parser = make_parser(source)
    found: list[ET.Element] = []
    builder = ET.TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        if depth or strip_prefix(tag) in tags:
            depth += 1
            if depth > DEEPEST:
                raise source.broken("is nested too deeply", parser.CurrentLineNumber)
            builder.start(strip_prefix(tag), attributes)

    def end(tag: str) -> None:
        nonlocal depth, builder
        if depth:
            depth -= 1
            builder.end(strip_prefix(tag))
            if not depth:
                found.append(builder.close())
                builder = ET.TreeBuilder()

    def text(data: str) -> None:
        if depth:
            builder.data(data)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    for _ in feed_parser(parser, source):
        yield from found
        found.clear()


def make_parser(source: Source) -> expat.XMLParserType:
    """Make a parser that refuses entities, which can be an attack."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> NoReturn:
        what = "declares entities, which no report needs and which can be an attack"
        raise source.broken(what, parser.CurrentLineNumber, "remove the DOCTYPE")

    parser.EntityDeclHandler = refuse
    return parser


def feed_parser(parser: expat.XMLParserType, source: Source) -> Iterator[None]:
    """
    Feed a report to a parser, block by block, with a pause after each.

    Raises ReportError.
    """
    try:
        with source.path.open("rb") as file:
            while block := file.read(BLOCK):
                parser.Parse(block, False)
                yield
        parser.Parse(b"", True)
        yield
    except expat.ExpatError as error:
        raise _not_well_formed(source, parser, error) from None
    except (ValueError, LookupError) as error:
        raise source.broken(f"is in an encoding that cannot be read: {error}") from None
    except OSError as error:
        raise source.broken(f"cannot be read: {error.strerror}") from None


def strip_prefix(tag: str) -> str:
    """Remove the prefix of a namespace."""
    return tag.rpartition(":")[2]


def _not_well_formed(
    source: Source, parser: expat.XMLParserType, error: expat.ExpatError
) -> ReportError:
    """Make an error with the mistake and a hint."""
    what, hint = expat.ErrorString(error.code), AT_END
    if what == expat.errors.XML_ERROR_INVALID_TOKEN:
        found = _bytes_at(source, parser.ErrorByteIndex)
        if found[:1] < b" " and found:
            what, hint = f"a control character (0x{found[0]:02X})", CONTROL
        elif not _is_utf_8(found):
            what = f"bytes that are not UTF-8 (0x{found[0]:02X})"
            hint = "is it in another encoding than it declares, or than UTF-8?"
    elif what == expat.errors.XML_ERROR_BAD_CHAR_REF:
        what, hint = "a reference to a character that XML cannot hold", CONTROL
    elif what in JUNK:
        hint = "does the tool print something else before or after the report?"
    return source.broken(f"is not well-formed XML: {what}", error.lineno, hint)


# The file has more than one document, or none.
JUNK = (
    expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT,
    expat.errors.XML_ERROR_MISPLACED_XML_PI,
)


def _bytes_at(source: Source, place: int) -> bytes:
    with source.path.open("rb") as file:
        file.seek(max(place, 0))
        return file.read(4)


def _is_utf_8(found: bytes) -> bool:
    """Whether a character begins here."""
    for size in range(1, len(found) + 1):
        try:
            found[:size].decode()
        except UnicodeDecodeError:
            continue
        return True
    return not found
