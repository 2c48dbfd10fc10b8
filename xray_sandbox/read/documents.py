"""Read uploaded bytes as JSON or XML, or refuse them."""

from __future__ import annotations

import base64
import binascii
import json
import mimetypes
import re
from collections.abc import Mapping
from typing import IO, Any, NoReturn
from xml.etree import ElementTree as ET

from xray_sandbox.errors import RefusedError


_CHUNK = 1 << 16
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_WORD = {str: "a string", list: "an array", dict: "an object", int: "a whole number"}


class _NoDoctype(ET.TreeBuilder):
    """Build a tree, and refuse a document that declares entities."""

    def doctype(self, *_: object) -> NoReturn:
        """Refuse a DOCTYPE, because XML bombs and file inclusion need one."""
        raise RefusedError("Invalid xml file: DOCTYPE is not allowed")


def read_xml(file: IO[bytes]) -> ET.Element:
    """Read an XML document and return its root."""
    parser = ET.XMLParser(target=_NoDoctype())  # noqa: S314 -- guarded by the target
    chunk = file.read(_CHUNK)
    if chunk.startswith(_BOMS):
        raise RefusedError("Invalid xml file: Non-whitespace before first tag")
    try:
        while chunk:
            parser.feed(chunk)
            chunk = file.read(_CHUNK)
        root = parser.close()
    except (ET.ParseError, ValueError, LookupError) as error:
        raise RefusedError(f"Invalid xml file: {error}") from error
    return root


def read_json(file: IO[bytes], *, otherwise: str = "Invalid JSON") -> Any:
    """Read a JSON document; `otherwise` is the answer if it is not one."""
    try:
        return json.loads(file.read(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise RefusedError(otherwise) from error


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def expect(value: Any, kind: type, what: str) -> Any:
    """Return the value if it has this JSON type, or refuse it."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise RefusedError(f"{what} must be {_WORD[kind]}")
    return value


def text_of(values: Mapping[str, Any], name: str) -> str:
    """A string member, or an empty string if it is missing."""
    found: str = expect(values.get(name, ""), str, name)
    return found


def texts_of(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A member that is an array of strings, or empty if it is missing."""
    found = expect(values.get(name, []), list, name)
    return tuple(expect(item, str, f"{name}[]") for item in found)


def items_of(values: Mapping[str, Any], name: str) -> tuple[dict[str, Any], ...]:
    """A member that is an array of objects, or empty if it is missing."""
    found = expect(values.get(name, []), list, name)
    return tuple(expect(item, dict, f"{name}[]") for item in found)


def refuse_unknown(
    values: Mapping[str, Any], known: frozenset[str], where: str
) -> None:
    """Refuse members that the format does not have."""
    unknown = sorted(values.keys() - known)
    if unknown:
        raise RefusedError(f"{where} contains unknown properties: {', '.join(unknown)}")


def decode_evidence(data: object, filename: str) -> bytes:
    """Decode evidence from base64."""
    text = re.sub(r"\s+", "", expect(data, str, "evidence data"))
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError(f"evidence {filename} is not valid base64") from error


def media_type(filename: str) -> str:
    """Guess the media type from the name of a file."""
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"
