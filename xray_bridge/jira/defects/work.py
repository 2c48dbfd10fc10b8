"""
What the parts of this package share while they work on the defects of one run.
"""

from __future__ import annotations

import re
import time
from dataclasses import field
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from xray_bridge.ci import detect
from xray_bridge.dataclass import dataclass
from xray_bridge.jira.defects.find import Defect, find_by_labels
from xray_bridge.jira.defects.record import name_environments
from xray_bridge.jira.defects.texts import plain_address
from xray_bridge.jira.notes import read_notes, write_notes


if TYPE_CHECKING:
    from xray_bridge.client.jira import Jira
    from xray_bridge.jira.defects.failures import FailureGroup
    from xray_bridge.jira.defects.rules import Rules
    from xray_bridge.jira.run import JiraRun

NOTES = "defects"
# Without signs of wiki markup at its ends, and short.
PLAIN_NAME = re.compile(r"[A-Za-z0-9](?:[\w./:-]{0,98}[A-Za-z0-9])?", re.ASCII)


@dataclass
class Work:
    """
    The defects of one run: its rules, its client, and what was done already.

    ``notices`` are for the user. ``troubles`` are refusals that end with exit code 84;
    a resend tries them again.
    """

    run: JiraRun
    rules: Rules
    notices: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    @cached_property
    def jira(self) -> Jira:
        """The client of Jira."""
        return self.run.jira

    @cached_property
    def _notes(self) -> dict[str, Any]:
        return read_notes(self.run.directory, NOTES)

    @cached_property
    def _written(self) -> dict[str, float]:
        return {}

    @property
    def run_name(self) -> str:
        """
        The name of this run, the same for all jobs of one CI run.

        A name that others chose may have any text, so it is a hash then.
        """
        name = self.run.info.run_id or self.run.info.id
        if PLAIN_NAME.fullmatch(name):
            return name
        return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def environments(self) -> str:
        """The Test Environments of this run as one name."""
        return name_environments(self.run.settings.environments)

    @property
    def build_url(self) -> str:
        """The address of the build, as wiki markup takes it; empty outside of CI."""
        return plain_address(
            self.clean(detect.read_context(self.run.info.ci).build_url)
        )

    def note(self, label: str, **changes: Any) -> None:
        """Remember something about a label in the run directory."""
        known = {**self.read_note(label), **changes}
        self._notes[label] = {k: v for k, v in known.items() if v is not None}
        write_notes(self.run.directory, NOTES, self._notes)

    def read_note(self, label: str) -> dict[str, Any]:
        """Return what was remembered about a label."""
        found = self._notes.get(label)
        return found if isinstance(found, dict) else {}

    @property
    def made(self) -> dict[str, dict[str, Any]]:
        """What is noted of the issues that this run has created, by label."""
        notes = ((label, self.read_note(label)) for label in self._notes)
        return {label: each for label, each in notes if each.get("id")}

    def find(self, labels: list[str]) -> dict[str, list[Defect]]:
        """Find the defects of each label, also those that were just created."""
        known = [str(each["id"]) for each in self.made.values()]
        return find_by_labels(self.jira, labels, self.rules, known=known)

    def look(self, label: str) -> list[Defect]:
        """Search several times for open defects, which may just have been created."""
        for pause in self.run.connection.pauses.looks:
            why = "until Jira's search knows new bugs"
            self.run.http.deadline.pause(pause, why)
            found = [each for each in self.find([label])[label] if each.is_open]
            if found:
                return found
        return []

    def space(self, issue: str) -> None:
        """Wait before another write to the same issue: Jira limits their number."""
        least = self.run.connection.pauses.same_issue
        since = time.monotonic() - self._written.get(issue, -least)
        if since < least:
            why = "before the next change of an issue"
            self.run.http.deadline.pause(least - since, why)
        self._written[issue] = time.monotonic()

    def clean(self, text: str) -> str:
        """Return a text without secrets."""
        return self.run.settings.redactor.clean(text)

    def values_of(self, group: FailureGroup) -> dict[str, str]:
        """Return the values of the names in templates."""
        found = {
            "test.key": group.first_key,
            "test.name": group.name,
            "error.type": group.error_type,
            "error.message": group.message,
            "error.text": group.text,
            "ci.url": self.build_url,
            "execution.key": self.run.test_execution,
        }
        return {name: self.clean(text) for name, text in found.items()}

    @property
    def mark(self) -> str:
        """The text by which a comment of this run is found again."""
        return f"xray-bridge run {self.run_name}"
