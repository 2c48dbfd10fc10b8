"""Installing feature files: which are replaced, removed, kept and restored."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import xray_bridge
from tests.forkserver import FORKABLE
from xray_bridge.errors import FeaturesError, UsageError
from xray_bridge.features import journal
from xray_bridge.features.download import Limits
from xray_bridge.features.index import Index, read_index
from xray_bridge.features.install import Installed, finish_killed, install
from xray_bridge.features.workplace import hold_lock


if TYPE_CHECKING:
    from collections.abc import Callable

    Install = Callable[[dict[str, str]], Installed]

INDEX = ".xray-features.json"
ROOT = Path(xray_bridge.__file__).parent.parent
FIRST = {"a.feature": "A1", "sub/b.feature": "B1", "gone/c.feature": "C1"}
SECOND = {"a.feature": "A2", "sub/b.feature": "B1", "new/deep/d.feature": "D2"}
THIRD = {"a.feature": "A3", "e.feature": "E3"}

CHILD = f"""{FORKABLE}
import os, sys
from pathlib import Path
from xray_bridge.errors import FeaturesError
from xray_bridge.features.install import install
download, target, prelude = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
exec(prelude)
try:
    install(download, target)
except FeaturesError as error:
    sys.exit(f"refused: {{error}}")
"""


def zipped(files: dict[str, str]) -> bytes:
    """Make a zip with these texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def content(path: Path) -> bytes | None:
    """Return the content of a file or the target of a link; None for a directory."""
    if path.is_symlink():
        return b"-> " + os.fsencode(path.readlink())
    return None if path.is_dir() else path.read_bytes()


def snapshot(root: Path) -> dict[str, bytes | None]:
    """Return all paths below a directory, with the content of files."""
    return {str(path): content(path) for path in root.rglob("*")}


def texts(target: Path) -> dict[str, str]:
    """Return the feature files of a directory."""
    found = target.rglob("*.feature")
    return {p.relative_to(target).as_posix(): p.read_text() for p in found}


def child(download: Path, target: Path, prelude: str = "") -> subprocess.Popen[str]:
    """Run an export in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(download), str(target), prelude],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The parent of the target."""
    path = tmp_path / "work"
    path.mkdir()
    return path


@pytest.fixture
def target(work: Path) -> Path:
    """The target, which does not exist yet."""
    return work / "features"


@pytest.fixture
def export(tmp_path: Path, target: Path) -> Install:
    """Install a zip with these files."""

    def run(files: dict[str, str]) -> Installed:
        download = tmp_path / "download.zip"
        download.write_bytes(zipped(files))
        return install(download, target)

    return run


def test_first_export(export: Install, target: Path, work: Path) -> None:
    """The target is made, all files are there, and nothing else is left behind."""
    installed = export({**FIRST, "readme\x7e.txt": "x"})
    assert texts(target) == FIRST
    assert installed.files == tuple(target / name for name in sorted(FIRST))
    assert installed.removed == ()
    assert installed.skipped == ("'readme~.txt': not a .feature file",)
    assert [path.name for path in work.iterdir()] == ["features"]
    index = json.loads((target / INDEX).read_text())
    hashes = {n: hashlib.sha256(t.encode()).hexdigest() for n, t in FIRST.items()}
    assert index == {"version": 1, "files": hashes, "pending": {}}


def test_missing_parents(tmp_path: Path) -> None:
    """The directories above the target are made as well."""
    (tmp_path / "d").write_bytes(zipped(FIRST))
    install(tmp_path / "d", tmp_path / "x" / "y" / "features")
    assert texts(tmp_path / "x" / "y" / "features") == FIRST


def test_relative_target(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths below a relative target are relative, too."""
    (tmp_path / "d").write_bytes(zipped(FIRST))
    monkeypatch.chdir(work)
    installed = install(tmp_path / "d", Path("features"))
    assert installed.files[0] == Path("features/a.feature")


def test_stale_files_go(export: Install, target: Path) -> None:
    """Files of the earlier export that are not in this one are removed."""
    export(FIRST)
    installed = export(SECOND)
    assert texts(target) == SECOND
    assert installed.removed == (target / "gone/c.feature",)
    assert not (target / "gone").exists()


def test_unchanged_files_stay(export: Install, target: Path) -> None:
    """The same export again touches no file."""
    export(FIRST)
    before = {p: p.stat().st_mtime_ns for p in target.rglob("*")}
    inodes = {p: p.stat().st_ino for p in target.rglob("*")}
    export(FIRST)
    assert {p: p.stat().st_mtime_ns for p in target.rglob("*")} == before
    assert {p: p.stat().st_ino for p in target.rglob("*")} == inodes


@pytest.mark.fault("F17")
def test_users_files_stay(export: Install, target: Path) -> None:
    """The user's files and their folders are not touched."""
    export(FIRST)
    own = {"own.feature": "mine", "gone/own.feature": "mine too"}
    for name, text in own.items():
        (target / name).write_text(text)
    (target / "notes.txt").write_text("notes")
    export(SECOND)
    assert texts(target) == {**SECOND, **own}
    assert (target / "notes.txt").read_text() == "notes"


def test_changed_stale_file_stays(export: Install, target: Path) -> None:
    """A stale file that the user changed is kept, with a notice."""
    export(FIRST)
    (target / "gone/c.feature").write_text("changed")
    installed = export(SECOND)
    assert (target / "gone/c.feature").read_text() == "changed"
    assert installed.removed == ()
    assert "'gone/c.feature'" in installed.skipped[0]
    assert export(SECOND).skipped == ()


def test_deleted_file_comes_back(export: Install, target: Path) -> None:
    """A deleted file is installed again, or forgotten if it is stale."""
    export(FIRST)
    (target / "a.feature").unlink()
    (target / "gone/c.feature").unlink()
    assert export(SECOND).removed == ()
    assert texts(target) == SECOND


def _own(target: Path) -> None:
    (target / "new/deep").mkdir(parents=True)
    (target / "new/deep/d.feature").write_text("mine")


def _changed(target: Path) -> None:
    (target / "a.feature").write_text("changed")


def _folder(target: Path) -> None:
    (target / "new/deep/d.feature").mkdir(parents=True)


def _file_for_folder(target: Path) -> None:
    (target / "new").write_text("a file")


def _linked_file(target: Path) -> None:
    (target / "a.feature").rename(target.parent / "moved")
    (target / "a.feature").symlink_to(target.parent / "moved")


def _linked_folder(target: Path) -> None:
    (target.parent / "elsewhere").mkdir()
    (target / "new").symlink_to(target.parent / "elsewhere")


def _dangling_link(target: Path) -> None:
    (target / "new").symlink_to(target.parent / "nowhere")


def _fifo(target: Path) -> None:
    (target / "a.feature").unlink()
    os.mkfifo(target / "a.feature")


@pytest.mark.parametrize(
    "obstacle",
    [
        _own,
        _changed,
        _folder,
        _file_for_folder,
        _linked_file,
        _linked_folder,
        _dangling_link,
    ],
)
def test_in_the_way(
    export: Install, target: Path, work: Path, obstacle: Callable[[Path], None]
) -> None:
    """A user's file in the way is named, and nothing is installed."""
    export(FIRST)
    obstacle(target)
    before = snapshot(work)
    with pytest.raises(FeaturesError, match=r"'(a|new/deep/d)\.feature'"):
        export(SECOND)
    assert snapshot(work) == before


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFOs")
def test_fifo_in_the_way(export: Install, target: Path) -> None:
    """A FIFO in the way is refused without reading it."""
    export(FIRST)
    _fifo(target)
    with pytest.raises(FeaturesError, match=r"'a\.feature'"):
        export(SECOND)


def test_stale_behind_a_link(export: Install, target: Path, work: Path) -> None:
    """A stale file is not removed through a link in place of its folder."""
    export(FIRST)
    (target / "gone").rename(work / "elsewhere")
    (target / "gone").symlink_to(work / "elsewhere")
    assert export(SECOND).removed == ()
    assert (work / "elsewhere/c.feature").exists()


def test_identical_is_adopted(export: Install, target: Path) -> None:
    """An identical file in the target counts as installed."""
    target.mkdir()
    (target / "a.feature").write_text("A1")
    export(FIRST)
    export(SECOND)
    assert texts(target) == SECOND


def test_user_made_the_same_change(export: Install, target: Path) -> None:
    """A user's change that is also in the new export is accepted."""
    export(FIRST)
    (target / "a.feature").write_text("A2")
    export(SECOND)
    assert texts(target) == SECOND


def test_two_spellings_of_one_file(export: Install, target: Path) -> None:
    """On a disk that ignores case, a file that changes its case is not stale."""
    export({"A.feature": "same", "b.feature": "b"})
    os.link(target / "A.feature", target / "a.feature")  # as such a disk shows it
    assert export({"a.feature": "same"}).removed == (target / "b.feature",)
    assert (target / "a.feature").read_text() == "same"


def test_case_change(export: Install, target: Path) -> None:
    """On a disk with case, a file that changes its case is new and stale."""
    export({"A.feature": "1"})
    export({"a.feature": "2"})
    assert [path.name for path in target.glob("*.feature")] == ["a.feature"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "\udcff",
        '{"version": 2, "files": {}, "pending": {}}',
        '{"version": 1, "files": {}}',
        '{"version": 1, "files": {"../x.feature": "%s"}, "pending": {}}' % ("0" * 64),
        '{"version": 1, "files": {"x.feature": ""}, "pending": {}}',
        '{"version": 1, "files": {"x.feature": 7}, "pending": {}}',
        '{"version": 1, "files": [], "pending": {}}',
        "[" * 100_000,
    ],
)
def test_odd_index(export: Install, target: Path, work: Path, text: str) -> None:
    """A damaged index is refused, with a hint."""
    export(FIRST)
    (target / INDEX).write_bytes(text.encode(errors="surrogateescape"))
    before = snapshot(work)
    with pytest.raises(FeaturesError, match="index") as caught:
        export(SECOND)
    assert "delete it" in caught.value.hint
    assert snapshot(work) == before


def test_linked_index(export: Install, target: Path, work: Path) -> None:
    """An index that is a link is not followed."""
    export(FIRST)
    (target / INDEX).rename(work / "index")
    (target / INDEX).symlink_to(work / "index")
    with pytest.raises(FeaturesError, match="index"):
        export(SECOND)


# Bad targets --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["/", ".", "..", "file", "link", "loop", "~", "a\0b"])
@pytest.mark.fault("F16")
def test_bad_target(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Root, current directory, home, their parents, files and links are refused."""
    (tmp_path / "d").write_bytes(zipped(FIRST))
    home = tmp_path / "home"
    for folder in ("home", "real", "work/here"):
        (tmp_path / folder).mkdir()
    (work / "here/file").write_text("x")
    (work / "here/link").symlink_to(tmp_path / "real")
    (work / "here/loop").symlink_to("loop")
    monkeypatch.chdir(work / "here")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    before = snapshot(tmp_path)
    with pytest.raises(UsageError, match="features_dir") as caught:
        install(tmp_path / "d", home if name == "~" else Path(name))
    assert caught.value.exit_code == 2
    assert caught.value.hint
    assert snapshot(tmp_path) == before


def test_no_home(
    export: Install, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An odd or missing home does not matter."""
    for home in ("/", "", "/nonexistent"):
        monkeypatch.setenv("HOME", home)
        export(FIRST)
    assert texts(target) == FIRST


def test_no_download(target: Path, tmp_path: Path) -> None:
    """A missing download, or a directory, is a FeaturesError."""
    for download in (tmp_path / "nothing", tmp_path):
        with pytest.raises(FeaturesError):
            install(download, target)
    assert not target.exists()


def test_parent_is_a_file(tmp_path: Path) -> None:
    """A target inside a file is a FeaturesError."""
    (tmp_path / "d").write_bytes(zipped(FIRST))
    with pytest.raises((FeaturesError, UsageError)):
        install(tmp_path / "d", tmp_path / "d" / "features")


# Faults on the way --------------------------------------------------------------


class Fault:
    """Fails at the k-th call, or from there on."""

    def __init__(self, real: Callable[..., Any], at: int, *, ever_after: bool) -> None:
        self.real, self.at, self.ever_after = real, at, ever_after
        self.calls = 0

    def __call__(self, *values: Any, **options: Any) -> Any:
        self.calls += 1
        if self.calls == self.at or (self.ever_after and self.calls > self.at):
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.real(*values, **options)


PLACES = {
    "replace": Path,
    "mkdir": Path,
    "write_text": Path,
    "lstat": Path,
    "open": Path,
    "copy2": shutil,
    "mkdtemp": tempfile,
    "os.open": os,
}


@pytest.mark.parametrize("existing", [True, False], ids=["over", "fresh"])
@pytest.mark.parametrize("place", PLACES)
def test_put_back(
    export: Install, target: Path, work: Path, place: str, *, existing: bool
) -> None:
    """After a failure of any single step the target is unchanged."""
    owner, name = PLACES[place], place.removeprefix("os.")
    if existing:
        export(FIRST)
    (target if existing else work).joinpath("own.feature").write_text("mine")
    before = snapshot(work)
    for step in count(1):
        with pytest.MonkeyPatch.context() as patch:
            fault = Fault(getattr(owner, name), step, ever_after=False)
            wrapped = lambda *v, fault=fault, **o: fault(*v, **o)  # noqa: E731
            patch.setattr(owner, name, wrapped)
            try:
                export(SECOND)
            except (FeaturesError, UsageError) as error:
                message = str(error)
            except OSError:  # the test's own writing of the download
                continue
            else:
                break
        assert snapshot(work) == before, step
        assert "nothing was changed" in message or "cannot be read" in message
    own = {"own.feature": "mine"} if existing else {}
    assert texts(target) == {**SECOND, **own}


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_interrupted(
    export: Install,
    work: Path,
    monkeypatch: pytest.MonkeyPatch,
    interrupt: type[BaseException],
) -> None:
    """Ctrl-C between two moves restores the target, too."""
    export(FIRST)
    before = snapshot(work)
    real = Path.replace
    calls = count(1)

    def replace(self: Path, other: Path) -> Path:
        if next(calls) == 3:
            raise interrupt
        return real(self, other)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(interrupt):
        export(SECOND)
    assert snapshot(work) == before


def test_cannot_be_put_back(export: Install, target: Path, work: Path) -> None:
    """A failed restore is reported with the paths; the next export completes it."""
    for step in count(2):
        shutil.rmtree(work)
        work.mkdir()
        export(FIRST)
        (target / "own.feature").write_text("mine")
        with pytest.MonkeyPatch.context() as patch:
            fault = Fault(Path.replace, step, ever_after=True)
            patch.setattr(Path, "replace", lambda *v, fault=fault: fault(*v))
            try:
                export(SECOND)
            except FeaturesError as error:
                hint = error.hint
            else:
                break
        assert "could not move back" in hint
        assert INDEX in hint
        (kept,) = work.glob(".features.xray-new-*")
        assert str(kept) in hint
        assert journal.is_unfinished(kept)
        now = texts(target)
        assert now.pop("own.feature") == "mine"
        for name, text in now.items():
            assert text in {FIRST.get(name), SECOND.get(name)}
        export(THIRD)
        assert texts(target) == {**THIRD, "own.feature": "mine"}
        assert [path.name for path in work.iterdir()] == ["features"]
    assert step > 4


KILL = """
real, calls = Path.replace, iter(range(1, 99))
def replace(self, other):
    if next(calls) == {step}:
        os._exit(9)
    return real(self, other)
Path.replace = replace
"""


def test_killed(export: Install, tmp_path: Path, target: Path, work: Path) -> None:
    """After two kills, the next export completes all steps."""
    (tmp_path / "second").write_bytes(zipped(SECOND))
    (tmp_path / "first").write_bytes(zipped(FIRST))
    for step in count(1):
        shutil.rmtree(work)
        work.mkdir()
        export(FIRST)
        (target / "own.feature").write_text("mine")
        process = child(tmp_path / "second", target, KILL.format(step=step))
        process.communicate()
        again = child(tmp_path / "first", target, KILL.format(step=2))
        again.communicate()
        if process.returncode == 0:
            break
        assert process.returncode == 9
        assert again.returncode in {0, 9}
        export(THIRD)
        assert texts(target) == {**THIRD, "own.feature": "mine"}
        assert [path.name for path in work.iterdir()] == ["features"]
    assert step > 4


# By audit events, which no module has past its own name for a function.
KILL_AT_EVERY_STEP = """
import itertools, os, signal, sys
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = {{"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link"}}
calls = itertools.count(1)
def audit(event, given):
    is_change = event in CHANGES or (event == "open" and given[2] & WRITES)
    if is_change and next(calls) == {step}:
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(audit)
"""
FINISH = """
from xray_bridge.features.install import finish_killed
finish_killed(target)
sys.exit()
"""


def test_a_killed_export_that_cannot_be_ended(
    export: Install, tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error has the reason; the next export completes it."""
    (tmp_path / "second").write_bytes(zipped(SECOND))
    export(FIRST)
    child(tmp_path / "second", target, KILL.format(step=2)).communicate()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr("xray_bridge.features.workplace.os.open", refuse)
        with pytest.raises(FeaturesError) as caught:
            finish_killed(target)
    finish_killed(target)

    said = f"an export into {target} was killed and cannot be completed: "
    assert caught.value.message == f"{said}[Errno 13] Permission denied"
    assert caught.value.hint == "fix the cause and export again"
    assert texts(target) == SECOND


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_killed_anywhere_it_is_the_old_directory_or_the_new(
    export: Install, tmp_path: Path, target: Path, work: Path
) -> None:
    """After SIGKILL at any change of a file, the next export completes it."""
    (tmp_path / "second").write_bytes(zipped(SECOND))
    own = {"own.feature": "mine", "gone/own.feature": "mine, too"}
    ended = []
    for step in count(1):
        shutil.rmtree(work)
        work.mkdir()
        export(FIRST)
        for name, text in own.items():
            (target / name).write_text(text)
        killing = KILL_AT_EVERY_STEP.format(step=step)
        process = child(tmp_path / "second", target, killing)
        process.communicate()
        if process.returncode == 0:
            break
        assert process.returncode == -9
        again = KILL_AT_EVERY_STEP.format(step=1 + step % 7)
        child(tmp_path / "second", target, again + FINISH).communicate()
        finish_killed(target)
        now = texts(target)
        assert now in ({**FIRST, **own}, {**SECOND, **own}), step
        ended.append(now == {**SECOND, **own})
        index = json.loads((target / INDEX).read_text())
        assert index["files"].keys() == (SECOND if ended[-1] else FIRST).keys()
    assert {True, False} == set(ended)
    assert ended == sorted(ended)
    assert step > 20


def test_a_killed_export_is_not_ended_over_what_has_changed_since(
    export: Install, tmp_path: Path, target: Path
) -> None:
    """A file that a user has edited since stays unchanged."""
    (tmp_path / "second").write_bytes(zipped(SECOND))
    export(FIRST)
    process = child(tmp_path / "second", target, KILL.format(step=2))
    process.communicate()
    assert process.returncode == 9
    (target / "a.feature").write_text("mine now")
    (target / "gone" / "c.feature").write_text("and this")

    finish_killed(target)

    now = texts(target)
    assert now["a.feature"] == "mine now"
    assert now["gone/c.feature"] == "and this"
    assert now["new/deep/d.feature"] == "D2"


@pytest.mark.skipif(sys.platform == "win32", reason="no resource limits")
@pytest.mark.fault("F15")
def test_disk_full(export: Install, tmp_path: Path, target: Path, work: Path) -> None:
    """A limit on file sizes is a FeaturesError, and the old files stay."""
    export(FIRST)
    before = snapshot(work)
    (tmp_path / "large").write_bytes(zipped({"a.feature": "Feature: x\n" * 9999}))
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9999, 9999))"
    process = child(tmp_path / "large", target, limit)
    _, errors = process.communicate()
    assert errors.startswith("refused: the feature files could not be installed")
    assert "nothing was changed" in errors
    assert snapshot(work) == before


# Two at a time ------------------------------------------------------------------


@pytest.mark.fault("F19")
def test_two_processes(tmp_path: Path, target: Path, work: Path) -> None:
    """Two processes that export into one directory leave it consistent."""
    exports = {}
    for mark in "xy":
        files = {f"{mark}{n}.feature": mark * n for n in range(1, 20)}
        exports[mark] = {**files, "both.feature": mark}
        (tmp_path / mark).write_bytes(zipped(exports[mark]))
    repeat = "for _ in range(100): install(download, target)"
    processes = [child(tmp_path / mark, target, repeat) for mark in "xy"]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    assert texts(target) in exports.values()
    index = json.loads((target / INDEX).read_text())
    assert index["files"].keys() == texts(target).keys()
    assert [path.name for path in work.iterdir()] == ["features"]


def test_other_export_takes_too_long(tmp_path: Path, target: Path, work: Path) -> None:
    """An export waits for another one up to a limit, and changes nothing."""
    (tmp_path / "d").write_bytes(zipped(FIRST))
    hold = (
        "from xray_bridge.features.workplace import hold_lock\n"
        "with hold_lock(target.parent / '.features.xray-lock', 5):\n"
        "    print('held', file=sys.stderr, flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path / "d"), str(target), hold],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stderr is not None
        assert other.stderr.readline() == "held\n"
        with pytest.raises(FeaturesError, match=r"took longer than 0\.2 s"):
            install(tmp_path / "d", target, limits=Limits(lock_seconds=0.2))
        assert not target.exists()
        other.communicate(timeout=30)
    assert texts(target) == FIRST
    assert [path.name for path in work.iterdir()] == ["features"]


def test_left_lock(export: Install, target: Path, work: Path) -> None:
    """The lock file of a killed export does not lock."""
    (work / ".features.xray-lock").touch()
    export(FIRST)
    assert texts(target) == FIRST
    assert not (work / ".features.xray-lock").exists()


def test_lock_that_was_removed(
    export: Install, target: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock whose file was removed meanwhile is taken again."""
    lock, real = work / ".features.xray-lock", os.open
    removed: list[Path] = []

    def late(path: Path, *flags: int, **options: Any) -> int:
        descriptor = real(path, *flags, **options)
        if path == lock and len(removed) < 2:
            lock.unlink()  # as whoever had it before does
            removed.append(path)
            if len(removed) == 2:
                lock.touch()
        return descriptor

    monkeypatch.setattr(os, "open", late)
    export(FIRST)
    assert len(removed) == 2
    assert texts(target) == FIRST
    assert not lock.exists()


def test_other_file_system(
    export: Install, target: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A target that is a mount point is filled from inside, without leftovers."""
    export(FIRST)
    made = []
    real_mkdtemp, real_stat = tempfile.mkdtemp, Path.stat

    def mkdtemp(**options: Any) -> str:
        made.append(options["dir"])
        return str(real_mkdtemp(**options))

    def other_device(self: Path, **options: Any) -> os.stat_result:
        result = real_stat(self, **options)
        if self != target:
            return result
        return os.stat_result((*result[:2], result.st_dev + 1, *result[3:]))

    monkeypatch.setattr(tempfile, "mkdtemp", mkdtemp)
    monkeypatch.setattr(Path, "stat", other_device)
    export(SECOND)
    assert made == [target]
    assert texts(target) == SECOND
    names = {path.name for path in target.iterdir()}
    assert names == {"a.feature", "sub", "new", INDEX}
    assert [path.name for path in work.iterdir()] == ["features"]


HASH = "0" * 64
OTHER = "1" * 64


def hash_at(directory: Path, name: str) -> str | None:
    """A file of zeros is ours; any other is a user's."""
    path = directory / name
    if not path.exists():
        return None
    return HASH if path.read_text() == "0" else OTHER


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """What an export has unpacked before it was killed."""
    path = tmp_path / "place"
    path.mkdir()
    (path / "new-0").write_text("new")
    steps = journal.Steps(
        put={"sub/a.feature": "new-0"},
        removed=("gone/deep/b.feature",),
        owned={"sub/a.feature": HASH, "gone/deep/b.feature": HASH},
        new={"sub/a.feature": OTHER},
    )
    steps.write(path)
    return path


def test_killed_export_ends_where_nothing_is_left(place: Path, tmp_path: Path) -> None:
    """The directory is made again, and those above it; the folder of it is gone."""
    directory = tmp_path / "deep" / "features"

    journal.finish(place, directory, hash_at)

    assert (directory / "sub" / "a.feature").read_text() == "new"
    assert read_index(directory) == Index({"sub/a.feature": OTHER})
    assert not place.exists()


def test_killed_export_ends_with_what_is_there(place: Path, tmp_path: Path) -> None:
    """What was ours is replaced or goes, with folders that nothing is left in."""
    directory = tmp_path / "features"
    for name in ("sub/a.feature", "gone/deep/b.feature"):
        (directory / name).parent.mkdir(parents=True)
        (directory / name).write_text("0")

    journal.finish(place, directory, hash_at)

    assert (directory / "sub" / "a.feature").read_text() == "new"
    assert not (directory / "gone").exists()


def test_killed_export_leaves_what_a_user_has_changed(
    place: Path, tmp_path: Path
) -> None:
    """Neither replaced nor removed."""
    directory = tmp_path / "features"
    (directory / "gone" / "deep").mkdir(parents=True)
    (directory / "gone" / "deep" / "b.feature").write_text("mine")

    journal.finish(place, directory, hash_at)

    assert (directory / "gone" / "deep" / "b.feature").read_text() == "mine"


def test_export_that_is_over_may_be_forgotten_again(place: Path) -> None:
    """Only one that has its steps is unfinished."""
    before = journal.is_unfinished(place)
    journal.forget(place)
    journal.forget(place)

    assert before
    assert not journal.is_unfinished(place)


def test_index_as_it_is_written() -> None:
    """Sorted, a line for each, so that it can be read and compared."""
    index = Index({"b": HASH, "a": OTHER}, {"c": HASH})

    assert index.text() == (
        f'{{\n "files": {{\n  "a": "{OTHER}",\n  "b": "{HASH}"\n }},\n'
        f' "pending": {{\n  "c": "{HASH}"\n }},\n "version": 1\n}}\n'
    )
    assert index.names() == ["a", "b", "c"]
    assert index.owns("c", HASH)
    assert not index.owns("c", OTHER)


def test_lock_is_waited_for(tmp_path: Path) -> None:
    """Until it is free, and its file goes with it."""
    path = tmp_path / "lock"
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        with hold_lock(path, 10):
            held.set()
            free.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    timer = threading.Timer(0.2, free.set)
    timer.start()
    with hold_lock(path, 10):
        was_free = free.is_set()
    thread.join()

    assert was_free
    assert not path.exists()


def test_lock_that_is_not_free_in_time(tmp_path: Path) -> None:
    """How long it was waited for is told, and where it lies."""
    path = tmp_path / "lock"

    with (
        hold_lock(path, 10),
        pytest.raises(FeaturesError, match=r"took longer than 0.1 s") as caught,
        hold_lock(path, 0.1),
    ):
        pass

    assert caught.value.hint == f"try again later; its lock is {path}"


def test_killed_export_that_only_removed(tmp_path: Path) -> None:
    """The directory is made for the index, even if nothing is put into it."""
    place = tmp_path / "place"
    place.mkdir()
    journal.Steps(put={}, removed=("a.feature",), owned={}, new={}).write(place)

    journal.finish(place, tmp_path / "deep" / "features", hash_at)

    assert read_index(tmp_path / "deep" / "features") == Index()


def test_folder_of_a_killed_export_that_cannot_be_removed(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no error, and the export is not completed a second time."""

    def refuse(_: Path, *, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            raise PermissionError

    monkeypatch.setattr(shutil, "rmtree", refuse)
    journal.finish(place, tmp_path / "features", hash_at)

    assert not journal.is_unfinished(place)


def test_ten_files_in_the_way_are_named(export: Install, target: Path) -> None:
    """All of them are counted."""
    files = {f"{number}.feature": "theirs" for number in range(11)}
    target.mkdir()
    for name in files:
        (target / name).write_text("mine")

    with pytest.raises(FeaturesError) as caught:
        export(files)

    assert caught.value.message.startswith(f"11 files in {target} are in the way")
    assert caught.value.message.count(".feature'") == 10
    assert caught.value.hint == (
        "nothing was changed; move them, or choose another features_dir"
    )


def test_killed_export_is_completed_before_one_that_is_refused(
    export: Install, tmp_path: Path, target: Path
) -> None:
    """The directory is not left half changed until a later export succeeds."""
    (tmp_path / "second").write_bytes(zipped(SECOND))
    export(FIRST)
    child(tmp_path / "second", target, KILL.format(step=2)).communicate()
    (target / "e.feature").write_text("mine")

    with pytest.raises(FeaturesError, match=r"'e\.feature'"):
        export(THIRD)

    assert texts(target) == {**SECOND, "e.feature": "mine"}


@pytest.mark.parametrize("is_undone", [False, True], ids=["done", "undone"])
def test_folder_of_an_export_that_cannot_be_removed(
    export: Install,
    work: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_undone: bool,
) -> None:
    """Neither an export that is done nor one that was undone is completed later."""
    export(FIRST)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    if is_undone:
        fault = Fault(Path.replace, 3, ever_after=False)
        monkeypatch.setattr(Path, "replace", lambda *v, fault=fault: fault(*v))
        with pytest.raises(FeaturesError, match="No space left"):
            export(SECOND)
    else:
        export(SECOND)

    (left,) = work.glob(".features.xray-new-*")
    assert not journal.is_unfinished(left)
