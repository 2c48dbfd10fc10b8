"""
Send a build or a deployment: to Jira Cloud's API, or as links of Data Center's issues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.client import builds as api
from xray_bridge.client.builds_login import make_login
from xray_bridge.client.jira import Jira
from xray_bridge.client.remote_links import LONGEST_ID, RemoteLink, set_link
from xray_bridge.dataclass import dataclass
from xray_bridge.errors import PartlyRefusedError, RefusedError
from xray_bridge.jira.builds.payload import make_document
from xray_bridge.model.jira_text import shorten
from xray_bridge.text import count, first_names


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xray_bridge.client.connection import Connection
    from xray_bridge.client.http import Http
    from xray_bridge.config.settings import Settings
    from xray_bridge.jira.builds.build import Build

# On Data Center each issue is one request.
MOST_LINKS = 100
LONGEST_TITLE = 255
NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The Jira site that is told of a build, and how it is reached."""

    settings: Settings
    connection: Connection
    http: Http

    def api(self) -> api.BuildsApi:
        """Return the client of Cloud's API. Raises CredentialError, SettingError."""
        login = make_login(self.settings, self.connection)
        return api.BuildsApi(self.http, login)

    @property
    def clean(self) -> Callable[[str], str]:
        """Remove secrets from a text."""
        return self.settings.redactor.clean


def name_build(build: Build) -> str:
    """``build acme/api #812``, for messages."""
    if build.environment:
        return f"deployment {build.pipeline} #{build.number} to {build.environment}"
    return f"build {build.pipeline} #{build.number}"


def describe_build(build: Build, target: Target) -> Iterator[str]:
    """Yield the lines of a dry run."""
    if target.connection.dialect.has_builds:
        kind = _kind_of(build)
        login = make_login(target.settings, target.connection)
        way = f"POST {login.url}{login.guess_path(kind.path)}/bulk"
    else:
        way = f"POST {target.connection.url}/rest/api/2/issue/KEY/remotelink"
    yield way
    yield f"  {name_build(build)}: {build.state}, {build.description}"
    word = target.connection.dialect.issue_word
    yield f"  {count(len(build.keys), word)}: {first_names(build.keys)}"


def send_build(build: Build, target: Target) -> Iterator[str]:
    """
    Send a build, and yield notices.

    Raises PartlyRefusedError if Jira rejects it, and the errors of requests.
    """
    if target.connection.dialect.has_builds:
        yield from _submit(build, target)
    else:
        yield from _set_links(build, target)


def _kind_of(build: Build) -> api.Kind:
    return api.DEPLOYMENT if build.environment else api.BUILD


def _submit(build: Build, target: Target) -> Iterator[str]:
    found = target.api().submit(_kind_of(build), make_document(build, target.clean))
    word = target.connection.dialect.issue_word
    # Before the reasons: unknown issues are why Jira finds "no valid associations".
    unknown = _name_unknown(found.unknown, word)
    if not set(build.keys) - set(found.unknown):
        yield f"{unknown}, so it does not show the {name_build(build)}"
        return
    if found.rejected:
        why = "; ".join(filter(None, (unknown, *found.rejected)))
        msg = f"Jira rejected the {name_build(build)}: {why}"
        raise PartlyRefusedError(msg)
    if not found.is_accepted:
        msg = f"Jira's answer does not say that it took the {name_build(build)}"
        raise PartlyRefusedError(msg)
    if unknown:
        yield f"{unknown}, for which the {name_build(build)} was sent"
    known = [key for key in build.keys if key not in found.unknown]
    yield _tell(build, known)


def _set_links(build: Build, target: Target) -> Iterator[str]:
    jira = Jira.for_connection(target.connection, target.http)
    link = make_link(build, target.clean)
    known, unknown = [], []
    for key in build.keys[:MOST_LINKS]:
        try:
            set_link(jira, key, link)
        except RefusedError as error:
            if error.status != NOT_FOUND:
                raise
            unknown.append(key)
        else:
            known.append(key)
    word = target.connection.dialect.issue_word
    if unknown:
        yield f"{_name_unknown(unknown, word)}, or this account may not see it"
    if len(build.keys) > MOST_LINKS:
        yield f"only the first {MOST_LINKS} of {len(build.keys)} {word}s got a link"
    if known:
        yield _tell(build, known)


def make_link(build: Build, clean: Callable[[str], str] = str) -> RemoteLink:
    """Make the link of an issue to a build; the next build replaces it."""
    parts = ("xray-bridge", build.environment or "build", build.pipeline)
    title = f"{name_build(build)}: {build.state}"
    return RemoteLink(
        global_id=_keep_end(":".join(parts), LONGEST_ID),
        url=build.url,
        title=shorten(clean(title), LONGEST_TITLE),
        summary=shorten(clean(build.description), LONGEST_TITLE),
        relationship="deployment" if build.environment else "build",
    )


def _keep_end(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[-longest:]


def _name_unknown(keys: tuple[str, ...] | list[str], word: str) -> str:
    if not keys:
        return ""
    return f"Jira does not know the {word}{'s' if len(keys) > 1 else ''} " + (
        first_names(keys)
    )


def _tell(build: Build, keys: list[str]) -> str:
    return f"{name_build(build)} sent to Jira as {build.state}: {first_names(keys)}"
