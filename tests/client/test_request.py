"""A request as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from xray_bridge.client.request import JSON, Part, Request


if TYPE_CHECKING:
    from pathlib import Path


def test_target_is_encoded() -> None:
    """No value can end the target."""
    request = Request(
        method="POST",
        path="/import",
        query=(("testEnvironments", "a;b"), ("revision", "1&x=2 #ä/+")),
    )

    assert request.target == (
        "/import?testEnvironments=a%3Bb&revision=1%26x%3D2%20%23%C3%A4%2F%2B"
    )


def test_target_without_a_query() -> None:
    """Without a query the target is the path."""
    assert Request(method="GET", path="/a/b").target == "/a/b"


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1))))
def test_any_query_is_read_back(query: list[tuple[str, str]]) -> None:
    """Any query values are parsed back."""
    request = Request(method="GET", path="/", query=tuple(query))

    assert parse_qsl(urlsplit(request.target).query) == query


def test_described_for_a_person(tmp_path: Path) -> None:
    """The lines have method, target, parts and sizes, but no contents."""
    path = tmp_path / "report.xml"
    path.write_bytes(b"x" * 1234)
    parts = (
        Part(name="file", filename="report.xml", media_type="x/y", content=path),
        Part(name="info", filename="info.json", media_type=JSON, content=b"{}"),
    )
    request = Request(method="POST", path="/import", parts=parts)

    assert list(request.describe()) == [
        "POST /import",
        "  part file: report.xml, 1,234 bytes",
        "  part info: info.json, 2 bytes",
    ]


def test_raw_body_described() -> None:
    """The line of a raw body has media type and size."""
    request = Request(method="POST", path="/import", content=b"[]", media_type=JSON)

    assert list(request.describe())[1] == "  body: application/json, 2 bytes"


def test_requests_compare_by_value() -> None:
    """Equal requests compare equal."""
    assert Request(method="GET", path="/") == Request(method="GET", path="/")
