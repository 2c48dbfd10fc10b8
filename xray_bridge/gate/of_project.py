"""
Facts for a gate that do not depend on where its results are.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from xray_bridge.config.jira_settings import AUTO
from xray_bridge.config.quarantine_table import parse_quarantine
from xray_bridge.gate.facts import UnknownError
from xray_bridge.model.times import today_in_utc
from xray_bridge.quarantine.entries import add_labelled


if TYPE_CHECKING:
    from collections.abc import Sequence

    from xray_bridge.config.gate_table import Gate
    from xray_bridge.config.quarantine_table import Entry
    from xray_bridge.config.settings import Settings
    from xray_bridge.gate.questions import Server


class ProjectFacts:
    """
    Facts about the quarantine and the requirements of a project.

    ``server`` is None if no server can be asked, and ``offline`` is then the error that
    says why.
    """

    def __init__(
        self, settings: Settings, server: Server | None, offline: Exception | None
    ) -> None:
        self.settings = settings
        self._server = server
        self._offline = offline

    def ask_server(self) -> Server:
        """Return the server; raise ``offline`` if it cannot be asked."""
        if self._server is None:
            raise self._offline or UnknownError
        return self._server

    def list_expired(self) -> list[str]:
        """Name the tests whose quarantine is not in force."""
        today = today_in_utc()
        reasons = ((each, each.why_invalid(today)) for each in self.quarantined)
        return [f"{each.test} ({reason})" for each, reason in reasons if reason]

    @cached_property
    def quarantined(self) -> Sequence[Entry]:
        """The tests of the quarantine's table, and the Tests with its label."""
        quarantine = parse_quarantine(self.settings.quarantine)
        if not quarantine.label:
            return quarantine.tests
        from xray_bridge.gate import questions

        labelled = questions.list_labelled(self.ask_server())
        return add_labelled(quarantine, labelled).tests

    def list_uncovered(self, gate: Gate) -> list[str]:
        """Name the requirements that no Test covers."""
        from xray_bridge.gate import questions

        wanted = gate.requirements_covered
        jql = (
            wanted
            if isinstance(wanted, str)
            else questions.requirements_jql(self.settings, self.fix_version)
        )
        return questions.list_uncovered(self.ask_server(), jql)

    @property
    def fix_version(self) -> str:
        """The version whose requirements count; empty if it is not known."""
        version = self.settings.fix_version
        return "" if version == AUTO else version
