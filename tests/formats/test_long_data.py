"""Evidence is cut while Xray JSON is read, and restored where it is written again."""

from __future__ import annotations

import io
import json
import random
from typing import TYPE_CHECKING, Any

import ijson
import pytest

from xray_bridge.errors import ReportError
from xray_bridge.formats.read import long_data, xray
from xray_bridge.formats.read.json_stream import BLOCK, Blocks, parse_members
from xray_bridge.formats.read.long_data import ShortData
from xray_bridge.formats.read.protocol import Source


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let blocks end anywhere in these small files."""
    monkeypatch.setattr(long_data, "HEAD", 6)
    monkeypatch.setattr(long_data, "BLOCK", 13)


def parts(chance: random.Random) -> Any:
    """A value with evidence, and with texts that look like it."""
    texts = [
        "aGVsbG8=" * chance.randint(0, 9),
        'x"data": "y',
        "\\",
        "é" * 9,
        "a\nb",
        "/",
    ]
    text = "".join(chance.choices(texts, k=chance.randint(0, 4)))
    kind = chance.randrange(6)
    if kind == 0:
        return [parts(chance) for _ in range(chance.randint(0, 3))]
    if kind == 1:
        names = ["data", 'a"data', "\\", "data ", "b"]
        return {name: parts(chance) for name in chance.sample(names, 2)}
    return {"data": text} if kind in {2, 3} else text


@pytest.mark.parametrize("seed", range(400))
def test_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """A report that is read and written again has the same content."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    monkeypatch.setattr(long_data, "BLOCK", chance.randint(1, 40))
    content = {"info": parts(chance), "tests": [parts(chance) for _ in range(4)]}
    ascii_only = chance.random() < 0.5
    indent = chance.choice([None, 1])
    path = tmp_path / "report.json"
    path.write_text(
        json.dumps(content, ensure_ascii=ascii_only, indent=indent), "utf-8"
    )
    out = io.BytesIO()

    xray.write_copy(Source(path=path, name="report"), None, out)

    assert json.loads(out.getvalue()) == content


def test_cut() -> None:
    """The parser gets the beginning of evidence only, and the rest of the report."""
    text = json.dumps({"tests": [{"data": "x" * 500, "filename": "y" * 500}]})

    [(_, test)] = parse_members(ShortData(io.BytesIO(text.encode())), "tests")

    assert test["data"].startswith("xxxxxx\0")
    assert len(test["data"]) < 40
    assert test["filename"] == "y" * 500


@pytest.mark.parametrize("wrong", [b"\x01", b"\n", b"\xff", b"\\x", b"\\u12"])
@pytest.mark.parametrize("place", [0, 3, 7, 40, 99])
def test_mistakes_in_what_is_cut(tmp_path: Path, wrong: bytes, place: int) -> None:
    """A mistake in evidence is found, wherever it is."""
    text = b"x" * place + wrong + b"x" * (100 - place)
    path = tmp_path / "report.json"
    path.write_bytes(b'{"tests": [{"testKey": "D-1", "data": "' + text + b'"}]}')

    with pytest.raises(ReportError, match="is not valid JSON"):
        list(xray.XrayReading(Source(path=path, name="report")).cases())


@pytest.mark.parametrize("size", [20, 45, 60, 150])
def test_incomplete(size: int) -> None:
    """A file that ends within evidence is not complete."""
    text = json.dumps({"tests": [{"data": "x" * 200}]})[:size]

    with pytest.raises(ijson.IncompleteJSONError):
        list(parse_members(ShortData(io.BytesIO(text.encode())), "tests"))


def test_blocks_grow_within_a_long_text() -> None:
    """The parser looks through a long text a few times, however long it is."""
    size = 40 * BLOCK
    blocks = Blocks(io.BytesIO(b'["' + b"\\n" * (size // 2) + b'"' + b", 1" * size))
    read: list[int] = []
    while block := blocks.read():
        read.append(len(block))
        blocks.had_events = len(read) > 8

    assert read[:7] == [BLOCK << each for each in range(7)]
    assert read[9:-1] == [BLOCK] * len(read[9:-1])
