"""
Checks the account's permissions in the project, and the project's issue types.

The keys are Jira's; the names are those on its screens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.check.finding import TO_ASK_JIRA, Finding, ask_question
from xray_bridge.check.screen import execution_type
from xray_bridge.client.issues import ISSUE_TYPES, JIRA_TYPES
from xray_bridge.dataclass import dataclass
from xray_bridge.model import keys


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from xray_bridge.check.site import JiraSite
    from xray_bridge.config.settings import Settings


# The names on Jira's screens, by key.
NAMES = {
    "BROWSE_PROJECTS": "Browse Projects",
    "CREATE_ISSUES": "Create Issues",
    "EDIT_ISSUES": "Edit Issues",
    "LINK_ISSUES": "Link Issues",
    "RESOLVE_ISSUES": "Resolve Issues",
    "ADD_COMMENTS": "Add Comments",
    "CREATE_ATTACHMENTS": "Create Attachments",
    "TRANSITION_ISSUES": "Transition Issues",
    "ASSIGN_ISSUES": "Assign Issues",
    "MODIFY_REPORTER": "Modify Reporter",
    "SCHEDULE_ISSUES": "Schedule Issues",
    "ADMINISTER_PROJECTS": "Administer Projects",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """
    A permission and its purpose.

    ``always``: whether an upload with these settings certainly fails without it;
    otherwise only some results need it. ``is_asked``: whether these settings use it.
    """

    key: str
    purpose: str
    always: Callable[[Settings], bool] = lambda _: False
    is_asked: Callable[[Settings], bool] = lambda _: True

    @property
    def name(self) -> str:
        """The name on Jira's screens."""
        return NAMES[self.key]


# Jira requires "Resolve Issues" to set a fix version.
NEEDS = (
    Need(
        key="BROWSE_PROJECTS",
        purpose="to see its issues",
        always=lambda _: True,
    ),
    Need(
        key="CREATE_ISSUES",
        purpose="for new Test Executions and Tests",
        always=lambda settings: not settings.test_execution,
    ),
    Need(
        key="EDIT_ISSUES",
        purpose="to report into a Test Execution and to add to a Test Plan",
        always=lambda settings: bool(settings.test_execution or settings.test_plan),
    ),
    Need(
        key="LINK_ISSUES",
        purpose="for requirements",
    ),
    Need(
        key="RESOLVE_ISSUES",
        purpose="for the fix version",
        is_asked=lambda settings: bool(settings.fix_version),
    ),
    Need(
        key="ADMINISTER_PROJECTS",
        purpose="to create the fix version",
        is_asked=lambda s: bool(s.fix_version) and s.create_version,
    ),
    Need(
        key="TRANSITION_ISSUES",
        purpose="for xray_transition",
        is_asked=lambda settings: bool(settings.transition),
    ),
    Need(
        key="CREATE_ATTACHMENTS",
        purpose="for xray_attach",
        is_asked=lambda settings: bool(settings.attach),
    ),
    Need(
        key="SCHEDULE_ISSUES",
        purpose="for xray_sprint",
        is_asked=lambda settings: bool(settings.sprint),
    ),
)


UNKNOWN = {
    "permissions": "what the account may do in",
    "issue_types": "the issue types of",
}


def check_permissions(
    settings: Settings, site: JiraSite, test_type: str
) -> Iterator[Finding]:
    """
    Check the account's permissions in the project, and the issue types there.

    ``test_type`` is the name that Jira has for the issue type of Tests.
    """
    key = project_of(settings)
    if not key:
        return
    if not site.knows_jira:
        for what, unknown in UNKNOWN.items():
            message = f"only Jira knows {unknown} {key}"
            yield Finding(what=what, ok=None, message=message, hint=TO_ASK_JIRA)
        return
    needs = [need for need in NEEDS if need.is_asked(settings)]
    names = [need.key for need in needs]
    yield ask_question(
        "permissions",
        lambda: _compare_permissions(
            settings, needs, site.read_permissions(key, names)
        ),
        decides=False,
    )
    executions = () if settings.test_execution else (execution_type(settings),)
    wanted = [*filter(None, executions), test_type]
    yield ask_question(
        "issue_types",
        lambda: _compare_issue_types(key, wanted, site.issue_types(key)),
        decides=False,
    )


def _compare_permissions(
    settings: Settings, needs: list[Need], allowed: Mapping[str, bool]
) -> Finding:
    key = project_of(settings)
    untold = ", ".join(need.name for need in needs if need.key not in allowed)
    missing = [need for need in needs if allowed.get(need.key) is False]
    if not missing and untold:
        message = f"Jira does not say whether the account has {untold} in {key}"
        return Finding(what="permissions", ok=None, message=message)
    if not missing:
        names = ", ".join(need.name for need in needs)
        return Finding(what="permissions", ok=True, message=f"{names} in {key}")
    said = ", ".join(f"{need.name} ({need.purpose})" for need in missing)
    return Finding(
        what="permissions",
        ok=False if any(need.always(settings) for need in missing) else None,
        message=f"the account lacks permissions in {key}: {said}",
        hint="ask the project's administrators for a role or permission scheme with it",
    )


def _compare_issue_types(
    key: str, wanted: list[str], names: tuple[str, ...]
) -> Finding:
    """Compare names of issue types, which Jira may translate."""
    folded = {name.lower() for name in names}
    missing = [name for name in wanted if name.lower() not in folded]
    if not missing:
        message = f"{key} has {', '.join(wanted)}"
        return Finding(what="issue_types", ok=True, message=message)
    # If one of Xray's names is English, all are; Jira's own alone are not Xray's.
    is_certain = bool(folded & ISSUE_TYPES) or folded <= JIRA_TYPES
    absent, there = ", ".join(missing), ", ".join(names) or "none"
    return Finding(
        what="issue_types",
        ok=False if is_certain else None,
        message=f"the account cannot create {absent} issues in {key}, only: {there}",
        hint="add Xray's issue types to the project's issue type scheme"
        if is_certain
        else "names may be translated: then set issue_type in [tool.xray-bridge.tests] "
        "for Tests, and issuetype in xray_execution_fields",
    )


def project_of(settings: Settings) -> str:
    """Return the project that receives the results; empty if unknown."""
    return settings.project or keys.project_of(settings.test_execution)
