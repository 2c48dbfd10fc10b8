"""Request bodies that are streamed from disk."""

from __future__ import annotations

import email.parser
import email.policy
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_bridge.client.http import Deadline
from xray_bridge.client.multipart import Body, FileBody, MultipartBody
from xray_bridge.client.request import JSON, Part
from xray_bridge.errors import AmbiguousError


if TYPE_CHECKING:
    from pathlib import Path

ENOUGH = Deadline(3600)


def whole(body: Body, size: int = 1 << 16) -> bytes:
    """Read a body completely, in blocks."""
    blocks = iter(lambda: body.read(size), b"")
    content = b"".join(blocks)
    body.close()
    return content


def a_part(content: bytes | Path, name: str = "info", filename: str = "i.json") -> Part:
    """One part of a form."""
    return Part(name=name, filename=filename, media_type=JSON, content=content)


def parsed(body: MultipartBody) -> list[tuple[str | None, str | None, str, bytes]]:
    """Name, file name, type and content of the parts, by Python's own parser."""
    head = f"Content-Type: {body.media_type}\r\n\r\n".encode()
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    message = parser.parsebytes(head + whole(body))
    found = []
    for part in message.iter_parts():
        disposition = part["Content-Disposition"].params
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found.append(
            (
                disposition.get("name"),
                disposition.get("filename"),
                part.get_content_type(),
                content,
            )
        )
    return found


def test_form_is_read_by_others(tmp_path: Path) -> None:
    """Another parser reads names, types and contents from memory and disk."""
    path = tmp_path / "report.xml"
    path.write_bytes(b"<a/>")
    parts = [a_part(b"{}"), a_part(path, "file", "report.xml")]

    found = parsed(MultipartBody(parts, ENOUGH))

    assert found == [
        ("info", "i.json", JSON, b"{}"),
        ("file", "report.xml", JSON, b"<a/>"),
    ]


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_length_is_known_before(tmp_path: Path, size: int) -> None:
    """The length is known in bytes, for any blocks."""
    path = tmp_path / "report.xml"
    path.write_text("ä" * 1000, encoding="utf-8")
    body = MultipartBody([a_part(path), a_part(b"")], ENOUGH)

    length = len(body)

    assert len(whole(body, size)) == length


def test_raw_file(tmp_path: Path) -> None:
    """The body of one file is the file, with its media type."""
    path = tmp_path / "report.json"
    path.write_bytes(b"[]")

    body = FileBody(path, JSON, ENOUGH)

    assert (len(body), body.media_type, whole(body)) == (2, JSON, b"[]")


def test_read_once() -> None:
    """After its end a body returns nothing more."""
    body = FileBody(b"all", JSON, ENOUGH)

    assert [body.read(), body.read(), body.read(10)] == [b"all", b"", b""]


def test_names_cannot_break_out() -> None:
    """Quotes and line ends in a file name are encoded, as in browsers."""
    body = MultipartBody([a_part(b"", 'a"b', "x\r\nX: y")], ENOUGH)

    content = whole(body)

    assert b'name="a%22b"; filename="x%0D%0AX: y"' in content


def test_boundaries_differ() -> None:
    """Each form has another boundary, which no content can foresee."""
    first, second = (MultipartBody([], ENOUGH) for _ in range(2))

    assert first.media_type != second.media_type


def test_deadline_that_passes_while_sending() -> None:
    """The server has a part of the body then."""
    body = FileBody(b"all", JSON, Deadline(-1))

    with pytest.raises(AmbiguousError, match="deadline"):
        body.read()


@given(st.lists(st.binary(max_size=50), max_size=4), st.integers(1, 60))
def test_any_content_survives(contents: list[bytes], size: int) -> None:
    """Any content of the parts arrives unchanged."""
    body = MultipartBody([a_part(content) for content in contents], ENOUGH)
    boundary = body.media_type.partition("boundary=")[2].encode()

    sections = whole(body, size).split(b"--" + boundary)[1:-1]

    found = [section.partition(b"\r\n\r\n")[2][:-2] for section in sections]
    assert found == contents
