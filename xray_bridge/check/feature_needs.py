"""
What each feature of the Jira side needs: permissions of the account, scopes of a token.

Some permissions are needed only if a field is required on the screen for new bugs.
Sources: Katalon's table of permissions for its Jira integration; Atlassian's lists of
permissions, and of scopes for API tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.model.dialect import CLOUD, SERVER


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xray_bridge.config.settings import Settings

READ, WRITE = "read:jira-work", "write:jira-work"
BOARDS = ("read:board-scope:jira-software", "read:project:jira")
SPRINTS = ("read:sprint:jira-software", "write:sprint:jira-software")
ADMIN = "manage:jira-project"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """
    A permission and what a feature does with it.

    ``field``: it is needed only if this field of a new bug is required; else
    ``is_asked`` decides by the settings.
    """

    permission: str
    purpose: str
    field: str = ""
    is_asked: Callable[[Settings], bool] = lambda _: True


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """
    A part of the Jira side, and what it needs by product.

    ``scopes`` are those of an API token with scopes; ``wants_oauth``: on Cloud it has
    credentials of its own.
    """

    uses: Mapping[str, tuple[Use, ...]]
    scopes: tuple[str, ...] = ()
    wants_oauth: bool = False


def _on_both(*uses: Use) -> dict[str, tuple[Use, ...]]:
    return {SERVER: uses, CLOUD: uses}


BROWSE = Use(permission="BROWSE_PROJECTS", purpose="to see issues")
FEATURES: Mapping[str, Feature] = {
    "builds": Feature(
        uses={
            SERVER: (
                BROWSE,
                Use(permission="LINK_ISSUES", purpose="to link issues to builds"),
            ),
            CLOUD: (),
        },
        wants_oauth=True,
    ),
    "defects": Feature(
        uses=_on_both(
            Use(permission="BROWSE_PROJECTS", purpose="to find bugs"),
            Use(permission="EDIT_ISSUES", purpose="to link bugs to Test Runs"),
            Use(permission="CREATE_ISSUES", purpose="for new bugs"),
            Use(permission="ADD_COMMENTS", purpose="to say that a failure is back"),
            Use(permission="TRANSITION_ISSUES", purpose="to reopen and close bugs"),
            Use(permission="CREATE_ATTACHMENTS", purpose="for evidence"),
            Use(permission="LINK_ISSUES", purpose="to link a bug to an older one"),
            Use(
                permission="ASSIGN_ISSUES",
                purpose="for the field Assignee",
                field="assignee",
            ),
            Use(
                permission="MODIFY_REPORTER",
                purpose="for the field Reporter",
                field="reporter",
            ),
            Use(
                permission="LINK_ISSUES",
                purpose="for the field Linked Issues",
                field="issuelinks",
            ),
            Use(
                permission="RESOLVE_ISSUES",
                purpose="for the field Fix Versions",
                field="fixVersions",
            ),
            Use(
                permission="SCHEDULE_ISSUES",
                purpose="for the field Due Date",
                field="duedate",
            ),
        ),
        scopes=(READ, WRITE),
    ),
    "requirements": Feature(
        uses=_on_both(
            Use(permission="BROWSE_PROJECTS", purpose="to read requirements"),
            Use(
                permission="LINK_ISSUES",
                purpose="to link Tests to requirements",
                is_asked=lambda settings: settings.link_requirements,
            ),
        ),
        scopes=(READ, WRITE),
    ),
    "releases": Feature(
        uses=_on_both(
            Use(permission="BROWSE_PROJECTS", purpose="to list versions"),
            Use(
                permission="RESOLVE_ISSUES",
                purpose="to set the fix version",
                is_asked=lambda settings: bool(settings.fix_version),
            ),
            Use(
                permission="ADMINISTER_PROJECTS",
                purpose="to create the fix version",
                is_asked=lambda settings: settings.create_version,
            ),
            Use(
                permission="SCHEDULE_ISSUES",
                purpose="to put issues into a sprint",
                is_asked=lambda settings: bool(settings.sprint),
            ),
        ),
        scopes=(READ, WRITE, ADMIN, *BOARDS, *SPRINTS),
    ),
    "execution": Feature(
        uses=_on_both(
            Use(
                permission="TRANSITION_ISSUES",
                purpose="for xray_transition",
                is_asked=lambda settings: bool(settings.transition),
            ),
            Use(
                permission="CREATE_ATTACHMENTS",
                purpose="for xray_attach",
                is_asked=lambda settings: bool(settings.attach),
            ),
            Use(
                permission="LINK_ISSUES",
                purpose="for xray_link_build",
                is_asked=lambda settings: settings.link_build,
            ),
        ),
        scopes=(READ, WRITE),
    ),
}
