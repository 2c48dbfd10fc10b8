"""
Finds the files that have changed since a commit, by running ``git``.

File times mean nothing in a fresh clone. The comparison is with the commit where the
branch left REF, as in ``git diff REF...HEAD``; uncommitted changes and untracked
files count as changed, ignored files do not.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import UsageError
from xray_bridge.git import run_git


if TYPE_CHECKING:
    from collections.abc import Iterable

    from xray_bridge.features.files import ChosenFile

SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Changed files, and the names of deleted files."""

    present: frozenset[Path]
    deleted: tuple[str, ...]


def changes_since(folder: Path, ref: str) -> Changes:
    """
    Find the changes in the repository around ``folder``.

    Raises UsageError without git, without a repository or for an unknown commit.
    """
    if not ref or ref.startswith("-"):
        msg = f"--changed-since: {ref!r} is not a commit"
        raise UsageError(msg, hint="as in --changed-since origin/main")
    top = Path(_git_output(folder, "rev-parse", "--show-toplevel").rstrip("\n"))
    base = _find_base(top, ref)
    diff = ("diff", "--name-only", "-z", "--no-ext-diff")
    present = _split_names(
        _git_output(top, *diff, "--no-renames", "--diff-filter=d", base, "--")
    )
    present += _split_names(
        _git_output(top, "ls-files", "-z", "--others", "--exclude-standard")
    )
    deleted = _split_names(
        _git_output(top, *diff, "--find-renames", "--diff-filter=D", base, "--")
    )
    return Changes(
        present=frozenset((top / name).resolve() for name in present),
        deleted=tuple(deleted),
    )


def only_changed(
    chosen: Iterable[ChosenFile], changes: Changes
) -> tuple[ChosenFile, ...]:
    """Return the files that have changed."""
    return tuple(each for each in chosen if each.path.resolve() in changes.present)


def _split_names(listed: str) -> list[str]:
    return [name for name in listed.split("\0") if name]


def _find_base(top: Path, ref: str) -> str:
    known = _run_git(top, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    if known.returncode:
        msg = f"--changed-since: git does not know {ref} here"
        raise UsageError(msg, hint=_fetch_command(ref))
    common = _run_git(top, "merge-base", known.stdout.strip(), "HEAD")
    if common.returncode:
        msg = f"--changed-since: HEAD and {ref} have no common commit here"
        raise UsageError(msg, hint="in a shallow clone, run git fetch --unshallow")
    return common.stdout.strip()


def _fetch_command(ref: str) -> str:
    """Return the command that fetches a ref: CI clones only one branch, shallowly."""
    branch = ref.removeprefix("origin/")
    target = f"{branch}:refs/remotes/{ref}" if branch != ref else branch
    return f"run git fetch origin {target}; in a shallow clone, git fetch --unshallow"


def _git_output(folder: Path, *arguments: str) -> str:
    done = _run_git(folder, *arguments)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        msg = f"--changed-since: git {arguments[0]}: {said[0] if said else 'it failed'}"
        raise UsageError(msg, hint="run it in a clone, or use --modified-within")
    return done.stdout


def _run_git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return run_git(folder, *arguments, seconds=SECONDS)
    except OSError as error:
        msg = f"--changed-since: git cannot be run: {error.strerror}"
        raise UsageError(msg, hint="install git, or use --modified-within") from None
    except subprocess.TimeoutExpired:
        msg = f"--changed-since: git took longer than {SECONDS} s"
        raise UsageError(msg) from None
