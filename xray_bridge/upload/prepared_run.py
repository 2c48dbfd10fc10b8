"""
A run with its results, and the settings for rendering and sending it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.config.jira_settings import AUTO
from xray_bridge.dataclass import dataclass
from xray_bridge.formats import capabilities
from xray_bridge.model.formats import XML_FORMATS
from xray_bridge.model.keys import project_of


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

    ``folder``: where reports are written; the run directory, or another folder if
    the run directory must not change. ``copy_to``: a path for a copy of the report,
    or empty. ``incomplete``: reasons why tests may be missing. ``settled_version``: the
    fix version that was chosen or created in Jira; None: it was not looked at.
    """

    directory: RunDirectory
    folder: Path
    copy_to: str = ""
    settings: Settings
    info: RunInfo
    results: Results
    dialect: Dialect
    incomplete: tuple[str, ...] = ()
    settled_version: str | None = None

    @property
    def fix_version(self) -> str:
        """The fix version; empty if it is still to be chosen in Jira."""
        if self.settled_version is not None:
            return self.settled_version
        given = self.settings.fix_version
        return "" if given == AUTO else given

    @property
    def existing_execution(self) -> str:
        """The Test Execution to report into; empty: a new one is created."""
        return self.settings.test_execution or self.directory.state.test_execution

    @property
    def project(self) -> str:
        """The project of Tests without a key: set, or that of the Test Execution."""
        return self.settings.project or project_of(self.existing_execution)

    @property
    def is_shared(self) -> bool:
        """Whether other machines may send the same parts, merged by their run id."""
        return bool(self.info.parts and self.info.run_id)

    def can_fill(self, format_name: str) -> bool:
        """
        Return whether results in this format can go into an existing Test Execution.

        Formats other than XML go there as Xray JSON, which cannot name scenarios
        without a Test key. A Test Execution that is set gets all results that it can.
        """
        nameless = capabilities.without_a_place("xray", self.results)
        return (
            bool(self.settings.test_execution)
            or format_name in XML_FORMATS
            or nameless < len(self.results)
        )
