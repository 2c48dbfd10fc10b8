"""
Attach files to the Test Execution: the setting ``attach``.

A file is attached once: its hash is noted in the run directory. After a lost answer
the attachments in Jira are looked at before a second try.
"""

from __future__ import annotations

import glob
import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from xray_bridge.ci import forks
from xray_bridge.client import attachments
from xray_bridge.config.redaction import clean_bytes
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import AmbiguousError, ReportError, XrayBridgeError
from xray_bridge.jira.notes import read_notes, write_notes
from xray_bridge.jira.run import Step
from xray_bridge.text import join_words


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.client.attachments import Limits
    from xray_bridge.client.jira import Jira
    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.run import JiraRun

NAME = "attach"
# In bytes: it is held in memory, to look for secrets in it.
LARGEST = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file to attach; without our secrets."""

    name: str
    content: bytes

    @property
    def id(self) -> str:
        """The same for the same name and content."""
        found = hashlib.sha256(self.name.encode("utf-8", "surrogateescape"))
        found.update(b"\0" + self.content)
        return found.hexdigest()


def _is_wanted(settings: Settings) -> bool:
    return bool(settings.attach)


def _describe(run: JiraRun) -> Iterator[str]:
    where = run.target
    for text in run.settings.attach:
        paths = _find_paths(text)
        missing = "" if paths else " (there is no such file now)"
        names = join_words(list(map(str, paths))) if paths else text
        yield f"attach {names} to {where}{missing}"


def _apply(run: JiraRun) -> Iterator[str]:
    """Attach each file; an error names all that could not be attached."""
    work = _Attaching(run)
    problems: list[str] = []
    error_hint = ""
    for text in run.settings.attach:
        paths = _find_paths(text)
        if not paths:
            problems.append(f"{text} does not exist")
        for path in paths:
            try:
                if work.attach(_read_file(run, path)):
                    yield f"attached {path.name} to {run.test_execution}"
            except XrayBridgeError as error:
                problems.append(f"{path.name}: {error.message}")
                error_hint = error_hint or error.hint
    if problems:
        raise ReportError(f"not attached: {'; '.join(problems)}", hint=error_hint)


def _find_paths(text: str) -> list[Path]:
    """Return the files that a path or a glob pattern names."""
    path = Path(text)
    # There is no such user.
    with suppress(RuntimeError):
        path = path.expanduser()
    if path.exists():
        return [path]
    if not glob.has_magic(text):
        return []
    found = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - also absolute
    return [each for each in map(Path, found) if each.is_file()]


def _read_file(run: JiraRun, path: Path) -> _File:
    """
    Read a file, and mask our secrets in it.

    Raises ReportError if it cannot be read.
    """
    _refuse_elsewhere(path)
    try:
        if path.is_dir():
            msg = "it is a directory"
            raise ReportError(msg, hint="name its files, as in report/*.html")
        if not path.is_file():
            # A pipe or a device may have no end.
            msg = "it is not a regular file"
            raise ReportError(msg)
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        msg = f"it cannot be read: {error.strerror}"
        raise ReportError(msg) from None
    if len(content) > LARGEST:
        msg = f"it is larger than {LARGEST >> 20} MB"
        raise ReportError(msg)
    content = clean_bytes(content, run.settings.redactor.clean)
    return _File(name=path.name, content=content)


def _refuse_elsewhere(path: Path) -> None:
    """
    Refuse files outside of the current directory in a pull request from a fork.

    Its files may have chosen them, and they would be published in Jira.
    """
    system = forks.system_of_fork(os.environ)
    if system and not path.resolve().is_relative_to(Path.cwd().resolve()):
        msg = "it is outside of this folder, and this is a fork's pull request "
        raise ReportError(f"{msg}({system})")


class _Attaching:
    """Attaches files to one Test Execution, and notes them."""

    def __init__(self, run: JiraRun) -> None:
        self._run = run
        self._key = run.test_execution
        self._jira: Jira = run.jira
        self._known_limits: Limits | None = None
        noted = read_notes(run.directory, NAME).get(self._key)
        self._noted: dict[str, bool] = noted if isinstance(noted, dict) else {}

    def attach(self, file: _File) -> bool:
        """
        Attach a file; False if it was attached before.

        Raises XrayBridgeError.
        """
        is_attached = self._noted.get(file.id)
        if is_attached is None or not (is_attached or self._is_there(file)):
            self._refuse_over_limits(file)
            self._note(file, is_attached=False)
            self._send(file)
            self._note(file, is_attached=True)
            return True
        self._note(file, is_attached=True)
        return False

    def _send(self, file: _File) -> None:
        try:
            attachments.attach_file(self._jira, self._key, file.name, file.content)
        except AmbiguousError:
            if not self._is_there(file):
                raise

    def _is_there(self, file: _File) -> bool:
        """Whether the Test Execution has an attachment of this name and size."""
        found = attachments.list_attachments(self._jira, self._key)
        size = len(file.content)
        return any((each.name, each.size) == (file.name, size) for each in found)

    def _refuse_over_limits(self, file: _File) -> None:
        if self._known_limits is None:
            self._known_limits = attachments.read_limits(self._jira)
        limits = self._known_limits
        if not limits.is_enabled:
            msg = "attachments are turned off in this Jira"
            raise ReportError(msg, hint="ask its administrators, or unset xray_attach")
        if limits.size and len(file.content) > limits.size:
            sizes = f"{len(file.content):,} bytes, and Jira takes {limits.size:,}"
            raise ReportError(f"it has {sizes}", hint="attach a smaller file")

    def _note(self, file: _File, *, is_attached: bool) -> None:
        if self._noted.get(file.id) is is_attached:
            return
        self._noted = {**self._noted, file.id: is_attached}
        notes = read_notes(self._run.directory, NAME)
        write_notes(self._run.directory, NAME, {**notes, self._key: self._noted})


ATTACH = Step(name=NAME, is_wanted=_is_wanted, describe=_describe, apply=_apply)
