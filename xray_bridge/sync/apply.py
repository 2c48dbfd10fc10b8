"""
Send the steps of a plan, and keep the lines of the lock file for what has arrived.

Each change can be sent twice without harm, except a new Test. If its answer is lost,
the next sync finds the Test by its name.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from xray_bridge import progress
from xray_bridge.client.issue_links import find_tests_type, link_issues, unlink_issues
from xray_bridge.client.test_editor import NewTest, TestChanges
from xray_bridge.client.test_issues import TestTexts
from xray_bridge.client.test_types import CUCUMBER, GENERIC
from xray_bridge.errors import AmbiguousError, RefusedError, UsageError
from xray_bridge.sync.plan import NO_CHANGES, make_entry
from xray_bridge.text import count, unique


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from xray_bridge.client.jira import Jira
    from xray_bridge.client.test_editor import TestEditor
    from xray_bridge.sync.lock import Entry
    from xray_bridge.sync.plan import Step
    from xray_bridge.sync.rules import Rules

# What only this Test, or this site, does not accept; others may go on.
OF_ONE_TEST = (RefusedError, UsageError)
LOGIN = "set XRAY_JIRA_URL, XRAY_JIRA_USER and XRAY_JIRA_TOKEN"
NO_LINKS = f"requirements were not linked, because only Jira makes links: {LOGIN}"
NO_TEXTS = (
    "summaries, descriptions and labels of {} were not changed, because on Cloud only "
    f"Jira can: {LOGIN}"
)
NO_NAME = f"its new name is the summary, which on Cloud only Jira can change: {LOGIN}"


class Sync:
    """
    Sends steps to a server.

    ``entries`` are the lines of the lock file by name; they are right at any time, so
    that they can be written after an error, too. ``refused`` maps tests to reasons.
    """

    def __init__(  # noqa: PLR0913 - one argument for each thing it uses
        self,
        editor: TestEditor,
        jira: Jira | None,
        project: str,
        rules: Rules,
        *,
        fields: Mapping[str, Any],
        renew: Callable[[], None],
        entries: Iterable[Entry] = (),
    ) -> None:
        self._editor = editor
        self._jira = jira
        self._project = project
        self._rules = rules
        self._fields = fields
        # Gives each request the whole deadline: there may be thousands.
        self._renew = renew
        self.entries: dict[str, Entry] = {each.test: each for each in entries}
        # Two tests may swap their names, so old lines are found by the keys of Tests.
        self._bases = {each.key: each for each in self.entries.values()}
        self.created: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        # What was left out without a login to Jira.
        self.left_out: list[str] = []
        self._without_texts = 0

    def run(self, steps: Sequence[Step]) -> None:
        """Send all steps. Raises the error of a server that cannot be reached."""
        shown = progress.counted(steps, "syncing Tests", len(steps))
        done = [sent for step in shown if (sent := self._send(step)) is not None]
        self._move(done)
        self._change_sets(done)
        self._change_links(done)
        if self._without_texts:
            tests = count(self._without_texts, "Test")
            self.left_out.append(NO_TEXTS.format(tests))

    def _send(self, step: Step) -> Step | None:
        """Create or change one Test; return the step with its Test."""
        self._renew()
        base = self._bases.get(step.issue.key) if step.issue is not None else None
        try:
            step = self._without_jira(step, base)
            issue = step.issue or self._create(step)
            if step.issue is not None and step.changes != NO_CHANGES:
                self._editor.change(issue.id, step.changes)
        except OF_ONE_TEST as error:
            self.refused[str(step.test)] = str(error)
            return None
        if base is not None and self.entries.get(base.test) is base:
            del self.entries[base.test]
        # The rest is not done yet, so the lock file keeps its old values.
        placed = step.issue is None and self._editor.places_new
        self.entries[step.test.name] = replace(
            step.entry,
            key=issue.key,
            folder=step.entry.folder if placed or not step.folder else _folder(base),
            test_sets=base.test_sets if base else (),
            requirements=base.requirements if base else (),
        )
        return replace(step, issue=issue, folder="" if placed else step.folder)

    def _without_jira(self, step: Step, base: Entry | None) -> Step:
        """
        Leave out what only Jira can change, without a login to it.

        Raises UsageError for a scenario that would not be found again.
        """
        if step.issue is None or self._editor.edits_jira or not step.changes.need_jira:
            return step
        test = step.test
        if test.is_scenario and not test.key and step.changes.summary is not None:
            raise UsageError(NO_NAME)
        self._without_texts += 1
        old = base or make_entry(replace(test, summary="", description=""), "")
        return replace(
            step,
            changes=TestChanges(
                definition=step.changes.definition, steps=step.changes.steps
            ),
            # The next sync with a login changes them.
            entry=replace(
                step.entry,
                summary=old.summary,
                description=old.description,
                labels=base.labels if base else (),
            ),
        )

    def _create(self, step: Step) -> TestTexts:
        test = step.test
        labels = (*test.labels, *self._fields.get("labels", ()))
        new = NewTest(
            project=self._project,
            issue_type=self._rules.issue_type,
            kind=CUCUMBER if test.is_scenario else GENERIC,
            summary=test.summary,
            description=test.description,
            definition="" if test.is_scenario else test.xray_name,
            steps=test.steps.text,
            is_outline=test.steps.is_outline,
            folder=test.folder,
            labels=tuple(dict.fromkeys(labels)),
            fields=self._fields,
        )
        try:
            test_id, key = self._editor.create(new)
        except AmbiguousError as error:
            error.hint = f"sync again in a minute: {test.name} is found by its name"
            raise
        self.created[str(test)] = key
        return TestTexts(id=test_id, key=key)

    def _move(self, steps: Iterable[Step]) -> None:
        """Move Tests, those for one folder together."""
        folders: dict[str, list[Step]] = {}
        for step in steps:
            if step.folder:
                folders.setdefault(step.folder, []).append(step)
        for folder, group in folders.items():
            if self._try(group, partial(self._editor.move, folder=folder)):
                self._note(group, "folder")

    def _change_sets(self, steps: Sequence[Step]) -> None:
        """Change Test Sets, each with all its Tests."""
        failed: set[str] = set()
        for change, name in (
            (self._editor.add_to_set, "sets"),
            (self._editor.remove_from_set, "old_sets"),
        ):
            for key in unique(getattr(step, name) for step in steps):
                group = [step for step in steps if key in getattr(step, name)]
                if not self._try(group, partial(change, key=key)):
                    failed.update(each.test.name for each in group)
        self._note([e for e in steps if e.test.name not in failed], "test_sets")

    def _change_links(self, steps: Sequence[Step]) -> None:
        wanted = [step for step in steps if step.links or step.old_links]
        rest = [step for step in steps if step not in wanted]
        self._note(rest, "requirements")
        if not wanted or not self._rules.links:
            return
        if self._jira is None:
            self.left_out.append(NO_LINKS)
            return
        try:
            jira, kind = self._jira, find_tests_type(self._jira)
        except OF_ONE_TEST as error:
            self.left_out.append(f"requirements were not linked: {error}")
            return
        for step in wanted:
            if self._try([step], partial(_link, step=step, jira=jira, kind=kind)):
                self._note([step], "requirements")

    def _try(
        self, steps: Sequence[Step], change: Callable[[dict[str, str]], None]
    ) -> bool:
        """Make a change of some Tests; a refusal is noted once for all of them."""
        self._renew()
        try:
            change({_id(s): s.issue.key for s in steps if s.issue is not None})
        except OF_ONE_TEST as error:
            others = f" and {len(steps) - 1} more" if len(steps) > 1 else ""
            self.refused[f"{steps[0].test}{others}"] = str(error)
            return False
        return True

    def _note(self, steps: Iterable[Step], name: str) -> None:
        """Put the values of the code into the lines of these tests."""
        for step in steps:
            entry = self.entries[step.test.name]
            value = getattr(step.entry, name)
            self.entries[step.test.name] = replace(entry, **{name: value})


def _link(ids: Iterable[str], step: Step, jira: Jira, kind: str) -> None:
    for test_id in ids:
        for key in step.links:
            link_issues(jira, kind, test_id, key)
        for key in step.old_links:
            unlink_issues(jira, kind, test_id, key)


def _folder(base: Entry | None) -> str:
    return base.folder if base is not None else ""


def _id(step: Step) -> str:
    return step.issue.id if step.issue is not None else ""
