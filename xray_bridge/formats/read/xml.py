"""
XML reports, block by block: whether they are sound, and which tests they hold.

Expat reads them, which builds no tree: a report may be as big as it likes.
Entities are refused where they are declared, before anything could use them, and
no other file is ever opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from xml.etree import ElementTree as ET
from xml.parsers import expat

from xray_bridge.formats.read.protocol import Case, verdict
from xray_bridge.model.results import Outcome
from xray_bridge.model.xml_shapes import Element


if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from xray_bridge.formats.read.protocol import Source
    from xray_bridge.model.xml_shapes import XmlShape

BLOCK = 1 << 16
# Characters of a failure's text; the report itself is sent whole.
LONGEST_MESSAGE = 10_000
# Elements of a part that is kept as a tree.
DEEPEST = 200


class _FoundError(Exception):
    """The root is known, which is all that was asked."""


def root_of(source: Source) -> str:
    """
    The name of the root element.

    Raises ReportError where there is none.
    """
    return namespaced_root_of(source).rpartition(" ")[2]


def namespaced_root_of(source: Source) -> str:
    """
    The namespace and the name of the root element, ``http://x TestRun``.

    Without a namespace, the name alone. Raises ReportError where there is none.
    """
    tag, attributes = _root(source)
    prefix, _, name = tag.rpartition(":")
    space = attributes.get(f"xmlns:{prefix}" if prefix else "xmlns", "")
    return f"{space} {name}".strip()


def root_attributes(source: Source) -> Mapping[str, str]:
    """
    The attributes of the root element.

    Raises ReportError where there is none.
    """
    return _root(source)[1]


def _root(source: Source) -> tuple[str, Mapping[str, str]]:
    parser = _parser(source)
    found: list[tuple[str, Mapping[str, str]]] = []

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        found.append((tag, attributes))
        raise _FoundError

    parser.StartElementHandler = start
    try:
        for _ in _parsed(parser, source):
            pass
    except _FoundError:
        pass
    return found[0]


def starts(source: Source, tag: str) -> Iterator[int]:
    """
    Where elements of a name begin, in bytes.

    Raises ReportError.
    """
    parser = _parser(source)
    found: list[int] = []

    def start(name: str, _: Mapping[str, str]) -> None:
        if name == tag:
            found.append(parser.CurrentByteIndex)

    parser.StartElementHandler = start
    for _ in _parsed(parser, source):
        yield from found
        found.clear()


def cases(source: Source, shape: XmlShape) -> Iterator[Case]:
    """
    The tests of a report, read to its end.

    Raises ReportError.
    """
    parser = _parser(source)
    reader = _Reader(shape, parser)
    for _ in _parsed(parser, source):
        yield from reader.done
        reader.done.clear()


def elements(source: Source, tags: Collection[str]) -> Iterator[ET.Element]:
    """
    The elements of these names, each with all that is in it; no others are kept.

    Names are without their namespaces. Raises ReportError.
    """
    parser = _parser(source)
    found: list[ET.Element] = []
    builder = ET.TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        if depth or _plain(tag) in tags:
            depth += 1
            if depth > DEEPEST:
                raise source.broken("is nested too deeply", parser.CurrentLineNumber)
            builder.start(_plain(tag), attributes)

    def end(tag: str) -> None:
        nonlocal depth, builder
        if depth:
            depth -= 1
            builder.end(_plain(tag))
            if not depth:
                found.append(builder.close())
                builder = ET.TreeBuilder()

    def text(data: str) -> None:
        if depth:
            builder.data(data)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    for _ in _parsed(parser, source):
        yield from found
        found.clear()


def _parser(source: Source) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> NoReturn:
        what = "declares entities, which no report needs and which can be an attack"
        raise source.broken(what, parser.CurrentLineNumber, "take out the DOCTYPE")

    parser.EntityDeclHandler = refuse
    return parser


def _parsed(parser: expat.XMLParserType, source: Source) -> Iterator[None]:
    try:
        with source.path.open("rb") as file:
            while block := file.read(BLOCK):
                parser.Parse(block, False)
                yield
        parser.Parse(b"", True)
        yield
    except expat.ExpatError as error:
        raise source.broken(
            f"is no well-formed XML: {expat.ErrorString(error.code)}",
            error.lineno,
            "was the report written to its end?",
        ) from None
    except (ValueError, LookupError) as error:
        raise source.broken(f"is in an encoding that cannot be read: {error}") from None
    except OSError as error:
        raise source.broken(f"cannot be read: {error.strerror}") from None


def _plain(tag: str) -> str:
    """Without the prefix of a namespace."""
    return tag.rpartition(":")[2]


class _Reader:
    """Collects tests as their elements end; ``done`` is taken away from outside."""

    def __init__(self, shape: XmlShape, parser: expat.XMLParserType) -> None:
        self.done: list[Case] = []
        self._shape = shape
        self._parser = parser
        self._scopes: list[str] = []
        self._test: Element | None = None
        self._depth = 0
        self._texts: list[str] | None = None
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        tag, shape, test = _plain(tag), self._shape, self._test
        if test is None:
            if tag in shape.scopes:
                self._scopes.append(attributes.get("name", ""))
            elif tag == shape.test:
                within = self._scopes if shape.nested_scopes else self._scopes[-1:]
                scope = ".".join(filter(None, within))
                self._test, self._depth = Element(attributes, scope), 0
            return
        self._depth += 1
        if self._depth == 1:
            test.children[tag] = attributes
        if tag == "property" and "name" in attributes:
            test.properties[attributes["name"]] = attributes.get("value", "")
        if shape.messages.get(tag) == self._depth and tag not in test.texts:
            test.texts[tag] = attributes.get("message", "")
            self._texts = []
            self._parser.CharacterDataHandler = self._text

    def _text(self, text: str) -> None:
        if self._texts is not None:
            self._texts.append(text)

    def _end(self, tag: str) -> None:
        tag, test = _plain(tag), self._test
        if test is None:
            if tag in self._shape.scopes:
                self._scopes.pop()
            return
        if self._texts is not None and self._shape.messages.get(tag) == self._depth:
            whole = "".join(self._texts)[:LONGEST_MESSAGE].strip()
            said = test.texts[tag]
            test.texts[tag] = whole if said in whole else f"{said}\n{whole}".strip()
            self._texts = None
            self._parser.CharacterDataHandler = None
        if self._depth == 0:
            self._finish(test)
            self._test = None
        self._depth -= 1

    def _finish(self, test: Element) -> None:
        shape = self._shape
        attribute, value = shape.ignored
        if attribute and test.attributes.get(attribute) == value:
            return
        found = verdict(shape.word(test))
        failed = found.outcome is Outcome.FAILED
        message = next(filter(None, test.texts.values()), "") if failed else ""
        self.done.append(
            Case(
                name=shape.name(test),
                outcome=found.outcome,
                key=test.properties.get("test_key", "").strip(),
                message=message,
                word=found.word,
            )
        )
