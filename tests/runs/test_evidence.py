"""Evidence: what is kept, what is not and why, and what stays within limits."""

from __future__ import annotations

import enum
import errno
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import TOKEN, a_run, a_step
from tests.forkserver import FORKABLE
from xray_bridge.config.redaction import Redactor
from xray_bridge.config.secret import MASK, Secret
from xray_bridge.model.results import Evidence, Iteration, Outcome
from xray_bridge.runs import evidence
from xray_bridge.runs.evidence import (
    LONGEST_NAME,
    MEGABYTE,
    EvidenceFolder,
    EvidenceSource,
    Item,
    Limits,
    NotKeptError,
)


if TYPE_CHECKING:
    from collections.abc import Sequence

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
CLEAN = Redactor([Secret(TOKEN)]).clean
# Under another account: root may read anything.
NOBODY = 65534


@pytest.fixture
def folder(tmp_path: Path) -> EvidenceFolder:
    """That of a run directory; a file may have 1000 bytes."""
    (tmp_path / "run").mkdir()
    return EvidenceFolder(tmp_path / "run", 1000, CLEAN)


def kept_in(tmp_path: Path) -> dict[str, bytes]:
    """All that is in the folder."""
    found = (tmp_path / "run" / evidence.FOLDER).glob("*")
    return {path.name: path.read_bytes() for path in found}


def a_piece(name: str = "shot.png", file: str = "a.png", **changes: Any) -> Evidence:
    """A piece of evidence."""
    given = {"media_type": "image/png", "size": 10, **changes}
    return Evidence(name=name, file=file, **given)


def test_bytes(folder: EvidenceFolder, tmp_path: Path) -> None:
    """They are written at once, named by their hash and the ending of their name."""
    found = folder.add(EvidenceSource(PNG, "Shot.PNG"))

    file = f"{hashlib.sha256(PNG).hexdigest()}.png"
    assert found == a_piece("Shot.PNG", file, size=len(PNG))
    assert kept_in(tmp_path) == {file: PNG}


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_kinds_of_bytes(folder: EvidenceFolder, tmp_path: Path, kind: type) -> None:
    """Whatever holds bytes."""
    folder.add(EvidenceSource(kind(PNG), "shot.png"))

    assert list(kept_in(tmp_path).values()) == [PNG]


@pytest.mark.parametrize("kind", [str, Path, PurePosixPath, os.DirEntry])
def test_kinds_of_paths(folder: EvidenceFolder, tmp_path: Path, kind: type) -> None:
    """The file is copied now; its name and type follow from the path."""
    path = tmp_path / "there" / "shot.png"
    path.parent.mkdir()
    path.write_bytes(PNG)
    (entry,) = os.scandir(path.parent)
    given = entry if kind is os.DirEntry else kind(path)

    found = folder.add(EvidenceSource(given))
    path.unlink()

    assert (found.name, found.media_type) == ("shot.png", "image/png")
    assert kept_in(tmp_path) == {found.file: PNG}


class BytesPath:
    """A path that tells bytes, as some do."""

    def __init__(self, path: Path) -> None:
        self._path = os.fsencode(path)

    def __fspath__(self) -> bytes:
        return self._path


def test_path_in_bytes(folder: EvidenceFolder, tmp_path: Path) -> None:
    """``os.PathLike`` may be either."""
    (tmp_path / "shot.png").write_bytes(PNG)
    given: Any = BytesPath(tmp_path / "shot.png")

    assert folder.add(EvidenceSource(given)).name == "shot.png"


def test_file_of_proc(folder: EvidenceFolder, tmp_path: Path) -> None:
    """Files whose size says 0 may have content."""
    if not Path("/proc/self/comm").exists():
        pytest.skip("no /proc here")

    folder.add(EvidenceSource("/proc/self/comm"))

    assert len(kept_in(tmp_path)) == 1


def a_fifo(path: Path) -> None:
    """A pipe that nobody writes to."""
    os.mkfifo(path)


def a_link_to_itself(path: Path) -> None:
    """A link that leads nowhere."""
    path.symlink_to(path)


def sparse(path: Path) -> None:
    """2 GB that take no room on the disk."""
    with path.open("wb") as file:
        file.truncate(2 << 30)


OVER = "over the limit of 1000 bytes for a file (xray_evidence_limit)"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda _: None, "it.png does not exist"),
        (Path.touch, "it.png is empty"),
        (Path.mkdir, "it.png is not a file"),
        (a_fifo, "it.png is not a file"),
        (a_link_to_itself, "it.png does not exist"),
        (sparse, f"it.png: 2048 MB is {OVER}"),
    ],
    ids=["missing", "empty", "directory", "fifo", "link", "sparse"],
)
def test_no_evidence(
    folder: EvidenceFolder, tmp_path: Path, make: Any, why: str
) -> None:
    """An error names evidence that cannot be kept, at once, and no file is left."""
    make(tmp_path / "it.png")

    with pytest.raises(NotKeptError) as caught:
        folder.add(EvidenceSource(tmp_path / "it.png"))

    assert str(caught.value) == why
    assert kept_in(tmp_path) == {}


def test_unreadable(
    folder: EvidenceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of somebody else."""
    (tmp_path / "it.png").write_bytes(PNG)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(NotKeptError, match=r"^it\.png cannot be read: Permission"):
        folder.add(EvidenceSource(tmp_path / "it.png"))


@pytest.mark.parametrize("path", ["x" * 5000, "a\0b", "\ud800", "", ".", "/"])
def test_no_path(folder: EvidenceFolder, path: str) -> None:
    """Texts that are no names of files, such as the very text to be attached."""
    with pytest.raises(NotKeptError) as caught:
        folder.add(EvidenceSource(path))

    assert len(str(caught.value)) < LONGEST_NAME + 60


@pytest.mark.parametrize("content", [None, 1, {"a": 1}, ["x"], object()])
def test_neither_bytes_nor_path(folder: EvidenceFolder, content: Any) -> None:
    """It does not fail the test that attaches it."""
    kind = type(content).__name__

    with pytest.raises(NotKeptError, match=f"^it is {kind}, neither bytes nor"):
        folder.add(EvidenceSource(content, "it"))


@pytest.mark.parametrize("content", [b"", bytearray(), b"x" * 1001])
def test_bytes_that_are_not_kept(folder: EvidenceFolder, content: bytes) -> None:
    """None, or too many."""
    with pytest.raises(NotKeptError, match=r"empty|over the limit of 1000 bytes"):
        folder.add(EvidenceSource(content, "it"))


def test_size_of_what_has_wide_items(folder: EvidenceFolder) -> None:
    """A view of 200 numbers has 1600 bytes."""
    wide = memoryview(bytes(1600)).cast("d")

    with pytest.raises(NotKeptError, match="2 KB is over the limit"):
        folder.add(EvidenceSource(wide, "it"))  # type: ignore[arg-type]


def test_as_much_as_is_allowed(folder: EvidenceFolder, tmp_path: Path) -> None:
    """The limit itself is within the limit, from memory and from disk."""
    (tmp_path / "it.bin").write_bytes(b"x" * 1000)

    assert folder.add(EvidenceSource(b"x" * 1000, "it.bin")).size == 1000
    assert folder.add(EvidenceSource(tmp_path / "it.bin")).size == 1000


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a/b/shot.png", "shot.png"),
        ("C:\\shots\\shot.png", "shot.png"),
        ("../../etc/passwd", "passwd"),
        ("..", "evidence"),
        ("/", "evidence"),
        (" . ", "evidence"),
        ("shot\n1\x1b.png", "shot_1_.png"),
        ("evil\u202egnp.exe", "evil_gnp.exe"),
        ("\ud800.png", "_.png"),
        ('a"<b>|c?*.png', "a__b__c__.png"),
        ("Zürich \U0001f600.png", "Zürich \U0001f600.png"),
        (f"{TOKEN}.png", "___.png"),
        (f"{'x' * 300}.png", f"{'x' * (LONGEST_NAME - 4)}.png"),
        (f"{'x' * 300}.{'y' * 300}", "x" * LONGEST_NAME),
        (f"{'x' * 110}{TOKEN}.png", f"{'x' * 110}___.png"),
        ("archive.tar.gz", "archive.tar.gz"),
    ],
)
def test_name(folder: EvidenceFolder, name: str, shown: str) -> None:
    """A file's name without its folders, that any system and reader takes."""
    found = folder.add(EvidenceSource(PNG, name))

    assert found.name == shown
    assert "/" not in found.file


def test_without_a_name(folder: EvidenceFolder) -> None:
    """Bytes have none of their own."""
    assert folder.add(EvidenceSource(PNG)).name == "evidence"


def test_same_name_and_other_content(folder: EvidenceFolder, tmp_path: Path) -> None:
    """Neither replaces the other."""
    first = folder.add(EvidenceSource(b"one", "x.txt"))
    second = folder.add(EvidenceSource(b"two", "x.txt"))

    assert kept_in(tmp_path) == {first.file: b"one", second.file: b"two"}


def test_same_content_and_other_name(folder: EvidenceFolder, tmp_path: Path) -> None:
    """It is kept once."""
    first = folder.add(EvidenceSource(b"one", "x.txt"))
    second = folder.add(EvidenceSource(b"one", "y.txt"))

    assert (first.name, second.name) == ("x.txt", "y.txt")
    assert kept_in(tmp_path) == {first.file: b"one"}


class MediaType(str, enum.Enum):
    """As allure has them."""

    PNG = "image/png"


@pytest.mark.parametrize(
    ("name", "content", "given", "expected"),
    [
        ("x.png", PNG, "", "image/png"),
        ("x.json", b"{}", "", "application/json"),
        ("x.har", b"{}", "", "text/plain"),
        ("x", "ä".encode("utf-16"), "", "text/plain"),
        ("x", PNG, "", "application/octet-stream"),
        ("x.log", b"text", "application/octet-stream", "text/plain"),
        ("x.tar.gz", b"\x1f\x8b\x08\0\1\2", "", "application/gzip"),
        ("x.png", PNG, "image/webp", "image/webp"),
        ("x", PNG, MediaType.PNG, "image/png"),
        ("x", b"text", " text/html; charset=utf-8 ", "text/html; charset=utf-8"),
        ("x.png", PNG, "image/png\r\nX: y", "image/png"),
        ("x.png", PNG, "picture", "image/png"),
        ("x.png", PNG, 7, "image/png"),
        ("data:,x.png", PNG, "", "image/png"),
    ],
)
def test_media_type(
    folder: EvidenceFolder, name: str, content: bytes, given: Any, expected: str
) -> None:
    """As given, if it is one; else by the name, else by the content."""
    found = folder.add(EvidenceSource(content, name, given)).media_type

    assert found == expected
    assert type(found) is str


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"text", "text/plain"), (PNG, "application/octet-stream")],
)
def test_media_type_where_the_system_may_not_be_asked(
    folder: EvidenceFolder,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    expected: str,
) -> None:
    """A test that forbids all files still has evidence; the content tells."""

    def forbidden(_: str) -> None:
        raise PermissionError

    monkeypatch.setattr("mimetypes.guess_type", forbidden)

    assert folder.add(EvidenceSource(content, "x.png")).media_type == expected


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("x.txt", ""),
        ("x.log", ""),
        ("x.json", ""),
        ("x.har", ""),
        ("x.html", ""),
        ("x.svg", ""),
        ("x.xml", ""),
        ("x.yaml", ""),
        ("x.js", ""),
        ("x.sh", ""),
        ("x.sql", ""),
        ("x.eml", ""),
        ("x", ""),
        ("x", "application/octet-stream"),
        ("x", "application/vnd.api+json"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_secrets_of_texts_do_not_reach_the_disk(
    folder: EvidenceFolder, tmp_path: Path, name: str, media_type: str, encoding: str
) -> None:
    """Whatever a text calls itself."""
    content = f'{{"token": "{TOKEN}"}}\n'.encode(encoding)

    found = folder.add(EvidenceSource(content, name, media_type))

    (written,) = kept_in(tmp_path).values()
    assert written.decode(encoding) == f'{{"token": "{MASK}"}}\n'
    assert found.size == len(written)
    assert found.file.startswith(hashlib.sha256(written).hexdigest())


@pytest.mark.parametrize("name", ["x", "x.log", "x.txt", "x.bin"])
def test_secret_in_a_text_of_another_age(
    folder: EvidenceFolder, tmp_path: Path, name: str
) -> None:
    """Latin-1 does not say that it is text."""
    folder.add(EvidenceSource(f"ä {TOKEN}".encode("latin-1"), name))

    assert list(kept_in(tmp_path).values()) == [f"ä {MASK}".encode("latin-1")]


@pytest.mark.parametrize("name", ["x.png", "x.zip", "x"])
def test_other_content_stays_as_it_is(
    folder: EvidenceFolder, tmp_path: Path, name: str
) -> None:
    """To the byte: an image with other bytes is none."""
    content = PNG + TOKEN.encode() + bytes(range(256))

    folder.add(EvidenceSource(content, name))

    assert list(kept_in(tmp_path).values()) == [content]


def test_folder_is_made_when_it_is_needed(
    folder: EvidenceFolder, tmp_path: Path
) -> None:
    """For its owner only; a run without evidence has none."""
    path = tmp_path / "run" / evidence.FOLDER
    assert not path.exists()

    found = folder.add(EvidenceSource(PNG, "x.png"))

    assert path.stat().st_mode & 0o077 == 0
    assert (path / found.file).stat().st_mode & 0o077 == 0


def test_disk_that_is_full(
    tmp_path: Path, folder: EvidenceFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is told, and no half file stays."""
    written: list[int] = []

    def half(file: int, content: bytes) -> int:
        if written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(file)
        return real(file, content[:3])

    real = os.write
    monkeypatch.setattr(os, "write", half)
    full = EvidenceFolder(tmp_path / "run", 1000, CLEAN)
    with pytest.raises(NotKeptError, match=r"^x\.png cannot be kept: No space left"):
        full.add(EvidenceSource(PNG, "x.png"))

    assert kept_in(tmp_path) == {}
    assert folder.add(EvidenceSource(PNG, "x.png")).size == len(PNG)


def test_disk_that_writes_little_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``write`` may take less than it is given."""
    (tmp_path / "run").mkdir()
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, content: real(file, content[:2]))

    EvidenceFolder(tmp_path / "run", 1000, CLEAN).add(EvidenceSource(PNG, "x.png"))

    assert list(kept_in(tmp_path).values()) == [PNG]


def test_run_directory_that_is_gone(tmp_path: Path) -> None:
    """A test has deleted it."""
    folder = EvidenceFolder(tmp_path / "run", 1000, CLEAN)

    with pytest.raises(NotKeptError, match=r"^x\.png cannot be kept: No such file"):
        folder.add(EvidenceSource(PNG, "x.png"))


@pytest.mark.parametrize("name", ["open", "write", "replace", "mkdir", "unlink"])
def test_test_that_patches_the_system(
    folder: EvidenceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A test that patches ``os`` does not affect us."""
    with monkeypatch.context() as patched:
        patched.setattr(os, name, lambda *_, **__: 1)
        folder.add(EvidenceSource(PNG, "x.png"))

    assert list(kept_in(tmp_path).values()) == [PNG]


def test_file_that_somebody_else_was_faster_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows does not replace a file that is open; it is the same one."""
    (tmp_path / "run").mkdir()
    real = os.replace

    def refuse(draft: str, path: str) -> None:
        real(draft, path)
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "replace", refuse)
    folder = EvidenceFolder(tmp_path / "run", 1000, CLEAN)

    found = folder.add(EvidenceSource(PNG, "x.png"))

    assert kept_in(tmp_path) == {found.file: PNG}


def test_two_processes_at_once(tmp_path: Path) -> None:
    """Workers of xdist attach the same files at the same time."""
    (tmp_path / "run").mkdir()
    code = f"""{FORKABLE}
import sys
from pathlib import Path
from xray_bridge.runs.evidence import EvidenceFolder, EvidenceSource
folder = EvidenceFolder(Path(sys.argv[1]), 1 << 20, str)
sys.stdin.read(1)
for number in range(200):
    folder.add(EvidenceSource(bytes([number]) * 50_000, "x.bin", "image/x"))
"""
    command = [sys.executable, "-c", code, str(tmp_path / "run")]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(2)]

    for worker in workers:
        worker.communicate(b"g")

    assert [worker.returncode for worker in workers] == [0, 0]
    kept = kept_in(tmp_path)
    expected = [bytes([number]) * 50_000 for number in range(200)]
    assert sorted(kept.values()) == expected


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((1,), (1, 25 * MEGABYTE, 64 * MEGABYTE)),
        ((30 * MEGABYTE,), (30 * MEGABYTE, 30 * MEGABYTE, 64 * MEGABYTE)),
        ((1, 2), (1, 2, 64 * MEGABYTE)),
        ((1, 99 * MEGABYTE), (1, 99 * MEGABYTE, 99 * MEGABYTE)),
        ((3, 2, 1), (3, 2, 1)),
    ],
)
def test_limits(sizes: Sequence[int], expected: tuple[int, int, int]) -> None:
    """A missing limit is at least as large as a given one."""
    assert Limits.of(sizes) == expected


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KB"),
        (MEGABYTE - 1, "1024 KB"),
        (MEGABYTE, "1 MB"),
        (MEGABYTE * 3 // 2, "1.5 MB"),
    ],
)
def test_size_for_people(size: int, shown: str) -> None:
    """In the unit that suits it."""
    assert evidence.format_size(size) == shown


def an_item(owner: int = 0, number: int = 0, **changes: Any) -> Item:
    """A piece of evidence of a result, as limits see it."""
    given = {"size": 10, "copies": 1, "passed": True, **changes}
    return Item(owner=owner, number=number, **given)


def test_biggest_of_passed_tests_goes_first() -> None:
    """However big that of a failure is."""
    items = [
        an_item(0, size=40, passed=False),
        an_item(1, size=30),
        an_item(2, size=20),
        an_item(3, size=10),
    ]

    assert dict(evidence.choose_dropped(items, Limits(99, 99, 70))) == {1: [0]}


def test_biggest_of_failed_tests_goes_next() -> None:
    """When no passed test has any left."""
    items = [
        an_item(0, size=20, passed=False),
        an_item(1, size=40, passed=False),
        an_item(2, size=30),
    ]

    assert dict(evidence.choose_dropped(items, Limits(99, 99, 49))) == {1: [0], 2: [0]}


def test_what_never_fits_takes_nothing_else_with_it() -> None:
    """One failure's dump over the limit does not cost the others theirs."""
    items = [an_item(0, size=100, passed=False), an_item(1, size=30)]

    assert dict(evidence.choose_dropped(items, Limits(99, 999, 70))) == {0: [0]}


def test_limit_of_a_test() -> None:
    """Each has its own, whatever the run may have."""
    items = [an_item(owner, number) for owner in (0, 1) for number in (0, 1)]

    assert dict(evidence.choose_dropped(items, Limits(99, 10, 99))) == {0: [1], 1: [1]}


def test_evidence_that_is_sent_several_times() -> None:
    """A test with two keys is two Test Runs, each with a copy."""
    items = [an_item(0, size=10, copies=2), an_item(1, size=15)]

    assert dict(evidence.choose_dropped(items, Limits(99, 10, 30))) == {1: [0]}
    assert dict(evidence.choose_dropped(items, Limits(99, 15, 35))) == {}


sizes = st.integers(1, 50)
items = st.lists(
    st.builds(
        Item,
        owner=st.integers(0, 4),
        number=st.just(0),
        size=sizes,
        copies=st.integers(1, 3),
        passed=st.booleans(),
    ),
    max_size=12,
).map(lambda found: [item._replace(number=n) for n, item in enumerate(found)])


@given(items, st.builds(Limits, sizes, sizes, st.integers(1, 200)))
def test_what_stays_is_within_limits(found: list[Item], limits: Limits) -> None:
    """Limits hold for each test and for the run; dropped evidence would not fit."""
    dropped = evidence.choose_dropped(found, limits)

    gone = [item for item in found if item.number in dropped.get(item.owner, ())]
    stays = [item for item in found if item not in gone]
    by_test = {
        owner: sum(item.size for item in stays if item.owner == owner)
        for owner in range(5)
    }
    whole = sum(item.size * item.copies for item in stays)
    assert sum(map(len, dropped.values())) == len(gone)
    assert max(by_test.values()) <= limits.test
    assert whole <= limits.run
    assert dropped == evidence.choose_dropped(found, limits)
    for item in gone:
        of_test = by_test[item.owner] + item.size
        of_run = whole + item.size * item.copies
        assert of_test > limits.test or of_run > limits.run


@given(items)
def test_nothing_goes_where_all_fits(found: list[Item]) -> None:
    """To the last byte."""
    whole = sum(item.size * item.copies for item in found)

    assert not evidence.choose_dropped(found, Limits(50, 600, whole))
    assert not evidence.choose_dropped(found, evidence.NO_LIMITS)


def a_run_with_evidence() -> Any:
    """Evidence at each place where it can be."""
    return a_run(
        evidence=(a_piece("a"), a_piece("b")),
        steps=(
            a_step(evidence=(a_piece("c"),)),
            a_step(),
            a_step(evidence=(a_piece("d"),)),
        ),
        iterations=(
            Iteration(
                outcome=Outcome.PASSED, steps=(a_step(evidence=(a_piece("e"),)),)
            ),
        ),
    )


def test_all_evidence_of_a_run() -> None:
    """Its own, that of its steps, that of its subtests' steps."""
    found = evidence.of_run(a_run_with_evidence())

    assert [each.name for each in found] == ["a", "b", "c", "d", "e"]


@given(st.sets(st.integers(0, 4)))
def test_without_some_evidence(dropped: set[int]) -> None:
    """Dropped evidence is gone; all else is unchanged."""
    run = a_run_with_evidence()

    found = evidence.without_evidence(run, dropped)

    names = [each.name for each in evidence.of_run(found)]
    assert names == [n for i, n in enumerate("abcde") if i not in dropped]
    assert [step.name for step in found.steps] == [step.name for step in run.steps]
    assert [each.name for each in found.steps[2].evidence] == [
        n for n in "d" if 3 not in dropped
    ]
    if not dropped:
        assert found == run


def test_names_within_one_result() -> None:
    """Two screenshots of one name, one of them attached twice."""
    run = a_run(
        evidence=(a_piece(), a_piece(file="b.png"), a_piece()),
        steps=(a_step(evidence=(a_piece(), a_piece(file="c.png"))),),
    )

    found = evidence.without_evidence(run, ())

    assert [each.name for each in found.evidence] == ["shot.png", "shot (2).png"]
    assert [each.name for each in found.steps[0].evidence] == [
        "shot.png",
        "shot (2).png",
    ]


def test_name_that_is_taken() -> None:
    """A number that somebody else has thought of is not used again."""
    found = evidence.with_distinct_names(
        [a_piece("x (2)", "1"), a_piece("x", "2"), a_piece("x", "3"), a_piece("x", "4")]
    )

    assert [each.name for each in found] == ["x (2)", "x", "x (3)", "x (4)"]


@given(
    st.lists(
        st.builds(
            a_piece,
            name=st.sampled_from(["x.png", "x (2).png", "x (3).png", "y", ""]),
            file=st.sampled_from(["1", "2", "3"]),
        )
    )
)
def test_names_are_distinct(found: list[Evidence]) -> None:
    """No two have one name, and no content is lost."""
    kept = evidence.with_distinct_names(found)

    assert len({each.name for each in kept}) == len(kept)
    assert {each.file for each in kept} == {each.file for each in found}
    assert len(kept) <= len({(each.name, each.file) for each in found})


@pytest.mark.fault("J26")
@given(
    st.lists(
        st.builds(
            a_piece,
            name=st.sampled_from(["x.png", "y", ""]),
            file=st.sampled_from(["1", "2", "3"]),
        )
    )
)
def test_names_that_were_made_distinct_stay(found: list[Evidence]) -> None:
    """A file that appears again, under either name, is sent once."""
    kept = evidence.with_distinct_names(found)

    assert evidence.with_distinct_names((*kept, *found)) == kept


def test_many_of_one_name() -> None:
    """Ten thousand rows with a screenshot each take no longer than they should."""
    began = time.process_time()

    found = evidence.with_distinct_names(a_piece(file=str(n)) for n in range(10_000))

    assert time.process_time() - began < 5
    assert found[-1].name == "shot (10000).png"
