"""Nothing in a run directory leads elsewhere, and nobody else may read it."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders import a_run
from xray_bridge import cli
from xray_bridge.errors import RunDirectoryError
from xray_bridge.model.receipt import Receipt
from xray_bridge.runs import inside, report_files, run_directory
from xray_bridge.runs.evidence import EvidenceFolder, EvidenceSource
from xray_bridge.runs.journal import Journal
from xray_bridge.runs.merge import Results
from xray_bridge.runs.report_files import Files, ReportFile
from xray_bridge.runs.run_directory import RunInfo


if TYPE_CHECKING:
    from xray_bridge.runs.run_directory import RunDirectory

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX links and modes")
INFO = RunInfo(id="run", framework="pytest", versions={}, started=1.0, settings={})
OUTSIDE = "not yours"


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    """A sealed run with nothing in it."""
    found = run_directory.create(tmp_path / ".xray", INFO)
    Journal(found).close()
    (tmp_path / "outside").write_text(OUTSIDE, encoding="utf-8")
    return found


NAMES = [
    "run.json",
    "state.json",
    "lock",
    "journal.jsonl",
    "report.xml",
    "receipt.json",
    "xray.env",
    "arrived.jsonl",
    "anything",
]


def test_a_file_that_grows_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its size was when it was opened."""
    (tmp_path / "a").write_bytes(b"more than that")
    number = os.open(tmp_path / "a", os.O_RDONLY)
    monkeypatch.setattr(inside, "_open_regular_file", lambda *_: (number, 4))

    assert inside.read_inside(tmp_path, "a") == b"more than that"
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(number)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("look", [False, True])
def test_links_are_refused(directory: RunDirectory, name: str, *, look: bool) -> None:
    """Whatever they are called, before anything is read or written."""
    (directory.path / name).unlink(missing_ok=True)
    (directory.path / name).symlink_to("../../../outside")

    with (
        pytest.raises(RunDirectoryError, match="is a symbolic link"),
        directory.look() if look else directory.claim(),
    ):
        pass

    outside = directory.path.parents[2] / "outside"
    assert outside.read_text(encoding="utf-8") == OUTSIDE


@pytest.mark.parametrize("look", [False, True])
def test_links_to_folders_are_refused(directory: RunDirectory, *, look: bool) -> None:
    """Also if all that is in the other folder are regular files."""
    elsewhere = directory.path.parents[2] / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret").write_text(OUTSIDE, encoding="utf-8")
    (directory.path / "evidence").symlink_to(elsewhere)

    with (
        pytest.raises(RunDirectoryError) as caught,
        directory.look() if look else directory.claim(),
    ):
        pass

    link = directory.path / "evidence"
    assert caught.value.message == f"{link} is a symbolic link"


@pytest.mark.parametrize("look", [False, True])
def test_pipes_are_refused(directory: RunDirectory, *, look: bool) -> None:
    """Deep in a folder, too: whoever reads one waits for ever."""
    folder = directory.path / "evidence" / "deep"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "pipe")

    with (
        pytest.raises(RunDirectoryError) as caught,
        directory.look() if look else directory.claim(),
    ):
        pass

    assert caught.value.message == f"{folder / 'pipe'} is not a regular file"
    assert caught.value.hint == inside.HINT


def test_pipes_are_not_waited_for(directory: RunDirectory) -> None:
    """They are refused, also where they are the first thing that is read."""
    (directory.path / "run.json").unlink()
    os.mkfifo(directory.path / "run.json")

    with pytest.raises(RunDirectoryError, match="is not a regular file"):
        _ = directory.info


def test_what_is_named_is_read_where_it_lies(directory: RunDirectory) -> None:
    """Not through a link, even before the run is held."""
    (directory.path / "run.json").unlink()
    (directory.path / "run.json").symlink_to("../../../outside")

    with pytest.raises(RunDirectoryError, match="is a symbolic link"):
        _ = directory.info


@pytest.mark.parametrize("look", [False, True])
def test_what_cannot_be_listed_is_refused(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch, *, look: bool
) -> None:
    """Nobody knows what lies in it."""

    def forbidden(_: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", forbidden)
        with (
            pytest.raises(RunDirectoryError) as caught,
            directory.look() if look else directory.claim(),
        ):
            pass

    said = f"{directory.path} cannot be read: Permission denied"
    assert caught.value.message == said


def test_what_goes_while_we_look_is_nothing(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draft of another process, and a folder of evidence that it removes."""
    pipe, evidence = directory.path / "draft", directory.path / "evidence"
    os.mkfifo(pipe)
    evidence.mkdir()
    listed = inside._list_folder

    def with_what_goes(folder: Path) -> list[os.DirEntry[str]]:
        found = listed(folder)
        if folder == directory.path:
            pipe.unlink()
            evidence.rmdir()
        return found

    monkeypatch.setattr(inside, "_list_folder", with_what_goes)

    with directory.claim():
        assert not (directory.path / "evidence").exists()


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../outside", "..", ".", "", "a/b", "a\\b", "c:b", "a\0b"]
)
@pytest.mark.parametrize("has_folders", [True, False])
def test_only_plain_names(
    directory: RunDirectory,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    *,
    has_folders: bool,
) -> None:
    """Also where a system cannot open relative to a folder."""
    monkeypatch.setattr(inside, "HAS_FOLDERS", has_folders)

    with pytest.raises(RunDirectoryError, match="is not the name of a file"):
        inside.open_inside(directory.path, name)


@pytest.mark.parametrize("has_folders", [True, False])
def test_no_link_is_opened(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch, *, has_folders: bool
) -> None:
    """Also where a system cannot open relative to a folder."""
    monkeypatch.setattr(inside, "HAS_FOLDERS", has_folders)
    (directory.path / "x").symlink_to("../../../outside")

    with pytest.raises(RunDirectoryError, match="is a symbolic link"):
        inside.open_inside(directory.path, "x")
    with inside.open_inside(directory.path, "run.json") as file:
        assert b"pytest" in file.read()


def test_no_link_is_opened_where_a_system_has_no_flag_for_it(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands at the path is looked at first, as on Windows."""
    monkeypatch.setattr(inside, "HAS_FOLDERS", False)
    monkeypatch.setattr(inside, "NO_LINKS", 0)
    (directory.path / "x").symlink_to("../../../outside")

    with pytest.raises(RunDirectoryError, match="is a symbolic link"):
        inside.open_inside(directory.path, "x")


@pytest.mark.parametrize("has_folders", [True, False])
@pytest.mark.parametrize("name", ["pipe", "evidence", "gone", "run.json"])
def test_what_was_opened_is_closed(
    directory: RunDirectory,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    *,
    has_folders: bool,
) -> None:
    """Whatever becomes of it: a merge job looks at thousands of files."""
    monkeypatch.setattr(inside, "HAS_FOLDERS", has_folders)
    os.mkfifo(directory.path / "pipe")
    (directory.path / "evidence").mkdir()
    before = open_numbers()
    with contextlib.suppress(RunDirectoryError, FileNotFoundError):
        inside.read_inside(directory.path, name)

    assert open_numbers() == before


def open_numbers() -> set[int]:
    """The numbers of all files that are open in this process, as far as they matter."""
    found = set()
    for number in range(256):
        with contextlib.suppress(OSError):
            os.fstat(number)
            found.add(number)
    return found


def test_what_is_gone_is_named_by_its_path(directory: RunDirectory) -> None:
    """And not by the bare name by which it was opened."""
    with pytest.raises(FileNotFoundError) as caught:
        inside.open_inside(directory.path, "gone")

    assert caught.value.filename == str(directory.path / "gone")
    assert caught.value.errno == errno.ENOENT


@pytest.mark.parametrize("size", [0, 1, inside.BLOCK, inside.BLOCK + 1])
def test_all_of_a_file_is_read(tmp_path: Path, size: int) -> None:
    """Whatever its size is."""
    content = os.urandom(size)
    (tmp_path / "a").write_bytes(content)

    assert inside.read_inside(tmp_path, "a") == content


@pytest.mark.parametrize(
    ("name", "is_plain"),
    [("a", True), (".a", True), ("...", True), ("", False), (7, False), (None, False)],
)
def test_plain_names(name: object, *, is_plain: bool) -> None:
    """What is no text is no name."""
    assert inside.is_plain_name(name) is is_plain


def test_link_to_a_run_may_be_a_user_s_own(
    directory: RunDirectory, tmp_path: Path
) -> None:
    """It is followed where it leads to a run, and nowhere else."""
    run, other = tmp_path / "run", tmp_path / "other"
    run.symlink_to(directory.path)
    other.symlink_to(tmp_path)

    assert b"pytest" in inside.read_inside(run, "run.json")
    with pytest.raises(RunDirectoryError, match="is a symbolic link"):
        inside.read_inside(other, "outside")


def test_planted_folder_is_refused_with_what_to_set(tmp_path: Path) -> None:
    """The setting may name where the link leads, if a user has made it."""
    (tmp_path / "link").symlink_to(tmp_path)

    with pytest.raises(RunDirectoryError) as caught:
        inside.refuse_link(tmp_path, tmp_path / "link")

    assert caught.value.message == f"{tmp_path / 'link'} is a symbolic link"
    assert caught.value.hint == "set xray_report_dir to the folder it points to"


@pytest.mark.parametrize(
    ("content", "has_it"), [(b"a log", True), (b"another", False), (None, False)]
)
@pytest.mark.parametrize("suffix", ["", ".txt", ".tar.gz"])
def test_file_that_is_named_by_its_content(
    tmp_path: Path, content: bytes | None, suffix: str, *, has_it: bool
) -> None:
    """Whatever comes after the first dot; what is not there has none."""
    name = hashlib.sha256(b"a log").hexdigest() + suffix
    if content is not None:
        (tmp_path / name).write_bytes(content)

    assert inside.has_its_content(tmp_path, name) is has_it


def test_private_files_lead_nowhere(tmp_path: Path) -> None:
    """Only their owner reads them, and a link in their place is an error."""
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    before = os.umask(0)
    try:
        os.close(inside.open_private(str(tmp_path / "a"), os.O_WRONLY | os.O_CREAT))
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    with pytest.raises(OSError, match="symbolic links"):
        inside.open_private(str(tmp_path / "link"), os.O_WRONLY | os.O_CREAT)


@pytest.mark.parametrize("name", ["../../outside", "/etc/passwd", ".."])
def test_report_files_lie_in_it(directory: RunDirectory, name: str) -> None:
    """Whatever ``files.json`` says."""
    file = ReportFile(name="junit.xml", file="001-junit.xml", format="junit", tests=1)
    report_files.save_files(directory, Files(files=(file,)))
    path = directory.path / report_files.LIST
    content = json.loads(path.read_text(encoding="utf-8"))
    content["files"][0]["file"] = name
    path.write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(RunDirectoryError, match="damaged"):
        report_files.load_files(directory)


def test_evidence_is_what_its_name_says(directory: RunDirectory) -> None:
    """A file of another content was put there by somebody else."""
    kept = EvidenceFolder(directory.path, 1000, str)
    right = kept.add(EvidenceSource(b"a log", name="a.txt"))
    wrong = kept.add(EvidenceSource(b"another log", name="b.txt"))
    (directory.path / "evidence" / wrong.file).write_bytes(b"something else")
    name = f"{hashlib.sha256(OUTSIDE.encode()).hexdigest()}.txt"
    (directory.path / "evidence" / name).symlink_to("../../../../outside")

    found = Results([directory])

    assert found.path_of(right) == directory.path / "evidence" / right.file
    assert found.path_of(wrong) is None
    assert found.path_of(replace(right, file=name)) is None


@pytest.mark.parametrize("link", [".xray", ".xray/runs"])
def test_a_planted_folder_is_refused(tmp_path: Path, link: str) -> None:
    """Whoever planted it would choose where we write."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = tmp_path / link
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(elsewhere)

    with pytest.raises(RunDirectoryError, match="is a symbolic link"):
        run_directory.create(tmp_path / ".xray", INFO)
    with pytest.raises(RunDirectoryError, match="is a symbolic link"):
        run_directory.find(tmp_path / ".xray")

    assert list(elsewhere.iterdir()) == []


def test_a_planted_gitignore_leads_nowhere(tmp_path: Path) -> None:
    """A link to nothing would make a file there."""
    (tmp_path / ".xray").mkdir()
    (tmp_path / ".xray" / ".gitignore").symlink_to(tmp_path / "made")

    run_directory.create(tmp_path / ".xray", INFO)

    assert not (tmp_path / "made").exists()


JUNIT = '<testsuite><testcase classname="a" name="b"/></testsuite>'


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_nobody_else_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: int
) -> None:
    """Neither what sessions write, nor reports, receipts and what was merged."""
    pytest.importorskip("flask")
    monkeypatch.chdir(tmp_path)
    Path("junit.xml").write_text(JUNIT, encoding="utf-8")
    before = os.umask(umask)
    try:
        for name in ("1", "2"):
            part = run_directory.create(
                tmp_path / ".xray",
                RunInfo(
                    id=name,
                    framework="pytest",
                    versions={},
                    started=1.0,
                    settings={},
                    run_id="r",
                ),
            )
            kept = EvidenceFolder(part.path, 1000, str)
            piece = kept.add(EvidenceSource(b"a log", name="a.txt"))
            journal = Journal(part)
            journal.append(a_run(evidence=(piece,)))
            journal.close()
        codes = [
            cli.main(["upload", "junit.xml", "--sandbox"]),
            cli.main(["upload", "--run-id", "r", "--sandbox"]),
        ]
    finally:
        os.umask(before)

    assert codes == [0, 0]
    paths = [*(tmp_path / ".xray" / "runs").rglob("*")]
    modes = {
        str(path.relative_to(tmp_path)): stat.S_IMODE(path.stat().st_mode)
        for path in paths
    }
    assert {name.rpartition("/")[2] for name in modes} > {
        "xray.env",
        "receipt.json",
        "arrived.jsonl",
        "info.json",
        "001-junit.xml",
    }
    private = {name: 0o700 if (tmp_path / name).is_dir() else 0o600 for name in modes}
    assert modes == private


def test_a_receipt_is_of_its_run() -> None:
    """How it is sent later stands on screens only."""
    receipt = Receipt(status="failed", run="r", resend_flags="--url u")

    assert receipt.resend_command == "xray-bridge resend r --url u"
    assert "resend_flags" not in receipt.to_json()


def test_a_huge_file_is_not_read_into_memory(tmp_path: Path) -> None:
    """An archive may hold a file of a terabyte in some bytes."""
    with (tmp_path / "run.json").open("wb") as file:
        file.truncate(1 << 40)

    with pytest.raises(RunDirectoryError, match="is larger than"):
        inside.read_inside(tmp_path, "run.json")
