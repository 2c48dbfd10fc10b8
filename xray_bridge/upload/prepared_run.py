"""
A run that was read, with the settings by which it is rendered and sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_bridge.formats import capabilities
from xray_bridge.model.formats import XML_FORMATS


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.config.settings import Settings
    from xray_bridge.model.dialect import Dialect
    from xray_bridge.runs.merge import Results
    from xray_bridge.runs.run_directory import RunDirectory, RunInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRun:
    """
    One run, its results and its settings.

    ``folder`` is where reports are written: the run directory, or another one
    where that has to stay as it is. ``copy_to`` is a path where the user wants the
    report, too, or empty. ``incomplete`` says why tests may be missing.
    """

    directory: RunDirectory
    folder: Path
    copy_to: str = ""
    settings: Settings
    info: RunInfo
    results: Results
    dialect: Dialect
    incomplete: tuple[str, ...] = ()

    @property
    def existing_execution(self) -> str:
        """The Test Execution to report into; empty: a new one is made."""
        return self.settings.test_execution or self.directory.state.test_execution

    @property
    def project(self) -> str:
        """Where Tests without a key are: as set, else where the Test Execution is."""
        return self.settings.project or self.existing_execution.rpartition("-")[0]

    @property
    def is_shared(self) -> bool:
        """Whether other machines may send the same: parts merged by their run id."""
        return bool(self.info.parts and self.info.run_id)

    def can_fill(self, format_name: str) -> bool:
        """
        Whether results in this format can go into an existing Test Execution.

        What is not XML goes there as Xray JSON, which cannot name scenarios without
        a Test key. Into one that is set as much goes as can.
        """
        nameless = capabilities.without_a_place("xray", self.results)
        return (
            bool(self.settings.test_execution)
            or format_name in XML_FORMATS
            or nameless < len(self.results)
        )
