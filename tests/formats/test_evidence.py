"""Evidence in every format is complete, has its name, and is never in memory."""

from __future__ import annotations

import hashlib
import re
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import pytest

from tests.builders import a_run, a_scenario, a_scenario_run, a_step
from tests.formats.reading import (
    ALL,
    BOTH,
    OF_SCENARIOS,
    PICTURE,
    a_piece,
    document,
    evidence,
    kept,
    rendered,
    texts,
    validate,
)
from xray_bridge.formats.write import make_writer
from xray_bridge.formats.write.streams import BLOCK
from xray_bridge.model.dialect import DIALECTS, SERVER
from xray_bridge.model.results import Outcome


if TYPE_CHECKING:
    from collections.abc import Iterable

    from xray_bridge.model.results import TestRun

MEBIBYTE = 1 << 20
TEXT = "Grüße 🥒".encode()


def a_result(name: str, *pieces: bytes) -> TestRun:
    """A failed test, or scenario, with this evidence."""
    found = tuple(a_piece(each, f"{n}.bin") for n, each in enumerate(pieces))
    scenario = a_scenario() if name in OF_SCENARIOS else None
    return a_run(Outcome.FAILED, keys=["CALC-1"], evidence=found, scenario=scenario)


@BOTH
@ALL
def test_content_is_what_was_kept(tmp_path: Path, name: str, deployment: str) -> None:
    """Read back by base64 itself, in order."""
    contents = [PICTURE, TEXT, b"\0"]
    run = a_result(name, *contents)

    content = rendered(tmp_path, name, deployment, run, contents=contents)

    validate(name, deployment, content)
    assert [piece for _, piece in evidence(name, content)] == contents
    if name != "behave":
        names = [named for named, _ in evidence(name, content)]
        assert names == ["0.bin", "1.bin", "2.bin"]


@ALL
@pytest.mark.parametrize(
    "size", [1, 2, 3, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 2]
)
def test_ends_of_blocks(tmp_path: Path, name: str, size: int) -> None:
    """Wherever the file ends, its base64 is one."""
    whole = bytes(range(251)) * (size // 251 + 1)
    piece = whole[:size]

    content = rendered(tmp_path, name, SERVER, a_result(name, piece), contents=[piece])

    assert [found for _, found in evidence(name, content)] == [piece]


@BOTH
@ALL
def test_file_that_is_gone(tmp_path: Path, name: str, deployment: str) -> None:
    """It is left out, and so is the word for it where there is no other."""
    run = a_result(name, b"here", b"gone")
    nothing = a_result(name, b"gone")

    content = rendered(tmp_path / "a", name, deployment, run, contents=[b"here"])
    without = rendered(tmp_path / "b", name, deployment, nothing)

    assert [piece for _, piece in evidence(name, content)] == [b"here"]
    validate(name, deployment, without)
    assert evidence(name, without) == []
    assert not any("evidence" in text for text in texts(name, without))


@ALL
def test_file_that_was_emptied(tmp_path: Path, name: str) -> None:
    """It is left out, because Xray would refuse the report."""
    found = kept(tmp_path, a_result(name, b"full"), contents=[b"full"])
    for path in tmp_path.rglob(a_piece(b"full").file):
        path.write_bytes(b"")
    sink = Sink()

    make_writer(name, "CALC").write(found, DIALECTS[SERVER], cast("BinaryIO", sink))

    assert sink.matches == 0


class Sink:
    """A file that keeps only numbers about its content."""

    def __init__(self) -> None:
        self.size = 0
        self.biggest = 0
        self.matches = 0

    def write(self, content: bytes) -> int:
        """Take it and forget it."""
        self.size += len(content)
        self.biggest = max(self.biggest, len(content))
        self.matches += len(
            re.findall(rb"testrun_evidence|evidences|mime_type", content)
        )
        return len(content)

    def writelines(self, lines: Iterable[bytes]) -> None:
        """Take them one by one."""
        for line in lines:
            self.write(line)


@pytest.mark.parametrize("place", ["test", "step"])
@ALL
def test_evidence_is_streamed(tmp_path: Path, name: str, place: str) -> None:
    """16 MiB of it takes less than 4 MiB of memory, and no big write."""
    size = 16 * MEBIBYTE
    zeros = hashlib.sha256(bytes(size))
    piece = replace(a_piece(b"a stand-in", "big.bin"), file=zeros.hexdigest())
    own = (piece,) if place == "test" else ()
    steps = (a_step(evidence=() if own else (piece,)),)
    run = a_scenario_run(keys=["CALC-1"], steps=steps, evidence=own)
    if name not in OF_SCENARIOS:
        run = a_run(keys=["CALC-1"], steps=steps, evidence=own)
    found = kept(tmp_path, run, contents=[b"a stand-in"])
    (folder,) = tmp_path.rglob("evidence")
    with (folder / piece.file).open("wb") as file:
        file.truncate(size)
    sink = Sink()

    tracemalloc.start()
    try:
        make_writer(name, "CALC").write(found, DIALECTS[SERVER], cast("BinaryIO", sink))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert sink.size > size * 4 // 3
    assert sink.biggest < MEBIBYTE
    assert peak < 4 * MEBIBYTE


@pytest.mark.fault("E08")
@pytest.mark.parametrize("name", ["junit", "xray"])
def test_memory_for_many_tests(tmp_path: Path, name: str) -> None:
    """Less than two hundred bytes for each test more, so 20 MB for 100,000."""
    peaks = []
    for number in (500, 2_500):
        runs = [a_run(name=f"test_{each}", message="x" * 999) for each in range(number)]
        found = kept(tmp_path / str(number), *runs)
        tracemalloc.start()
        try:
            make_writer(name, "CALC").write(
                found, DIALECTS[SERVER], cast("BinaryIO", Sink())
            )
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()

    assert (peaks[1] - peaks[0]) / 2_000 < 200


@pytest.mark.parametrize("name", OF_SCENARIOS)
def test_scenarios_are_streamed(tmp_path: Path, name: str) -> None:
    """A feature of three hundred rows is written row by row."""
    message = "x" * 20_000
    runs = [
        a_scenario_run(
            Outcome.FAILED,
            name=str(row),
            scenario=a_scenario(outline="sums", row=row),
            steps=(a_step(Outcome.FAILED, message=message),),
        )
        for row in range(1, 301)
    ]
    found = kept(tmp_path, *runs)
    sink = Sink()

    tracemalloc.start()
    try:
        make_writer(name).write(found, DIALECTS[SERVER], cast("BinaryIO", sink))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert sink.size > 20_000 * 300
    assert peak < MEBIBYTE


@pytest.mark.parametrize("name", OF_SCENARIOS)
def test_every_row_is_there(tmp_path: Path, name: str) -> None:
    """Streaming loses none, and repeats none."""
    runs = [a_scenario_run(scenario=a_scenario(str(row))) for row in range(50)]

    content = rendered(tmp_path, name, SERVER, *runs)

    (feature,) = document(content)
    assert [each["name"] for each in feature["elements"]] == [*map(str, range(50))]
