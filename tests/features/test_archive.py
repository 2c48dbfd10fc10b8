"""Which downloads are refused before anything is written, and which are installed."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import struct
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_bridge.errors import FeaturesError
from xray_bridge.features.download import Export, Limits, hash_of
from xray_bridge.features.install import install
from xray_bridge.features.names import fold_name, name_fault, show_name


if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = b"Feature: a\n  Scenario: b\n    Given c\n"
CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


def packed(
    *names: str,
    content: bytes = TEXT,
    mode: int = 0,
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """Make a zip with these names, all with the same content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo("x")
            info.filename = name  # past what ZipInfo would mend
            info.external_attr = mode << 16
            archive.NameToInfo.clear()  # no warnings about names that come twice
            archive.writestr(info, content, method)
    return buffer.getvalue()


def patched(data: bytes, magic: bytes, offset: int, layout: str, value: int) -> bytes:
    """Overwrite one field in the last record of a kind."""
    changed = bytearray(data)
    struct.pack_into(layout, changed, data.rindex(magic) + offset, value)
    return bytes(changed)


def flipped(data: bytes, what: bytes) -> bytes:
    """Change one byte inside the first occurrence of some bytes."""
    changed = bytearray(data)
    changed[data.index(what)] ^= 1
    return bytes(changed)


ONE = packed("a.feature")
TWO = packed("a.feature", "b.feature")
STORED = packed("a.feature", method=zipfile.ZIP_STORED)
BAD_NAMES = {
    "absolute": "/x.feature",
    "only a slash": "/",
    "drive": "C:/x.feature",
    "drive without slash": "C:x.feature",
    "share": "\\\\srv\\x.feature",
    "parent": "../x.feature",
    "parent inside": "a/../../x.feature",
    "parent at the end": "a/..",
    "backslash": "..\\x.feature",
    "dot": "./x.feature",
    "empty part": "a//x.feature",
    "empty": "",
    "nul": "a\0b.feature",
    "newline": "a\nb.feature",
    "ansi": "\x1b[31ma.feature",
    "c1": "a\x9bb.feature",
    "right to left": "a\u202eerutaef.feature",
    "line separator": "a\u2028b.feature",
    "reserved": "CON.feature",
    "reserved in a folder": "aux/x.feature",
    "reserved with a superscript": "com\u00b9.feature",
    "reserved with a space": "nul .feature",
    "trailing dot": "a.feature.",
    "trailing space": "a.feature ",
    "folder with trailing space": "a /x.feature",
    "too long": "x" * 193 + ".feature",
    "endless": "x" * 60_000 + ".feature",
    "our index": ".xray-features.json",
    "our index in capitals": "a/.XRAY-FEATURES.JSON/x.feature",
}
LINK = stat.S_IFLNK | 0o777
BAD_ARCHIVES = {
    **{name: packed("ok.feature", bad) for name, bad in BAD_NAMES.items()},
    "link": packed("a.feature", mode=LINK),
    "device": packed("a.feature", mode=stat.S_IFCHR | 0o600),
    "fifo": packed("a.feature", mode=stat.S_IFIFO | 0o600),
    "folder that is none": packed("a.feature", mode=stat.S_IFDIR | 0o700),
    "encrypted": patched(ONE, CENTRAL, 8, "<H", 1),
    "strongly encrypted": patched(ONE, CENTRAL, 8, "<H", 0x41),
    "method bzip2": packed("a.feature", method=zipfile.ZIP_BZIP2),
    "method 99": patched(ONE, CENTRAL, 10, "<H", 99),
    "newer zip version": patched(ONE, CENTRAL, 6, "<H", 99),
    "case twin": packed("a.feature", "A.feature"),
    "same name": packed("a.feature", "a.feature"),
    "normal form twin": packed("\u00e9.feature", "e\u0301.feature"),
    "casefold twin": packed("stra\u00dfe.feature", "STRASSE.feature"),
    "file, then folder": packed("a.feature", "a.feature/b.feature"),
    "folder, then file": packed("a.feature/b.feature", "A.feature"),
    "folder entry, then file": packed("a.feature/", "a.feature"),
    "bomb": packed("a.feature", content=b" " * (2 << 20)),
    "overlap": patched(TWO, CENTRAL, 42, "<L", 0),
    "no such place": patched(TWO, CENTRAL, 42, "<L", 1 << 30),
    "zip64": patched(ONE, END, 10, "<H", 0xFFFF),
    "zip64 offset": patched(ONE, END, 16, "<L", 0xFFFFFFFF),
    "split": patched(ONE, END, 4, "<H", 1),
    "split by count": patched(ONE, END, 8, "<H", 7),
    "junk after": ONE + b"junk",
    "junk before, unlike html": b"PK" + ONE,
    "html before": b"<!doctype html>" + ONE,
    "truncated": TWO[: len(TWO) // 2],
    "truncated end": TWO[:-1],
    "only magic": b"PK\x03\x04",
    "half an end record": b"PK\x05\x06" + b"\0" * 13,
    "directory out of place": patched(ONE, END, 16, "<L", 3),
    "long directory": patched(ONE, END, 12, "<L", 1 << 30),
    "crc": flipped(STORED, b"Feature:"),
    "damaged stream": patched(ONE, LOCAL, 40, "<L", 0xDEADBEEF),
    "size too small": patched(ONE, CENTRAL, 24, "<L", 3),
    "size too large": patched(STORED, CENTRAL, 24, "<L", 3000),
    "other local name": flipped(ONE, b"a.feature"),
    "name not utf-8": packed("\u00e9.feature").replace(b"\xc3\xa9", b"\xc3\xc3"),
    "empty zip": packed(),
    "no features": packed("readme.txt"),
    "no features but folders": packed("a.feature/", content=b""),
    "empty file": b"",
    "html": b"<html><title>Log in</title>\nFeature: x\n</html>",
    "json": b'{"error": "no such Test"}',
    "plain text": b"Unauthorized: log in first\n",
    "not utf-8": b"Feature: \xff\xfe",
    "nul in text": b"Feature: a\0b",
    "other archive": b"\x1f\x8b\x08\x00\x00",
}

# Made only for the test that takes them: each worker imports this module.
LARGE_ARCHIVES: dict[str, Callable[[], bytes]] = {
    "large file": lambda: packed("a.feature", content=b"# 0123456789 \n" * (1 << 21)),
    "many": lambda: packed(*(f"{n}.feature" for n in range(10_001)), content=b""),
}


def bad_archive(case: str) -> bytes:
    """Make the archive of a case, small or large."""
    make = LARGE_ARCHIVES.get(case)
    return make() if make else BAD_ARCHIVES[case]


def content(path: Path) -> bytes | None:
    """Return the content of a file or the target of a link; None for a directory."""
    if path.is_symlink():
        return b"-> " + os.fsencode(path.readlink())
    return None if path.is_dir() else path.read_bytes()


def snapshot(root: Path) -> dict[str, bytes | None]:
    """Return all paths below a directory, with the content of files."""
    return {str(path): content(path) for path in root.rglob("*")}


@pytest.fixture
def unpack(tmp_path: Path) -> Callable[..., Path]:
    """Install bytes into a directory that an earlier export and a user filled."""
    target = tmp_path / "work" / "features"
    first = tmp_path / "first"
    first.write_bytes(packed("old.feature", "sub/old.feature"))
    install(first, target)
    (target / "own.feature").write_text("Feature: mine\n")

    def run(data: bytes, name: str = "download", **limits: int) -> Path:
        download = tmp_path / name
        download.write_bytes(data)
        install(download, target, limits=Limits(**limits))
        return target

    return run


@pytest.mark.parametrize("case", [*BAD_ARCHIVES, *LARGE_ARCHIVES])
@pytest.mark.fault("F01", "F02", "F04", "F07", "F09", "F10")
def test_refused(unpack: Callable[..., Path], tmp_path: Path, case: str) -> None:
    """A bad download is refused with a printable message, and nothing is written."""
    before = snapshot(tmp_path / "work")
    with pytest.raises(FeaturesError) as caught:
        unpack(bad_archive(case))
    assert snapshot(tmp_path / "work") == before
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600
    assert caught.value.hint


def test_refused_before_the_target_exists(tmp_path: Path) -> None:
    """A bad download does not create the target."""
    download = tmp_path / "download"
    download.write_bytes(packed("../x.feature"))
    with pytest.raises(FeaturesError):
        install(download, tmp_path / "a" / "features")
    assert list(tmp_path.iterdir()) == [download]


@pytest.mark.parametrize(
    ("limits", "names"),
    [
        ({"files": 2}, ("a.feature", "b.feature", "c.feature")),
        ({"file_bytes": len(TEXT) - 1}, ("a.feature",)),
        ({"total_bytes": 2 * len(TEXT) - 1}, ("a.feature", "b.txt")),
        ({"path_chars": 8}, ("a.feature",)),
        ({"ratio": 1, "ratio_from_bytes": 9999}, ("a.feature",)),
    ],
)
def test_limits(
    unpack: Callable[..., Path], limits: dict[str, int], names: tuple[str, ...]
) -> None:
    """A value at a limit is accepted, one above it is refused."""
    text = b"#" * 10_000 if "ratio" in limits else TEXT
    with pytest.raises(FeaturesError):
        unpack(packed(*names, content=text), **limits)
    one_more = {name: value + 1 for name, value in limits.items()}
    one_more["ratio"] = limits.get("ratio", 0) + 1000
    assert (unpack(packed(*names, content=text), **one_more) / names[0]).exists()


def test_long_directory(unpack: Callable[..., Path]) -> None:
    """A directory far too long for the allowed number of files is not read."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("a.feature")
        info.comment = b"x" * 5000
        archive.writestr(info, TEXT)
    with pytest.raises(FeaturesError, match="directory is too long"):
        unpack(buffer.getvalue(), files=1)
    unpack(buffer.getvalue(), files=3)


def test_directory_of_two_kilobytes_for_a_file(unpack: Callable[..., Path]) -> None:
    """It may be as long as that, and not longer."""
    data = {}
    for length in (2048, 2049):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            info = zipfile.ZipInfo("a.feature")
            info.comment = b"x" * (length - 46 - len("a.feature"))
            archive.writestr(info, TEXT)
        data[length] = buffer.getvalue()

    assert (unpack(data[2048], files=1) / "a.feature").read_bytes() == TEXT
    with pytest.raises(FeaturesError, match="too long for 1 entries"):
        unpack(data[2049], files=1)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("empty zip", "is empty"),
        ("overlap", "overlaps"),
        ("bomb", "zip bomb"),
        ("large file", "too large"),
        ("crc", "CRC"),
        ("zip64", "zip64"),
        ("zip64 offset", "zip64"),
        ("split", "split"),
        ("link", "link"),
        ("encrypted", "encrypted"),
        ("truncated", "truncated"),
        ("too long", "too long"),
        ("no features", "no feature file"),
        ("html", "neither a zip nor a feature file"),
    ],
)
def test_reasons(unpack: Callable[..., Path], case: str, reason: str) -> None:
    """The message has the fault, not its consequence."""
    with pytest.raises(FeaturesError, match=reason):
        unpack(bad_archive(case))


@pytest.mark.parametrize(
    "data", [b"", BAD_ARCHIVES["empty zip"], BAD_ARCHIVES["no features"]]
)
@pytest.mark.fault("F11")
def test_nothing_was_found(unpack: Callable[..., Path], data: bytes) -> None:
    """For an empty download the hint is to check keys and filter."""
    with pytest.raises(FeaturesError) as caught:
        unpack(data)

    assert "check that keys and filter name Cucumber Tests" in caught.value.hint


@pytest.mark.parametrize(
    "data",
    [
        packed("a.feature", mode=stat.S_IFREG | 0o644),
        packed("a.feature", method=zipfile.ZIP_STORED),
        packed("a.feature", "folder/b.feature", "readme.txt"),
        packed("\u65e5\u672c.feature", "what? <is> \u0628.feature"),
        packed("x" * 192 + ".feature"),
    ],
)
def test_taken(unpack: Callable[..., Path], data: bytes) -> None:
    """A valid zip is installed, with names in any language."""
    target = unpack(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            assert (target / name).is_file() == name.endswith(".feature")


def test_streamed_zip(unpack: Callable[..., Path]) -> None:
    """A streamed zip with sizes after the data, and with folders, is installed."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.data += bytes(data)  # type: ignore[call-overload]
            return len(data)  # type: ignore[arg-type]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        archive.writestr("folder/", b"")
        with archive.open("folder/a.feature", "w", force_zip64=True) as file:
            file.write(TEXT)
        archive.comment = b"by a server"
    assert (unpack(pipe.data) / "folder/a.feature").read_bytes() == TEXT


def test_bomb_is_large_and_packed_well(unpack: Callable[..., Path]) -> None:
    """A file that is only large or only packed well is none, at both limits."""
    content = b"#" * 10_000
    data = packed("a.feature", content=content)
    packed_size = struct.unpack_from("<L", data, data.rindex(CENTRAL) + 20)[0]
    ratio = len(content) // packed_size
    plain = packed("a.feature", content=TEXT, method=zipfile.ZIP_STORED)

    with pytest.raises(FeaturesError, match="like a zip bomb"):
        unpack(data, ratio=ratio, ratio_from_bytes=9_999)
    assert unpack(data, ratio=ratio + 1, ratio_from_bytes=9_999).is_dir()
    assert unpack(data, ratio=ratio, ratio_from_bytes=10_000).is_dir()
    assert unpack(plain, ratio=1, ratio_from_bytes=1).is_dir()


def test_longest_comment_of_a_zip(unpack: Callable[..., Path]) -> None:
    """The end of a zip is found before a comment of 65,535 bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.feature", TEXT)
        archive.comment = b"x" * 0xFFFF

    assert (unpack(buffer.getvalue()) / "a.feature").read_bytes() == TEXT


@pytest.mark.parametrize(
    ("magic", "offset", "layout"),
    [(CENTRAL, 20, "<L"), (LOCAL, 28, "<H"), (LOCAL, 26, "<H")],
    ids=["content", "extra field", "name"],
)
def test_each_part_of_an_entry_may_overlap(
    unpack: Callable[..., Path], magic: bytes, offset: int, layout: str
) -> None:
    """One byte too much is refused, whichever part of the entry has it."""
    at = STORED.rindex(magic) + offset
    (value,) = struct.unpack_from(layout, STORED, at)

    with pytest.raises(FeaturesError, match=r"'a\.feature' overlaps"):
        unpack(patched(STORED, magic, offset, layout, value + 1))


@pytest.mark.parametrize("length", [0xFFFE, 0xFFFF, 0x10000])
def test_directory_at_a_round_place(unpack: Callable[..., Path], length: int) -> None:
    """A directory at 65,535 is not taken for a mark of zip64."""
    content = b"#" * (length - 30 - len("a.feature"))
    data = packed("a.feature", content=content, method=zipfile.ZIP_STORED)
    assert struct.unpack_from("<L", data, data.rindex(END) + 16) == (length,)
    assert (unpack(data) / "a.feature").read_bytes() == content


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (TEXT, "1_CALC-7.feature", "1_CALC-7.feature"),
        (TEXT, "export", "export.feature"),
        (b"\xef\xbb\xbf@A\n# note\nFeature: x", "x.bin", "x.feature"),
        ("# language: de\nFunktionalit\u00e4t: x".encode(), "x", "x.feature"),
        ("#language:ja\n@A-1\n\u6a5f\u80fd: x".encode(), "x", "x.feature"),
    ],
)
def test_bare(
    unpack: Callable[..., Path], content: bytes, name: str, expected: str
) -> None:
    """A bare feature file, in any language, gets the name of the download."""
    assert (unpack(content, name) / expected).read_bytes() == content


@pytest.mark.parametrize("name", ["nul", "a\u202eb.feature", "a\nb"])
def test_bare_with_a_bad_name(unpack: Callable[..., Path], name: str) -> None:
    """The name of a bare file is checked like a name in a zip."""
    with pytest.raises(FeaturesError):
        unpack(TEXT, name)


def test_bare_too_large(unpack: Callable[..., Path]) -> None:
    """A bare file has the same limit as one in a zip."""
    with pytest.raises(FeaturesError):
        unpack(TEXT, file_bytes=len(TEXT) - 1)
    unpack(TEXT, file_bytes=len(TEXT))


def test_endless_content(tmp_path: Path) -> None:
    """Content that does not end where its header says is cut off at once."""
    export = Export({"a.feature": 3}, (), lambda _: io.BytesIO(b"x" * 10_000_000))
    with pytest.raises(FeaturesError, match="length"):
        export.unpack("a.feature", tmp_path / "a")
    assert (tmp_path / "a").stat().st_size < 1_000_000


def test_content_that_goes_on_after_a_whole_block(tmp_path: Path) -> None:
    """One byte more than the header says is too much, wherever it comes."""
    size = 1 << 16
    export = Export({"a": size}, (), lambda _: io.BytesIO(b"x" * (size + 1)))
    whole = Export({"a": size}, (), lambda _: io.BytesIO(b"x" * size))

    with pytest.raises(FeaturesError, match="length"):
        export.unpack("a", tmp_path / "a")
    assert whole.unpack("a", tmp_path / "b") == hashlib.sha256(b"x" * size).hexdigest()
    assert hash_of(tmp_path / "b") == hashlib.sha256(b"x" * size).hexdigest()


def test_content_that_ends_early(tmp_path: Path) -> None:
    """Less than the header says is half a file."""
    export = Export({"a": 4}, (), lambda _: io.BytesIO(b"xxx"))

    with pytest.raises(FeaturesError, match="'a' does not have the length"):
        export.unpack("a", tmp_path / "a")


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x2000])
def test_each_kind_of_encryption(unpack: Callable[..., Path], flag: int) -> None:
    """Plain, strong and with masked headers: the reason is that, not what breaks."""
    with pytest.raises(FeaturesError, match=r"'a\.feature' is encrypted"):
        unpack(patched(ONE, CENTRAL, 8, "<H", flag))


def test_what_is_no_feature_file_is_shown(unpack: Callable[..., Path]) -> None:
    """Its first sixty characters."""
    with pytest.raises(FeaturesError) as caught:
        unpack(b"x" * 70)

    assert caught.value.message.endswith(f"it begins '{'x' * 60}'")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a", "'a'"),
        ("x" * 120, f"'{'x' * 120}'"),
        ("x" * 121, f"'{'x' * 120}'..."),
        ("\x1b\u202e", "'\\x1b\\u202e'"),
    ],
)
def test_names_as_they_are_printed(name: str, text: str) -> None:
    """Escaped, and not endless."""
    assert show_name(name) == text


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("a.feature", ""),
        ("a/b.feature", ""),
        ("console.feature", ""),
        ("com.feature", ""),
        ("com10.feature", ""),
        ("", "is empty"),
        ("a\tb", "has a control character"),
        ("a\u200eb", "has a control character"),
        ("a\\b", "has a backslash"),
        ("/a", "is absolute"),
        ("C:a", "has a drive"),
        ("a//b", "has an empty part"),
        ("a/./b", "has a relative part"),
        ("a/..", "has a relative part"),
        ("a. /b", "has a dot or a space at an end"),
        ("a./b", "has a dot or a space at an end"),
        ("a/LPT1.x.feature", "has a part that Windows reserves"),
        ("conin$", "has a part that Windows reserves"),
        ("nul .feature", "has a part that Windows reserves"),
        ("a/.XRAY-features.json", "is the name of the index"),
    ],
)
def test_fault_of_a_name(name: str, fault: str) -> None:
    """One for each that a disk, a terminal or a server would take for another."""
    assert name_fault(name) == fault


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [("A", "a", True), ("\u00e9", "e\u0301", True), ("a", "b", False)],
)
def test_names_that_are_one_on_some_disks(
    first: str, second: str, *, is_one: bool
) -> None:
    """In case, or in the way in which accents are written."""
    assert (fold_name(first) == fold_name(second)) is is_one


PARTS = st.one_of(
    st.sampled_from(
        ["..", ".", "", "/", "\\", "C:", "a", "A", "b.feature", "CON", " ", "link", "~"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
)
NAMES = st.lists(PARTS, max_size=4).flatmap(
    lambda parts: st.sampled_from(["/".join(parts), "".join(parts)]).flatmap(
        lambda name: st.sampled_from([name, name + ".feature"])
    )
)


@settings(max_examples=300, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=4))
def test_never_outside(names: list[str]) -> None:
    """No name writes outside the target."""
    data = packed(*names)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        target = root / "deep" / "features"
        (root / "elsewhere").mkdir()
        target.mkdir(parents=True)
        (target / "link").symlink_to(root / "elsewhere")
        (root / "download").write_bytes(data)
        before = snapshot(root)
        try:
            installed = install(root / "download", target)
        except FeaturesError:
            assert snapshot(root) == before
            return
        now = snapshot(root)
        new = [Path(path) for path in now.keys() - before.keys()]
        assert all(path.is_relative_to(target) for path in new)
        assert {path: now[path] for path in before} == before
        assert {p for p in new if p.suffix == ".feature" and p.is_file()} == set(
            installed.files
        )


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([ONE, TWO, STORED, packed("a/b.feature", "c.txt")]),
    st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_damaged_anywhere(data: bytes, changes: list[tuple[int, int]]) -> None:
    """Damage anywhere is refused with FeaturesError, or is harmless."""
    damaged = bytearray(data)
    for place, value in changes:
        damaged[place % len(data)] = value
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "download").write_bytes(damaged)
        try:
            installed = install(root / "download", root / "features")
        except FeaturesError:
            assert not (root / "features").exists()
        else:
            assert all(path.read_bytes() == TEXT for path in installed.files)
