"""Files of a checkout: all are replaced, or none."""

from __future__ import annotations

import errno
import subprocess
from pathlib import Path

import pytest

from xray_bridge.errors import CheckError
from xray_bridge.source.files import Checkout, replace_all


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A repository with the file ``test_a.py``, below a folder with another file."""
    (tmp_path / "outside.py").touch()
    top = tmp_path / "repository"
    top.mkdir()
    (top / "test_a.py").write_text("a")
    names = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    for command in (["init", "-q"], ["add", "."], [*names, "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=top, check=True)  # noqa: S607
    return Checkout(top)


def test_a_committed_file_and_a_new_one_may_be_written(checkout: Checkout) -> None:
    """A new file has no version that people could want back."""
    (checkout.root / "test_new.py").touch()

    assert checkout.find_fault(checkout.root / "test_a.py") == ""
    assert checkout.find_fault(checkout.root / "test_new.py") == ""


def test_a_file_with_changes_of_its_own_is_not_written(checkout: Checkout) -> None:
    """The marks would be mixed with them."""
    path = checkout.root / "test_a.py"
    path.write_text("b")

    assert checkout.find_fault(path) == "it has changes that are not committed"


def test_a_read_only_file_is_not_written(checkout: Checkout) -> None:
    """Its owner has said so."""
    path = checkout.root / "test_a.py"
    path.chmod(0o444)

    assert checkout.find_fault(path) == "it is read-only"


def test_a_link_out_of_the_checkout_is_not_followed(checkout: Checkout) -> None:
    """Nor is a path that leads out of it."""
    link = checkout.root / "test_link.py"
    link.symlink_to(checkout.root.parent / "outside.py")

    assert checkout.find_fault(link).startswith("it is outside of ")
    assert checkout.find_fault(link.parent / "../outside.py").startswith("it is out")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gone.py", "No such file"),
        (".", "it is not a file"),
        ("lib/site-packages/x.py", "it is an installed file"),
    ],
)
def test_what_is_no_file_of_the_user_is_not_written(
    checkout: Checkout, name: str, reason: str
) -> None:
    """The reason is named."""
    assert checkout.find_fault(checkout.root / name).startswith(reason)


def test_a_folder_without_git_is_its_own_checkout(tmp_path: Path) -> None:
    """Files below it may be written."""
    (tmp_path / "test_a.py").touch()
    found = Checkout(tmp_path)

    assert found.root == tmp_path.resolve()
    assert found.find_fault(tmp_path / "test_a.py") == ""


def some_files(folder: Path) -> dict[Path, bytes]:
    """Write three files, and return what is in them."""
    files = {folder / f"{name}.py": name.encode() for name in "abc"}
    for path, content in files.items():
        path.write_bytes(content)
    return files


def listed(folder: Path) -> dict[Path, bytes]:
    """Return all files of a folder."""
    return {path: path.read_bytes() for path in folder.iterdir()}


def test_all_files_are_replaced_with_their_modes(tmp_path: Path) -> None:
    """No draft stays behind."""
    before = some_files(tmp_path)
    (tmp_path / "a.py").chmod(0o755)
    after = {path: content * 2 for path, content in before.items()}
    replace_all(before, after)

    assert listed(tmp_path) == after
    assert (tmp_path / "a.py").stat().st_mode & 0o777 == 0o755


def test_nothing_is_written_if_a_file_was_changed_meanwhile(tmp_path: Path) -> None:
    """An editor has saved it, for example."""
    before = some_files(tmp_path)
    (tmp_path / "c.py").write_bytes(b"mine")

    with pytest.raises(CheckError, match=r"c\.py was changed meanwhile"):
        replace_all(before, dict.fromkeys(before, b"new"))

    assert listed(tmp_path) == {**before, tmp_path / "c.py": b"mine"}


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_files_are_put_back_if_a_later_one_cannot_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    """Also after Ctrl-C: all have their old content."""
    before = some_files(tmp_path)
    replace, targets = Path.replace, []

    def fail_at_the_third(draft: Path, target: Path) -> Path:
        targets.append(target)
        if len(targets) == 3:
            raise fault
        return replace(draft, target)

    monkeypatch.setattr(Path, "replace", fail_at_the_third)

    with pytest.raises((CheckError, KeyboardInterrupt)):
        replace_all(before, dict.fromkeys(before, b"new"))

    assert listed(tmp_path) == before
