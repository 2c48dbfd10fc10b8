"""
Settle the fix version before the results are sent, or set it after them.

``fix_version = auto`` chooses it, and ``create_version`` creates it. If Jira does not
let us, the results are sent without it, and a step after them tries again.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from xray_bridge.client.versions import create_version, list_versions
from xray_bridge.config import fork_guard
from xray_bridge.config.jira_settings import AUTO
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import RunDirectoryError, XrayBridgeError
from xray_bridge.jira.notes import read_notes, write_notes
from xray_bridge.jira.releases.choose import choose_version, list_named
from xray_bridge.jira.run import Step
from xray_bridge.model import keys


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.run import JiraRun

NAME = "fix_version"
ONLY_OPEN = "only version that is not released"
CREATE_HINT = "--create-version creates it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """
    The fix version of a run; empty if it gets none.

    ``is_owed``: it could not be settled now, and is set after the results.
    """

    version: str = ""
    notices: tuple[str, ...] = ()
    is_owed: bool = False


def settle_version(run: JiraRun) -> Settled:
    """
    Settle the fix version before the results are sent, and note it.

    A resend keeps the version of the first upload. An error is left to the step after
    the results.
    """
    noted = read_notes(run.directory, NAME)
    if noted.get("owed"):
        return Settled()
    version = noted.get("version")
    if run.settings.fix_version == AUTO and version and isinstance(version, str):
        return Settled(version=version)
    try:
        found = _settle(run)
    except XrayBridgeError:
        found = Settled(is_owed=True)
    notes = {"owed": True} if found.is_owed else {"version": found.version}
    try:
        write_notes(run.directory, NAME, notes)
    except RunDirectoryError as error:
        return Settled(version=found.version, notices=(*found.notices, error.message))
    return found


def _settle(run: JiraRun) -> Settled:
    """Choose and create the version; raise XrayBridgeError."""
    settings, project = run.settings, project_of(run)
    jira = run.jira
    versions = list_versions(jira, project)
    if settings.fix_version != AUTO:
        version = settings.fix_version
        is_there = any(each.name == version for each in versions)
        why = ""
    else:
        choice = choose_version(run.info.ci, versions)
        version, is_there, why = choice.name, choice.is_there, f" ({choice.why})"
    if is_there:
        told = f"the fix version is {version}{why}"
        return Settled(version=version, notices=(told,) if why else ())
    system = fork_guard.find_forbidden_fork(os.environ)
    if settings.create_version and system:
        told = f"{project} has no version {version}{why}, and none is created: this"
        return Settled(notices=(f"{told} is a pull request from a fork ({system})",))
    if settings.create_version:
        create_version(jira, project, version)
        told = f"created the version {version} in {project}{why}"
        return Settled(version=version, notices=(told,))
    told = f"no fix version is set: {project} has no version {version}{why}"
    return Settled(notices=(f"{told}; {CREATE_HINT}",))


def project_of(run: JiraRun) -> str:
    """Return the project of the Test Execution."""
    return run.settings.project or keys.project_of(run.test_execution)


def _is_wanted(settings: Settings) -> bool:
    return bool(settings.fix_version)


def _describe(run: JiraRun) -> Iterator[str]:
    settings = run.settings
    if settings.fix_version == AUTO:
        named = next((why for _, why in list_named(run.info.ci)), "")
        which = f"fix version of {named}" if named else ONLY_OPEN
        yield f"choose the {which}, as Jira lists them"
    if settings.create_version:
        name = "" if settings.fix_version == AUTO else f" {settings.fix_version}"
        where = f"in {project_of(run)} if it does not exist"
        yield f"create the version{name} {where}"


def _apply(run: JiraRun) -> Iterator[str]:
    """Set the version after the results, if it could not be settled before them."""
    if not read_notes(run.directory, NAME).get("owed"):
        return
    found = _settle(run)
    yield from found.notices
    if found.version:
        added = {"fixVersions": [{"add": {"name": found.version}}]}
        run.jira.edit_issue(run.test_execution, {"update": added})
        yield f"{run.test_execution} has the fix version {found.version}"
    write_notes(run.directory, NAME, {"version": found.version})


FIX_VERSION = Step(name=NAME, is_wanted=_is_wanted, describe=_describe, apply=_apply)
