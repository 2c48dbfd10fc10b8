"""
Checks the credentials for builds and deployments, which are none of Xray's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.check.finding import Finding, ask_question
from xray_bridge.client.builds import BUILD, DEPLOYMENT, FORBIDDEN, BuildsApi
from xray_bridge.client.builds_login import make_login
from xray_bridge.errors import CredentialError, RefusedError, SettingError
from xray_bridge.text import join_words


if TYPE_CHECKING:
    from xray_bridge.client.connection import Connection
    from xray_bridge.client.http import Http
    from xray_bridge.config.settings import Settings

WHAT = "builds"


def check_builds(
    settings: Settings, connection: Connection, http: Http, *, thorough: bool
) -> Finding:
    """Check the credentials; only a thorough check logs in with them."""
    if not connection.dialect.has_builds:
        message = f"links of {connection.dialect.issue_word}s, by the login to Jira"
        return Finding(what=WHAT, ok=True, message=message)
    try:
        api = BuildsApi(http, make_login(settings, connection))
    except (CredentialError, SettingError) as error:
        return Finding(what=WHAT, ok=False, message=error.message, hint=error.hint)
    if not thorough:
        return Finding(what=WHAT, ok=True, message="there are credentials")
    return ask_question(WHAT, lambda: _ask(api, settings))


def _ask(api: BuildsApi, settings: Settings) -> Finding:
    """Log in, and ask for a build and a deployment that do not exist."""
    kinds = [BUILD] if settings.jira_build else []
    kinds += [DEPLOYMENT] if settings.jira_environment else []
    for kind in kinds:
        try:
            api.check_permission(kind)
        except RefusedError as error:
            if error.status != FORBIDDEN:
                raise
            return Finding(what=WHAT, ok=False, message=error.message, hint=error.hint)
    allowed = join_words([kind.permission.lower() for kind in kinds])
    message = f"the credentials are accepted, for {allowed}"
    return Finding(what=WHAT, ok=True, message=message)
