"""
What an upload says of the Test Execution of its own accord, and can do without.

Imports obey Jira's screens: a field that the project's screen does not show is
refused, and with it all results. What a user has set is refused rightly; the rest is
left out then. Source: answers that users of Xray's clients have reported.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xray_bridge.model.execution_fields import EXECUTION_FIELDS
from xray_bridge.runs import marks
from xray_bridge.upload.jira_text import LONGEST_SUMMARY, shorten


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.client.import_requests import CustomFields, Execution
    from xray_bridge.errors import RefusedError

# What a field that is left out is called in a notice.
LABEL, DESCRIPTION = "the label of this run", "the description"
BAD_REQUEST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class UnaskedField:
    """A field that nobody asked for, and the names by which servers refuse it."""

    title: str
    names: tuple[str, ...]


class Unasked:
    """
    What is left of such fields, after all that a server has refused so far.

    Threads may share it. ``is_described``: the user has set a description.
    """

    def __init__(self, execution: Execution, *, is_described: bool = False) -> None:
        self._whole = execution
        self._is_described = is_described
        self._ids: CustomFields = {}
        self._refused: frozenset[str] = frozenset()
        self._lock = threading.Lock()

    @property
    def mark(self) -> str:
        """Where the run's label stands, by which its Test Execution is found again."""
        if "label" not in self._refused:
            return marks.LABELS
        is_shown = "description" not in self._refused
        return marks.DESCRIPTION if is_shown else marks.SUMMARY

    @property
    def execution(self) -> Execution:
        """What is said of the Test Execution."""
        found, label = self._whole, self._whole.label
        if "started" in self._refused:
            found = replace(found, started=None)
        if "finished" in self._refused:
            found = replace(found, finished=None)
        lines = [found.description]
        if "revision" in self._refused:
            lines.append(f"Revision: {found.revision}")
            found = replace(found, revision="")
        if self.mark != marks.LABELS:
            found = replace(found, label="")
        if self.mark == marks.DESCRIPTION:
            lines.append(f"Run: {label}")
        if self.mark == marks.SUMMARY:
            room = LONGEST_SUMMARY - len(label) - 3
            summary = shorten(found.summary, room)
            found = replace(found, summary=f"{summary} [{label}]")
        is_shown = "description" not in self._refused
        description = "\n\n".join(filter(None, lines)) if is_shown else ""
        return replace(found, description=description)

    @property
    def notices(self) -> tuple[str, ...]:
        """What is left out, and what stands where instead."""
        fields = self._optional().items()
        titles = [each.title for name, each in fields if name in self._refused]
        if not titles:
            return ()
        what = " and ".join(filter(None, (", ".join(titles[:-1]), titles[-1])))
        found = f"left out, as Jira does not take it in this project: {what}"
        if self.mark != marks.LABELS:
            found += f"; {self._whole.label} stands in the {self.mark} instead"
        return (found,)

    def know(self, ids: CustomFields) -> None:
        """Custom fields of this instance, by the ids of which it refuses them."""
        self._ids = ids

    def resume(self, mark: str) -> None:
        """Put the label where an earlier upload had to put it."""
        refused = {
            marks.DESCRIPTION: {"label"},
            marks.SUMMARY: {"label", "description"},
        }
        self._refused |= refused.get(mark, set())

    def learn(self, error: RefusedError, sent: Execution | None = None) -> bool:
        """
        Leave out what a refusal names; whether it is worth to send it again.

        ``sent`` is what was refused: another thread may have learned since.
        """
        if error.status != BAD_REQUEST:
            return False
        named = {
            name
            for name, each in self._optional().items()
            if any(_is_named(other, error.said) for other in each.names)
        }
        with self._lock:
            new = named - self._refused
            self._refused |= new
        return bool(new) or (sent is not None and sent != self.execution)

    def _optional(self) -> Mapping[str, UnaskedField]:
        """By name: those that nobody has set, and that are there to be sent."""
        whole = self._whole
        found = {}
        if whole.label:
            found["label"] = UnaskedField(title=LABEL, names=("labels",))
        for each in EXECUTION_FIELDS:
            is_guessed = each.name == "revision" and whole.revision_is_guessed
            if (each.is_time or is_guessed) and getattr(whole, each.name):
                names = (self._ids.get(each.name, ""), each.title, each.json_name)
                found[each.name] = UnaskedField(title=each.title, names=names)
        if not self._is_described:
            found["description"] = UnaskedField(
                title=DESCRIPTION, names=("description",)
            )
        return found


def _is_named(name: str, said: str) -> bool:
    """Ids and titles only: the words around them are translated."""
    pattern = rf"(?<!\w){re.escape(name)}(?!\w)"
    return bool(name and re.search(pattern, said, re.IGNORECASE))
