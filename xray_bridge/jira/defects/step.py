"""
Link, create, reopen and close the defects of one run, after its results were sent.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from xray_bridge.ci.forks import system_of_foreign_results, system_of_fork
from xray_bridge.ci.pull_requests import NAME, find_pull_request
from xray_bridge.client.defects import edit_labels
from xray_bridge.client.issue_links import link_issues
from xray_bridge.config.jira_settings import CREATE, OFF
from xray_bridge.errors import PartlyRefusedError, RefusedError, XrayBridgeError
from xray_bridge.jira.defects.close import settle_passed
from xray_bridge.jira.defects.comments import comment, comment_failure
from xray_bridge.jira.defects.evidence import Attacher
from xray_bridge.jira.defects.failures import read_run
from xray_bridge.jira.defects.find import Defect
from xray_bridge.jira.defects.link import link_defects
from xray_bridge.jira.defects.make import Maker, list_groups
from xray_bridge.jira.defects.moves import DUPLICATE, close_defect, reopen_defect
from xray_bridge.jira.defects.record import read_record, write_record
from xray_bridge.jira.defects.recur import decide_recurrence
from xray_bridge.jira.defects.rules import COMMENT, NEW, NOTHING, REOPEN
from xray_bridge.jira.defects.settings import read_rules
from xray_bridge.jira.defects.work import Work
from xray_bridge.jira.releases.sprints import put_into_sprint
from xray_bridge.jira.run import Step
from xray_bridge.model.fingerprint import make_label
from xray_bridge.text import count, first_names


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.defects.failures import FailureGroup, Outcomes
    from xray_bridge.jira.defects.rules import Rules
    from xray_bridge.jira.run import JiraRun

# Lines about single failures; more would hide the others.
SHOWN = 50
# Type of a link that Jira has by default.
RELATES = "Relates"
REST = "xb-rest-"
FORK = "this is a pull request of a fork: no bug is created, changed or closed"
# Failures that are looked up; more are no failures of single tests.
MOST = 1000
PULL_REQUEST = (
    "this is a pull request: no bug is created, changed or closed (pull_requests)"
)


def _is_wanted(settings: Settings) -> bool:
    return settings.defects != OFF


def _describe(run: JiraRun) -> Iterator[str]:
    rules = read_rules(run.settings)
    outcomes = read_run(run, rules)
    groups = list(outcomes.groups.values())
    if not groups:
        yield "no failure needs a bug"
        return
    why_not = _why_not_written(run, rules, outcomes)
    yield f"link the Test Runs of {run.target} to the open bugs of their failures"
    is_creating = run.settings.defects == CREATE and not why_not
    if is_creating:
        yield f"create a {rules.type} in {rules.project} for each failure without one:"
    for group in groups[: rules.max if is_creating else SHOWN]:
        yield f"  {group.label}: {group.name} ({group.error_type or 'no exception'})"
    if len(groups) > rules.max and is_creating:
        yield f"  and one for all {count(len(groups) - rules.max, 'other')}"
    if why_not:
        yield why_not


def _apply(run: JiraRun) -> Iterator[str]:
    work = Work(run, read_rules(run.settings))
    failure: XrayBridgeError | None = None
    try:
        _Defects(work).settle()
    except XrayBridgeError as error:
        failure = error
    # What was done is said even if something else failed.
    yield from map(work.clean, work.notices)
    if failure is not None:
        work.troubles.append(str(failure))
    if work.troubles:
        raise PartlyRefusedError("; ".join(map(work.clean, work.troubles)))


DEFECTS = Step(name="bugs", is_wanted=_is_wanted, describe=_describe, apply=_apply)


def _why_not_written(run: JiraRun, rules: Rules, outcomes: Outcomes) -> str:
    """Return why this run changes no defects; empty if it does."""
    if run.settings.defects != CREATE:
        return ""
    if system_of_fork(os.environ):
        # Somebody else wrote the rules, too.
        return FORK
    is_request = run.info.ci.get(NAME) or find_pull_request(os.environ)
    # Its artifact may hide that it is one.
    is_request = is_request or system_of_foreign_results(os.environ)
    if is_request and not rules.pull_requests:
        return PULL_REQUEST
    if outcomes.share > rules.most:
        failed = f"{outcomes.failed} of {outcomes.total} tests failed"
        most = f"{rules.most:.0%} (`most` in the rules for bugs)"
        return f"{failed}, more than {most}: no bug is created or changed"
    return ""


class _Defects:
    """Settles the defects of one run."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._maker = Maker(work)
        self._attacher = Attacher(work)
        self._pairs: list[tuple[FailureGroup, Defect]] = []
        self._missing: list[FailureGroup] = []
        # Those that this run has created, by label: Jira shows that they have it.
        self._new: dict[str, Defect] = {}
        # Closed defects whose failure needs a new one.
        self._earlier: dict[str, Defect] = {}
        self._lines: list[str] = []

    def settle(self) -> None:
        """Do everything; raises XrayBridgeError."""
        work, rules = self._work, self._work.rules
        outcomes = read_run(work.run, rules, wants_passed=rules.when_passed != NOTHING)
        work.notices += outcomes.notices
        why_not = _why_not_written(work.run, rules, outcomes)
        may_write = work.run.settings.defects == CREATE and not why_not
        groups = list(outcomes.groups.values())[:MOST]
        if len(outcomes.groups) > MOST:
            only = f"only the first {MOST} of {len(outcomes.groups)} failures"
            work.notices.append(f"{only} are compared with bugs")
        if groups and why_not:
            work.notices.append(why_not)
        try:
            self._find(groups, may_write=may_write)
            if may_write:
                self._create()
            else:
                self._name_unknown()
        finally:
            # Known defects are named and linked, even if none can be created.
            self._show_lines()
            link_defects(work, self._pairs)
        if may_write:
            settle_passed(work, outcomes.passed)

    def _show_lines(self) -> None:
        shown, more = self._lines[:SHOWN], len(self._lines) - SHOWN
        self._work.notices += shown
        if more > 0:
            self._work.notices.append(f"... and {count(more, 'other failure')}")

    def _find(self, groups: Sequence[FailureGroup], *, may_write: bool) -> None:
        """Find the defects of all failures, in one search."""
        if not groups:
            return
        found = self._work.find([group.label for group in groups])
        for group in groups:
            defects = found[group.label]
            if not defects:
                self._missing.append(group)
            elif not defects[0].is_open:
                self._recur(group, defects[0], may_write=may_write)
            else:
                self._known(group, defects, may_write=may_write)

    def _known(
        self, group: FailureGroup, defects: Sequence[Defect], *, may_write: bool
    ) -> None:
        """An open defect is known."""
        defect, work = defects[0], self._work
        is_new = work.read_note(group.label).get("id") == defect.id
        if not is_new:
            status = f" ({defect.status})" if defect.status else ""
            self._lines.append(f"{group.name}: known bug {defect.key}{status}")
        self._pairs.append((group, defect))
        if not may_write:
            return
        try:
            for other in defects[1:]:
                if other.is_open and other.is_ours:
                    self._retire(group.label, other, defect)
            if is_new:
                self._new[group.label] = defect
                self._attacher.attach(defect, group)
                self._count(defect)
                return
            comment_failure(work, group.label, defect, group, "Failed again")
            self._count(defect)
        except RefusedError as error:
            work.troubles.append(f"{defect.key} could not be changed: {error.message}")

    def _count(self, defect: Defect) -> None:
        """Start again to count runs without the failure."""
        work = self._work
        if work.rules.when_passed == NOTHING or not defect.is_ours:
            return
        record = read_record(work.jira, defect.id)
        if record.clean.get(work.environments) != 0 or record.is_closed_by_us:
            work.space(defect.id)
            failed = record.with_failure(work.environments, work.run_name)
            write_record(work.jira, defect.id, failed)

    def _retire(self, label: str, defect: Defect, kept: Defect) -> None:
        """
        Close a defect that another job created for the same failure.

        A copy that a person has made has the labels, too, but no memory.
        """
        work = self._work
        if not read_record(work.jira, defect.id).clean:
            return
        work.space(defect.id)
        # Without the label it is never taken for a closed one that recurs.
        edit_labels(work.jira, defect.id, remove=[label])
        text = f"A second bug for the same failure; {kept.key} is the first."
        comment(work, f"retired {defect.id}", defect, text)
        why = close_defect(work, defect, resolutions=DUPLICATE)
        done = f"could not be closed: {why}" if why else "was closed"
        work.notices.append(f"{defect.key}, a second bug like {kept.key}, {done}")

    def _recur(self, group: FailureGroup, defect: Defect, *, may_write: bool) -> None:
        """The failure of a closed defect is back."""
        work = self._work
        closed = defect.resolution or defect.status or "closed"
        back = f"{group.name}: its bug {defect.key} is closed ({closed})"
        if not may_write:
            self._lines.append(f"{back}, but the failure is back")
            return
        try:
            record = read_record(work.jira, defect.id)
            what = decide_recurrence(defect, record, work.rules)
            if what == NEW:
                self._earlier[group.label] = defect
                self._missing.append(group)
                return
            done = "but the failure is back"
            if what == REOPEN:
                why = reopen_defect(work, defect)
                done = f"and cannot be reopened: {why}" if why else "reopened"
                if not why:
                    self._pairs.append((group, defect))
                    comment_failure(
                        work, group.label, defect, group, "Reopened: it failed again"
                    )
                    work.space(defect.id)
                    failed = record.with_failure(work.environments, work.run_name)
                    write_record(work.jira, defect.id, failed)
            elif what == COMMENT:
                comment_failure(
                    work, group.label, defect, group, "The failure is back: it happened"
                )
                done = "a comment says that it is back"
            self._lines.append(f"{back}, {done}")
        except RefusedError as error:
            self._lines.append(f"{back}, but the failure is back")
            work.troubles.append(f"{defect.key} could not be changed: {error.message}")

    def _create(self) -> None:
        """Create what is missing, up to the limit, and one defect for the rest."""
        work = self._work
        room = max(0, work.rules.max - len(work.made))
        first, rest = self._missing[:room], self._missing[room:]
        done = 0
        try:
            for group in first:
                defect = self._maker.make_for(group)
                done += 1
                self._new[group.label] = defect
                self._pairs.append((group, defect))
                self._lines.append(f"{group.name}: new bug {defect.key}")
                self._relate(group, defect)
                self._attacher.attach(defect, group)
            if rest:
                self._create_for_rest(rest)
        except RefusedError as error:
            # The next one would be refused for the same reason.
            left = [group.name for group in self._missing[done:]]
            msg = f"no bug could be created for {first_names(left)}: {error.message}"
            work.troubles.append(msg)
        self._look_for_others(first)
        self._put_into_sprint()

    def _put_into_sprint(self) -> None:
        """Put all new defects of this run into the sprint of the settings."""
        work = self._work
        new = {
            label: defect
            for label, defect in self._new.items()
            if not work.read_note(label).get("in_sprint")
        }
        keys = [each.key for each in new.values()]
        if keys and put_into_sprint(work.run, keys) is not None:
            for label in new:
                work.note(label, in_sprint=True)

    def _relate(self, group: FailureGroup, defect: Defect) -> None:
        earlier = self._earlier.get(group.label)
        if earlier is None:
            return
        try:
            link_issues(self._work.jira, RELATES, earlier.id, defect.id)
        except RefusedError as error:
            what = f"{defect.key} could not be linked to {earlier.key}"
            self._work.notices.append(f"{what}: {error.message}")

    def _create_for_rest(self, rest: Sequence[FailureGroup]) -> None:
        """Create one defect for all other failures, or comment on the open one."""
        work = self._work
        label = make_label(work.rules.project, prefix=REST)
        found = [each for each in work.find([label])[label] if each.is_open]
        number = count(len(rest), "other failure")
        if found and found[0].id != work.read_note(label).get("id"):
            for other in found[1:]:
                if other.is_ours:
                    self._retire(label, other, found[0])
            comment(work, label, found[0], list_groups(work, rest))
            self._lines.append(f"{number}: bug {found[0].key}")
            return
        defect = self._maker.make_for_rest(label, rest)
        self._new[label] = defect
        self._lines.append(f"{number}: one bug, {defect.key} (max = {work.rules.max})")

    def _look_for_others(self, groups: Sequence[FailureGroup]) -> None:
        """
        Look whether another job has created the same defects at the same time.

        The first one stays. If the search does not show the other one yet, the next run
        finds both.
        """
        work = self._work
        labels = [g.label for g in groups if work.read_note(g.label).get("id")]
        if not labels:
            return
        found = work.find(labels)
        for number, (group, defect) in enumerate(self._pairs):
            ours = [d for d in found.get(group.label, ()) if d.is_open and d.is_ours]
            if len(ours) > 1 and ours[0].id != defect.id:
                own = next((each for each in ours if each.id == defect.id), None)
                if own is not None:
                    self._retire(group.label, own, ours[0])
                self._pairs[number] = (group, ours[0])

    def _name_unknown(self) -> None:
        """Say how a failure without a defect gets one."""
        if not self._missing:
            return
        named = [f"{group.name} (label {group.label})" for group in self._missing]
        what = f"{count(len(named), 'failure')} without a bug; a bug with the label"
        self._work.notices.append(f"{what} is linked: {first_names(named)}")
