"""
Create a defect, once.

Creating an issue cannot be repeated: before a second try, the label is searched for.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from xray_bridge.client.defects import create_issue, read_issue
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import (
    AmbiguousError,
    DeliveryError,
    NotXrayError,
    RefusedError,
)
from xray_bridge.jira.defects.fields import (
    ESSENTIAL,
    Screen,
    needs_screen,
    optional_fields,
    read_screen,
)
from xray_bridge.jira.defects.find import FIELDS, Defect, read_defect
from xray_bridge.jira.defects.record import Record, write_record
from xray_bridge.jira.defects.texts import cut_text, escape, fill_line, fill_text
from xray_bridge.model.fingerprint import OURS
from xray_bridge.text import first_names


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xray_bridge.jira.defects.failures import FailureGroup
    from xray_bridge.jira.defects.work import Work

BAD_REQUEST = 400
# Rows that are listed in a text.
LISTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """
    A new defect: its label, and the fields that it must and can have.

    ``name`` says in messages what it is for.
    """

    label: str
    name: str
    essential: Mapping[str, Any]
    optional: Mapping[str, Any]


class Maker:
    """Creates the defects of one run; the screen is asked for once."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._screen: Screen | None = None

    def make_for(self, group: FailureGroup) -> Defect:
        """
        Create the defect of a failure, or find the one that was created meanwhile.

        Raises AmbiguousError if it is unknown whether it was created.
        """
        work, rules = self._work, self._work.rules
        values = work.values_of(group)
        filled = optional_fields(
            rules,
            self._read_screen(),
            work.jira.dialect,
            labels=group.labels,
            values=values,
        )
        for name in filled.unknown:
            self._tell_unset(group.name, name, f"{rules.type} has no such field")
        text = fill_text(rules.description, values)
        rows = list_rows(work, group)
        draft = Draft(
            label=group.label,
            name=group.name,
            essential={
                **self._essential(group.label, group.test_label),
                "summary": fill_line(rules.summary, values),
            },
            optional={
                "description": cut_text(f"{text}\n{rows}" if rows else text),
                **filled.fields,
            },
        )
        made = self.make(draft)
        self._remember(made, work.clean(group.name))
        return made

    def _remember(self, made: Defect, test: str) -> None:
        """Begin to count runs without the failure; a defect can be without it."""
        work = self._work
        record = Record(test=test).with_failure(work.environments, work.run_name)
        work.space(made.id)
        try:
            write_record(work.jira, made.id, record)
        except RefusedError as error:
            what = f"{made.key}: runs without the failure cannot be counted"
            work.notices.append(f"{what}: {error.message}")

    def make_for_rest(self, label: str, groups: Sequence[FailureGroup]) -> Defect:
        """Create one defect for all failures beyond the limit."""
        work = self._work
        first = first_names([group.name for group in groups])
        summary = f"{len(groups)} more failures: {first}"
        draft = Draft(
            label=label,
            name=f"the other {len(groups)} failures",
            essential={
                **self._essential(label),
                "summary": fill_line(summary, {}),
            },
            optional={"description": list_groups(work, groups)},
        )
        made = self.make(draft)
        self._remember(made, draft.name)
        return made

    def _essential(self, *labels: str) -> dict[str, Any]:
        rules = self._work.rules
        return {
            "project": {"key": rules.project},
            "issuetype": {"name": rules.type},
            "labels": list(dict.fromkeys((OURS, *labels, *rules.labels))),
        }

    def _read_screen(self) -> Screen:
        if self._screen is None:
            work = self._work
            wanted = needs_screen(work.rules)
            self._screen = read_screen(work.jira, work.rules) if wanted else Screen()
        return self._screen

    def make(self, draft: Draft) -> Defect:
        """Create an issue, unless an earlier request may have created it."""
        work = self._work
        noted = work.read_note(draft.label)
        issue_id = noted.get("id")
        if issue_id and (known := self._find_noted(draft, str(issue_id))):
            return known
        asked = noted.get("asked")
        if isinstance(asked, float):
            if found := work.look(draft.label):
                return self._keep(draft, found[0].id, found[0].key)
            if time.time() - asked < work.run.connection.pauses.settled:
                msg = f"a bug for {draft.name} may have been created already"
                raise AmbiguousError(msg, hint="Jira's search does not show it yet")
        work.note(draft.label, asked=time.time())
        try:
            made = self._send(draft)
        except AmbiguousError:
            found = work.look(draft.label)
            if not found:
                raise
            made = found[0].id, found[0].key
        except NotXrayError:
            # A page came back, perhaps from a proxy: the server may have created it.
            raise
        except DeliveryError:
            work.note(draft.label, asked=None)
            raise
        return self._keep(draft, *made)

    def _find_noted(self, draft: Draft, issue_id: str) -> Defect | None:
        """
        Return the issue that the run directory names, if it has the label.

        An artifact may name any issue, which would get our evidence then.
        """
        found = read_issue(self._work.jira, issue_id, FIELDS)
        made = read_defect(found, self._work.rules) if found else None
        return made if made and draft.label in made.labels else None

    def _keep(self, draft: Draft, issue_id: str, key: str) -> Defect:
        self._work.note(draft.label, id=issue_id, key=key)
        return self._as_defect(draft, issue_id, key)

    def _as_defect(self, draft: Draft, issue_id: str, key: str) -> Defect:
        labels = tuple(draft.essential["labels"])
        summary = str(draft.essential["summary"])
        return Defect(id=issue_id, key=key, labels=labels, summary=summary)

    def _send(self, draft: Draft) -> tuple[str, str]:
        """Send it; without fields that Jira refuses, if it can be without them."""
        optional = dict(draft.optional)
        while True:
            # A field whose name is translated may be one of the essential ones.
            fields = {**optional, **draft.essential}
            try:
                return create_issue(self._work.jira, fields)
            except RefusedError as error:
                named = [name for name in error.fields if name in optional]
                others = error.fields.keys() - optional.keys()
                if error.status != BAD_REQUEST or not named or others & ESSENTIAL:
                    raise
                for name in named:
                    self._tell_unset(draft.name, name, error.fields[name])
                    del optional[name]

    def _tell_unset(self, what: str, name: str, why: str) -> None:
        screen = self._screen or Screen()
        rule = screen.find(name)
        title = f"{rule.name} ({name})" if rule and rule.name != name else name
        self._work.notices.append(f"bug for {what}: {title} could not be set: {why}")


def list_rows(work: Work, group: FailureGroup) -> str:
    """Return a list of the rows that failed; empty if there is only the test."""
    rows = list(group.rows)
    if rows == [group.name]:
        return ""
    lines = [f"* {escape(work.clean(row))}" for row in rows[:LISTED]]
    if len(rows) > LISTED:
        lines.append(f"* ... and {len(rows) - LISTED} more")
    return "\n".join(["Failed:", *lines])


def list_groups(work: Work, groups: Sequence[FailureGroup]) -> str:
    """Return a list of tests with their errors."""
    lines = [
        f"* {escape(work.clean(f'{g.name}: {g.error_type} {g.message}'))}"
        for g in groups[: 4 * LISTED]
    ]
    if len(groups) > len(lines):
        lines.append(f"* ... and {len(groups) - len(lines)} more")
    where = [f"Test Execution: {work.run.test_execution}"]
    where += [f"Build: {work.build_url}"] if work.build_url else []
    return cut_text("\n".join([*where, "", *lines]))
