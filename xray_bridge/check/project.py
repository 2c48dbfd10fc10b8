"""
Checks the project, its versions and Test Environments, and issues in settings.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from xray_bridge.check.finding import TO_ASK_JIRA, Finding, ask_question
from xray_bridge.ci import detect
from xray_bridge.config.jira_settings import AUTO
from xray_bridge.errors import UsageError
from xray_bridge.jira.releases.choose import choose_version


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xray_bridge.check.site import JiraSite
    from xray_bridge.client.connection import Connection
    from xray_bridge.client.jira import Project
    from xray_bridge.client.versions import Version
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
            message=f"only Jira knows whether {project.key} has {version}"
            if version != AUTO
            else f"only Jira knows the versions of {project.key}",
            hint=TO_ASK_JIRA,
        )
    elif version == AUTO:
        yield _check_choice(settings, project, project.versions)
    else:
        yield _compare_version(settings, project, project.versions)


def _compare_version(
    settings: Settings, project: Project, versions: Sequence[Version]
) -> Finding:
    version = settings.fix_version
    if any(each.name == version for each in versions):
        message = f"{project.key} has the version {version}"
        return Finding(what="fix_version", ok=True, message=message)
    message = f"{project.key} does not have the version {version}"
    if settings.create_version:
        message += ", which the upload creates"
        return Finding(what="fix_version", ok=True, message=message)
    hint = "create it in Jira or with --create-version, or set another xray_fix_version"
    return Finding(what="fix_version", ok=False, message=message, hint=hint)


def _check_choice(
    settings: Settings, project: Project, versions: Sequence[Version]
) -> Finding:
    """Check that one version is meant; what a tag or branch names is only a guess."""
    try:
        choice = choose_version(asdict(detect.detect(os.environ)), versions)
    except UsageError as error:
        return Finding(
            what="fix_version", ok=False, message=error.message, hint=error.hint
        )
    of = f"{choice.name} ({choice.why})"
    if choice.is_there:
        message = f"{project.key} has the version {of}"
        return Finding(what="fix_version", ok=True, message=message)
    message = f"{project.key} does not have the version {of}"
    if settings.create_version:
        message += ", which the upload creates"
        return Finding(what="fix_version", ok=True, message=message)
    return Finding(
        what="fix_version",
        ok=None,
        message=f"{message}, so none is set",
        hint="create it in Jira or with --create-version",
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
