"""
Between behave and a run that is recorded: keeps errors in, ends with an exit code.
"""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING, Any, TypeVar

from behave_xray_bridge import console
from behave_xray_bridge.recorder import Run
from xray_bridge.errors import ReportError


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xray_bridge.recording.session import Ending

T = TypeVar("T")
# As ``xray_bridge.formats.write.behave`` calls it, which is not imported among tests.
REPORT = "report.behave.json"


class Bridge:
    """
    Between behave and a ``Run``: keeps our errors from behave, and ends the run.

    ``outfiles`` want a copy of the report, besides the setting ``report``.
    """

    def __init__(self, run: Run, outfiles: Iterable[str] = ()) -> None:
        self.run = run
        self.outfiles = list(outfiles)
        self._trouble: list[str] = []

    def attempt(self, method: Callable[..., T], *arguments: Any) -> T | None:
        """Call a method of ``Run``; an error is remembered and told at the end."""
        try:
            return method(self.run, *arguments)
        except Exception as error:  # noqa: BLE001 - a bug of ours must not end a user's run
            self._trouble.append(f"{type(error).__name__}: {error}")
            return None

    def end(self) -> int:
        """Publish and say so; the exit code in place of 0, which may be 0."""
        return self._finish(self.attempt(Run.end))

    def end_early(self, *, interrupted: bool) -> None:
        """Publish what there is; the exit code is decided already."""
        self._finish(self.attempt(Run.end_early, interrupted))

    def _finish(self, ending: Ending | None) -> int:
        code = ending.exit_code if ending else 0
        self._copy_report(ending)
        if ending and ending.receipt:
            self.run.notes.plugins.uploaded(ending.receipt)
        faults = [self._clean(fault) for fault in self.run.notes.plugins.faults]
        bugs = map(_bug, self._trouble[:1])
        lines = [*(ending.lines if ending else ()), *faults, *bugs]
        if lines:
            console.section(lines)
        if ending and ending.receipt:
            console.plain(ending.receipt.commands)
        if (
            self._trouble or faults
        ) and self.run.session.settings.on_upload_error != "warn":
            code = code or ReportError.exit_code
        return 0 if self.run.is_red else code

    def _clean(self, text: str) -> str:
        return self.run.session.settings.redactor.clean(text)

    def _copy_report(self, ending: Ending | None) -> None:
        if not self.outfiles or not ending or not ending.receipt:
            return
        report = Path(self.run.session.launcher.folder, ending.receipt.run, REPORT)
        for path in self.outfiles:
            try:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                copyfile(report, path)
            except OSError as error:
                self._trouble.append(f"{path}: {error.strerror}")


def _bug(what: str) -> str:
    return f"ERROR in xray-bridge itself, results may be missing: {what}"
