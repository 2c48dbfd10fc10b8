"""
Checks what is done to the Test Execution after an upload, as far as it is known before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.check.finding import Finding, ask_question
from xray_bridge.check.permissions import project_of


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.check.site import JiraSite
    from xray_bridge.config.settings import Settings


def check_after_upload(settings: Settings, site: JiraSite) -> Iterator[Finding]:
    """Check the sprint, and whether Jira takes attachments, if they are wanted."""
    if not site.knows_jira:
        # Without a login these settings are refused.
        return
    if settings.sprint:
        yield ask_question(
            "sprint", lambda: _check_sprint(settings, site), decides=False
        )
    if settings.attach:
        yield ask_question("attach", lambda: _check_attachments(site), decides=False)


def _check_sprint(settings: Settings, site: JiraSite) -> Finding:
    from xray_bridge.errors import UsageError
    from xray_bridge.jira.releases.sprints import find_sprint

    try:
        found = find_sprint(site.jira, settings, project_of(settings))
    except UsageError as error:
        return Finding(what="sprint", ok=False, message=error.message, hint=error.hint)
    if found is None:
        message = "no sprint is active now, so uploads put nothing into one"
        return Finding(what="sprint", ok=None, message=message)
    return Finding(what="sprint", ok=True, message=f"{found.id} {found.name}")


def _check_attachments(site: JiraSite) -> Finding:
    from xray_bridge.client.attachments import read_limits

    limits = read_limits(site.jira)
    if not limits.is_enabled:
        return Finding(
            what="attach",
            ok=False,
            message="attachments are turned off in this Jira",
            hint="ask its administrators, or unset xray_attach",
        )
    size = f"up to {limits.size:,} bytes" if limits.size else "of any size"
    return Finding(what="attach", ok=True, message=f"Jira takes files {size}")
