"""Files as base64 inside of JSON."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xray_bridge.formats.write.protocol import limit_duration
from xray_bridge.formats.write.streams import Base64, base64_blocks, dump_json
from xray_bridge.text import one_line, readable


if TYPE_CHECKING:
    from pathlib import Path


def dumped(value: object, **how: bool) -> bytes:
    """The bytes that are written."""
    file = io.BytesIO()
    dump_json(value, file, **how)
    return file.getvalue()


def test_without_a_file() -> None:
    """It is JSON as ever."""
    assert dumped({"a": ["ü", 1]}) == b'{"a": ["\\u00fc", 1]}'
    assert dumped({"a": "ü"}, ensure_ascii=False) == '{"a": "ü"}'.encode()


def test_files_in_their_places(tmp_path: Path) -> None:
    """Several, the same twice, and in any depth."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"content of {name}")
    a, b = (Base64(tmp_path / name) for name in ("a", "b"))

    found = json.loads(dumped({"x": [a, {"y": b}], "z": a, "end": 1}))

    coded = [base64.b64encode(f"content of {name}".encode()).decode() for name in "ab"]
    assert found == {"x": [coded[0], {"y": coded[1]}], "z": coded[0], "end": 1}


plain = st.recursive(
    st.text(st.characters(exclude_categories=[])).map(readable)
    | st.sampled_from(["\\u00000", '"\\u00000"', '"\\\\u00001"', "\\", '"']),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().map(readable), inner),
    max_leaves=10,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=plain, after=plain)
def test_texts_are_not_taken_for_files(tmp_path: Path, before: Any, after: Any) -> None:
    """The texts around a file stay unchanged."""
    path = tmp_path / "file"
    path.write_bytes(b"content")

    found = json.loads(dumped([before, Base64(path), after]))

    assert found == [before, base64.b64encode(b"content").decode(), after]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(), times=st.integers(1, 5000))
def test_blocks_are_one_text(tmp_path: Path, content: bytes, times: int) -> None:
    """Padding stands at the end only."""
    path = tmp_path / "file"
    path.write_bytes(content * times)

    assert b"".join(base64_blocks(path)) == base64.b64encode(content * times)


def test_no_number_that_json_has_not() -> None:
    """A server would refuse the report with such a number."""
    with pytest.raises(ValueError, match="JSON"):
        dumped({"a": float("nan")})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a", "a"), ("a\nb\r\n c", "a b c"), ("\x1b[0m", ""), (" a\t", "a")],
)
def test_one_line(text: str, expected: str) -> None:
    """Blanks of any kind are one."""
    assert one_line(text) == expected


@pytest.mark.parametrize(
    ("duration", "expected"),
    [(0.5, 0.5), (0, 0), (-1.0, 0.0), (float("nan"), 0.0), (float("inf"), 0.0)],
)
def test_duration_of_a_patched_clock(duration: float, expected: float) -> None:
    """An impossible duration becomes 0."""
    assert limit_duration(duration) == expected


@given(st.text(st.characters(exclude_categories=[])))
def test_readable_has_no_nul(text: str) -> None:
    """On that the places of files rely; and once is enough."""
    found = readable(text)

    assert "\0" not in found
    assert readable(found) == found
