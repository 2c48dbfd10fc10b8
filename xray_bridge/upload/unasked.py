"""
Fields of the Test Execution that the user did not set, and that can be left out.

Imports obey Jira's screens: a field that the project's screen does not show is
refused, and all results with it. A refused field is left out, unless the user has
set it. Source: answers that users of Xray's clients have reported.
"""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.model.execution_fields import EXECUTION_FIELDS
from xray_bridge.model.jira_text import LONGEST_SUMMARY, shorten
from xray_bridge.runs import marks


if TYPE_CHECKING:
    from collections.abc import Mapping

    from xray_bridge.client.import_requests import CustomFields, Execution
    from xray_bridge.errors import RefusedError

# Names of fields in a notice.
LABEL, DESCRIPTION = "the label of this run", "the description"
BAD_REQUEST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class UnaskedField:
    """A field that the user did not set, and its names in a refusal."""

    title: str
    names: tuple[str, ...]


class Unasked:
    """
    The fields that remain after all refusals so far.

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
        """The field with the label, by which the Test Execution is found again."""
        if "label" not in self._refused:
            return marks.LABELS
        is_shown = "description" not in self._refused
        return marks.DESCRIPTION if is_shown else marks.SUMMARY

    @property
    def execution(self) -> Execution:
        """The description of the Test Execution, without refused fields."""
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
        """The left-out fields, and the field that has the label instead."""
        fields = self._optional_fields().items()
        titles = [each.title for name, each in fields if name in self._refused]
        if not titles:
            return ()
        what = " and ".join(filter(None, (", ".join(titles[:-1]), titles[-1])))
        found = f"left out, because Jira does not accept it in this project: {what}"
        if self.mark != marks.LABELS:
            found += f"; {self._whole.label} is in the {self.mark} instead"
        return (found,)

    def know(self, ids: CustomFields) -> None:
        """Take the ids of custom fields, which a refusal names."""
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
        Leave out fields that a refusal names; return whether to send again.

        ``sent`` is the refused description: another thread may have changed it since.
        """
        if error.status != BAD_REQUEST:
            return False
        named = {
            name
            for name, each in self._optional_fields().items()
            if any(_is_named(other, error.said) for other in each.names)
        }
        with self._lock:
            new = named - self._refused
            self._refused |= new
        return bool(new) or (sent is not None and sent != self.execution)

    def _optional_fields(self) -> Mapping[str, UnaskedField]:
        """Return the fields that the user did not set, by name."""
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
    """Return whether a refusal contains an id or title; other words are translated."""
    pattern = rf"(?<!\w){re.escape(name)}(?!\w)"
    return bool(name and re.search(pattern, said, re.IGNORECASE))
