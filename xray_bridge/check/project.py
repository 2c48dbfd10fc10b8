"""
Checks the project, its versions and Test Environments, and issues in settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xray_bridge.check.finding import TO_ASK_JIRA, Finding, ask_question


if TYPE_CHECKING:
    from collections.abc import Iterator

    from xray_bridge.check.site import JiraSite
    from xray_bridge.client.connection import Connection
    from xray_bridge.client.jira import Project
    from xray_bridge.client.xray import Xray
    from xray_bridge.config.settings import Settings


def check_project(
    settings: Settings, connection: Connection, xray: Xray, site: JiraSite | None
) -> Iterator[Finding]:
    """Check the project, and if it exists, its versions and environments."""
    found: list[Finding] = []

    def question() -> Finding:
        known = xray.project(settings.project)
        if known is None:
            return Finding(
                what="project",
                ok=False,
                message=f"there is no project {settings.project}",
                hint="check that xray_project is its key and the account may see it",
            )
        found.extend(_check_version(settings, known))
        if site and settings.environments and known.environments is None:
            found.append(_unknown_environments(settings, connection))
        found.extend(_check_environments(settings, known))
        return Finding(what="project", ok=True, message=settings.project)

    yield ask_question("project", question)
    yield from found


def _check_version(settings: Settings, project: Project) -> Iterator[Finding]:
    version = settings.fix_version
    if not version:
        return
    if project.versions is None:
        yield Finding(
            what="fix_version",
            ok=None,
            message=f"only Jira knows whether {project.key} has {version}",
            hint=TO_ASK_JIRA,
        )
        return
    ok = version in project.versions
    there = f"{project.key} has" if ok else f"{project.key} does not have"
    yield Finding(
        what="fix_version",
        ok=ok,
        message=f"{there} the version {version}",
        hint="" if ok else "create it in Jira, or set xray_fix_version to another",
    )


def _check_environments(settings: Settings, project: Project) -> Iterator[Finding]:
    """Check the Test Environments: Cloud takes only those of the project."""
    if not settings.environments or project.environments is None:
        return
    missing = [e for e in settings.environments if e not in project.environments]
    there = ", ".join(missing or settings.environments)
    yield Finding(
        what="environments",
        ok=not missing,
        message=f"{project.key} {'does not have' if missing else 'has'} {there}",
        hint="create them in Xray's settings of the project" if missing else "",
    )


def _unknown_environments(settings: Settings, connection: Connection) -> Finding:
    """Make the finding for unknown environments: on Server they are free text."""
    names = ", ".join(settings.environments)
    if connection.dialect.xray_fields:
        message = f"Xray does not say whether it has {names}"
        return Finding(what="environments", ok=None, message=message)
    message = f"{names}; {connection.dialect.product} accepts any name"
    return Finding(what="environments", ok=True, message=message)


def check_issue(xray: Xray, site: JiraSite | None, kind: str, key: str) -> Finding:
    """Check that an issue exists and is of this kind."""
    name = kind.replace("_", " ").title()

    def question() -> Finding:
        if xray.has_issue(key, kind):
            return Finding(what=kind, ok=True, message=f"{name} {key}")
        instead = site.issue_type(key) if site else None
        if instead:
            return Finding(
                what=kind,
                ok=False,
                message=f"{key} is a {instead}, not a {name}",
                hint=f"set xray_{kind} to the key of a {name}",
            )
        return Finding(
            what=kind,
            ok=False,
            message=f"there is no {name} {key}",
            hint=f"check xray_{kind}, and that the account may see the issue",
        )

    return ask_question(kind, question)
