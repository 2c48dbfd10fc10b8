"""Which feature files are sent: by path, by time, and by git."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from xray_bridge.errors import UsageError
from xray_bridge.features import git as git_module
from xray_bridge.features.files import (
    ChosenFile,
    find_files,
    modified_within,
    parse_age,
)
from xray_bridge.features.git import changes_since, only_changed


HOUR = 3600.0
NOW = 1_700_000_000.0


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with feature files, which is the current directory."""
    root = tmp_path / "project"
    for name in (
        "features/a.feature",
        "features/core/b.feature",
        "features/more.zip",
        "features/steps/steps.py",
        "features/.hidden/c.feature",
        "other/[d].feature",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Feature: {name}\n")
    monkeypatch.chdir(root)
    return root


def names(*patterns: str, root: str = ".") -> list[str]:
    """Return the names of the files that patterns find."""
    return [each.name for each in find_files(patterns, Path(root))]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["features/a.feature"], ["features/a.feature"]),
        (["./features/../features/a.feature"], ["features/a.feature"]),
        (["features/more.zip"], ["features/more.zip"]),
        (
            ["features"],
            ["features/a.feature", "features/core/b.feature", "features/more.zip"],
        ),
        (["features/*.feature"], ["features/a.feature"]),
        (["features/**/b.*"], ["features/core/b.feature"]),
        (["features/**/a.*"], ["features/a.feature"]),
        (["features/co*"], ["features/core/b.feature"]),
        (["features/core", "features/core/b.feature"], ["features/core/b.feature"]),
        (["features/core", "features/../features/core"], ["features/core/b.feature"]),
        (["other/[d].feature"], ["other/[d].feature"]),
    ],
)
def test_paths(patterns: list[str], expected: list[str]) -> None:
    """Files, directories and globs are found, each file once, in order."""
    assert names(*patterns) == expected


def test_names_do_not_depend_on_the_choice() -> None:
    """A file has the same name whether it is sent alone or with others."""
    everything = names("features")

    assert names("features/core/b.feature")[0] in everything


def test_names_begin_elsewhere(here: Path) -> None:
    """The root of names can be set, and paths may be absolute."""
    assert names(f"{here}/features/core", root="features") == ["core/b.feature"]


def test_a_directory_behind_a_link(here: Path, tmp_path: Path) -> None:
    """A file behind a link has the name with the link."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "e.feature").write_text("Feature: E\n")
    (here / "linked").symlink_to(tmp_path / "elsewhere")

    assert names("linked") == ["linked/e.feature"]


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("nowhere", "no .feature or .zip file: nowhere"),
        ("features/*.txt", "no .feature or .zip file: features/*.txt"),
        ("features/steps", "no .feature or .zip file: features/steps"),
        ("features/steps/steps.py", "neither a .feature nor a .zip file"),
        ("../project-2", "no .feature"),
        ("", "no .feature"),
    ],
)
def test_nothing_found(pattern: str, said: str) -> None:
    """A pattern without files is an error: it may be mistyped."""
    with pytest.raises(UsageError, match="feature") as caught:
        names("features", pattern)

    assert said in caught.value.message
    is_file = Path(pattern).is_file()
    assert caught.value.hint == ("" if is_file else "name files, directories or globs")


def test_outside_of_the_root(here: Path) -> None:
    """A file outside of the root is refused, with a hint."""
    with pytest.raises(UsageError) as caught:
        names(str(here / "features"), root="other")

    assert "--relative-to" in caught.value.hint


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_that_cannot_be_sent(here: Path) -> None:
    """A name with a control character is refused."""
    (here / "features" / "a\nb.feature").write_text("Feature: F\n")

    with pytest.raises(UsageError, match="control character") as caught:
        names("features")

    assert caught.value.hint == "rename it"


@pytest.mark.parametrize(
    ("text", "age", "is_in"),
    [
        ("3", 3.9 * HOUR, True),
        ("3", 4.1 * HOUR, False),
        ("3h", 3.9 * HOUR, True),
        ("1", 0.0, True),
        ("1", -5.0 * HOUR, True),
        ("90m", 90.9 * 60, True),
        ("90m", 91.1 * 60, False),
        ("2d", 48.9 * HOUR, True),
        ("2d", 49.1 * HOUR, False),
        (" 2 H ", 2.5 * HOUR, True),
    ],
)
def test_modified_within(here: Path, text: str, age: float, is_in: bool) -> None:
    """Complete hours count, as in Jenkins; with minutes, complete minutes."""
    path = here / "features" / "a.feature"
    os.utime(path, (NOW - age, NOW - age))
    chosen = (ChosenFile(path=path, name="a.feature"),)

    assert modified_within(chosen, text, NOW) == (chosen if is_in else ())


@pytest.mark.parametrize(
    ("text", "most", "step"),
    [
        ("3", 180, 60),
        ("90m", 90, 1),
        ("3h", 180, 60),
        ("2D", 2880, 60),
        ("999999", 59999940, 60),
    ],
)
def test_minutes_of_a_time(text: str, most: int, step: int) -> None:
    """How old a file may be, and in which steps it ages."""
    assert parse_age(text) == (most, step)


@pytest.mark.parametrize("text", ["", "0", "-1", "3w", "1.5h", "h", "1234567"])
def test_no_time(text: str) -> None:
    """An invalid age is refused, with an example."""
    with pytest.raises(UsageError, match="write 3h, 90m or 2d"):
        parse_age(text)


class Repository:
    """A real repository in the project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.run("init", "-q", "-b", "main")
        self.commit("first")

    def run(self, *arguments: str) -> str:
        """Run git, with a name and without the machine's configuration."""
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        command = ["git", "-C", str(self.root), *who, *arguments]
        plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        environ = {**os.environ, **plain}
        return subprocess.check_output(command, env=environ, encoding="utf-8").strip()

    def commit(self, message: str) -> str:
        """Commit all changes; return the commit."""
        self.run("add", "--all")
        self.run("commit", "-q", "--no-gpg-sign", "-m", message)
        return self.run("rev-parse", "HEAD")

    def write(self, name: str, text: str = "Feature: changed\n") -> None:
        """Write a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def changed(self, ref: str = "main") -> list[str]:
        """Return the names of chosen files that have changed."""
        chosen = find_files([str(self.root / "features")], self.root)
        return [
            each.name for each in only_changed(chosen, changes_since(self.root, ref))
        ]


@pytest.fixture
def repository(here: Path) -> Repository:
    """A repository on a branch of its own."""
    made = Repository(here)
    made.run("checkout", "-q", "-b", "work")
    return made


def test_nothing_changed(repository: Repository) -> None:
    """Unchanged files are skipped, whatever their times are."""
    os.utime(repository.root / "features" / "a.feature")

    assert repository.changed() == []


def test_committed_and_not_yet(repository: Repository) -> None:
    """Committed, staged, edited and new files have changed; ignored ones have not."""
    repository.write("features/committed.feature")
    repository.commit("one")
    repository.write("features/staged.feature")
    repository.run("add", "features/staged.feature")
    repository.write("features/a.feature")
    repository.write("features/new.feature")
    repository.write("features/ignored.feature")
    repository.write(".gitignore", "ignored.feature\n")

    assert repository.changed() == [
        "features/a.feature",
        "features/committed.feature",
        "features/new.feature",
        "features/staged.feature",
    ]


def test_what_others_changed_meanwhile(repository: Repository) -> None:
    """The comparison is with the commit where the branch left main."""
    repository.write("features/mine.feature")
    repository.commit("mine")
    repository.run("checkout", "-q", "main")
    repository.write("features/a.feature")
    repository.commit("theirs")
    repository.run("checkout", "-q", "work")

    assert repository.changed() == ["features/mine.feature"]


def test_renamed_and_deleted(repository: Repository) -> None:
    """A renamed file has changed under its new name; a deleted one is reported."""
    repository.run("mv", "features/a.feature", "features/ä b.feature")
    repository.run("rm", "-q", "features/core/b.feature")
    repository.commit("moved")

    assert repository.changed() == ["features/ä b.feature"]
    assert changes_since(repository.root, "main").deleted == (
        "features/core/b.feature",
    )


def test_from_a_subdirectory(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result is the same in a subdirectory of the repository."""
    repository.write("features/core/b.feature")
    monkeypatch.chdir(repository.root / "features" / "core")
    chosen = find_files(["."], Path())

    assert [
        each.name for each in only_changed(chosen, changes_since(Path(), "main"))
    ] == ["b.feature"]


@pytest.mark.parametrize("ref", ["HEAD~1", "a-tag"])
def test_commits_by_other_names(repository: Repository, ref: str) -> None:
    """A tag and an expression are commits, too."""
    repository.run("tag", "a-tag")
    repository.write("features/a.feature")
    repository.commit("one")

    assert repository.changed(ref) == ["features/a.feature"]


@pytest.mark.parametrize(
    ("ref", "hint"),
    [
        ("origin/gone", "git fetch origin gone:refs/remotes/origin/gone"),
        ("gone", "git fetch origin gone"),
        ("--output=x", "--changed-since origin/main"),
        ("", "--changed-since origin/main"),
    ],
)
def test_no_such_commit(repository: Repository, ref: str, hint: str) -> None:
    """An unknown commit is an error on one line, with the command that helps."""
    with pytest.raises(UsageError) as caught:
        changes_since(repository.root, ref)

    assert hint in caught.value.hint
    assert "\n" not in str(caught.value)
    assert not (repository.root / "x").exists()


def test_a_shallow_clone(repository: Repository, tmp_path: Path) -> None:
    """Without the common commit, the hint is to fetch it."""
    repository.write("features/a.feature")
    repository.commit("one")
    repository.run("checkout", "-q", "main")
    repository.write("features/more.zip")
    repository.commit("two")
    clone = tmp_path / "clone"
    source = repository.root.as_uri()
    options = ("--depth=1", "--no-single-branch", "--branch=work")
    repository.run("clone", "-q", *options, source, str(clone))

    with pytest.raises(UsageError, match="no common commit") as caught:
        changes_since(clone, "origin/main")

    assert "git fetch --unshallow" in caught.value.hint


def test_no_repository(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of a repository, git's message is shown on one line."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(here.parent))

    with pytest.raises(UsageError, match="not a git repository") as caught:
        changes_since(here, "main")

    begins = "--changed-since: git rev-parse: fatal: not a git repository"
    assert caught.value.message.startswith(begins)

    assert "--modified-within" in caught.value.hint


def test_no_git(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git, the error says so."""
    monkeypatch.setenv("PATH", "")

    with pytest.raises(UsageError, match="git cannot be run") as caught:
        changes_since(here, "main")

    assert caught.value.hint == "install git, or use --modified-within"


def test_git_that_hangs(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A git that never ends is stopped."""
    monkeypatch.setattr(git_module, "SECONDS", 0)

    with pytest.raises(UsageError, match="git took longer than 0 s"):
        repository.changed()


def test_pipes_and_devices(here: Path) -> None:
    """Pipes and devices are skipped: reading them might never end."""
    os.mkfifo(here / "features" / "pipe.feature")
    (here / "features" / "zero.feature").symlink_to("/dev/zero")

    assert not {"features/pipe.feature", "features/zero.feature"} & {
        *names("features"),
        *names("features/*.feature", "features"),
    }


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_name_that_is_not_utf_8(repository: Repository) -> None:
    """A name in another encoding does not keep the other files from being found."""
    odd = os.fsencode(repository.root / "features") + b"/caf\xe9.txt"
    with open(odd, "wb"):  # noqa: PTH123 - a name in bytes
        pass
    repository.write("features/a.feature")

    assert repository.changed() == ["features/a.feature"]
    assert Path(os.fsdecode(odd)) in changes_since(repository.root, "main").present


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for git")
def test_git_has_nobody_to_ask(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A git that reads from standard input finds its end, not the terminal."""
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(
        "#!/bin/sh\nread answer && echo 'fatal: it was answered' >&2\nexit 1\n"
    )
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}{os.pathsep}{os.environ['PATH']}")
    reading, writing = os.pipe()
    os.write(writing, b"yes\n")
    before = os.dup(0)
    os.dup2(reading, 0)
    try:
        with pytest.raises(UsageError) as caught:
            changes_since(here, "main")
    finally:
        os.dup2(before, 0)
        for each in (before, reading, writing):
            os.close(each)

    assert caught.value.message == "--changed-since: git rev-parse: it failed"
